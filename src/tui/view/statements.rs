//! Statements that were typed before, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use crate::tui::state::State;
use crate::tui::state::list::List;

/// Where the box stands.
pub fn place(area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).min(110);
    part::centred(area, width, 18.min(area.height.saturating_sub(2)))
}

/// Draws the box.
pub fn draw(state: &State, list: List, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let place = place(area);
    let inside = part::over(state, "Typed before", place, buffer);
    if state.statements.is_empty() {
        let words = [Line::from("no statement was typed yet")];
        return part::empty(theme, &words, inside, buffer);
    }
    let offset = (list.selected + 1).saturating_sub(inside.height.into());
    let rows = state.statements.iter().enumerate().skip(offset);
    for ((place, statement), row) in rows.zip(inside.rows()) {
        let statement = part::in_one_line(theme, statement);
        let text = part::safe(theme, &statement, usize::from(row.width).saturating_sub(3));
        let line = Line::from(vec![Span::raw(" "), Span::raw(text)]);
        part::row(theme, line, place == list.selected, row, buffer);
    }
}
