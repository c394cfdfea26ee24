//! Engines that answer or do not, and which environments are on which.

use super::screen;
use super::snapshot;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::engine::State as Life;
use crate::error::Code;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::update;

/// An environment that could not be looked at.
fn not_looked(code: Code, message: &str) -> Message {
    let report = Report {
        code,
        ..samples::failure(message)
    };
    Message::Looked {
        key: dev(),
        result: Box::new(Err(report)),
    }
}

#[test]
fn an_environment_that_cannot_be_looked_at_says_so_and_nothing_of_its_engine() {
    let mut state = samples::healthy(120, 36);
    for _ in 0..3 {
        tell(
            &mut state,
            not_looked(Code::Supervisor, "its folder cannot be read"),
        );
        tell(&mut state, listed(0, &["dev"]));
    }
    assert!(state.engines[0].trouble.is_none());
    let shown = screen(&state);
    assert!(
        shown.contains("its folder cannot be read") && shown.contains("free some space"),
        "{shown}"
    );
    assert!(
        !shown.contains("does not answer") && !shown.contains("puts that right"),
        "{shown}"
    );
    let happenings = &state.chosen().unwrap().happenings;
    let told: Vec<_> = happenings.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("its folder cannot be read: free some space"),
        "{told:?}"
    );
}

#[test]
fn what_an_engine_answers_with_an_error_to_is_not_mended_by_another_answer() {
    let mut state = samples::healthy(120, 36);
    let look = state.chosen().unwrap().look.clone().unwrap();
    for _ in 0..3 {
        let result = Err(Report {
            code: Code::DockerAnswer,
            ..samples::failure("the list is broken")
        });
        tell(&mut state, Message::Listed { engine: 0, result });
        tell(&mut state, samples::looked(look.clone()));
    }
    let told = state.chosen().unwrap().happenings.len();
    assert_eq!(told, 1, "{:?}", state.chosen().unwrap().happenings);
    tell(&mut state, listed(0, &["dev"]));
    assert!(state.engines[0].trouble.is_none());
}

/// What is looked at or listed after so many seconds.
pub fn looks(state: &mut State, seconds: i64) -> Vec<Effect> {
    for known in &mut state.environments {
        known.looking = false;
    }
    let later = state.now + jiff::SignedDuration::from_secs(seconds);
    let mut effects = update::update(state, Message::Tick, later);
    effects.retain(|effect| matches!(effect, Effect::Look { .. } | Effect::List));
    effects
}

#[test]
fn an_engine_that_tells_what_happens_is_asked_only_now_and_then() {
    let mut state = samples::healthy(120, 36);
    let tells = |tells| Message::Tells { engine: 0, tells };
    tell(&mut state, tells(true));
    assert_eq!(
        looks(&mut state, 0).len(),
        4,
        "what happened before is looked for"
    );
    assert_eq!(looks(&mut state, 59), []);
    let after_a_minute = looks(&mut state, 1);
    assert!(
        matches!(
            &after_a_minute[..],
            [Effect::List, Effect::Look { checks: true, .. }]
        ),
        "{after_a_minute:?}"
    );
    let removed = Message::Happened {
        engine: 0,
        event: crate::engine::Event {
            time: samples::noon(),
            environment: "prod".parse().unwrap(),
            instance: crate::engine::Instance::first(Role::Api),
            kind: crate::engine::EventKind::Removed,
        },
    };
    tell(&mut state, removed);
    assert_eq!(
        looks(&mut state, 0),
        [Effect::List],
        "it may have been the last"
    );
    tell(&mut state, tells(false));
    assert_eq!(looks(&mut state, 0).len(), 4, "nobody tells any more");
    assert_eq!(
        looks(&mut state, 3).len(),
        1,
        "so the one that is shown is looked at"
    );
}

#[test]
fn checks_that_a_failed_look_did_not_ask_are_asked_with_the_next() {
    let mut state = samples::state(120, 36);
    state.engines[0].tells = true;
    let checks = |effects: &[Effect]| match effects {
        [Effect::Look { key, checks, .. }] if *key == dev() => Some(*checks),
        _ => None,
    };
    looks(&mut state, 0);
    tell(
        &mut state,
        not_looked(Code::DockerDown, "the engine has not answered for 10 s"),
    );
    assert_eq!(checks(&looks(&mut state, 1)), Some(true));
    let running = |role| {
        (
            samples::found(role, Life::Running),
            Some(HealthStatus::Healthy),
        )
    };
    let mut unasked = samples::look(vec![running(Role::Database), running(Role::Api)], true);
    unasked.checked = false;
    unasked.status.checks.clear();
    tell(&mut state, samples::looked(unasked));
    assert_eq!(
        checks(&looks(&mut state, 5)),
        Some(true),
        "nobody has asked them yet"
    );
}

#[test]
fn an_engine_that_goes_and_returns_is_told_once_and_what_was_seen_stays() {
    let mut state = samples::healthy(120, 36);
    for _ in 0..3 {
        tell(
            &mut state,
            not_looked(Code::DockerDown, "no Docker Engine answers"),
        );
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

/// Two engines, on the first of which nothing is.
fn with_two_engines() -> State {
    let mut state = samples::state(120, 36);
    let about = |engine| crate::engine::About {
        engine,
        ..samples::about()
    };
    state.engines = State::new(
        state.now,
        state.size,
        state.theme,
        vec![about("docker"), about("embedded")],
    )
    .engines;
    state
}

fn looked_at(engine: usize, name: &str, look: crate::tui::state::known::Look) -> Message {
    let name = name.parse().unwrap();
    Message::Looked {
        key: crate::tui::state::Key { engine, name },
        result: Box::new(Ok(look)),
    }
}

fn listed(engine: usize, names: &[&str]) -> Message {
    Message::Listed {
        engine,
        result: Ok(names.iter().map(|name| name.parse().unwrap()).collect()),
    }
}

fn keys(state: &State, name: &str) -> Vec<usize> {
    let known = state
        .environments
        .iter()
        .filter(|known| known.key.name.as_str() == name);
    known.map(|known| known.key.engine).collect()
}

#[test]
fn an_environment_that_another_engine_has_is_the_one_of_its_profile() {
    let nothing = || samples::look(Vec::new(), true);
    for name in ["dev", "staging"] {
        let mut state = with_two_engines();
        tell(&mut state, listed(1, &[name]));
        assert_eq!(keys(&state, name), [0], "it may be there as well");
        tell(&mut state, looked_at(0, name, nothing()));
        assert_eq!(keys(&state, name), [1]);
        tell(&mut state, looked_at(1, name, nothing()));
        assert_eq!(keys(&state, name), [1], "it has gone again");
        tell(&mut state, listed(1, &[]));
        tell(&mut state, listed(0, &[name]));
        assert_eq!(keys(&state, name), [0]);
        state.named = true;
        tell(&mut state, looked_at(0, name, nothing()));
        tell(&mut state, listed(1, &[name]));
        assert_eq!(keys(&state, name), [0, 1], "the engine was named");
    }
}

#[test]
fn environments_of_one_name_are_told_apart_by_their_engines() {
    let mut state = with_two_engines();
    let running = || vec![(samples::found(Role::Database, Life::Running), None)];
    tell(
        &mut state,
        looked_at(0, "staging", samples::look(running(), true)),
    );
    tell(&mut state, listed(1, &["staging"]));
    let shown = screen(&state);
    assert!(
        shown.contains("staging on docker") && shown.contains("staging on embedded"),
        "{shown}"
    );
    tell(
        &mut state,
        looked_at(1, "staging", samples::look(running(), true)),
    );
    tell(
        &mut state,
        looked_at(0, "staging", samples::look(Vec::new(), true)),
    );
    assert_eq!(keys(&state, "staging"), [1], "it is there only");
    assert!(!screen(&state).contains("staging on"));
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
