//! Typing: the filter of the logs and the inputs of the query panel.

use crossterm::event::Event;
use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use tui_input::Input;
use tui_input::backend::crossterm::to_input_request;

use super::database;
use super::events;
use super::logs;
use super::query;
use super::tree;
use crate::tui::effect::Effect;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::list::List;
use crate::tui::state::overlay::Overlay;

/// Characters that an input takes at most.
const MOST: usize = 2000;

/// Gives a key to the input that is being typed in, where there is one.
pub fn key(state: &mut State, key: KeyEvent) -> Option<Vec<Effect>> {
    if state.pane != Pane::Main {
        return None;
    }
    let known = state.chosen()?;
    match state.tab {
        Tab::Logs if known.logs.typing.is_some() => Some(logs::type_key(state, key)),
        Tab::Events if state.events.typing.is_some() => Some(events::type_key(state, key)),
        Tab::Query if known.query.seeking.is_some() => {
            if leaves(key) {
                state.leaving = true;
            } else {
                tree::seek_key(state, key);
            }
            Some(Vec::new())
        }
        Tab::Query if known.query.typing.is_some() => Some(query::type_key(state, key)),
        Tab::Database if known.database.typing => Some(database::type_key(state, key)),
        _ => None,
    }
}

/// Lets a key edit an input. Ctrl-C is no editing: it leaves, wherever it is pressed.
pub fn edit(input: &mut Input, key: KeyEvent) -> bool {
    let Some(request) = to_input_request(&Event::Key(key)) else {
        return false;
    };
    let grows = matches!(request, tui_input::InputRequest::InsertChar(_));
    if grows && input.value().chars().count() >= MOST {
        return false;
    }
    input.handle(request).is_some_and(|change| change.value)
}

/// Whether a key leaves the dashboard even while something is typed.
pub fn leaves(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Puts pasted text where something is typed. Only its first line goes in, and not more than an input takes.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    let statement = database::one_line(text);
    let line = if state.tab == Tab::Database && state.overlay.is_none() {
        &statement
    } else {
        text.trim_start().lines().next().unwrap_or_default()
    };
    let line: String = line
        .chars()
        .filter(|c| !c.is_control())
        .take(MOST)
        .collect();
    if let Some(Overlay::Palette(palette)) = &mut state.overlay {
        insert(&mut palette.input, &line);
        palette.list = List::default();
        return Vec::new();
    }
    if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
        insert(&mut confirm.input, &line);
        return Vec::new();
    }
    if tree::paste(state, &line) || state.overlay.is_some() || state.pane != Pane::Main {
        return Vec::new();
    }
    match state.tab {
        Tab::Logs => logs::paste(state, &line),
        Tab::Query => query::paste(state, &line),
        Tab::Database => database::paste(state, &line),
        Tab::Events => events::paste(state, &line),
        _ => Vec::new(),
    }
}

/// Inserts text where the cursor is.
pub fn insert(input: &mut Input, text: &str) {
    let before: String = input.value().chars().take(input.cursor()).collect();
    let after: String = input.value().chars().skip(input.cursor()).collect();
    let room = MOST.saturating_sub(input.value().chars().count());
    let text: String = text.chars().take(room).collect();
    let cursor = input.cursor() + text.chars().count();
    *input = Input::new(before + &text + &after).with_cursor(cursor);
}
