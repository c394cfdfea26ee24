//! Actions in the list of events.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use super::input;
use super::walk;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::logs::Filter;

/// Does what was asked for among them.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let events = &mut state.events;
    if action == Action::Filter {
        events.typing = Some(events.filter.text.clone().into());
    } else {
        events.of_all = !events.of_all;
        state.say(if state.events.of_all {
            "events of all environments"
        } else {
            "events of this environment"
        });
    }
    walk::keep(state);
    Vec::new()
}

/// A key while the filter is typed: it holds at once, Enter keeps it, Esc brings everything back.
pub fn type_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let events = &mut state.events;
    match key.code {
        KeyCode::Enter => events.typing = None,
        KeyCode::Esc => {
            events.typing = None;
            events.filter = Filter::default();
        }
        _ => {
            if let Some(typing) = &mut events.typing {
                input::edit(typing, key);
                events.filter = Filter::new(typing.value());
            }
        }
    }
    walk::keep(state);
    Vec::new()
}

/// Pasted text is looked for.
pub fn paste(state: &mut State, text: &str) -> bool {
    let events = &mut state.events;
    let mut typing = events.typing.take().unwrap_or_default();
    let whole = input::insert(&mut typing, text);
    events.filter = Filter::new(typing.value());
    events.typing = Some(typing);
    walk::keep(state);
    whole
}

/// Takes the filter away; tells whether there was one.
pub fn open_filter(state: &mut State) -> bool {
    let was_filtered = !state.events.filter.is_open();
    state.events.filter = Filter::default();
    was_filtered
}
