//! The tabs of figures, events and settings, and two of them at once.

use ratatui::layout::Size;

use super::go;
use super::nothing_there;
use super::on;
use super::press;
use super::screen;
use super::snapshot;
use super::snapshots;
use crate::engine::EventKind;
use crate::environment::event::Planned;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::charts::Metrics;
use crate::tui::update;

#[test]
fn figures_are_charts() {
    snapshots("stats", |width, height| on(Tab::Stats, width, height));
}

#[test]
fn an_api_that_counts_nothing_has_no_charts() {
    snapshots("stats-uncounted", |width, height| {
        let mut state = on(Tab::Stats, width, height);
        let uncounted = samples::sampled(&state, |sample| sample.metrics = Metrics::Lacking);
        tell(&mut state, uncounted);
        state
    });
}

#[test]
fn a_database_that_cannot_be_asked_says_why_and_keeps_its_past() {
    snapshots("stats-database-away", |width, height| {
        let mut state = on(Tab::Stats, width, height);
        let report = samples::failure("the database does not answer within 3 s");
        let away = samples::sampled(&state, |sample| sample.pulse = Some(Err(report)));
        tell(&mut state, away);
        state
    });
}

#[test]
fn the_database_is_asked_for_figures_only_while_they_are_looked_at() {
    let asks = |effects: &[Effect]| {
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Sample { database, .. } => Some(database.is_some()),
            _ => None,
        });
        asked.expect("what is used is measured")
    };
    let tick = |state: &mut State| {
        state.known_mut(&samples::dev()).unwrap().sampling = false;
        let later = state.now + jiff::SignedDuration::from_secs(2);
        update::update(state, Message::Tick, later)
    };
    let mut state = samples::healthy(200, 50);
    assert!(!asks(&tick(&mut state)));
    state.known_mut(&samples::dev()).unwrap().sampling = false;
    assert!(asks(&go(&mut state, Tab::Stats)), "at once");
    assert!(asks(&tick(&mut state)));
    press(&mut state, &["[", "v"]);
    assert!(asks(&tick(&mut state)), "it stands beside");
    press(&mut state, &["v"]);
    assert!(!asks(&tick(&mut state)));
}

#[test]
fn charts_that_have_no_room_are_reached_by_walking() {
    let mut state = on(Tab::Stats, 80, 24);
    assert!(!screen(&state).contains("api       disk"));
    press(&mut state, &["G"]);
    let shown = screen(&state);
    assert!(
        shown.contains("api       disk") && !shown.contains("requests a second"),
        "{shown}"
    );
}

#[test]
fn settings_show_where_they_come_from() {
    snapshots("config", |width, height| {
        let mut state = on(Tab::Config, width, height);
        tell(&mut state, samples::settings());
        tell(&mut state, samples::compared(Ok(Vec::new())));
        press(&mut state, &["down"]);
        state
    });
}

#[test]
fn what_differs_from_what_runs_stands_above_the_settings() {
    let step = |title: &str, reason: &str| Planned {
        title: title.to_owned(),
        reason: Some(reason.to_owned()),
        after: Vec::new(),
    };
    let why = "its configuration has changed";
    snapshots("config-differs", |width, height| {
        let mut state = on(Tab::Config, width, height);
        tell(&mut state, samples::settings());
        let steps = vec![step("remove api", why), step("api", why)];
        tell(&mut state, samples::compared(Ok(steps)));
        state
    });
    let mut state = on(Tab::Config, 120, 36);
    tell(&mut state, samples::settings());
    assert!(screen(&state).contains("comparing with what runs"));
    let taken = samples::failure("port 15000 is taken");
    tell(&mut state, samples::compared(Err(taken)));
    assert!(screen(&state).contains("u would fail: port 15000 is taken"));
    let state = nothing_there(120, 36);
    assert!(screen(&state).contains("nothing of it is there; u makes it so"));
}

#[test]
fn what_was_changed_is_compared_again_while_that_is_looked_at() {
    let mut state = on(Tab::Config, 120, 36);
    press(&mut state, &["u"]);
    let ended = Message::Ended {
        key: samples::dev(),
        result: Ok("dev is ready".to_owned()),
    };
    let effects = update::update(&mut state, ended, samples::noon());
    let compares = |effect: &Effect| matches!(effect, Effect::Configure { .. });
    assert!(effects.iter().any(compares), "{effects:?}");
}

#[test]
fn a_profile_that_is_edited_is_read_again_while_it_is_looked_at_and_compared_where_it_changed() {
    let reads = |state: &mut State, seconds: i64| {
        let later = state.now + jiff::SignedDuration::from_secs(seconds);
        let effects = update::update(state, Message::Tick, later);
        effects.into_iter().find_map(|effect| match effect {
            Effect::Configure { known_rows, .. } => Some(known_rows),
            _ => None,
        })
    };
    let mut state = on(Tab::Config, 120, 36);
    tell(&mut state, samples::settings());
    assert_eq!(reads(&mut state, 1), None, "it was read a moment ago");
    let rows = state.chosen().unwrap().config.clone().unwrap().unwrap();
    assert_eq!(reads(&mut state, 5), Some(Some(rows)));
    go(&mut state, Tab::Logs);
    assert_eq!(reads(&mut state, 9), None, "nobody looks at it");
}

#[test]
fn what_stands_beside_is_asked_for_as_if_it_stood_alone() {
    let mut state = samples::healthy(200, 50);
    go(&mut state, Tab::Query);
    let asked = press(&mut state, &["v"]);
    assert_eq!(state.beside, Some(Tab::Database));
    assert!(matches!(&asked[..], [Effect::Survey { .. }]), "{asked:?}");
    let mut state = samples::healthy(200, 50);
    go(&mut state, Tab::Events);
    press(&mut state, &["v"]);
    assert_eq!(state.beside, Some(Tab::Config));
    let asked = press(&mut state, &["}"]);
    let configures = |effect: &Effect| matches!(effect, Effect::Configure { .. });
    assert!(asked.iter().any(configures), "{asked:?}");
}

#[test]
fn events_are_listed() {
    snapshots("events", |width, height| {
        let mut state = samples::going_up(width, height, true);
        press(&mut state, &["esc"]);
        go(&mut state, Tab::Events);
        state
    });
}

/// The events of an environment that could not come up, and of another one.
fn happened(width: u16, height: u16, keys: &[&str]) -> State {
    let mut state = samples::going_up(width, height, true);
    let happened = |name: &str, kind| Message::Happened {
        engine: 0,
        event: crate::engine::Event {
            time: samples::noon(),
            environment: name.parse().unwrap(),
            instance: crate::engine::Instance::first(crate::engine::Role::Api),
            kind,
        },
    };
    tell(
        &mut state,
        happened("staging", EventKind::Exited { code: 137 }),
    );
    tell(&mut state, happened("dev", EventKind::Started));
    press(&mut state, &["esc"]);
    go(&mut state, Tab::Events);
    press(&mut state, keys);
    state
}

#[test]
fn events_are_filtered_while_the_filter_is_typed_and_shown_of_all_environments() {
    snapshots("events-filtered", |width, height| {
        happened(width, height, &["A", "/", "a", "p", "i"])
    });
    let mut state = happened(120, 36, &[]);
    assert!(!screen(&state).contains("exited 137"), "it is another's");
    press(&mut state, &["A"]);
    assert!(screen(&state).contains("staging        api        exited 137"));
    press(&mut state, &["/", "x", "y", "z", "enter"]);
    assert!(screen(&state).contains("none of what happened matches"));
    press(&mut state, &["esc"]);
    assert!(screen(&state).contains("exited 137"));
}

#[test]
fn all_events_and_settings_are_saved_not_only_those_on_the_screen() {
    let saved = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Save { text, .. }] => text.clone(),
        _ => panic!("{effects:?}"),
    };
    let mut state = happened(80, 10, &["A"]);
    let text = saved(press(&mut state, &["ctrl-s"]));
    assert_eq!(text.lines().count(), state.happenings().len());
    assert!(
        text.contains("2021-01-31T12:00:00Z staging api exited 137\n"),
        "{text}"
    );
    let mut state = on(Tab::Config, 80, 10);
    tell(&mut state, samples::settings());
    let text = saved(press(&mut state, &["ctrl-s"]));
    assert!(
        text.contains("database.port = 15432  # profiles/dev.toml:6\n"),
        "{text}"
    );
}

#[test]
fn a_reader_of_events_who_stands_still_is_left_there() {
    let mut state = happened(120, 36, &[]);
    let last = state.happenings().len() - 1;
    assert_eq!(state.chosen().unwrap().events.selected, last);
    state.note("more".to_owned(), false);
    tell(
        &mut state,
        Message::Tells {
            engine: 0,
            tells: true,
        },
    );
    assert_eq!(state.chosen().unwrap().events.selected, last + 1);
    press(&mut state, &["g"]);
    state.note("and more".to_owned(), false);
    tell(
        &mut state,
        Message::Tells {
            engine: 0,
            tells: true,
        },
    );
    assert_eq!(state.chosen().unwrap().events.selected, 0);
}

#[test]
fn a_reader_of_events_stays_on_his_event_when_the_oldest_are_forgotten() {
    let mut state = happened(120, 36, &[]);
    let happen = |state: &mut State, numbers: std::ops::Range<usize>| {
        for number in numbers {
            state.note(format!("event {number}."), false);
        }
        let engine = 0;
        let tells = true;
        tell(state, Message::Tells { engine, tells });
    };
    let chosen = |state: &State| {
        let shown = screen(state);
        let mut lines = shown.lines().enumerate();
        let (row, line) = lines.find(|(_, line)| line.contains("▌")).unwrap();
        (row, line.to_owned())
    };
    happen(&mut state, 0..500);
    press(&mut state, &["ctrl-u", "ctrl-u"]);
    let before = chosen(&state);
    happen(&mut state, 500..600);
    assert_eq!(chosen(&state), before);
}

#[test]
fn what_failed_is_said_for_as_long_as_it_takes_to_read_and_stays_among_the_events() {
    let mut state = samples::healthy(120, 36);
    let failed = |words: &str| Message::Said(Err(samples::failure(words)));
    tell(&mut state, failed("the file cannot be written"));
    press(&mut state, &["T"]);
    let shown = screen(&state);
    assert!(
        shown.contains("the file cannot be written") && !shown.contains("theme"),
        "{shown}"
    );
    (0..5).for_each(|_second| tell(&mut state, Message::Tick));
    assert!(screen(&state).contains("theme: light"), "it was not lost");
    (0..5).for_each(|_second| tell(&mut state, Message::Tick));
    assert!(!screen(&state).contains("theme: light"));
    tell(&mut state, Message::Said(Ok("saved to a file".to_owned())));
    press(&mut state, &["O", "P"]);
    go(&mut state, Tab::Events);
    let shown = screen(&state);
    assert!(
        shown.contains("the file cannot be written: free some space"),
        "{shown}"
    );
    assert!(shown.contains("saved to a file"), "{shown}");
}

#[test]
fn two_tabs_stand_side_by_side_where_there_is_room() {
    let mut state = samples::healthy(200, 50);
    press(&mut state, &["v"]);
    snapshot("beside", &state);
    press(&mut state, &["V"]);
    assert_eq!((state.tab, state.beside), (Tab::Stats, Some(Tab::Logs)));
    press(&mut state, &["["]);
    assert_eq!((state.tab, state.beside), (Tab::Logs, Some(Tab::Stats)));
    state.size = Size::new(199, 50);
    assert!(
        !screen(&state).contains("requests a second"),
        "no room, no second tab"
    );
    let mut narrow = samples::healthy(120, 36);
    press(&mut narrow, &["v"]);
    assert_eq!(narrow.beside, None);
}

#[test]
fn a_filter_of_the_logs_is_seen_where_they_stand_beside() {
    let mut state = samples::healthy(200, 50);
    press(&mut state, &["/", "5", "0", "3", "enter", "v", "V"]);
    assert_eq!(state.beside, Some(Tab::Logs));
    assert!(screen(&state).contains("/ 503"));
}

#[test]
fn what_happened_is_counted_as_it_is_listed() {
    for keys in [
        &[][..],
        &["A"],
        &["A", "/", "a", "p", "i", "enter"],
        &["/", "a"],
    ] {
        let state = happened(120, 36, keys);
        assert_eq!(state.happened(), state.happenings().len(), "{keys:?}");
    }
}
