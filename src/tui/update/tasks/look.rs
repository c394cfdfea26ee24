//! What a look at an environment showed, and what of it is new.

use super::lists::engine_is_gone;
use super::lists::found_again;
use super::lists::lost;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Happening;
use crate::tui::state::known::Known;
use crate::tui::state::known::Look;
use crate::tui::state::known::in_one_line;
use crate::tui::state::known::is_of_engine;
use crate::tui::update::act;
use crate::tui::update::places;
use crate::tui::update::query;
use crate::tui::update::tick;
use crate::tui::update::walk;

/// Takes in what a look showed, or why there was nothing to be seen.
pub fn looked(state: &mut State, key: &Key, result: Result<Look, Report>) -> Vec<Effect> {
    let now = state.now;
    let is_chosen = state.chosen().is_some_and(|known| known.key == *key);
    let tells = state
        .engines
        .get(key.engine)
        .is_some_and(|engine| engine.tells);
    let mut effects = Vec::new();
    let mut failed = None;
    let Some(known) = state.known_mut(key) else {
        return effects;
    };
    known.looking = false;
    let changed = match result {
        Ok(look) => seen(known, look, tells, now),
        Err(report) => {
            failed = Some(report.clone());
            // Its checks have not been asked.
            known.checked_at = None;
            in_trouble(known, report, now)
        }
    };
    if std::mem::take(&mut known.outdated) {
        effects.extend(tick::look(known, now));
    }
    let stopped = is_chosen && !known.logs.reading && known.trouble.is_none();
    state.changed |= changed;
    match failed {
        Some(report) if is_of_engine(&report) => lost(state, key.engine, report),
        // What an engine has answered with an error to is no sign that it answers now.
        None if engine_is_gone(state, key.engine) => found_again(state, key.engine),
        _ => {}
    }
    if stopped {
        effects.extend(act::arrive(state));
    }
    effects.extend(moved(state, key));
    effects.extend(places::settle(state));
    walk::keep(state);
    effects
}

/// Notes why an environment could not be looked at; tells whether that is news.
fn in_trouble(known: &mut Known, report: Report, now: jiff::Timestamp) -> bool {
    let is_news = known.trouble.as_ref() != Some(&report);
    if is_news && !is_of_engine(&report) {
        known.note(Happening {
            time: now,
            instance: None,
            text: in_one_line(&report),
            bad: true,
        });
    }
    known.trouble = Some(report);
    is_news
}

/// The line of the query panel follows the API to its new port; a question that is looked at is asked there.
fn moved(state: &mut State, key: &Key) -> Vec<Effect> {
    let is_shown = state.tab == Tab::Query && state.chosen().is_some_and(|known| known.key == *key);
    let Some(known) = state.known_mut(key) else {
        return Vec::new();
    };
    let moves = known.api().is_some_and(|base| known.query.set_base(base));
    if moves && is_shown {
        return query::ask(state);
    }
    Vec::new()
}

/// Takes in what was seen; tells whether it is anything new.
fn seen(known: &mut Known, mut look: Look, tells: bool, now: jiff::Timestamp) -> bool {
    let was_in_trouble = known.trouble.take().is_some();
    keep_checks(known, &mut look);
    let before = known.look.as_ref();
    let happenings = before
        .map(|before| differences(before, &look, now))
        .unwrap_or_default();
    // What changed may have changed an answer too.
    if !happenings.is_empty() && !look.checked {
        known.checked_at = None;
        known.outdated = true;
    }
    let changed = !before.is_some_and(|before| is_same(before, &look));
    let trouble = before.and_then(|before| news_of_trouble(before, &look));
    if let Some((text, bad)) = trouble {
        known.note(Happening {
            time: now,
            instance: None,
            text,
            bad,
        });
    }
    if !tells {
        for happening in happenings {
            known.note(happening);
        }
    }
    known.look = Some(look);
    known.follow_role();
    changed || was_in_trouble
}

/// A look that asked no checks leaves their last answers standing.
fn keep_checks(known: &Known, look: &mut Look) {
    let Some(before) = known.look.as_ref().filter(|_| !look.checked) else {
        return;
    };
    if !look.status.roles.is_empty() {
        look.status.checks.clone_from(&before.status.checks);
        look.status.ready &= look.status.checks.iter().all(|check| check.passed);
    }
}

/// What is wrong with an environment as a whole, when that begins and when it is over.
fn news_of_trouble(before: &Look, now: &Look) -> Option<(String, bool)> {
    match (&before.status.trouble, &now.status.trouble) {
        (None, Some(trouble)) => Some((trouble.clone(), true)),
        (Some(_), None) => Some(("what was wrong is over".to_owned(), false)),
        _ => None,
    }
}

/// Whether two looks show the same; what is used is told by samples.
fn is_same(before: &Look, now: &Look) -> bool {
    let shown = |look: &Look| {
        let mut status = look.status.clone();
        status.roles.iter_mut().for_each(|role| role.usage = None);
        status.readings.clear();
        (status, look.observed.clone(), look.protected)
    };
    shown(before) == shown(now)
}

/// What must have happened between two looks, for engines that do not tell.
fn differences(before: &Look, now: &Look, time: jiff::Timestamp) -> Vec<Happening> {
    let word = |role: &crate::environment::status::RoleStatus| match role.health {
        Some(health) => health.to_string(),
        None => role.state.to_string(),
    };
    let happening = |instance, text: String, bad| Happening {
        time,
        instance,
        text,
        bad,
    };
    let mut happenings = Vec::new();
    for (role, found) in now.status.roles.iter().zip(&now.observed.instances) {
        let old = before.status.roles.iter().find(|old| old.name == role.name);
        if old.is_none_or(|old| word(old) != word(role)) {
            let bad = crate::tui::state::known::is_failed(role);
            happenings.push(happening(Some(found.instance), word(role), bad));
        }
    }
    for gone in &before.observed.instances {
        if now.observed.find(gone.instance).is_none() {
            happenings.push(happening(Some(gone.instance), "removed".to_owned(), false));
        }
    }
    happenings
}
