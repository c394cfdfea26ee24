//! Changes to an environment: asked for, confirmed where something is lost, begun, closed.

use tui_input::Input;

use crate::engine::Contents;
use crate::text::thousands;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::Key;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Happening;
use crate::tui::state::known::Known;
use crate::tui::state::operation::Doing;
use crate::tui::state::operation::Operation;
use crate::tui::state::overlay::Asked;
use crate::tui::state::overlay::Confirm;
use crate::tui::state::overlay::Overlay;
use crate::tui::view;

/// Begins what an action asks for, or asks first.
pub fn ask_for(state: &mut State, action: Action) -> Vec<Effect> {
    let instance = state.target();
    let doing = match action {
        Action::Up => Doing::Up,
        Action::Down => Doing::Down { volumes: false },
        Action::DownWithData => Doing::Down { volumes: true },
        Action::Restart => Doing::Restart(instance),
        Action::Stop => Doing::Stop(instance),
        Action::Start => Doing::Start(instance),
        Action::Seed => Doing::Seed,
        Action::TryAgain => return try_again(state),
        _ => return cancel(state),
    };
    let Some(known) = state.chosen() else {
        return Vec::new();
    };
    if !known.exists() && doing != Doing::Up {
        let key = state.keymap.word(Action::Up);
        state.complain(format!("nothing of it is there; {key} brings it up"));
        return Vec::new();
    }
    if let (Some(role), None) = (known.role.filter(|_| state.pane == Pane::Roles), instance)
        && matches!(doing, Doing::Restart(_) | Doing::Stop(_) | Doing::Start(_))
    {
        let key = state.keymap.word(Action::Up);
        state.complain(format!(
            "{role} is not there at the moment; {key} brings back what is missing"
        ));
        return Vec::new();
    }
    match confirm(known, doing) {
        Some(confirm) => {
            state.overlay = Some(Overlay::Confirm(confirm));
            Vec::new()
        }
        None => begin(state, doing),
    }
}

/// The question before data is lost; a protected environment wants its name typed.
fn confirm(known: &Known, doing: Doing) -> Option<Confirm> {
    let lost = match doing {
        Doing::Down { volumes: true } => volumes(known),
        Doing::Seed => vec![format!("what the database holds: {}", held(known))],
        _ => return None,
    };
    let protected = known.look.as_ref().is_some_and(|look| look.protected);
    Some(Confirm {
        asked: Asked::Change(doing),
        title: doing.title(known.key.name.as_str()),
        heading: "This is lost for good:",
        lost,
        name: protected.then(|| known.key.name.to_string()),
        input: Input::default(),
    })
}

fn volumes(known: &Known) -> Vec<String> {
    let volumes = known.look.as_ref().map(|look| &look.observed.volumes);
    let line = |volume: &crate::engine::Volume| match volume.contents {
        Contents::Data => format!("{}: {}", volume.name, held(known)),
        Contents::Secrets => format!("{}: its password", volume.name),
        Contents::Named(_) => format!("{}: what services keep", volume.name),
        Contents::Dump => format!("{}: a dump", volume.name),
    };
    volumes.into_iter().flatten().map(line).collect()
}

fn held(known: &Known) -> String {
    let seed = known
        .look
        .as_ref()
        .and_then(|look| look.status.seed.as_ref());
    seed.map_or_else(
        || "the database".to_owned(),
        |seed| {
            format!(
                "{} rows of {} and all that was added since",
                thousands(seed.rows),
                seed.file
            )
        },
    )
}

/// Begins something with the environment that is shown, unless something else is under way.
pub fn begin(state: &mut State, doing: Doing) -> Vec<Effect> {
    // A list does not lie over what is begun from it.
    if view::is_list_over(state) {
        state.pane = Pane::Main;
    }
    let key = state.chosen().map(|known| known.key.clone());
    key.map_or_else(Vec::new, |key| begin_on(state, &key, doing))
}

/// The same with any environment.
pub fn begin_on(state: &mut State, key: &Key, doing: Doing) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.known_mut(key) else {
        return Vec::new();
    };
    if let Some(title) = known.under_way() {
        let key = state.keymap.word(Action::Cancel);
        state.complain(format!("{title} is still under way; {key} cancels it"));
        return Vec::new();
    }
    known.operation = Some(Operation::new(doing, now));
    known.note(Happening {
        time: now,
        instance: None,
        text: format!("{} began", doing.title(known.key.name.as_str())),
        bad: false,
    });
    let effect = Effect::Begin {
        key: known.key.clone(),
        doing,
        profile: known.profile.clone(),
    };
    super::walk::keep(state);
    vec![effect]
}

fn try_again(state: &mut State) -> Vec<Effect> {
    let failed = state.chosen().and_then(|known| known.operation.as_ref());
    let failed = failed.filter(|operation| operation.failure().is_some());
    if let Some(doing) = failed.map(|operation| operation.doing) {
        return begin(state, doing);
    }
    // A role that died by itself is tried again by bringing everything up.
    if state.chosen().map(Known::condition) == Some(Condition::Failed) {
        return begin(state, Doing::Up);
    }
    state.say("nothing has failed here");
    Vec::new()
}

fn cancel(state: &mut State) -> Vec<Effect> {
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    match &mut known.operation {
        Some(operation) if operation.is_running() => {
            operation.cancelled = true;
            vec![Effect::Cancel(known.key.clone())]
        }
        _ => {
            state.say("nothing is under way here");
            Vec::new()
        }
    }
}

/// Takes what has ended off the screen; tells whether there was something.
pub fn close(state: &mut State) -> bool {
    let Some(known) = state.chosen_mut() else {
        return false;
    };
    if known.operation.is_none() || known.is_working() {
        return false;
    }
    known.operation = None;
    super::walk::keep(state);
    true
}
