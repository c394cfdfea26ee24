//! What a message changes, and what has to be done because of it. Pure: the same state and message lead to the same.

mod act;
mod database;
mod doing;
mod events;
mod input;
mod logs;
mod mouse;
mod overlay;
mod query;
mod tasks;
mod tick;
mod tree;
mod walk;
mod watch;

use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use jiff::Timestamp;

use super::effect::Effect;
use super::message::Message;
use super::state::State;

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

/// A key goes to what lies on top, else to the input that is being typed in, else to the pane.
fn key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if state.overlay.is_some() {
        return overlay::key(state, key);
    }
    if let Some(effects) = input::key(state, key) {
        return effects;
    }
    match state.keymap.action(state.scope(), key) {
        Some(action) => act::act(state, action),
        None => Vec::new(),
    }
}

pub use doing::begin as begin_doing;
