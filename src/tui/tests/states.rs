//! Panes while something is on its way, is not there, or cannot be had.

use super::answered;
use super::go;
use super::nothing_there;
use super::on;
use super::press;
use super::snapshots;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::engine::State as Life;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::Tab;

/// An environment whose roles run and of which nothing else is known.
fn running(width: u16, height: u16) -> State {
    let mut state = samples::state(width, height);
    let running = |role| {
        let found = samples::found(role, Life::Running);
        (found, Some(HealthStatus::Healthy))
    };
    let look = samples::look(vec![running(Role::Database), running(Role::Api)], true);
    tell(&mut state, samples::looked(look));
    state.known_mut(&dev()).unwrap().happenings.clear();
    state
}

/// What the reader that counts tells when its log breaks off.
fn broke(state: &State) -> Message {
    Message::LogsBroke {
        key: dev(),
        reader: state.chosen().unwrap().logs.reader,
        report: samples::failure("the log of the api cannot be read"),
    }
}

/// That everything there is to read has been told.
fn read(state: &mut State) {
    let reader = state.chosen().unwrap().logs.reader;
    let nothing = Message::Lines {
        key: dev(),
        reader,
        lines: Vec::new(),
        lost: 0,
    };
    tell(state, nothing);
}

#[test]
fn logs_that_are_not_there_say_why() {
    snapshots("logs-reading", running);
    snapshots("logs-nothing", |width, height| {
        let mut state = running(width, height);
        read(&mut state);
        state
    });
    snapshots("logs-forgotten", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["C"]);
        state
    });
    snapshots("logs-broke", |width, height| {
        let mut state = running(width, height);
        let broke = broke(&state);
        tell(&mut state, broke);
        state
    });
    snapshots("logs-broke-off", |width, height| {
        let mut state = samples::healthy(width, height);
        let broke = broke(&state);
        tell(&mut state, broke);
        state
    });
    snapshots("logs-none-match", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["/", "x", "y", "z"]);
        state
    });
}

#[test]
fn logs_are_unfolded_and_shown_of_one_role() {
    snapshots("logs-fields", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["J"]);
        state
    });
    snapshots("logs-one-role", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["tab", "down", "enter"]);
        state
    });
    snapshots("logs-long-name", |width, height| {
        let mut state = samples::healthy(width, height);
        let role: Role = "nightly-price-importer".parse().unwrap();
        let found = (samples::found(role, Life::Running), None);
        let mut look = state.chosen().unwrap().look.clone().unwrap();
        let other = samples::look(vec![found], true);
        look.observed.instances.extend(other.observed.instances);
        look.status.roles.extend(other.status.roles);
        tell(&mut state, samples::looked(look));
        let line = samples::line(70, role, "level=warn msg=\"prices are late\"");
        let reader = state.chosen().unwrap().logs.reader;
        let lines = Message::Lines {
            key: dev(),
            reader,
            lines: vec![line],
            lost: 0,
        };
        tell(&mut state, lines);
        let sample = samples::sampled(&state, |sample| {
            let (_, usage) = sample.usage[0];
            sample
                .usage
                .push((crate::engine::Instance::first(role), usage));
        });
        tell(&mut state, sample);
        state
    });
}

#[test]
fn a_question_is_asked_or_not_or_cannot_be() {
    let waiting = |width, height| {
        let mut state = running(width, height);
        go(&mut state, Tab::Query);
        state
    };
    snapshots("query-asking", waiting);
    snapshots("query-unreachable", |width, height| {
        let mut state = waiting(width, height);
        let number = state.chosen().unwrap().query.asking.unwrap().number;
        let answered = Message::Answered {
            key: dev(),
            number,
            result: Box::new(Err(samples::failure("nobody listens at 127.0.0.1:15000"))),
        };
        tell(&mut state, answered);
        state
    });
    snapshots("query-not-asked", |width, height| {
        let mut state = samples::state(width, height);
        go(&mut state, Tab::Query);
        state
    });
    snapshots("query-no-average", |width, height| {
        let mut state = on(Tab::Query, width, height);
        let none = r#"{"rates":[{"count":2,"day":"2021-01-31","price":null},{"count":null,"day":"2021-01-30","price":null}]}"#;
        samples::asked(&mut state, samples::answered(200, none));
        press(&mut state, &["right"]);
        state
    });
    snapshots("query-names", |width, height| {
        let mut state = answered(width, height);
        tell(&mut state, samples::places());
        state
    });
}

#[test]
fn figures_events_and_settings_that_are_not_there_say_why() {
    snapshots("stats-starting", |width, height| {
        let mut state = running(width, height);
        go(&mut state, Tab::Stats);
        state
    });
    snapshots("stats-empty", |width, height| {
        let mut state = samples::state(width, height);
        tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
        go(&mut state, Tab::Stats);
        state
    });
    snapshots("events-empty", |width, height| {
        on(Tab::Events, width, height)
    });
    snapshots("config-reading", |width, height| {
        on(Tab::Config, width, height)
    });
    snapshots("config-invalid", |width, height| {
        let mut state = on(Tab::Config, width, height);
        let result = Err(samples::failure("profiles/dev.toml is not valid"));
        tell(&mut state, Message::Configured { key: dev(), result });
        state
    });
    snapshots("config-nothing-there", nothing_there);
}

#[test]
fn what_is_asked_of_a_role_and_why_a_check_failed_lies_over_the_panes() {
    let asked = |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["tab", "d"]);
        state
    };
    snapshots("describe-asking", asked);
    snapshots("describe-failed", |width, height| {
        let mut state = asked(width, height);
        let described = Message::Described {
            key: dev(),
            instance: crate::engine::Instance::first(Role::Database),
            result: Box::new(Err(samples::failure("docker does not answer"))),
        };
        tell(&mut state, described);
        state
    });
    let mut state = samples::failing(200, 50);
    press(&mut state, &["tab", "tab", "down", "enter"]);
    super::snapshot("check-failure", &state);
}

#[test]
fn any_two_tabs_stand_side_by_side() {
    for (tab, name) in [
        (Tab::Query, "query-database"),
        (Tab::Events, "events-config"),
        (Tab::Config, "config-logs"),
    ] {
        let mut state = answered(200, 50);
        tell(&mut state, samples::surveyed());
        tell(&mut state, samples::settings());
        go(&mut state, Tab::Logs);
        press(&mut state, &["/", "5", "0", "3", "enter"]);
        go(&mut state, tab);
        press(&mut state, &["v"]);
        super::snapshot(&format!("beside-{name}"), &state);
    }
}
