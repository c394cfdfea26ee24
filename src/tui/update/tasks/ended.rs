//! What became of a change to an environment.

use super::asked_again;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::known::Happening;
use crate::tui::state::known::in_one_line;
use crate::tui::state::operation::Doing;
use crate::tui::state::operation::Ended;
use crate::tui::update::act;
use crate::tui::update::tick;
use crate::tui::update::watch;

/// What succeeded leaves a line; what failed stays on the screen until it is closed or tried again.
pub fn ended(state: &mut State, key: &Key, result: Result<String, Report>) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.known_mut(key) else {
        return Vec::new();
    };
    let Some(mut operation) = known.operation.take() else {
        return Vec::new();
    };
    let doing = operation.doing;
    let (text, noted) = match &result {
        Ok(text) => (text.clone(), text.clone()),
        Err(report) => (report.message.clone(), in_one_line(report)),
    };
    let bad = result.is_err() && !operation.cancelled;
    known.note(Happening {
        time: now,
        instance: None,
        text: noted,
        bad,
    });
    operation.ended = Some(Ended { at: now, result });
    known.operation = Some(operation).filter(|_| bad);
    known.checked_at = None;
    known.database.held_at = None;
    let mut effects: Vec<_> = tick::look(known, now).into_iter().collect();
    effects.extend(act::compared_again(state, key));
    state.tell(text, bad);
    if !bad && !matches!(doing, Doing::Down { .. } | Doing::Stop(_)) {
        effects.extend(asked_again(state, key));
    }
    effects.push(Effect::List);
    effects.extend(watch::restart_next(state, key));
    effects
}
