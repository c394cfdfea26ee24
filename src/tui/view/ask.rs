//! The question before something is lost. It names exactly what, and its answer is no unless something else is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::tui::state::State;
use crate::tui::state::overlay::Confirm;

/// Columns of a line of what is lost.
const MOST: usize = 400;

/// Draws the box; returns where the cursor belongs.
pub fn draw(state: &State, confirm: &Confirm, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &state.theme;
    let width = 74.min(area.width);
    let room = usize::from(width).saturating_sub(6);
    let mut lines = vec![
        Line::from(format!("  {}", confirm.heading)),
        Line::default(),
    ];
    for lost in &confirm.lost {
        for (row, piece) in part::wrapped(&part::safe(theme, lost, MOST), room)
            .into_iter()
            .enumerate()
        {
            let lead = if row == 0 {
                theme.pick("  ✗ ", "  x ")
            } else {
                "    "
            };
            lines.push(Line::from(vec![
                Span::styled(lead, theme.bad),
                Span::raw(piece),
            ]));
        }
    }
    lines.push(Line::default());
    let question = match &confirm.name {
        Some(name) => format!("  {name} is protected. Its name goes here if it is to be: "),
        None => "  Go on? [y/N] ".to_owned(),
    };
    let asked = u16::try_from(question.chars().count()).unwrap_or(0);
    lines.push(Line::from(vec![
        Span::raw(question),
        Span::raw(confirm.input.value().to_owned()),
    ]));
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let place = part::centred(area, width, height);
    let inside = part::over(state, &confirm.title, place, buffer);
    let hidden = lines.len().saturating_sub(inside.height.into());
    for (line, row) in lines.into_iter().skip(hidden).zip(inside.rows()) {
        render(line, row, buffer);
    }
    let typed = u16::try_from(confirm.input.visual_cursor()).unwrap_or(u16::MAX);
    let column = asked
        .saturating_add(typed)
        .min(inside.width.saturating_sub(1));
    (!inside.is_empty()).then(|| Position::new(inside.x + column, inside.bottom() - 1))
}
