//! Actions in the query panel.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use super::input;
use super::tree;
use super::walk;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::list::List;
use crate::tui::state::list::Step;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Text;
use crate::tui::state::query::Answered;
use crate::tui::state::query::Field;
use crate::tui::state::query::Form;
use crate::tui::state::query::Query;

/// Does what was asked for in the query panel.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(query) = query(state) else {
        return Vec::new();
    };
    match action {
        Action::Ask => return ask(state),
        Action::EditCurl => query.type_in(Some(Field::Curl)),
        Action::EditForm => {
            query.type_in(Some(Field::From));
            return places(state);
        }
        Action::Why => return why(state),
        Action::NextForm => next_form(query, 1),
        Action::PreviousForm => next_form(query, Form::ALL.len() - 1),
        Action::History => {
            state.overlay = Some(Overlay::History(List::default()));
            return vec![Effect::ReadHistory];
        }
        _ => return next_live(state),
    }
    walk::keep(state);
    Vec::new()
}

/// Asks again more seldom, or no more.
fn next_live(state: &mut State) -> Vec<Effect> {
    let Some(query) = query(state) else {
        return Vec::new();
    };
    let began = query.live.is_none();
    query.next_live();
    match query.live {
        Some(seconds) => state.say(format!("asked again every {seconds} s")),
        None => state.say("not asked again"),
    }
    if began { ask(state) } else { Vec::new() }
}

/// Puts the question that the panel opens with, and asks for the names of places where they are not known.
pub fn arrive(state: &mut State) -> Vec<Effect> {
    let knows = state
        .chosen()
        .is_some_and(|known| known.query.knows_places());
    let mut effects = if knows { Vec::new() } else { places(state) };
    effects.extend(ask(state));
    effects
}

/// Asks what there is to ask about, to be offered while an end is typed.
fn places(state: &State) -> Vec<Effect> {
    let with = state.chosen().and_then(|known| Some((known, known.api()?)));
    let effect = with.map(|(known, base)| Effect::Places {
        key: known.key.clone(),
        base,
    });
    effect.into_iter().collect()
}

/// Asks for the prices behind the day that the reader is on.
fn why(state: &mut State) -> Vec<Effect> {
    let why = state.chosen().and_then(|known| {
        let (base, question) = known.query.why()?;
        Some(Effect::Explain {
            key: known.key.clone(),
            base,
            question,
        })
    });
    if why.is_none() {
        state.say("the table of an answer has the days; choose one there");
    }
    why.into_iter().collect()
}

/// Opens what the row is about: the prices behind a day, the whole of a value. Where there is none, the question is put.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some(query) = query(state) else {
        return Vec::new();
    };
    let row = query.row.selected;
    let has_days = query.why().is_some();
    let form = query.form;
    let shown = query
        .answered
        .as_mut()
        .filter(|_| query.unreachable.is_none());
    let text = match (form, shown) {
        (Form::Table, Some(_)) if has_days => return why(state),
        (
            Form::Json,
            Some(Answered {
                tree: Some(tree), ..
            }),
        ) => {
            let Some(text) = tree::whole(tree) else {
                tree.fold();
                walk::keep(state);
                return Vec::new();
            };
            text
        }
        (Form::Json, Some(answered)) => {
            let line = answered.body.get(row).cloned();
            Text::new(format!("line {}", row + 1), line.into_iter().collect())
        }
        (Form::Headers, Some(answered)) => match answered.response.headers.iter().nth(row) {
            Some((name, value)) => {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                Text::new(name.to_string(), vec![value])
            }
            None => return Vec::new(),
        },
        _ => return ask(state),
    };
    state.overlay = Some(Overlay::Text(text));
    Vec::new()
}

fn query(state: &mut State) -> Option<&mut Query> {
    state.chosen_mut().map(|known| &mut known.query)
}

fn next_form(query: &mut Query, by: usize) {
    let at = Form::ALL
        .iter()
        .position(|form| *form == query.form)
        .unwrap_or(0);
    let next = Form::ALL.get((at + by) % Form::ALL.len());
    query.form = next.copied().unwrap_or_default();
    query.row = List::default();
}

/// Puts the question as it stands in the line; a valid one is remembered.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let Some(line) = known.query.line() else {
        state.complain(
            "the line has no URL of an API; write it like http://127.0.0.1:15000/rates?…",
        );
        return Vec::new();
    };
    // The answer to an older question is not waited for, and not shown when it comes.
    if known.query.awaits(&line) {
        return Vec::new();
    }
    let number = known.query.ask(now);
    vec![Effect::Ask {
        key: known.key.clone(),
        number,
        line,
    }]
}

/// A key while the line or the form is typed.
pub fn type_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if input::leaves(key) {
        state.leaving = true;
        return Vec::new();
    }
    let Some(query) = query(state) else {
        return Vec::new();
    };
    let Some(field) = query.typing else {
        return Vec::new();
    };
    let offered = query.offered().len();
    match key.code {
        KeyCode::Enter | KeyCode::Tab if offered > 0 => {
            query.take_offer();
        }
        KeyCode::Down if offered > 0 => query.offers.step(Step::Rows(1), offered, offered),
        KeyCode::Up if offered > 0 => query.offers.step(Step::Rows(-1), offered, offered),
        KeyCode::Enter => {
            query.type_in(None);
            return asked_by_hand(state);
        }
        KeyCode::Esc => query.type_in(None),
        KeyCode::Tab | KeyCode::Down => query.type_in(Some(next_field(field, 1))),
        KeyCode::BackTab | KeyCode::Up => {
            query.type_in(Some(next_field(field, Field::ALL.len() - 1)));
        }
        _ => {
            if input::edit(query.input_mut(field), key) {
                query.offers = List::default();
                query.typed(field);
            }
        }
    }
    Vec::new()
}

/// Only what a person asked is worth remembering.
fn asked_by_hand(state: &mut State) -> Vec<Effect> {
    let question = query(state).and_then(|query| query.question());
    let mut effects = ask(state);
    if let Some(question) = question.filter(|_| !effects.is_empty()) {
        state.history.retain(|older| *older != question);
        state.history.insert(0, question.clone());
        effects.push(Effect::Remember(question));
    }
    effects
}

fn next_field(field: Field, by: usize) -> Field {
    let at = Field::ALL
        .iter()
        .position(|known| *known == field)
        .unwrap_or(0);
    let next = Field::ALL.get((at + by) % Field::ALL.len());
    next.copied().unwrap_or(Field::Curl)
}

/// Pasted text goes where something is typed; a whole curl line takes the place of the one that stands there. Tells
/// whether all of it went in.
pub fn paste(state: &mut State, text: &str) -> bool {
    let Some(query) = query(state) else {
        return true;
    };
    let field = query.typing.unwrap_or(Field::Curl);
    if field == Field::Curl && text.contains("http://") {
        query.curl.reset();
    }
    let whole = input::insert(query.input_mut(field), text);
    query.offers = List::default();
    query.typing = Some(field);
    query.typed(field);
    whole
}

/// Takes a question of before over, and asks it.
pub fn recall(state: &mut State, place: usize) -> Vec<Effect> {
    let Some(question) = state.history.get(place).cloned() else {
        return Vec::new();
    };
    if let Some(query) = query(state) {
        query.set(&question);
    }
    asked_by_hand(state)
}
