//! Which environments there are, and which engines answer.

use std::path::PathBuf;

use crate::engine;
use crate::error::Report;
use crate::profile::EnvironmentName;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::known::Known;
use crate::tui::state::known::in_one_line;
use crate::tui::state::known::is_of_engine;
use crate::tui::update::places;
use crate::tui::update::places::choose_again;

/// Profiles stand first, in the order in which one builds upon the other.
pub fn profiles_listed(
    state: &mut State,
    profiles: Vec<(EnvironmentName, PathBuf)>,
) -> Vec<Effect> {
    let order: Vec<_> = profiles.iter().map(|(name, _)| name.clone()).collect();
    for (name, file) in profiles {
        let mut is_known = false;
        for known in state
            .environments
            .iter_mut()
            .filter(|known| known.key.name == name)
        {
            known.profile = Some(file.clone());
            is_known = true;
        }
        if !is_known {
            let key = Key { engine: 0, name };
            state.environments.push(Known::new(key, Some(file)));
        }
    }
    sort(state, |known| {
        let place = order.iter().position(|name| *name == known.key.name);
        (place.unwrap_or(usize::MAX), known.key.clone())
    });
    Vec::new()
}

/// Puts the environments in another order; the one that is shown stays the one that is shown.
fn sort<K: Ord>(state: &mut State, order: impl Fn(&Known) -> K) {
    let chosen = state.chosen().map(|known| known.key.clone());
    state.environments.sort_by_key(order);
    choose_again(state, chosen.as_ref());
}

/// Takes in which environments are on an engine.
pub fn listed(
    state: &mut State,
    engine: usize,
    result: Result<Vec<EnvironmentName>, Report>,
) -> Vec<Effect> {
    let names = match result {
        Ok(names) => names,
        Err(report) => {
            lost(state, engine, report);
            return Vec::new();
        }
    };
    found_again(state, engine);
    let chosen = state.chosen().map(|known| known.key.clone());
    state.environments.retain(|known| {
        let is_there = known.key.engine != engine || names.contains(&known.key.name);
        let is_chosen = Some(&known.key) == chosen.as_ref();
        is_there || is_chosen || known.profile.is_some() || known.is_working()
    });
    choose_again(state, chosen.as_ref());
    if let Some(engine) = state.engines.get_mut(engine) {
        engine.names = names;
    }
    places::settle(state)
}

/// An engine that had never answered does: what is there is read.
pub fn reached(state: &mut State, place: usize, about: engine::About) -> Vec<Effect> {
    if let Some(engine) = state.engines.get_mut(place) {
        engine.about = about;
    }
    found_again(state, place);
    vec![Effect::List]
}

/// An engine begins to tell what happens, or stops to. What happened while nobody listened is looked for.
pub fn heard(state: &mut State, place: usize, tells: bool) {
    let Some(engine) = state.engines.get_mut(place) else {
        return;
    };
    engine.tells = tells;
    state.listed_at = None;
    let here = state.environments.iter_mut();
    for known in here.filter(|known| known.key.engine == place) {
        known.looked_at = None;
    }
}

/// An engine does not answer; it is said once.
pub fn lost(state: &mut State, engine: usize, report: Report) {
    let Some(engine) = state.engines.get_mut(engine) else {
        return;
    };
    let name = engine.about.engine;
    let is_news = engine.trouble.is_none();
    let reason = in_one_line(&report);
    engine.trouble = Some(report);
    if is_news {
        state.note(format!("{name} does not answer: {reason}"), true);
        state.tell(format!("{name} does not answer; trying again"), true);
    }
}

/// An engine answers; that is said where it did not before.
pub fn found_again(state: &mut State, engine: usize) {
    let Some(engine) = state.engines.get_mut(engine) else {
        return;
    };
    let name = engine.about.engine;
    if engine.trouble.take().is_some() {
        state.note(format!("{name} answers again"), false);
        state.say(format!("{name} answers again"));
    }
}

/// Whether an engine did not answer when it was last asked.
pub fn engine_is_gone(state: &State, engine: usize) -> bool {
    let trouble = state
        .engines
        .get(engine)
        .and_then(|engine| engine.trouble.as_ref());
    trouble.is_some_and(is_of_engine)
}
