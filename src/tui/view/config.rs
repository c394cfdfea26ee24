//! What differs from what runs, and the resolved profile: every setting, its value, and where it comes from.
//!
//! ```text
//!  ◐ what runs is not what the profile wants; u would
//!     remove api        its configuration has changed
//!     start api         its configuration has changed
//!
//!  database.port     15432        profiles/dev.toml:6
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::header;
use super::operation::failure;
use super::part;
use super::render;
use crate::environment::event::Planned;
use crate::profile::Row;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Known;
use crate::tui::theme::Theme;

/// Steps that are told of; the others are counted.
const STEPS: usize = 6;
/// Columns of what a step does.
const TITLE: usize = 34;

/// Where the settings stand: below what differs, with a row between.
pub fn rows_area(state: &State, area: Rect) -> Rect {
    let Some(known) = state
        .chosen()
        .filter(|known| matches!(known.config, Some(Ok(_))))
    else {
        return area;
    };
    let above = u16::try_from(differences(state, known).len() + 1).unwrap_or(u16::MAX);
    part::below(area, above)
}

/// What runs beside what is wanted.
fn differences(state: &State, known: &Known) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let up = state.keymap.word(Action::Up);
    let (glyph, style) = header::glyph(theme, Condition::Unknown);
    let said = |glyph: &'static str, style: Style, words: String| {
        let glyph = Span::styled(format!(" {glyph} "), style);
        Line::from(vec![glyph, Span::raw(part::safe(theme, &words, 200))])
    };
    if !known.exists() {
        let words = format!("nothing of it is there; {up} makes it so");
        return vec![said(glyph, style, words)];
    }
    match &known.drift {
        None => vec![said(glyph, style, "comparing with what runs".to_owned())],
        Some(Ok(steps)) if steps.is_empty() => {
            let words = "what runs is what the profile wants".to_owned();
            vec![said(theme.pick("✓", "+"), theme.good, words)]
        }
        Some(Ok(steps)) => {
            let (glyph, style) = header::glyph(theme, Condition::Starting);
            let words = format!("what runs is not what the profile wants; {up} would");
            let mut lines = vec![said(glyph, style, words)];
            lines.extend(steps.iter().take(STEPS).map(|planned| step(theme, planned)));
            let more = steps.len().saturating_sub(STEPS);
            let words = (more > 0).then(|| format!("    and {more} more"));
            lines.extend(words.map(|words| Line::from(Span::styled(words, theme.dim))));
            lines
        }
        Some(Err(report)) => {
            let words = format!("{up} would fail: {}", report.message);
            vec![said(theme.pick("✗", "x"), theme.bad, words)]
        }
    }
}

fn step(theme: &Theme, planned: &Planned) -> Line<'static> {
    let title = part::safe(theme, &planned.title, TITLE);
    let reason = part::safe(theme, planned.reason.as_deref().unwrap_or_default(), 60);
    let pad = " ".repeat(TITLE.saturating_sub(title.width()));
    Line::from(vec![
        Span::raw(format!("    {title}{pad} ")),
        Span::styled(reason, theme.dim),
    ])
}

/// Draws the rows that are on the screen.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(known) = state.chosen() else {
        return;
    };
    let rows = match &known.config {
        None => return part::empty(theme, &[Line::from("reading the profile")], area, buffer),
        Some(Err(report)) => {
            for (line, row) in failure(theme, report, area.width)
                .into_iter()
                .zip(area.rows())
            {
                render(line, row, buffer);
            }
            return;
        }
        Some(Ok(rows)) => rows,
    };
    for (line, row) in differences(state, known).into_iter().zip(area.rows()) {
        render(line, row, buffer);
    }
    let area = rows_area(state, area);
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).width()).max().unwrap_or(0);
    let key = widest(|row| &row.key).min(usize::from(area.width) / 3);
    let value = widest(|row| &row.value).min(usize::from(area.width) / 3);
    let shown = rows.iter().enumerate().skip(known.settings.offset);
    for ((place, setting), row) in shown.zip(area.rows()) {
        let chosen = state.pane == Pane::Main && place == known.settings.selected;
        part::row(theme, line(theme, setting, key, value), chosen, row, buffer);
    }
}

fn line(theme: &Theme, setting: &Row, key: usize, value: usize) -> Line<'static> {
    let column = |text: &str, width: usize| {
        let text = part::safe(theme, text, width);
        let pad = width.saturating_sub(text.width());
        format!("{text}{}  ", " ".repeat(pad))
    };
    Line::from(vec![
        Span::raw(column(&setting.key, key)),
        Span::styled(column(&setting.value, value), theme.accent),
        Span::styled(part::safe(theme, &setting.origin, 200), theme.dim),
    ])
}
