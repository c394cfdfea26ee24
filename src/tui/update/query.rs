//! Actions in the query panel.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use super::input;
use super::walk;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::list::List;
use crate::tui::state::list::Step;
use crate::tui::state::overlay::Overlay;
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
        Action::EditCurl => query.typing = Some(Field::Curl),
        Action::EditForm => {
            query.typing = Some(Field::From);
            return places(state);
        }
        Action::Why => return why(state),
        Action::NextForm => next_form(query, 1),
        Action::PreviousForm => next_form(query, Form::ALL.len() - 1),
        Action::History => state.overlay = Some(Overlay::History(List::default())),
        _ => {
            query.live = !query.live;
            if query.live {
                return ask(state);
            }
        }
    }
    walk::keep(state);
    Vec::new()
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
            query.typing = None;
            return asked_by_hand(state);
        }
        KeyCode::Esc => query.typing = None,
        KeyCode::Tab | KeyCode::Down => query.typing = Some(next_field(field, 1)),
        KeyCode::BackTab | KeyCode::Up => {
            query.typing = Some(next_field(field, Field::ALL.len() - 1));
        }
        _ => {
            if input::edit(query.input_mut(field), key) {
                query.typed(field);
                query.offers = List::default();
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
    query.typed(field);
    query.offers = List::default();
    query.typing = Some(field);
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
