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
use crate::text::thousands;
use crate::tui::effect::Effect;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::list::List;
use crate::tui::state::overlay::Overlay;

/// Characters that an input of one line takes at most.
const MOST: usize = 2000;
/// Characters of a statement.
const STATEMENT: usize = 20_000;

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
            tree::seek_key(state, key);
            Some(Vec::new())
        }
        Tab::Query if known.query.typing.is_some() => Some(query::type_key(state, key)),
        Tab::Database if known.database.typing => Some(database::type_key(state, key)),
        _ => None,
    }
}

/// Lets a key edit an input. Ctrl-C is no editing: it leaves, wherever it is pressed.
pub fn edit(input: &mut Input, key: KeyEvent) -> bool {
    edit_up_to(MOST, input, key)
}

/// The same for a statement.
pub fn edit_statement(input: &mut Input, key: KeyEvent) -> bool {
    edit_up_to(STATEMENT, input, key)
}

fn edit_up_to(most: usize, input: &mut Input, key: KeyEvent) -> bool {
    let Some(request) = to_input_request(&Event::Key(key)) else {
        return false;
    };
    let grows = matches!(request, tui_input::InputRequest::InsertChar(_));
    if grows && input.value().chars().count() >= most {
        return false;
    }
    input.handle(request).is_some_and(|change| change.value)
}

/// Whether a key leaves the dashboard even while something is typed.
pub fn leaves(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Puts pasted text where something is typed. A statement stays as it is; of other text only the first line goes in.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    if pastes_statement(state) {
        database::paste(state, text);
        return Vec::new();
    }
    // Terminals send a return for every line break.
    let mut lines = text.trim_start().split(['\r', '\n']);
    let line = lines.next().unwrap_or_default();
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if !paste_line(state, &line) {
        let most = thousands(MOST as u64);
        state.complain(format!(
            "what was pasted is cut: an input takes {most} characters"
        ));
    }
    Vec::new()
}

fn pastes_statement(state: &State) -> bool {
    state.tab == Tab::Database && state.overlay.is_none() && state.pane == Pane::Main
}

/// Whether all of it went in; where nothing is typed, nothing is missing.
fn paste_line(state: &mut State, line: &str) -> bool {
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => {
            palette.list = List::default();
            return insert(&mut palette.input, line);
        }
        Some(Overlay::Confirm(confirm)) => return insert(&mut confirm.input, line),
        _ => {}
    }
    if let Some(whole) = tree::paste(state, line) {
        return whole;
    }
    if state.overlay.is_some() || state.pane != Pane::Main {
        return true;
    }
    match state.tab {
        Tab::Logs => logs::paste(state, line),
        Tab::Query => query::paste(state, line),
        Tab::Events => events::paste(state, line),
        _ => true,
    }
}

/// Inserts as much of a text as fits where the cursor is, and tells whether that was all of it.
pub fn insert(input: &mut Input, text: &str) -> bool {
    let room = MOST.saturating_sub(input.value().chars().count());
    let fits: String = text.chars().take(room).collect();
    put(input, &fits);
    fits.len() == text.len()
}

/// Inserts a text where the cursor is, or nothing of it where it does not fit: a part of a statement is another one.
pub fn insert_statement(input: &mut Input, text: &str) -> Result<(), String> {
    let length = input.value().chars().count() + text.chars().count();
    if length > STATEMENT {
        return Err(format!(
            "the statement would have {} characters, {} more than it may; nothing was pasted",
            thousands(length as u64),
            thousands((length - STATEMENT) as u64)
        ));
    }
    put(input, text);
    Ok(())
}

fn put(input: &mut Input, text: &str) {
    let before: String = input.value().chars().take(input.cursor()).collect();
    let after: String = input.value().chars().skip(input.cursor()).collect();
    let cursor = input.cursor() + text.chars().count();
    *input = Input::new(before + text + &after).with_cursor(cursor);
}
