//! Questions that were asked before, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use crate::tui::state::State;
use crate::tui::state::list::List;

/// Where the box stands.
pub fn place(area: Rect) -> Rect {
    part::centred(area, 66, 18.min(area.height.saturating_sub(2)))
}

/// Draws the box.
pub fn draw(state: &State, list: List, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let place = place(area);
    let inside = part::over(state, "Asked before", place, buffer);
    if state.history.is_empty() {
        let words = [Line::from(
            "nothing was asked yet, neither here nor with ratesdev query",
        )];
        return part::empty(theme, &words, inside, buffer);
    }
    let offset = (list.selected + 1).saturating_sub(inside.height.into());
    let rows = state
        .history
        .iter()
        .enumerate()
        .skip(offset)
        .zip(inside.rows());
    for ((place, question), row) in rows {
        let line = Line::from(vec![
            Span::raw(format!(" {:<12} ", question.orig.as_str())),
            Span::styled(theme.pick("→ ", "> "), theme.dim),
            Span::raw(format!("{:<18} ", question.dest.as_str())),
            Span::styled(question.span.to_string(), theme.dim),
        ]);
        part::row(theme, line, place == list.selected, row, buffer);
    }
}
