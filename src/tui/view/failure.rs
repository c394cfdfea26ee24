//! What went wrong, in full: what failed, why, the last lines, what to do, and the key that tries again.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::operation;
use super::part;
use super::render;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::overlay::Failure;

/// Columns of the box at most.
const WIDEST: u16 = 120;

/// Every line of it on a terminal of this width.
pub fn lines(state: &State, failure: &Failure, width: u16) -> Vec<Line<'static>> {
    let width = width.min(WIDEST).saturating_sub(4);
    operation::failure(&state.theme, &failure.report, width)
}

/// Draws the box.
pub fn draw(state: &State, failure: &Failure, area: Rect, buffer: &mut Buffer) {
    let lines = lines(state, failure, area.width);
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(4);
    let width = area.width.min(WIDEST).saturating_sub(2);
    let place = part::centred(area, width, height.min(area.height.saturating_sub(2)));
    let inside = part::over(state, &failure.title, place, buffer);
    let inside = part::below(inside, 1);
    let hidden = lines.len().saturating_sub(inside.height.into());
    let scroll = failure.scroll.min(hidden);
    for (line, row) in lines.into_iter().skip(scroll).zip(inside.rows()) {
        render(line, row, buffer);
    }
    let mut keys = vec![Span::raw(" ")];
    keys.extend(part::hint(state, Action::TryAgain, "try again  "));
    keys.extend(part::hint(state, Action::Back, "close "));
    part::foot(Line::from(keys), place, buffer);
}
