//! Restarting roles whose mounted code changes.

use super::doing;
use crate::environment::changes::Changed;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::known::Happening;
use crate::tui::state::known::Watch;
use crate::tui::state::known::in_one_line;
use crate::tui::state::operation::Doing;

/// Begins to watch, or stops.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let (key, profile) = (known.key.clone(), known.profile.clone());
    let was_on = std::mem::take(&mut known.watch).on;
    if was_on {
        state.say("code is not watched any more");
        return vec![Effect::UnwatchCode(key)];
    }
    known.watch.on = true;
    vec![Effect::WatchCode { key, profile }]
}

/// Says what is watched, or why nothing can be.
pub fn watching(state: &mut State, key: &Key, result: &Result<String, Report>) {
    let time = state.now;
    let bad = result.is_err();
    let text = match result {
        Ok(paths) => format!("watching {paths}"),
        Err(report) => in_one_line(report),
    };
    if let Some(known) = state.known_mut(key) {
        if bad {
            known.watch = Watch::default();
        }
        known.note(Happening {
            time,
            instance: None,
            text: text.clone(),
            bad,
        });
    }
    state.tell(text, bad);
}

/// Notes whose code changed, and starts them again.
pub fn changed(state: &mut State, key: &Key, changed: Changed) -> Vec<Effect> {
    let time = state.now;
    let Some(known) = state.known_mut(key).filter(|known| known.watch.on) else {
        return Vec::new();
    };
    known.note(Happening {
        time,
        instance: None,
        text: format!("{} has changed", changed.file.display()),
        bad: false,
    });
    known.watch.changed.extend(changed.roles);
    restart_next(state, key)
}

/// Starts the next role again whose code changed, once nothing else is under way. What does not start is tried again
/// with the next change.
pub fn restart_next(state: &mut State, key: &Key) -> Vec<Effect> {
    let known = state.known_mut(key).filter(|known| !known.is_working());
    let role = known.and_then(|known| known.watch.changed.pop_first());
    role.map_or_else(Vec::new, |role| {
        doing::begin_on(state, key, Doing::Reload(role))
    })
}
