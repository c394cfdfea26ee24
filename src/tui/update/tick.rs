//! What is due because time has passed.

use jiff::SignedDuration;
use jiff::Timestamp;

use super::act;
use super::database;
use super::query;
use crate::tui::effect::Effect;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Known;
use crate::tui::state::logs::AT_ONCE;
use crate::tui::view;

/// How often figures are taken.
const SAMPLE: SignedDuration = SignedDuration::from_secs(2);
/// How often engines are asked for their environments.
const LIST: SignedDuration = SignedDuration::from_secs(10);
/// The same where all of them tell what happens: nobody tells of new profiles, and what is told can be lost.
const LIST_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// How often checks are asked while nothing happens.
const CHECK: SignedDuration = SignedDuration::from_secs(60);
/// How often they are asked while one of them does not pass.
const CHECK_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How often the profile is read again while its settings are looked at.
const CONFIG: SignedDuration = SignedDuration::from_secs(5);

/// Takes the passing of time in.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let over = state.has_said();
    state.wished_to_leave &= !over;
    let moves = state
        .environments
        .iter()
        .any(|known| known.is_working() || known.is_asking());
    let judged = state
        .chosen_mut()
        .is_some_and(|known| known.logs.judge(AT_ONCE));
    state.changed |= over || moves || judged;
    let mut effects = due(state);
    effects.extend(live(state));
    effects.extend(database::due(state));
    effects.extend(config_again(state));
    effects
}

/// Reads the profile again while its settings are on the screen: its files are edited beside the dashboard.
fn config_again(state: &mut State) -> Option<Effect> {
    let now = state.now;
    let is_shown = view::is_shown(state, Tab::Config);
    let known = state.chosen_mut().filter(|_| is_shown)?;
    let is_due = known
        .configured_at
        .is_some_and(|at| now.duration_since(at) >= CONFIG);
    let rows = known.config.as_ref().and_then(|rows| rows.as_ref().ok());
    let known_rows = rows.cloned();
    is_due.then(|| act::configure(known, now, known_rows))
}

fn due(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    // Nobody else needs the figures of the database.
    let is_looked_at = view::is_shown(state, Tab::Stats);
    let mut effects = Vec::new();
    let all_tell = state.engines.iter().all(|engine| engine.tells);
    let listing = if all_tell { LIST_AGAIN } else { LIST };
    if state
        .listed_at
        .is_none_or(|at| now.duration_since(at) >= listing)
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

/// How long a look is good for: short while something is on its way; where the engine tells what happens as long as
/// the answers to checks are, of which it knows nothing.
fn patience(known: &Known, tells: bool) -> SignedDuration {
    let moving = known.trouble.is_some() || known.condition() == Condition::Starting;
    let fails = known.check_statuses().iter().any(|check| !check.passed);
    match (moving, tells) {
        (true, _) => SignedDuration::from_secs(1),
        (false, false) => SignedDuration::from_secs(3),
        (false, true) if is_unasked(known) => CHECK_AGAIN,
        (false, true) if fails => SignedDuration::from_secs(15),
        (false, true) => CHECK,
    }
}

/// Whether nobody has asked its checks yet.
fn is_unasked(known: &Known) -> bool {
    let look = known.look.as_ref();
    look.is_some_and(|look| !look.checked && look.status.checks.is_empty())
}

/// The same for an environment that is seen only as a glyph in the header.
fn patience_for_others(tells: bool) -> SignedDuration {
    SignedDuration::from_secs(if tells { 300 } else { 15 })
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
    let every = query.asks_again();
    let every = every.map(|seconds| SignedDuration::from_secs(seconds.into()));
    let since = query.asked_at.map(|at| now.duration_since(at));
    if every.is_some_and(|every| since.is_none_or(|since| since >= every)) {
        query::ask(state)
    } else {
        Vec::new()
    }
}
