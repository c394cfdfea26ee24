//! Keys for what lies over the panes.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::act;
use super::copy;
use super::database;
use super::doing;
use super::input;
use super::query;
use super::tree;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::keymap::Scope;
use crate::tui::state::State;
use crate::tui::state::list::List;
use crate::tui::state::list::Step;
use crate::tui::state::overlay::Asked;
use crate::tui::state::overlay::MENU;
use crate::tui::state::overlay::Overlay;
use crate::tui::view;

/// Gives a key to what lies on top.
pub fn key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if tree::key(state, key) {
        return Vec::new();
    }
    match state.overlay {
        Some(Overlay::Palette(_)) => palette(state, key),
        Some(Overlay::Confirm(_)) => confirm(state, key),
        _ => walked(state, key),
    }
}

/// A key for a list or a text that is walked with the keys of all lists.
fn walked(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let action = state.keymap.action(Scope::Lists, key);
    if let Some(step) = action.and_then(step) {
        take_step(state, step);
        return Vec::new();
    }
    match action {
        Some(Action::Open) => open(state),
        Some(Action::MouseOnOff) => act::act(state, Action::MouseOnOff),
        Some(Action::TryAgain) => {
            state.overlay = None;
            act::act(state, Action::TryAgain)
        }
        Some(
            Action::Leave | Action::Back | Action::Help | Action::NextPane | Action::PreviousPane,
        ) => {
            close(state);
            Vec::new()
        }
        Some(action @ (Action::CopyLine | Action::CopyVisible | Action::Save)) => {
            copy::of_overlay(state, action)
        }
        // In the menu, the key that stands beside a line does what the line says.
        Some(action)
            if matches!(state.overlay, Some(Overlay::Menu(_))) && MENU.contains(&action) =>
        {
            state.overlay = None;
            act::act(state, action)
        }
        _ => Vec::new(),
    }
}

/// Takes away what lies on top; what it was opened from lies there again.
fn close(state: &mut State) {
    state.overlay = match state.overlay.take() {
        Some(Overlay::Text(text)) => text.from.map(Overlay::Tree),
        _ => None,
    };
}

/// A click on a row does what Enter does there; anywhere else it closes what lies on top.
pub fn click(state: &mut State, at: Position) -> Vec<Effect> {
    let Some(row) = view::overlay_row(state, at) else {
        close(state);
        return Vec::new();
    };
    match &mut state.overlay {
        Some(Overlay::Menu(list) | Overlay::History(list) | Overlay::Statements(list)) => {
            list.selected = row;
            open(state)
        }
        Some(Overlay::Palette(palette)) => {
            palette.list.selected = row;
            begin_chosen(state)
        }
        _ => Vec::new(),
    }
}

/// The step that an action stands for.
pub fn step(action: Action) -> Option<Step> {
    Some(match action {
        Action::Next => Step::Rows(1),
        Action::Previous => Step::Rows(-1),
        Action::NextPage => Step::Pages(1),
        Action::PreviousPage => Step::Pages(-1),
        Action::First => Step::First,
        Action::Last => Step::Last,
        _ => return None,
    })
}

/// Walks what lies on top.
pub fn take_step(state: &mut State, step: Step) {
    let height = usize::from(state.size.height.saturating_sub(6)).max(1);
    let lines = view::overlay_lines(state);
    let history = state.history.len();
    let statements = state.statements.len();
    match &mut state.overlay {
        Some(Overlay::Help(scroll)) => *scroll = scrolled(*scroll, step, lines, height),
        Some(Overlay::Failure(failure)) => {
            failure.scroll = scrolled(failure.scroll, step, lines, height);
        }
        Some(Overlay::Menu(list)) => list.step(step, MENU.len(), height),
        Some(Overlay::History(list)) => list.step(step, history, height),
        Some(Overlay::Statements(list)) => list.step(step, statements, height),
        Some(Overlay::Text(text)) => text.scroll = scrolled(text.scroll, step, lines, height),
        Some(Overlay::Tree(described)) => {
            if let Some(Ok(tree)) = &mut described.parts {
                tree.step(step, height);
            }
        }
        Some(Overlay::Palette(palette)) => {
            let count = palette.found().len();
            palette.list.step(step, count, height);
        }
        _ => {}
    }
}

fn scrolled(scroll: usize, step: Step, lines: usize, height: usize) -> usize {
    let most = lines.saturating_sub(height);
    step.from(scroll, most + 1, height)
}

fn open(state: &mut State) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Menu(list)) => match MENU.get(list.selected) {
            Some(action) => act::act(state, *action),
            None => Vec::new(),
        },
        Some(tree @ Overlay::Tree(_)) => {
            state.overlay = Some(tree);
            Vec::new()
        }
        Some(Overlay::History(list)) => query::recall(state, list.selected),
        Some(Overlay::Statements(list)) => database::recall(state, list.selected),
        _ => Vec::new(),
    }
}

fn palette(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &mut state.overlay else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Esc => state.overlay = None,
        KeyCode::Down | KeyCode::Tab => take_step(state, Step::Rows(1)),
        KeyCode::Up | KeyCode::BackTab => take_step(state, Step::Rows(-1)),
        KeyCode::Enter => return begin_chosen(state),
        _ => {
            if input::edit(&mut palette.input, key) {
                palette.list = List::default();
            }
        }
    }
    Vec::new()
}

/// Does what is chosen in the palette.
fn begin_chosen(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = state.overlay.take() else {
        return Vec::new();
    };
    let found = palette.found();
    let chosen = found.get(palette.list.selected).copied();
    chosen.map_or_else(Vec::new, |binding| {
        in_its_place(state, binding.scope, binding.action)
    })
}

/// An action of a tab is done in that tab.
fn in_its_place(state: &mut State, scope: Scope, action: Action) -> Vec<Effect> {
    let tabs = crate::tui::state::Tab::ALL;
    let mut effects = Vec::new();
    if let Some(place) = tabs.iter().position(|tab| tab.scope() == scope)
        && state.tab.scope() != scope
    {
        effects = act::tab(state, place);
    }
    effects.extend(act::act(state, action));
    effects
}

fn confirm(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Esc => state.overlay = None,
        KeyCode::Enter => {
            let asked = confirm.is_given().then(|| confirm.asked.clone());
            state.overlay = None;
            match asked {
                Some(Asked::Change(doing)) => return doing::begin(state, doing),
                Some(Asked::End(activity)) => return database::end(state, *activity),
                Some(Asked::Write) => database::write(state, true),
                None => state.say("nothing was done"),
            }
        }
        _ => {
            input::edit(&mut confirm.input, key);
        }
    }
    Vec::new()
}
