//! Environments and engines that come and go, and what is done with them.

use super::go;
use super::press;
use super::screen;
use super::snapshot;
use super::snapshots;
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
use crate::tui::state::Tab;
use crate::tui::state::known::Condition;
use crate::tui::state::operation::Doing;
use crate::tui::state::overlay::Overlay;
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
fn all_of_what_failed_is_opened_from_every_tab() {
    for tab in Tab::ALL {
        let mut state = samples::going_up(120, 36, true);
        go(&mut state, tab);
        assert!(screen(&state).contains("enter all of it"), "{tab:?}");
        assert!(press(&mut state, &["enter"]).is_empty(), "{tab:?}");
        assert!(
            matches!(state.overlay, Some(Overlay::Failure(_))),
            "{tab:?}"
        );
        press(&mut state, &["esc", "esc", "enter"]);
        assert!(
            !matches!(state.overlay, Some(Overlay::Failure(_))),
            "{tab:?}"
        );
    }
}

#[test]
fn what_failed_is_shown_with_its_last_lines_and_what_helps() {
    let mut state = samples::going_up(120, 36, false);
    let report = Report {
        detail: (0..40).map(|number| format!("line {number}.")).collect(),
        causes: vec!["a cause".to_owned(); 9],
        ..samples::failure("the database ended although it should run")
    };
    let result = Err(report);
    tell(&mut state, Message::Ended { key: dev(), result });
    let shown = screen(&state);
    for words in [
        "the database ended",
        "a cause",
        "line 37.",
        "line 39.",
        "free some space",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    assert!(!shown.contains("line 36."), "{shown}");
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
fn the_last_lines_of_a_failed_role_are_there_whatever_the_filter_of_the_log_is() {
    let mut state = samples::failing(120, 36);
    press(&mut state, &["/", "n", "o", "n", "e", "enter"]);
    press(&mut state, &["tab", "down", "enter"]);
    assert!(screen(&state).contains("│ GET /rates"));
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
fn what_is_under_way_is_not_cut_off_by_leaving_unless_that_is_wished_twice() {
    for leave in ["q", "ctrl-c"] {
        let mut state = samples::going_up(120, 36, false);
        press(&mut state, &[leave]);
        assert!(!state.leaving);
        assert!(screen(&state).contains("up dev is under way; q again cuts it off"));
        press(&mut state, &["j", leave]);
        assert!(!state.leaving, "something else was done");
        (0..5).for_each(|_second| tell(&mut state, Message::Tick));
        press(&mut state, &[leave]);
        assert!(!state.leaving, "what was said has gone");
        press(&mut state, &[leave]);
        assert!(state.leaving);
    }
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["q"]);
    assert!(state.leaving, "nothing is under way");
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
        names: Vec::new(),
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
fn a_program_that_had_the_terminal_says_how_it_ended() {
    let no_program = || {
        Err(crate::engine::Error::new(
            Code::ProgramMissing,
            "OCI runtime: no such file",
        ))
    };
    for (key, ended, words) in [
        ("s", Ok(0), "✓ the shell ended "),
        ("s", Ok(130), "✓ the shell ended "),
        ("s", no_program(), "✗ database has no shell "),
        ("p", Ok(0), "✓ psql ended "),
        ("p", Ok(2), "✗ psql ended with 2 "),
        ("p", no_program(), "✗ OCI runtime: no such file "),
    ] {
        let mut state = samples::healthy(120, 36);
        let run = press(&mut state, &[key]);
        let [Effect::Run { found, exec, .. }] = &run[..] else {
            panic!("{run:?}");
        };
        update::program_ended(&mut state, found.instance, exec, ended);
        assert!(
            screen(&state).contains(words),
            "{words} in\n{}",
            screen(&state)
        );
    }
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

#[test]
fn what_was_stopped_on_purpose_is_not_on_its_way() {
    let mut state = samples::healthy(120, 36);
    state.engines[0].tells = true;
    let worker: Role = "worker".parse().unwrap();
    let stopped = Life::Exited {
        code: 0,
        out_of_memory: false,
    };
    let look = |api: HealthStatus| {
        let mut look = samples::look(
            vec![
                (
                    samples::found(Role::Database, Life::Running),
                    Some(HealthStatus::Healthy),
                ),
                (samples::found(Role::Api, Life::Running), Some(api)),
                (samples::found(worker, stopped.clone()), None),
            ],
            true,
        );
        look.status.ready = false;
        samples::looked(look)
    };
    tell(&mut state, look(HealthStatus::Starting));
    assert_eq!(state.chosen().unwrap().condition(), Condition::Starting);
    tell(&mut state, look(HealthStatus::Healthy));
    assert_eq!(state.chosen().unwrap().condition(), Condition::Partly);
    looks(&mut state, 0);
    assert!(
        looks(&mut state, 1).is_empty(),
        "it is looked at as if it were well"
    );
}

/// What is looked at or listed after so many seconds.
fn looks(state: &mut State, seconds: i64) -> Vec<Effect> {
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
