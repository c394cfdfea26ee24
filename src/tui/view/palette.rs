//! Every action, found by a few of its letters.
//!
//! ```text
//! ╭ Actions ───────────────────────────────────────╮
//! │ > wra                                          │
//! │▌ wrap long lines   Logs · wrap               w │
//! ╰────────────────────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use super::words;
use crate::tui::state::State;
use crate::tui::state::overlay::Palette;

/// Where the box stands; its first row is what is typed.
pub fn place(area: Rect) -> Rect {
    part::centred(area, 110, 18.min(area.height.saturating_sub(2)))
}

/// Draws the box; returns where the cursor belongs.
pub fn draw(state: &State, palette: &Palette, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &state.theme;
    let place = place(area);
    let inside = part::over(state, "Actions", place, buffer);
    let room = usize::from(inside.width).saturating_sub(4);
    let scroll = palette.input.visual_scroll(room);
    let text: String = palette.input.value().chars().skip(scroll).collect();
    let input = Line::from(vec![Span::styled(" > ", theme.accent), Span::raw(text)]);
    render(input, part::top(inside, 1), buffer);
    let found = palette.found();
    let rows = part::below(inside, 1);
    if found.is_empty() {
        part::empty(
            theme,
            &[Line::from("no action has these letters")],
            rows,
            buffer,
        );
    }
    let height = usize::from(rows.height);
    let offset = (palette.list.selected + 1).saturating_sub(height);
    for ((place, binding), row) in found.into_iter().enumerate().skip(offset).zip(rows.rows()) {
        // A key of all panes that means something else in this one would mislead.
        let is_hidden = !binding.scope.is_of_pane() && state.keymap.hides(state.scope(), binding);
        let key = state.keymap.key(binding.action).filter(|_| !is_hidden);
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let left = vec![
            Span::raw(" "),
            Span::raw(words::help(state, binding)),
            Span::styled(
                format!(
                    "   {} {} {}",
                    binding.scope.title(),
                    theme.pick("·", "-"),
                    binding.action.name()
                ),
                theme.dim,
            ),
        ];
        let right = vec![Span::styled(format!("{key} "), theme.accent)];
        let line = part::apart(left, right, row.width.saturating_sub(1));
        part::row(theme, line, place == palette.list.selected, row, buffer);
    }
    let column = palette.input.visual_cursor().saturating_sub(scroll) + 3;
    let column = u16::try_from(column)
        .unwrap_or(u16::MAX)
        .min(inside.width.saturating_sub(1));
    (!inside.is_empty()).then(|| Position::new(inside.x + column, inside.y))
}
