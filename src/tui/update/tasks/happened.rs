//! What an engine told of one of its environments.

use super::asked_again;
use crate::engine;
use crate::engine::EventKind;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::tui::effect::Effect;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::known::Happening;
use crate::tui::update::tick;

/// Notes what happened; the environment is looked at once.
pub fn happened(state: &mut State, engine: usize, event: &engine::Event) -> Vec<Effect> {
    let key = Key {
        engine,
        name: event.environment.clone(),
    };
    let now = state.now;
    let Some(known) = state.known_mut(&key) else {
        // An environment that nobody knew yet: the list is read anew.
        return vec![Effect::List];
    };
    known.note(Happening {
        time: event.time,
        instance: Some(event.instance),
        text: words(&event.kind),
        bad: is_bad(&event.kind),
    });
    let mut effects: Vec<_> = tick::look(known, now).into_iter().collect();
    if event.kind == EventKind::Removed {
        // It may have been the last of its environment.
        state.listed_at = None;
    }
    if may_change_answers(event) {
        effects.extend(asked_again(state, &key));
    }
    effects
}

/// Whether an API begins to answer, or a seed has been loaded, whoever did that.
fn may_change_answers(event: &engine::Event) -> bool {
    match event.instance.role {
        Role::Api => matches!(
            event.kind,
            EventKind::Health {
                status: HealthStatus::Healthy
            }
        ),
        Role::Seed => event.kind == EventKind::Exited { code: 0 },
        _ => false,
    }
}

fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::Created => "created".to_owned(),
        EventKind::Started => "started".to_owned(),
        EventKind::Exited { code } => format!("exited {code}"),
        EventKind::OutOfMemory => "used more memory than it may".to_owned(),
        EventKind::Health { status } => status.to_string(),
        EventKind::Paused => "paused".to_owned(),
        EventKind::Unpaused => "goes on".to_owned(),
        EventKind::Removed => "removed".to_owned(),
    }
}

fn is_bad(kind: &EventKind) -> bool {
    match kind {
        EventKind::Exited { code } => !matches!(code, 0 | 130 | 143),
        EventKind::OutOfMemory => true,
        EventKind::Health { status } => *status == HealthStatus::Unhealthy,
        _ => false,
    }
}
