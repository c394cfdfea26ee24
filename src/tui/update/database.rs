//! Actions in the database tab.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use jiff::SignedDuration;
use jiff::Timestamp;
use tui_input::Input;

use super::input;
use super::walk;
use crate::database::console::Activity;
use crate::database::history;
use crate::engine::Found;
use crate::engine::Role;
use crate::engine::State as Doing;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::database::Database;
use crate::tui::state::database::View;
use crate::tui::state::known::Known;
use crate::tui::state::list::List;
use crate::tui::state::overlay::Asked;
use crate::tui::state::overlay::Confirm;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Text;
use crate::tui::view;

/// How often the server is asked what it does.
const SURVEY: SignedDuration = SignedDuration::from_secs(2);
/// How often its tables are measured.
const MEASURE: SignedDuration = SignedDuration::from_secs(30);

/// Does what was asked for in the tab.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let database = &mut known.database;
    match action {
        Action::EditSql => database.typing = true,
        Action::NextView => next_view(database, 1),
        Action::PreviousView => next_view(database, View::ALL.len() - 1),
        Action::NextColumn => database.column += 1,
        Action::PreviousColumn => database.column = database.column.saturating_sub(1),
        Action::Statements => {
            state.overlay = Some(Overlay::Statements(List::default()));
            return vec![Effect::ReadStatements];
        }
        Action::Writing => ask_to_write(state),
        _ => return stop(state),
    }
    walk::keep(state);
    Vec::new()
}

fn next_view(database: &mut Database, by: usize) {
    let at = View::ALL.iter().position(|view| *view == database.view);
    let next = View::ALL.get((at.unwrap_or(0) + by) % View::ALL.len());
    database.view = next.copied().unwrap_or_default();
}

/// Switches writing on or off. A protected environment wants its name typed first.
fn ask_to_write(state: &mut State) {
    let Some(known) = state.chosen_mut() else {
        return;
    };
    if known.database.writing {
        known.database.writing = false;
        return state.say("writing is off: statements only read");
    }
    match known.look.as_ref().map(|look| look.protected) {
        None => return state.complain("it is not known yet whether it is protected; try again"),
        Some(false) => return write(state, false),
        Some(true) => {}
    }
    let name = known.key.name.to_string();
    state.overlay = Some(Overlay::Confirm(Confirm {
        asked: Asked::Write,
        title: format!("write into {name}"),
        heading: "Every statement is committed at once:",
        lost: vec!["what it changes cannot be taken back".to_owned()],
        name: Some(name),
        input: Input::default(),
    }));
}

/// Lets statements write from now on; `named` where the environment's name was typed for that.
pub fn write(state: &mut State, named: bool) {
    if let Some(known) = state.chosen_mut() {
        known.database.writing = true;
        known.database.named = named;
        state.say("writing is on: every statement is committed at once");
    }
}

/// Cancels the statement that was typed, else asks about the chosen one of those that run.
fn stop(state: &mut State) -> Vec<Effect> {
    let Some(known) = state.chosen() else {
        return Vec::new();
    };
    if known.database.view != View::Running {
        if known.database.waits() {
            return vec![Effect::CancelStatement(known.key.clone())];
        }
        state.say("no statement runs here");
        return Vec::new();
    }
    let Some(activity) = known.database.activity().cloned() else {
        let has_ended = !known.database.activities().is_empty();
        state.say(if has_ended {
            "the session that was chosen has ended"
        } else {
            "no statement runs here"
        });
        return Vec::new();
    };
    state.overlay = Some(Overlay::Confirm(about(activity)));
    Vec::new()
}

fn about(activity: Activity) -> Confirm {
    let (title, heading) = if activity.runs() {
        (
            format!("cancel the statement of {}", activity.pid),
            "This statement is cancelled:",
        )
    } else {
        (
            format!("end the session {}", activity.pid),
            "This session ends, and what it has not committed is undone. Its last statement:",
        )
    };
    let who = format!("{} as {}", activity.application, activity.user);
    let words: Vec<_> = activity.sql.split_whitespace().collect();
    Confirm {
        title,
        heading,
        lost: vec![words.join(" "), who],
        asked: Asked::End(Box::new(activity)),
        name: None,
        input: Input::default(),
    }
}

/// Ends what another session does.
pub fn end(state: &State, activity: Activity) -> Vec<Effect> {
    let with = state.chosen().zip(server(state.chosen()));
    let effect = with.map(|(known, found)| Effect::End {
        key: known.key.clone(),
        found: Box::new(found.clone()),
        activity: Box::new(activity),
    });
    effect.into_iter().collect()
}

/// Whether statements may still write: an environment can become protected after that was switched on.
fn may_write(known: &Known) -> bool {
    let look = known.look.as_ref();
    look.is_some_and(|look| known.database.named || !look.protected)
}

/// The database, where it runs.
pub fn server(known: Option<&Known>) -> Option<&Found> {
    let mut instances = known?.instances().iter();
    instances.find(|found| found.instance.role == Role::Database && found.state == Doing::Running)
}

/// Sends the statement of the prompt.
pub fn send(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let sql = known.database.prompt.value().trim().to_owned();
    if sql.is_empty() {
        return Vec::new();
    }
    let Some(found) = server(Some(known)).cloned() else {
        let key = state.keymap.word(Action::Up);
        state.complain(format!(
            "the database does not run; {key} brings the environment up"
        ));
        return Vec::new();
    };
    if known.database.writing && !may_write(known) {
        known.database.writing = false;
        let name = known.key.name.clone();
        let key = state.keymap.word(Action::Writing);
        state.complain(format!(
            "{name} is protected by now, so writing is off; {key} asks for its name"
        ));
        return Vec::new();
    }
    let number = known.database.send(sql.clone(), now);
    let mut effects = vec![Effect::Execute {
        key: known.key.clone(),
        found: Box::new(found),
        number,
        sql: sql.clone(),
        access: known.database.access(),
    }];
    state.statements.retain(|older| *older != sql);
    state.statements.insert(0, sql.clone());
    if !history::is_secret(&sql) {
        effects.push(Effect::RememberStatement(sql));
    }
    effects
}

/// Opens what the row is about: the rows of a table, the whole of a statement, the whole of a row.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let database = &mut known.database;
    match database.view {
        View::Tables => {
            let tables = database.held.as_ref().map(|held| &held.tables);
            let table = tables.and_then(|tables| tables.get(database.tables.selected));
            if let Some(sql) = table.map(|table| format!("select * from {}", table.sql)) {
                database.prompt = sql.into();
                return send(state);
            }
        }
        View::Running => {
            let text = database.activity().map(|activity| {
                let title = format!("the statement of {}", activity.pid);
                Text::new(title, activity.sql.lines().map(str::to_owned).collect())
            });
            state.overlay = text.map(Overlay::Text);
        }
        View::Rows => {
            let number = database.rows.selected + 1;
            let lines = database.record().map(|(columns, row)| record(columns, row));
            let title = format!("row {number}");
            state.overlay = lines.map(|lines| Overlay::Text(Text::new(title, lines)));
        }
    }
    Vec::new()
}

fn record(columns: &[String], row: &[Option<String>]) -> Vec<String> {
    let line = |(name, value): (&String, &Option<String>)| {
        format!("{name}: {}", value.as_deref().unwrap_or("null"))
    };
    columns.iter().zip(row).map(line).collect()
}

/// A key while the statement is typed.
pub fn type_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let older = state.statements.clone();
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let database = &mut known.database;
    match key.code {
        KeyCode::Enter => {
            database.typing = false;
            return send(state);
        }
        KeyCode::Esc => database.typing = false,
        KeyCode::Up => {
            let next = database.recalled.map_or(0, |place| place + 1);
            recalled(
                database,
                &older,
                Some(next.min(older.len().saturating_sub(1))),
            );
        }
        KeyCode::Down => {
            let next = database.recalled.and_then(|place| place.checked_sub(1));
            recalled(database, &older, next);
        }
        _ => {
            if input::edit_statement(&mut database.prompt, key) {
                database.recalled = None;
            }
        }
    }
    Vec::new()
}

/// Puts a statement of before into the prompt; what was typed, where the reader has come back from them.
fn recalled(database: &mut Database, older: &[String], place: Option<usize>) {
    let was_typed = database.recalled.is_none() && place.is_none();
    if was_typed {
        return;
    }
    let Some(place) = place else {
        database.recalled = None;
        database.prompt = std::mem::take(&mut database.draft);
        return;
    };
    let Some(statement) = older.get(place) else {
        return;
    };
    let typed = std::mem::replace(&mut database.prompt, statement.clone().into());
    if database.recalled.replace(place).is_none() {
        database.draft = typed;
    }
}

/// Takes a statement of before over, to be changed and sent.
pub fn recall(state: &mut State, place: usize) -> Vec<Effect> {
    let statement = state.statements.get(place).cloned();
    if let (Some(known), Some(statement)) = (state.chosen_mut(), statement) {
        known.database.prompt = statement.into();
        known.database.typing = true;
    }
    Vec::new()
}

/// Pasted text goes into the prompt as it is: its line breaks end comments and stand in texts. What does not go in whole
/// does not go in.
pub fn paste(state: &mut State, text: &str) {
    let Some(known) = state.chosen_mut() else {
        return;
    };
    let database = &mut known.database;
    database.typing = true;
    let pasted = lines(text).and_then(|text| {
        input::insert_statement(&mut database.prompt, &text)?;
        database.recalled = None;
        Ok(())
    });
    if let Err(why) = pasted {
        state.complain(why);
    }
}

/// A text whose lines end as those of a statement do: terminals send a return for every line break.
fn lines(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let strange = |c: &char| c.is_control() && !"\n\t".contains(*c);
    match text.chars().find(strange) {
        Some(c) => Err(format!(
            "the control character U+{:04X} is in it; nothing was pasted",
            u32::from(c)
        )),
        None => Ok(text),
    }
}

/// Looks at the database while its tab is shown, where that is due.
pub fn due(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    if !view::is_shown(state, Tab::Database) {
        return Vec::new();
    }
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let Some(found) = server(Some(known)).cloned() else {
        return Vec::new();
    };
    let is_due = |at: Option<Timestamp>, every| at.is_none_or(|at| now.duration_since(at) >= every);
    let database = &mut known.database;
    if database.surveying || !is_due(database.surveyed_at, SURVEY) {
        return Vec::new();
    }
    database.surveying = true;
    database.surveyed_at = Some(now);
    vec![Effect::Survey {
        key: known.key.clone(),
        found: Box::new(found),
        held: is_due(database.held_at, MEASURE),
    }]
}

/// Fetches more rows, where the reader comes near the last.
pub fn fetch(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let number = known.database.fetch(now);
    let key = known.key.clone();
    number
        .map(|number| Effect::Fetch { key, number })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests;
