//! What can be done with the environment, each with its key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::words;
use crate::tui::keymap::BINDINGS;
use crate::tui::state::State;
use crate::tui::state::list::List;
use crate::tui::state::overlay::MENU;

/// Where the box stands.
pub fn place(area: Rect) -> Rect {
    let height = u16::try_from(MENU.len()).unwrap_or(u16::MAX) + 2;
    part::centred(area, 76, height.min(area.height.saturating_sub(2)))
}

/// Draws the box.
pub fn draw(state: &State, list: List, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let place = place(area);
    let name = state
        .chosen()
        .map_or_else(String::new, |known| known.key.name.to_string());
    let inside = part::over(state, &name, place, buffer);
    let offset = (list.selected + 1).saturating_sub(inside.height.into());
    let rows = MENU.iter().enumerate().skip(offset).zip(inside.rows());
    for ((place, action), row) in rows {
        let help = BINDINGS.iter().find(|binding| binding.action == *action);
        let key = state
            .keymap
            .key(*action)
            .map(|key| key.to_string())
            .unwrap_or_default();
        let left = vec![
            Span::raw(" "),
            Span::raw(help.map_or_else(String::new, |binding| words::help(state, binding))),
        ];
        let right = vec![Span::styled(format!("{key} "), theme.accent)];
        let line: Line<'_> = part::apart(left, right, row.width.saturating_sub(1));
        part::row(theme, line, place == list.selected, row, buffer);
    }
}
