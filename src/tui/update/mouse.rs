//! Clicks and the wheel.

use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use ratatui::layout::Position;

use super::act;
use super::overlay;
use super::walk;
use crate::tui::effect::Effect;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::list::Step;
use crate::tui::view;
use crate::tui::view::Target;

/// Rows of one turn of the wheel.
const WHEEL: isize = 3;

/// Takes a click or a turn of the wheel in.
pub fn mouse(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    state.changed |= !matches!(event.kind, MouseEventKind::Moved | MouseEventKind::Drag(_));
    match event.kind {
        MouseEventKind::ScrollDown => wheel(state, at, WHEEL),
        MouseEventKind::ScrollUp => wheel(state, at, -WHEEL),
        MouseEventKind::Down(MouseButton::Left) => click(state, at),
        _ => Vec::new(),
    }
}

fn wheel(state: &mut State, at: Position, rows: isize) -> Vec<Effect> {
    if state.overlay.is_some() {
        overlay::take_step(state, Step::Rows(rows.signum()));
        return Vec::new();
    }
    let pane = match view::target(state, at) {
        Some(Target::Role(_)) => Pane::Roles,
        Some(Target::Check(_)) => Pane::Checks,
        _ => Pane::Main,
    };
    // The wheel moves what is under it, and leaves the focus where it is.
    let focused = std::mem::replace(&mut state.pane, pane);
    let rows = if pane == Pane::Main {
        rows
    } else {
        rows.signum()
    };
    let effects = walk::step(state, Step::Rows(rows));
    state.pane = focused;
    effects
}

fn click(state: &mut State, at: Position) -> Vec<Effect> {
    if state.overlay.is_some() {
        state.overlay = None;
        return Vec::new();
    }
    match view::target(state, at) {
        Some(Target::Environment(place)) => act::choose(state, place),
        Some(Target::Tab(place)) => act::tab(state, place),
        Some(Target::Role(row)) => {
            focus_row(state, Pane::Roles, row);
            Vec::new()
        }
        Some(Target::Check(row)) => {
            focus_row(state, Pane::Checks, row);
            Vec::new()
        }
        Some(Target::Beside) => act::swap(state),
        Some(Target::Main) => {
            state.pane = Pane::Main;
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn focus_row(state: &mut State, pane: Pane, row: usize) {
    state.pane = pane;
    if let Some(known) = state.chosen_mut() {
        match pane {
            Pane::Roles => known.roles.selected = known.roles.offset + row,
            _ => known.checks.selected = known.checks.offset + row,
        }
    }
    walk::keep(state);
}
