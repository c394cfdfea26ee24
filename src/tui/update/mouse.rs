//! Clicks, the wheel, and what is dragged.

use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use ratatui::layout::Position;

use super::act;
use super::copy;
use super::overlay;
use super::walk;
use crate::tui::effect::Effect;
use crate::tui::state::Drag;
use crate::tui::state::Dragged;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Known;
use crate::tui::state::list::Step;
use crate::tui::view;
use crate::tui::view::Target;

/// Rows of one turn of the wheel.
const WHEEL: isize = 3;

/// Takes a click, a turn of the wheel or a drag in.
pub fn mouse(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    state.changed |= event.kind != MouseEventKind::Moved;
    match event.kind {
        MouseEventKind::ScrollDown => wheel(state, at, WHEEL),
        MouseEventKind::ScrollUp => wheel(state, at, -WHEEL),
        MouseEventKind::Down(MouseButton::Left) => press(state, at),
        MouseEventKind::Drag(MouseButton::Left) => drag(state, at),
        MouseEventKind::Up(MouseButton::Left) => drop(state),
        _ => Vec::new(),
    }
}

/// The button goes down: something is clicked, or a drag begins.
fn press(state: &mut State, at: Position) -> Vec<Effect> {
    let target = view::target(state, at).filter(|_| state.overlay.is_none());
    state.drag = match target {
        Some(Target::Border) => Some(Drag::Border),
        Some(Target::Main) => Some(Drag::Rows(Dragged {
            from: at.y,
            to: at.y,
        })),
        _ => None,
    };
    click(state, at)
}

/// The mouse moves with its button down: the border follows it, or rows are chosen.
fn drag(state: &mut State, at: Position) -> Vec<Effect> {
    match &mut state.drag {
        Some(Drag::Border) => act::widen(state, at.x + 1),
        Some(Drag::Rows(rows)) => {
            rows.to = at.y;
            // What is chosen is not to run away while it is.
            let is_log = state.tab == Tab::Logs;
            if let Some(known) = state
                .chosen_mut()
                .filter(|known| is_log && known.logs.cursor.is_none())
            {
                known.logs.set_following(false);
            }
        }
        None => {}
    }
    walk::keep(state);
    Vec::new()
}

/// The button goes up: rows that were chosen are copied.
fn drop(state: &mut State) -> Vec<Effect> {
    match state.drag.take() {
        Some(Drag::Rows(rows)) if rows.from != rows.to => copy::dragged(state, rows),
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
        return overlay::click(state, at);
    }
    match view::target(state, at) {
        Some(Target::Environment(place)) => act::choose(state, place),
        Some(Target::Tab(place)) => act::tab(state, place),
        Some(Target::Role(row)) => focus_row(state, Pane::Roles, row),
        Some(Target::Check(row)) => focus_row(state, Pane::Checks, row),
        Some(Target::Beside) => act::swap(state),
        Some(Target::Main) => choose_row(state, at),
        Some(Target::Border) | None => Vec::new(),
    }
}

/// Puts the reader on the row of the tab that was clicked; on the one that is chosen already, a click opens it.
fn choose_row(state: &mut State, at: Position) -> Vec<Effect> {
    let was_focused = state.pane == Pane::Main;
    state.pane = Pane::Main;
    let row = view::tab_row(state, at);
    let last = view::last_log_line(state);
    let tab = state.tab;
    let Some((row, known)) = row.zip(state.chosen_mut()) else {
        return Vec::new();
    };
    let before = chosen_row(known, tab);
    match tab {
        Tab::Logs => known.logs.choose(row, last),
        Tab::Query => known.query.list_mut().selected = row,
        Tab::Database => {
            known.database.list_mut().selected = row;
            known.database.choose_running();
        }
        Tab::Events => known.events.selected = row,
        Tab::Config => known.settings.selected = row,
        Tab::Stats => {}
    }
    let opens = matches!(tab, Tab::Logs | Tab::Database) && was_focused;
    let again = opens && before == chosen_row(known, tab);
    if tab == Tab::Events {
        walk::hold_event(state);
    }
    walk::keep(state);
    if again { walk::open(state) } else { Vec::new() }
}

/// The row of a tab that the reader is on.
fn chosen_row(known: &Known, tab: Tab) -> Option<usize> {
    match tab {
        Tab::Logs => known.logs.cursor_place(),
        Tab::Database => Some(known.database.list().selected),
        _ => None,
    }
}

/// Gives the focus to a row of a list; where it has that already, a click opens what it is about.
fn focus_row(state: &mut State, pane: Pane, row: usize) -> Vec<Effect> {
    let was_focused = state.pane == pane;
    state.pane = pane;
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let list = match pane {
        Pane::Roles => &mut known.roles,
        _ => &mut known.checks,
    };
    let before = std::mem::replace(&mut list.selected, row);
    let again = was_focused && before == list.selected;
    if pane == Pane::Roles {
        known.choose_role();
    }
    walk::keep(state);
    if again { walk::open(state) } else { Vec::new() }
}
