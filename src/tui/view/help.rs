//! The keys: those of the focused pane first.
//!
//! ```text
//! ╭ Keys ──────────────────────────────────────────╮
//! │ Logs                                           │
//! │   /            show only lines that match      │
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::Class;
use super::class;
use super::part;
use super::render;
use crate::tui::keymap::Action;
use crate::tui::keymap::BINDINGS;
use crate::tui::keymap::Binding;
use crate::tui::keymap::Scope;
use crate::tui::state::State;

/// Columns of the keys.
const KEYS: usize = 16;

/// Every line: the scopes that count here, made from the keymap.
pub fn lines(state: &State) -> Vec<Line<'static>> {
    let scope = state.scope();
    let focused = scope;
    let mut scopes = vec![scope];
    scopes.extend([scope.general(), Scope::Everywhere]);
    scopes.dedup();
    let mut lines = Vec::new();
    for scope in scopes {
        let bindings: Vec<_> = BINDINGS
            .iter()
            .filter(|binding| binding.scope == scope && !state.keymap.hides(focused, binding))
            .filter(|binding| does_something(state, binding.action))
            .collect();
        if bindings.is_empty() {
            continue;
        }
        let title = Style::new().add_modifier(Modifier::BOLD);
        lines.push(Line::from(Span::styled(
            format!(" {}", scope.title()),
            title,
        )));
        lines.extend(bindings.into_iter().map(|binding| line(state, binding)));
        lines.push(Line::default());
    }
    lines
}

/// Where there is no left side, it cannot be made wider.
fn does_something(state: &State, action: Action) -> bool {
    class(state) == Class::Wide || !matches!(action, Action::Wider | Action::Narrower)
}

fn line(state: &State, binding: &'static Binding) -> Line<'static> {
    let mut keys: Vec<_> = state
        .keymap
        .keys(binding.action)
        .map(|key| key.to_string())
        .collect();
    // An action of two panes has its key twice.
    keys.dedup();
    Line::from(vec![
        Span::styled(format!("   {:<KEYS$}", keys.join(" ")), state.theme.accent),
        Span::raw(binding.help),
    ])
}

/// Draws the box.
pub fn draw(state: &State, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let lines = lines(state);
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let place = part::centred(area, 88, height.min(area.height.saturating_sub(2)));
    let inside = part::over(state, "Keys", place, buffer);
    let hidden = lines.len().saturating_sub(inside.height.into());
    let scroll = scroll.min(hidden);
    for (line, row) in lines.into_iter().skip(scroll).zip(inside.rows()) {
        render(
            Line::from(part::cut(line.spans, row.width.into())),
            row,
            buffer,
        );
    }
    if hidden > 0 {
        let more = format!(
            " {} of {} lines ",
            scroll + usize::from(inside.height),
            hidden + usize::from(inside.height)
        );
        part::foot(
            Line::from(Span::styled(more, state.theme.dim)),
            place,
            buffer,
        );
    }
}
