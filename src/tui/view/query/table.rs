//! The answer as a row for every day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::query::figures;
use crate::query::figures::Scale;
use crate::query::figures::Summary;
use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::query::Query;
use crate::tui::theme::Theme;
use crate::tui::view::part;

/// Columns before the bar.
const FIGURES: u16 = 38;
/// Columns of the longest bar.
const WIDEST: u16 = 60;

/// Draws the rows that are on the screen.
pub fn draw(state: &State, query: &Query, answer: &Answer, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    if answer.rates.is_empty() {
        return part::empty(theme, &[Line::from("the answer has no days")], area, buffer);
    }
    let scale = Summary::of(answer).scale;
    let days = answer.rates.iter().enumerate().skip(query.row.offset);
    for ((place, day), row) in days.zip(area.rows()) {
        let chosen = state.pane == Pane::Main && place == query.row.selected;
        let changed = query.marks.contains(&day.day);
        part::row(
            theme,
            line(theme, day, scale, changed, row.width),
            chosen,
            row,
            buffer,
        );
    }
}

fn line(
    theme: &Theme,
    day: &DailyAverage,
    scale: Option<Scale>,
    changed: bool,
    width: u16,
) -> Line<'static> {
    let charset = theme.charset;
    let count = figures::count(day.count.unwrap_or(0), charset);
    let price = day.price.map(|price| figures::price(price, charset));
    let price = price.unwrap_or_else(|| theme.pick("–", "-").to_owned());
    let mark = if changed { theme.pick("•", "*") } else { " " };
    let mut spans = vec![
        Span::styled(format!(" {mark} "), theme.warn),
        Span::raw(day.day.to_string()),
        Span::styled(format!("  {count:>6}"), theme.dim),
        Span::raw(format!("  {price:>12}   ")),
    ];
    let room = width.saturating_sub(FIGURES + 2).min(WIDEST);
    match (day.price, scale) {
        (Some(price), Some(scale)) => {
            let bar = part::bar(theme, share(scale, price), room);
            spans.push(Span::styled(bar, theme.accent));
        }
        _ => spans.push(Span::styled(figures::why_no_price(day), theme.dim)),
    }
    Line::from(spans)
}

/// The lowest price has half a bar: a bar that is too short to see looks like none.
fn share(scale: Scale, price: f64) -> f64 {
    0.5 + scale.share(price) / 2.0
}
