//! The last line: the keys that matter here, as many as fit; and above it, for a while, what is said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Clear;

use super::part;
use super::render;
use super::words;
use crate::tui::keymap::Action;
use crate::tui::keymap::BINDINGS;
use crate::tui::keymap::Binding;
use crate::tui::keymap::Scope;
use crate::tui::state::State;

/// The actions that stand in the footer whatever the focus is.
const ALWAYS: [Action; 3] = [Action::Palette, Action::Help, Action::Leave];

/// Draws the keys.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let always: Vec<_> = ALWAYS
        .iter()
        .filter_map(|action| binding(*action))
        .collect();
    let needed: usize = always
        .iter()
        .map(|binding| width(&spans(state, binding)))
        .sum();
    let mut room = usize::from(area.width).saturating_sub(needed + 1);
    let mut line = vec![Span::raw(" ")];
    for binding in offered(state) {
        let spans = spans(state, binding);
        let Some(rest) = room.checked_sub(width(&spans)) else {
            break;
        };
        room = rest;
        line.extend(spans);
    }
    for binding in always {
        let spans = spans(state, binding);
        if width(&line) + width(&spans) <= usize::from(area.width) + 2 {
            line.extend(spans);
        }
    }
    render(Line::from(line), area, buffer);
}

fn binding(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.action == action)
}

/// What the focused pane offers, before what is offered everywhere.
fn offered(state: &State) -> impl Iterator<Item = &'static Binding> {
    let scope = state.scope();
    let named = |binding: &&Binding| !binding.word.is_empty() && !ALWAYS.contains(&binding.action);
    let of = move |scope: Scope| {
        BINDINGS
            .iter()
            .filter(move |binding| binding.scope == scope)
    };
    let exists = state
        .chosen()
        .is_some_and(|known| !known.instances().is_empty());
    // Where nothing runs there is one thing to do.
    let first = BINDINGS
        .iter()
        .filter(move |binding| !exists && binding.action == Action::Up);
    let rest = of(scope)
        .chain(of(Scope::Everywhere))
        .filter(move |binding| exists || binding.action != Action::Up);
    let shown = move |binding: &&Binding| !state.keymap.hides(scope, binding);
    first.chain(rest).filter(named).filter(shown)
}

fn spans(state: &State, binding: &'static Binding) -> Vec<Span<'static>> {
    let word = words::word(state, binding);
    let spans = part::hint(state, binding.action, &word).into_iter();
    let owned = spans.map(|span| Span::styled(span.content.into_owned(), span.style));
    owned.chain([Span::raw("  ")]).collect()
}

fn width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Draws what is said.
pub fn draw_notice(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(notice) = &state.notice else {
        return;
    };
    let theme = &state.theme;
    let (glyph, style) = if notice.bad {
        (theme.pick("✗", "x"), theme.bad)
    } else {
        (theme.pick("✓", "+"), theme.good)
    };
    let text = part::safe(
        theme,
        &notice.text,
        usize::from(area.width).saturating_sub(5),
    );
    let line = Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::raw(text),
        Span::raw(" "),
    ]);
    let width = u16::try_from(line.width())
        .unwrap_or(u16::MAX)
        .min(area.width);
    let place = Rect { width, ..area };
    render(Clear, place, buffer);
    render(line, place, buffer);
}
