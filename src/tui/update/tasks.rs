//! What tasks and engines told.

mod ended;
mod happened;
mod lists;
mod look;

use std::time::Duration;

use super::places;
use super::query;
use super::tree;
use super::walk;
use super::watch;
use crate::database::console::Page;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Known;
use crate::tui::state::logs::Logs;
use crate::tui::state::overlay::Failure;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Text;
use ended::ended;
use happened::happened;
use lists::heard;
use lists::listed;
use lists::profiles_listed;
use lists::reached;
use look::looked;

/// Takes in what was told.
pub fn told(state: &mut State, message: Message) -> Vec<Effect> {
    let effects = take(state, message);
    walk::keep(state);
    effects
}

fn take(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Profiles(profiles) => profiles_listed(state, profiles),
        Message::Listed { engine, result } => listed(state, engine, result),
        Message::Looked { key, result } => looked(state, &key, *result),
        Message::Reached { engine, about } => reached(state, engine, about),
        Message::Tells { engine, tells } => {
            heard(state, engine, tells);
            Vec::new()
        }
        Message::Happened { engine, event } => happened(state, engine, &event),
        Message::Placed { from, to, because } => places::placed(state, &from, &to, because),
        Message::Ended { key, result } => ended(state, &key, result),
        Message::Watching { key, result } => {
            watch::watching(state, &key, &result);
            Vec::new()
        }
        Message::CodeChanged { key, changed } => watch::changed(state, &key, changed),
        Message::History(questions) => {
            state.history = questions;
            Vec::new()
        }
        Message::Statements(statements) => {
            // Statements that hold secrets are remembered here and nowhere else.
            let mut here = std::mem::take(&mut state.statements);
            here.retain(|statement| !statements.contains(statement));
            state.statements = here.into_iter().chain(statements).collect();
            Vec::new()
        }
        Message::Rows {
            key,
            number,
            took,
            result,
        } => rows(state, &key, number, (took, *result)),
        Message::Said(result) => {
            match result {
                Ok(text) => {
                    state.note(text.clone(), false);
                    state.say(text);
                }
                Err(report) => state.complain_of(&report),
            }
            Vec::new()
        }
        about => of_one(state, about),
    }
}

/// What was told of one environment and concerns nothing else.
fn of_one(state: &mut State, message: Message) -> Vec<Effect> {
    let now = state.now;
    match message {
        Message::Sampled {
            key,
            sample,
            readings,
        } => known(state, &key, |known| {
            known.sampling = false;
            known.readings = readings;
            known.charts.push(sample);
        }),
        Message::Lines {
            key,
            reader,
            lines,
            lost,
        } => of_reader(state, &key, reader, |logs| logs.take(lines, lost)),
        Message::LogsBroke {
            key,
            reader,
            report,
        } => of_reader(state, &key, reader, |logs| {
            logs.reading = false;
            logs.trouble = Some(report);
        }),
        Message::Waits { key, holder } => operation(state, &key, |operation| {
            operation.waits_for = Some(holder);
        }),
        Message::Told { key, event } => {
            operation(state, &key, |operation| operation.tell(event, now));
        }
        Message::Progressed { key, latest } => {
            operation(state, &key, |operation| operation.progress(latest));
        }
        answer => of_answer(state, answer),
    }
    Vec::new()
}

/// What an API, a database or an engine answered to a question of this dashboard.
fn of_answer(state: &mut State, message: Message) {
    let now = state.now;
    match message {
        Message::Answered {
            key,
            number,
            result,
        } => {
            known(state, &key, |known| known.query.take(number, *result));
        }
        Message::Places { key, atlas } => {
            known(state, &key, |known| known.query.know(atlas));
        }
        Message::Explained { key, result } => explained(state, &key, result),
        Message::Surveyed { key, result } => {
            known(state, &key, |known| known.database.see(*result, now));
        }
        Message::Described {
            key,
            instance,
            result,
        } => tree::described(state, &(key, instance), *result),
        Message::Configured { key, result } => {
            known(state, &key, |known| known.config = Some(result));
        }
        Message::Compared { key, result } => {
            known(state, &key, |known| known.drift = Some(result));
        }
        _ => {}
    }
}

/// Shows the prices behind a day, unless the reader has gone elsewhere meanwhile.
fn explained(state: &mut State, key: &Key, result: Result<(String, Vec<String>), Report>) {
    let waits = state.tab == Tab::Query && state.overlay.is_none();
    if !waits || state.chosen().is_none_or(|known| known.key != *key) {
        return;
    }
    state.overlay = Some(match result {
        Ok((title, lines)) => Overlay::Text(Text::new(title, lines)),
        Err(report) => Overlay::Failure(Failure {
            title: "the prices behind the day".to_owned(),
            report,
            scroll: 0,
        }),
    });
}

/// Takes in what came of a statement; what it wrote is measured at once.
fn rows(
    state: &mut State,
    key: &Key,
    number: u64,
    (took, result): (Duration, Result<Page, Report>),
) -> Vec<Effect> {
    let mut effects = Vec::new();
    known(state, key, |known| {
        let is_full = known.database.take(number, took, result);
        if is_full {
            effects.push(Effect::CancelStatement(known.key.clone()));
        }
        // What ran until now is not to be shown as running.
        known.database.surveyed_at = None;
        if known.database.writing {
            known.database.held_at = None;
        }
    });
    walk::keep(state);
    effects
}

fn known(state: &mut State, key: &Key, change: impl FnOnce(&mut Known)) {
    if let Some(known) = state.known_mut(key) {
        change(known);
    }
}

fn of_reader(state: &mut State, key: &Key, reader: u64, change: impl FnOnce(&mut Logs)) {
    known(state, key, |known| {
        if known.logs.reader == reader {
            change(&mut known.logs);
        }
    });
}

fn operation(
    state: &mut State,
    key: &Key,
    change: impl FnOnce(&mut crate::tui::state::operation::Operation),
) {
    known(state, key, |known| {
        if let Some(operation) = &mut known.operation {
            change(operation);
        }
    });
}

/// A live question is asked anew after everything that could change its answer.
fn asked_again(state: &mut State, key: &Key) -> Vec<Effect> {
    let is_live = state
        .chosen()
        .is_some_and(|known| known.key == *key && known.query.asks_again().is_some());
    if is_live {
        query::ask(state)
    } else {
        Vec::new()
    }
}
