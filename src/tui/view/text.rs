//! Something too long for its row: a statement, a row with all its columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::part;
use super::render;
use crate::text::printable;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::overlay::Text;

/// Columns of the box at most.
const WIDEST: u16 = 120;
/// Characters of a line at most.
const LONGEST: usize = 8000;

/// Every line of it on a terminal of this width.
pub fn lines(text: &Text, width: u16) -> Vec<String> {
    let room = usize::from(width.min(WIDEST)).saturating_sub(6);
    let lines = text.lines.iter();
    lines
        .flat_map(|line| part::wrapped(&printable(line, LONGEST), room))
        .collect()
}

/// Draws the box.
pub fn draw(state: &State, text: &Text, area: Rect, buffer: &mut Buffer) {
    let lines = lines(text, area.width);
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let width = area.width.min(WIDEST).saturating_sub(2);
    let place = part::centred(area, width, height.min(area.height.saturating_sub(2)));
    let inside = part::over(state, &text.title, place, buffer);
    let hidden = lines.len().saturating_sub(inside.height.into());
    let shown = lines.into_iter().skip(text.scroll.min(hidden));
    for (line, row) in shown.zip(inside.rows()) {
        render(Line::from(format!(" {line}")), row, buffer);
    }
    let mut keys = vec![" ".into()];
    keys.extend(part::hint(state, Action::Back, "close "));
    part::foot(Line::from(keys), place, buffer);
}
