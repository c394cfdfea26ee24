//! The roles, and what is known of one.

use super::press;
use super::screen;
use super::snapshot;
use super::snapshots;
use crate::engine::HealthStatus;
use crate::engine::Instance;
use crate::engine::Role;
use crate::engine::State as Life;
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

#[test]
fn a_list_over_the_pane_has_the_keys_of_the_list_beside_it() {
    let api = Some(Instance::first(Role::Api));
    for (width, height) in [(80, 24), (40, 10), (120, 36)] {
        for (key, doing) in [
            ("r", Doing::Restart(api)),
            ("x", Doing::Stop(api)),
            ("S", Doing::Start(api)),
        ] {
            let begun = press(&mut on_roles(width, height), &[key]);
            let [Effect::Begin { doing: begun, .. }] = begun[..] else {
                panic!("{key} at {width}: {begun:?}");
            };
            assert_eq!(begun, doing, "{key} at {width}");
        }
        let shell = press(&mut on_roles(width, height), &["s"]);
        assert!(
            matches!(&shell[..], [Effect::Run { found, .. }] if Some(found.instance) == api),
            "{shell:?}"
        );
    }
}

#[test]
fn a_list_over_the_pane_stays_below_a_box_and_makes_way_for_what_it_began() {
    let mut state = on_roles(80, 24);
    press(&mut state, &["?"]);
    assert!(screen(&state).contains("everything there is to know of the role"));
    press(&mut state, &["esc"]);
    assert!(screen(&state).contains("Roles"), "it is there again");
    press(&mut state, &["r"]);
    let shown = screen(&state);
    assert!(
        !shown.contains("Roles") && shown.contains("restart api of dev"),
        "{shown}"
    );
    press(&mut state, &["tab", "q"]);
    assert_eq!((state.pane, state.leaving), (Pane::Main, false));
}

#[test]
fn checks_are_reached_where_there_is_no_room_beside_the_pane() {
    let mut state = samples::failing(80, 24);
    press(&mut state, &["tab", "tab", "down"]);
    snapshot("checks", &state);
    press(&mut state, &["enter"]);
    assert!(screen(&state).contains("the API answered 503: no database"));
    press(&mut state, &["esc", "tab"]);
    assert_eq!(state.pane, Pane::Main);
}

/// A look at instances that run.
fn running(roles: &[Role]) -> Message {
    let found = |role: &Role| {
        (
            samples::found(*role, Life::Running),
            Some(HealthStatus::Healthy),
        )
    };
    samples::looked(samples::look(roles.iter().map(found).collect(), true))
}

#[test]
fn the_choice_stays_with_its_role_wherever_that_stands() {
    let stops = |state: &mut State| {
        let begun = press(state, &["x"]);
        state.known_mut(&dev()).unwrap().operation = None;
        begun.into_iter().find_map(|effect| match effect {
            Effect::Begin { doing, .. } => Some(doing),
            _ => None,
        })
    };
    let api = Doing::Stop(Some(Instance::first(Role::Api)));
    let mut state = on_roles(120, 36);
    tell(
        &mut state,
        running(&[Role::Database, Role::Seed, Role::Api]),
    );
    assert_eq!(stops(&mut state), Some(api), "a load has begun");
    tell(&mut state, running(&[Role::Database, Role::Seed]));
    assert_eq!(stops(&mut state), None, "it is being replaced");
    assert!(screen(&state).contains("api is not there at the moment"));
    tell(&mut state, running(&[Role::Database, Role::Api]));
    assert_eq!(stops(&mut state), Some(api));
    tell(&mut state, running(&[Role::Database, Role::Seed]));
    press(&mut state, &["up"]);
    let database = Doing::Stop(Some(Instance::first(Role::Database)));
    assert_eq!(stops(&mut state), Some(database), "it is chosen instead");
}

#[test]
fn what_is_done_to_one_role_or_to_all_says_to_whom() {
    let mut state = samples::healthy(200, 50);
    assert!(screen(&state).contains("r restart all"));
    press(&mut state, &["space"]);
    let shown = screen(&state);
    assert!(
        shown.contains("restart all of dev") && shown.contains("stop all of dev"),
        "{shown}"
    );
    let mut state = on_roles(120, 36);
    assert!(screen(&state).contains("r restart api"));
    press(&mut state, &["space"]);
    let shown = screen(&state);
    for words in [
        "restart api ",
        "stop api ",
        "start api ",
        "a shell beside api ",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    press(&mut state, &["esc", ":", "r", "e", "s", "t", "a", "r", "t"]);
    assert!(screen(&state).contains("restart api "));
}
