//! Environments that come and go, and what is done with them.

use super::engines::looks;
use super::go;
use super::press;
use super::screen;
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
