//! The roles, and what is known of one.

use super::press;
use super::screen;
use super::snapshots;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::environment::changes::Changed;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::operation::Doing;
use crate::tui::update;

#[test]
fn what_lives_in_a_pane_is_reached_by_its_keys() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["tab"]);
    assert_eq!(state.pane, Pane::Roles);
    press(&mut state, &["down", "enter"]);
    assert_eq!((state.pane, state.tab), (Pane::Main, Tab::Logs));
    let only = state.chosen().unwrap().logs.filter.instance;
    assert_eq!(only.map(|instance| instance.role), Some(Role::Api));
    press(&mut state, &["esc"]);
    assert!(state.chosen().unwrap().logs.filter.is_open());
    press(&mut state, &["f"]);
    assert!(state.full_screen);
}

/// The roles, with one of them chosen.
pub fn on_roles(width: u16, height: u16) -> State {
    let mut state = samples::healthy(width, height);
    press(&mut state, &["tab", "down"]);
    state
}

#[test]
fn roles_whose_code_changes_are_started_again_one_after_the_other() {
    let mut state = samples::healthy(120, 36);
    let changed = |roles: &[Role]| Message::CodeChanged {
        key: dev(),
        changed: Changed {
            roles: roles.iter().copied().collect(),
            file: "/code/app.py".into(),
        },
    };
    let told = |state: &mut State, message| update::update(state, message, samples::noon());
    assert!(
        told(&mut state, changed(&[Role::Api])).is_empty(),
        "nobody wished it"
    );
    let began = press(&mut state, &["ctrl-w"]);
    assert!(
        matches!(&began[..], [Effect::WatchCode { .. }]),
        "{began:?}"
    );
    assert!(screen(&state).contains("watching code"));
    let worker: Role = "worker".parse().unwrap();
    let reloads = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Begin { doing, .. } => Some(*doing),
            _ => None,
        })
    };
    let first = told(&mut state, changed(&[Role::Api, worker]));
    assert_eq!(reloads(&first), Some(Doing::Reload(Role::Api)));
    assert_eq!(
        reloads(&told(&mut state, changed(&[Role::Api]))),
        None,
        "later"
    );
    let ended = || Message::Ended {
        key: dev(),
        result: Ok("api restarted".to_owned()),
    };
    assert_eq!(
        reloads(&told(&mut state, ended())),
        Some(Doing::Reload(Role::Api))
    );
    assert_eq!(
        reloads(&told(&mut state, ended())),
        Some(Doing::Reload(worker))
    );
    assert_eq!(reloads(&told(&mut state, ended())), None);
    assert_eq!(press(&mut state, &["ctrl-w"]), [Effect::UnwatchCode(dev())]);
    assert!(!screen(&state).contains("watching code"));
}

#[test]
fn a_profile_with_nothing_to_watch_says_what_there_would_have_to_be() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["ctrl-w"]);
    let result = Err(samples::failure("the profile dev has nothing to watch"));
    tell(&mut state, Message::Watching { key: dev(), result });
    assert!(screen(&state).contains("the profile dev has nothing to watch"));
    assert!(!state.chosen().unwrap().watch.on);
}

#[test]
fn a_role_that_is_chosen_shows_where_it_runs_and_what_its_probe_said() {
    snapshots("role", |width, height| {
        let mut state = on_roles(width, height);
        let look = state.known_mut(&dev()).unwrap().look.as_mut().unwrap();
        let words = "listening on 0.0.0.0:8080, and the database answers in 2 ms";
        look.observed.instances[1].health = Some(crate::engine::Health {
            status: HealthStatus::Healthy,
            last: Some(words.to_owned()),
        });
        state
    });
}

#[test]
fn a_role_is_described_as_a_tree_that_is_folded_and_searched() {
    snapshots("describe", |width, height| {
        let mut state = on_roles(width, height);
        let asked = press(&mut state, &["d"]);
        assert!(matches!(&asked[..], [Effect::Describe { .. }]), "{asked:?}");
        tell(&mut state, samples::described(Role::Api));
        press(&mut state, &["enter", "/", "n", "a", "m", "e", "enter"]);
        state
    });
}

#[test]
fn what_is_asked_of_another_role_is_not_shown() {
    let mut state = on_roles(120, 36);
    press(&mut state, &["D"]);
    tell(&mut state, samples::described(Role::Database));
    assert!(screen(&state).contains("asking"));
    press(&mut state, &["esc"]);
    tell(&mut state, samples::described(Role::Api));
    assert!(state.overlay.is_none());
}

#[test]
fn a_role_that_vanishes_under_the_cursor_takes_nothing_with_it() {
    let mut state = on_roles(120, 36);
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    for key in ["d", "enter", "s", "r", "O", "y", "down", "u"] {
        press(&mut state, &[key]);
        screen(&state);
    }
    assert_eq!(state.chosen().unwrap().roles.selected, 0);
}
