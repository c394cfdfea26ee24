//! Where environments are: what could be made of a profile, and turns out to be there, is one environment and not two.

use std::collections::HashSet;

use super::act;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::known::Happening;
use crate::tui::state::known::Known;

/// Gives everything that engines say is there its place among the environments.
pub fn settle(state: &mut State) -> Vec<Effect> {
    forget(state);
    let engines = state.engines.iter().enumerate();
    let listed = engines.flat_map(|(engine, about)| {
        let names = about.names.iter().cloned();
        names.map(move |name| Key { engine, name })
    });
    let listed: Vec<_> = listed.collect();
    let missing = listed.into_iter().filter_map(|key| {
        let is_known = state.known_mut(&key).is_some();
        (!is_known).then_some(key)
    });
    let missing: Vec<_> = missing.collect();
    let effects = missing.into_iter().flat_map(|key| give(state, key));
    effects.collect()
}

/// What a look did not find is not there any more, and where it is elsewhere it needs no second place.
fn forget(state: &mut State) {
    for known in &state.environments {
        let is_empty = known
            .look
            .as_ref()
            .is_some_and(|look| look.observed.instances.is_empty());
        if let Some(engine) = state.engines.get_mut(known.key.engine).filter(|_| is_empty) {
            engine.names.retain(|name| *name != known.key.name);
        }
    }
    if state.named {
        return;
    }
    let there = state.environments.iter().filter(|known| is_there(known));
    let there: HashSet<_> = there.map(|known| known.key.name.clone()).collect();
    let chosen = state.chosen().map(|known| known.key.clone());
    state.environments.retain(|known| {
        let is_elsewhere = known.look.is_some() && there.contains(&known.key.name);
        is_there(known) || !is_elsewhere || Some(&known.key) == chosen.as_ref()
    });
    choose_again(state, chosen.as_ref());
}

/// The environments have other places: the one that was shown is shown on.
pub fn choose_again(state: &mut State, key: Option<&Key>) {
    let mut environments = state.environments.iter();
    let place = environments.position(|known| Some(&known.key) == key);
    state.chosen = place.unwrap_or(0);
}

/// What could be made of a profile, and is nowhere, is the one that is there; while that is not known it waits.
fn give(state: &mut State, key: Key) -> Vec<Effect> {
    let mut others = state.environments.iter();
    let other =
        others.position(|known| known.key.name == key.name && !state.named && !is_there(known));
    if let Some(place) = other {
        return adopt(state, place, key);
    }
    state.environments.push(Known::new(key, None));
    Vec::new()
}

fn is_there(known: &Known) -> bool {
    known.exists() || known.is_working()
}

fn adopt(state: &mut State, place: usize, key: Key) -> Vec<Effect> {
    let Some(known) = state.environments.get_mut(place) else {
        return Vec::new();
    };
    if known.look.is_none() && known.trouble.is_none() {
        return Vec::new();
    }
    let mut adopted = Known::new(key, known.profile.take());
    adopted.happenings = std::mem::take(&mut known.happenings);
    let old = std::mem::replace(known, adopted);
    if place != state.chosen {
        return Vec::new();
    }
    let mut effects = vec![Effect::Unfollow(old.key)];
    effects.extend(act::arrive(state));
    effects
}

/// An environment goes on by another key, and with it what is being done; one that had that key was empty.
pub fn placed(state: &mut State, from: &Key, to: &Key, because: Option<String>) -> Vec<Effect> {
    let now = state.now;
    if to.engine >= state.engines.len() || state.known_mut(from).is_none() {
        return Vec::new();
    }
    let chosen = state.chosen().map(|known| known.key.clone());
    state
        .environments
        .retain(|known| known.key != *to || known.key == *from);
    let Some(known) = state.known_mut(from) else {
        return Vec::new();
    };
    known.key = to.clone();
    let watches = known.watch.on.then(|| Effect::WatchCode {
        key: to.clone(),
        profile: known.profile.clone(),
    });
    known.look = None;
    known.looking = false;
    known.logs.reading = false;
    if let Some(text) = because {
        known.note(Happening {
            time: now,
            instance: None,
            text: text.clone(),
            bad: false,
        });
        state.say(text);
    }
    let shown = chosen.map(|key| if key == *from { to.clone() } else { key });
    choose_again(state, shown.as_ref());
    let mut effects = vec![
        Effect::Unfollow(from.clone()),
        Effect::UnwatchCode(from.clone()),
        Effect::Rename {
            from: from.clone(),
            to: to.clone(),
        },
    ];
    effects.extend(watches);
    if shown.as_ref() == Some(to) {
        effects.extend(act::arrive(state));
    }
    effects
}
