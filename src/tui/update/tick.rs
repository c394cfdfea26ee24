//! What is due because time has passed.

use jiff::SignedDuration;
use jiff::Timestamp;

use super::database;
use super::query;
use crate::tui::effect::Effect;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Known;

/// How often figures are taken.
const SAMPLE: SignedDuration = SignedDuration::from_secs(2);
/// How often engines are asked for their environments.
const LIST: SignedDuration = SignedDuration::from_secs(10);
/// How often checks are asked while nothing happens.
const CHECK: SignedDuration = SignedDuration::from_secs(60);
/// How often they are asked while one of them does not pass.
const CHECK_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How often a live question is asked.
const LIVE: SignedDuration = SignedDuration::from_secs(5);

/// Takes the passing of time in.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let over = state
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= now);
    if over {
        state.notice = None;
    }
    let moves = state
        .environments
        .iter()
        .any(|known| known.is_working() || known.is_asking());
    state.changed |= over || moves;
    let mut effects = due(state);
    effects.extend(live(state));
    effects.extend(database::due(state));
    effects
}

fn due(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let is_looked_at = shows_stats(state);
    let mut effects = Vec::new();
    if state
        .listed_at
        .is_none_or(|at| now.duration_since(at) >= LIST)
    {
        state.listed_at = Some(now);
        effects.push(Effect::List);
    }
    let chosen = state.chosen;
    for (place, known) in state.environments.iter_mut().enumerate() {
        let tells = state
            .engines
            .get(known.key.engine)
            .is_some_and(|engine| engine.tells);
        let patience = if place == chosen {
            patience(known, tells)
        } else {
            patience_for_others(tells)
        };
        if known
            .looked_at
            .is_none_or(|at| now.duration_since(at) >= patience)
        {
            effects.extend(look(known, now));
        }
        if place == chosen {
            effects.extend(sample(known, is_looked_at, now));
        }
    }
    effects
}

/// How long a look is good for: long where the engine tells what happens, short while something is on its way.
fn patience(known: &Known, tells: bool) -> SignedDuration {
    let moving = known.trouble.is_some() || known.condition() == Condition::Starting;
    SignedDuration::from_secs(match (moving, tells) {
        (true, _) => 1,
        (false, false) => 3,
        (false, true) => 30,
    })
}

/// The same for an environment that is seen only as a glyph in the header.
fn patience_for_others(tells: bool) -> SignedDuration {
    SignedDuration::from_secs(if tells { 60 } else { 15 })
}

/// Looks at an environment; while it is being looked at, once more afterwards.
pub fn look(known: &mut Known, now: Timestamp) -> Option<Effect> {
    if known.looking {
        known.outdated = true;
        return None;
    }
    // Where no answer has come yet, there is nothing to rest on.
    let statuses = known.check_statuses();
    let all_pass = !statuses.is_empty() && statuses.iter().all(|check| check.passed);
    let patience = if all_pass { CHECK } else { CHECK_AGAIN };
    let checks = known
        .checked_at
        .is_none_or(|at| now.duration_since(at) >= patience);
    known.looking = true;
    known.looked_at = Some(now);
    if checks {
        known.checked_at = Some(now);
    }
    Some(Effect::Look {
        key: known.key.clone(),
        readings: known.readings.clone(),
        checks,
    })
}

/// Whether the figures of the database are on the screen: nobody else needs them.
fn shows_stats(state: &State) -> bool {
    state.tab == Tab::Stats || state.beside == Some(Tab::Stats)
}

/// Measures at once what is shown, where that is not under way already.
pub fn sample_now(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    known.sampled_at = None;
    sample(known, true, now).into_iter().collect()
}

fn sample(known: &mut Known, with_database: bool, now: Timestamp) -> Option<Effect> {
    let is_due = known
        .sampled_at
        .is_none_or(|at| now.duration_since(at) >= SAMPLE);
    let look = known
        .look
        .as_ref()
        .filter(|look| !look.observed.instances.is_empty())?;
    if !is_due || known.sampling {
        return None;
    }
    known.sampling = true;
    known.sampled_at = Some(now);
    let database = database::server(Some(known)).filter(|_| with_database);
    Some(Effect::Sample {
        key: known.key.clone(),
        observed: Box::new(look.observed.clone()),
        readings: known.readings.clone(),
        database: database.cloned().map(Box::new),
    })
}

fn live(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(query) = state.chosen().map(|known| &known.query) else {
        return Vec::new();
    };
    let asked = query.asked_at;
    let is_due = query.live && asked.is_none_or(|at| now.duration_since(at) >= LIVE);
    if is_due {
        query::ask(state)
    } else {
        Vec::new()
    }
}
