//! Environments and engines that come and go, and what is done with them.

use super::press;
use super::screen;
use super::snapshot;
use super::snapshots;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::engine::State as Life;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::known::Condition;
use crate::tui::state::operation::Doing;
use crate::tui::update;

#[test]
fn nothing_runs_yet() {
    snapshots("empty", |width, height| {
        let mut state = samples::state(width, height);
        tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
        state
    });
}

#[test]
fn an_environment_comes_up() {
    snapshots("starting", |width, height| {
        samples::going_up(width, height, false)
    });
}

#[test]
fn an_environment_could_not_come_up() {
    snapshots("up-failed", |width, height| {
        samples::going_up(width, height, true)
    });
}

#[test]
fn what_failed_is_what_the_eye_finds() {
    snapshots("failing", samples::failing);
}

/// An environment whose supervisor does not answer.
fn unattended(width: u16, height: u16) -> State {
    let mut state = samples::healthy(width, height);
    let mut look = state.chosen().unwrap().look.clone().unwrap();
    look.status.trouble = Some("its supervisor does not answer".to_owned());
    look.status.ready = false;
    tell(&mut state, samples::looked(look));
    state
}

#[test]
fn an_environment_that_nobody_looks_after_says_so_and_how_to_mend_it() {
    snapshots("unattended", unattended);
    let mut state = unattended(120, 36);
    assert_eq!(state.chosen().unwrap().condition(), Condition::Failed);
    let mut look = state.chosen().unwrap().look.clone().unwrap();
    look.status.trouble = None;
    tell(&mut state, samples::looked(look));
    let happenings = &state.chosen().unwrap().happenings;
    let told: Vec<_> = happenings.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(
        told,
        ["its supervisor does not answer", "what was wrong is over"]
    );
}

#[test]
fn instances_that_are_wanted_and_not_there_are_counted() {
    let mut state = samples::healthy(120, 36);
    let mut look = state.chosen().unwrap().look.clone().unwrap();
    look.status.missing = 2;
    tell(&mut state, samples::looked(look));
    assert!(screen(&state).contains("2 instances are missing"));
}

#[test]
fn a_failed_role_opens_its_last_lines() {
    snapshots("failure", |width, height| {
        let mut state = samples::failing(width, height);
        press(&mut state, &["tab", "down", "enter"]);
        state
    });
}

#[test]
fn data_goes_only_when_yes_was_said() {
    let mut state = samples::healthy(120, 36);
    assert!(
        press(&mut state, &["ctrl-x", "enter"]).is_empty(),
        "the answer of Enter is no"
    );
    assert!(press(&mut state, &["ctrl-x", "n", "enter"]).is_empty());
    let effects = press(&mut state, &["ctrl-x", "y", "enter"]);
    let doing = Doing::Down { volumes: true };
    assert!(
        matches!(&effects[..], [Effect::Begin { doing: begun, .. }] if *begun == doing),
        "{effects:?}"
    );
}

#[test]
fn a_protected_environment_wants_its_name_typed() {
    let mut state = samples::healthy(120, 36);
    state
        .known_mut(&dev())
        .unwrap()
        .look
        .as_mut()
        .unwrap()
        .protected = true;
    assert!(press(&mut state, &["ctrl-x", "y", "enter"]).is_empty());
    assert_eq!(
        press(&mut state, &["ctrl-x", "d", "e", "v", "enter"]).len(),
        1
    );
}

#[test]
fn what_failed_is_tried_again_and_nothing_is_done_twice_at_once() {
    let mut state = samples::going_up(120, 36, true);
    assert!(matches!(
        &press(&mut state, &["R"])[..],
        [Effect::Begin {
            doing: Doing::Up,
            ..
        }]
    ));
    assert!(press(&mut state, &["u"]).is_empty(), "it is under way");
    assert_eq!(press(&mut state, &["ctrl-k"]), [Effect::Cancel(dev())]);
}

#[test]
fn an_environment_that_is_placed_elsewhere_goes_on_there() {
    let mut state = samples::going_up(120, 36, false);
    let other = crate::engine::About {
        engine: "embedded",
        ..samples::about()
    };
    state.engines.push(crate::tui::state::EngineState {
        about: other,
        late: false,
        trouble: None,
        tells: false,
    });
    let to = crate::tui::state::Key { engine: 1, ..dev() };
    let because = Some("using embedded: no Docker Engine answers".to_owned());
    let message = Message::Placed {
        from: dev(),
        to: to.clone(),
        because,
    };
    let effects = update::update(&mut state, message, samples::noon());
    let rename = Effect::Rename {
        from: dev(),
        to: to.clone(),
    };
    assert!(effects.contains(&rename), "{effects:?}");
    let known = state.chosen().unwrap();
    assert!(known.key == to && known.is_working());
    assert!(screen(&state).contains("using embedded"));
    assert_eq!(press(&mut state, &["ctrl-k"]), [Effect::Cancel(to)]);
}

#[test]
fn a_hundred_environments_have_one_that_is_shown() {
    let mut state = samples::state(80, 24);
    let names = (0..100).map(|number| format!("feature-{number}").parse().unwrap());
    tell(
        &mut state,
        Message::Listed {
            engine: 0,
            result: Ok(names.collect()),
        },
    );
    press(&mut state, &["{"]);
    let name = state.chosen().unwrap().key.name.clone();
    assert!(screen(&state).contains(name.as_str()));
    let effects = press(&mut state, &["}"]);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Unfollow(_))),
        "{effects:?}"
    );
}

#[test]
fn an_engine_that_goes_and_returns_is_told_once_and_what_was_seen_stays() {
    let mut state = samples::healthy(120, 36);
    for _ in 0..3 {
        let result = Box::new(Err(samples::failure("no Docker Engine answers")));
        tell(&mut state, Message::Looked { key: dev(), result });
    }
    assert!(state.engines[0].trouble.is_some());
    assert_eq!(state.chosen().unwrap().statuses().len(), 2);
    snapshot("engine-away", &state);
    let running = |role| {
        (
            samples::found(role, Life::Running),
            Some(HealthStatus::Healthy),
        )
    };
    let look = samples::look(vec![running(Role::Database), running(Role::Api)], true);
    tell(&mut state, samples::looked(look));
    assert!(state.engines[0].trouble.is_none());
}

#[test]
fn docker_that_does_not_answer_is_told_and_what_is_there_is_found_when_it_does() {
    let mut state = samples::state(120, 36);
    state.engines[0].about.engine = "embedded";
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    let known = state.known_mut(&dev()).unwrap().look.as_mut().unwrap();
    known.observed.volumes.clear();
    state.await_engine(samples::about(), "there is no socket");
    snapshot("docker-away", &state);
    tell(
        &mut state,
        Message::Reached {
            engine: 1,
            about: samples::about(),
        },
    );
    let listed = Message::Listed {
        engine: 1,
        result: Ok(vec!["dev".parse().unwrap()]),
    };
    let effects = {
        let now = state.now;
        update::update(&mut state, listed, now)
    };
    let follows = |effect: &Effect| matches!(effect, Effect::Follow { key, .. } if key.engine == 1);
    assert!(effects.iter().any(follows), "{effects:?}");
    let names: Vec<_> = state
        .environments
        .iter()
        .map(|known| (known.key.engine, known.key.name.to_string()))
        .collect();
    assert_eq!(
        names.iter().filter(|(_, name)| name == "dev").count(),
        1,
        "{names:?}"
    );
    let told: Vec<_> = state
        .chosen()
        .unwrap()
        .happenings
        .iter()
        .map(|one| one.text.clone())
        .collect();
    assert_eq!(
        told,
        [
            "docker does not answer: there is no socket",
            "docker answers again"
        ]
    );
}
