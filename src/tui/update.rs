//! What a message changes, and what has to be done because of it. Pure: the same state and message lead to the same.

mod act;
mod copy;
mod database;
mod doing;
mod events;
mod input;
mod logs;
mod mouse;
mod overlay;
mod places;
mod query;
mod tasks;
mod tick;
mod tree;
mod walk;
mod watch;

use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use crossterm::event::KeyModifiers;
use jiff::Timestamp;

use super::effect::Effect;
use super::keymap::Action;
use super::keymap::Scope;
use super::message::Message;
use super::state::Pane;
use super::state::State;
use super::view;

/// Takes one message in.
pub fn update(state: &mut State, message: Message, now: Timestamp) -> Vec<Effect> {
    state.now = now;
    // A tick, a look that shows nothing new and a mouse that only moves leave the screen as it is; they say themselves
    // when they do not.
    if !matches!(
        message,
        Message::Tick | Message::Looked { .. } | Message::Mouse(_)
    ) {
        state.changed = true;
    }
    match message {
        Message::Key(event) => key(state, event),
        Message::Mouse(event) => mouse::mouse(state, event),
        Message::Paste(text) => input::paste(state, &text),
        Message::Resize(size) => {
            state.size = size;
            walk::keep(state);
            Vec::new()
        }
        Message::Tick => tick::tick(state),
        told => tasks::told(state, told),
    }
}

/// What the dashboard does first.
pub fn begin(state: &mut State) -> Vec<Effect> {
    let engines = 0..state.engines.len();
    let mut effects = vec![Effect::List, Effect::ReadHistory, Effect::ReadStatements];
    effects.extend(engines.map(Effect::Watch));
    effects.extend(act::arrive(state));
    effects
}

/// Takes a key in. Any other key than the one that leaves takes back that somebody wished to.
fn key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let wished_before = state.wished_to_leave;
    let effects = pressed(state, key);
    state.wished_to_leave &= !wished_before;
    effects
}

/// A key goes to what lies on top, else to the input that is being typed in, else to the pane.
fn pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(action) = of_terminal(state, key) {
        return act::act(state, action);
    }
    if state.overlay.is_some() {
        return overlay::key(state, key);
    }
    if let Some(effects) = input::key(state, key) {
        return effects;
    }
    match meant(state, key) {
        // A list that lies over the pane is left like any other box.
        Some(Action::Leave) if view::is_list_over(state) => act::act(state, Action::Back),
        Some(action) => act::act(state, action),
        None => Vec::new(),
    }
}

/// What a key asks for. While a failed operation is on the screen, the key that opens rows opens it, as stands below it.
fn meant(state: &State, key: KeyEvent) -> Option<Action> {
    let failed = state.chosen().and_then(|known| known.operation.as_ref());
    let failed = failed.is_some_and(|operation| operation.failure().is_some());
    let opens = || state.keymap.action(Scope::Lists, key) == Some(Action::Open);
    if failed && state.pane == Pane::Main && opens() {
        return Some(Action::Open);
    }
    state.keymap.action(state.scope(), key)
}

/// What a key does to the dashboard as a whole, whatever lies on top: it is no character that an input could take. Ctrl-C
/// leaves unless it was given another meaning.
fn of_terminal(state: &State, key: KeyEvent) -> Option<Action> {
    let modifiers = KeyModifiers::CONTROL | KeyModifiers::ALT;
    if !key.modifiers.intersects(modifiers) {
        return None;
    }
    match state.keymap.action(state.scope(), key) {
        Some(action @ (Action::Leave | Action::Suspend | Action::Redraw)) => Some(action),
        None if input::leaves(key) => Some(Action::Leave),
        _ => None,
    }
}

pub use act::program_ended;
pub use doing::begin as begin_doing;
