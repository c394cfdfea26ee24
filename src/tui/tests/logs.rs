//! What the roles write.

use super::press;
use super::screen;
use super::snapshots;
use crate::engine::Role;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::overlay::Overlay;

#[test]
fn everything_is_healthy_and_logs_are_read() {
    snapshots("logs", samples::healthy);
}

#[test]
fn logs_are_filtered_while_the_filter_is_typed() {
    snapshots("logs-filtered", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["/", "5", "0", "3"]);
        state
    });
}

#[test]
fn long_lines_are_wrapped_and_held() {
    snapshots("logs-wrapped", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["w", "g", "down", "m"]);
        state
    });
}

#[test]
fn what_an_older_reader_still_tells_is_not_shown() {
    let mut state = samples::healthy(120, 36);
    let late = samples::lines(&state);
    let effects = press(&mut state, &["3"]);
    assert!(
        matches!(&effects[..], [Effect::Follow { .. }]),
        "{effects:?}"
    );
    tell(&mut state, late);
    assert_eq!(state.chosen().unwrap().logs.len(), 0);
}

#[test]
fn a_line_of_the_log_opens_its_fields() {
    snapshots("line", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["g", "enter"]);
        state
    });
}

#[test]
fn lines_of_any_kind_are_read_without_harm() {
    let mut state = samples::healthy(100, 30);
    let instance = crate::engine::Instance::first(Role::Api);
    let texts = [
        "x".repeat(1_000_000),
        String::from_utf8_lossy(b"\xff\xfe broken \xc3").into_owned(),
        "\x1b[2J\x1b]0;title\x07\x1b[?1049l\x1b[31mred".to_owned(),
        "\u{9b}31m\u{202e}\u{7f}\0".to_owned(),
        "广州港 e\u{301}\u{301} 👩‍👩‍👧‍👦 \u{200b}".to_owned(),
        "{\"deep\":".repeat(500),
        "\t\r\n".to_owned(),
    ];
    let line = |text: &String| crate::environment::logs::Line {
        instance,
        id: String::new(),
        line: crate::engine::LogLine {
            time: state.now,
            text: text.clone(),
        },
    };
    let lines = texts.iter().map(line).collect();
    let reader = state.chosen().unwrap().logs.reader;
    tell(
        &mut state,
        Message::Lines {
            key: dev(),
            reader,
            lines,
            lost: 0,
        },
    );
    for keys in [
        vec![],
        vec!["w"],
        vec!["J"],
        vec!["up", "enter"],
        vec!["esc", "up", "enter"],
        vec!["esc", "up", "up", "up", "up", "enter"],
    ] {
        press(&mut state, &keys);
        let shown = screen(&state);
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(harmful), "{shown:?}");
    }
}

/// A healthy environment whose API has written a line.
fn with_line(width: u16, height: u16, text: &str) -> State {
    let mut state = samples::healthy(width, height);
    let line = crate::environment::logs::Line {
        instance: crate::engine::Instance::first(Role::Api),
        id: String::new(),
        line: crate::engine::LogLine {
            time: samples::noon(),
            text: text.to_owned(),
        },
    };
    let reader = state.chosen().unwrap().logs.reader;
    let lines = Message::Lines {
        key: dev(),
        reader,
        lines: vec![line],
        lost: 3,
    };
    tell(&mut state, lines);
    state
}

#[test]
fn lines_that_were_given_up_before_they_were_told_are_counted() {
    let state = with_line(120, 36, "late");
    assert_eq!(state.chosen().unwrap().logs.dropped, 3);
    assert!(screen(&state).contains("3 dropped"));
}

#[test]
fn a_long_field_of_a_line_is_opened_whole_and_closed_again() {
    let long = format!("{} end", "word ".repeat(1000));
    let line = format!(r#"{{"message":"{long}","level":"info"}}"#);
    snapshots("line-field", |width, height| {
        let mut state = with_line(width, height, &line);
        press(&mut state, &["enter", "down", "down", "enter", "G"]);
        state
    });
    let mut state = with_line(120, 36, &line);
    press(&mut state, &["enter", "down", "down", "enter"]);
    let Some(Overlay::Text(text)) = &state.overlay else {
        panic!("{:?}", state.overlay);
    };
    assert_eq!(
        (text.title.as_str(), &text.lines[..]),
        ("message", &[long][..])
    );
    press(&mut state, &["esc"]);
    assert!(matches!(state.overlay, Some(Overlay::Tree(_))));
    press(&mut state, &["esc"]);
    assert!(state.overlay.is_none());
}

#[test]
fn lines_that_were_forgotten_stay_so_in_another_environment_and_back() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["C"]);
    press(&mut state, &["}"]);
    let effects = press(&mut state, &["{"]);
    let window = effects.iter().find_map(|effect| match effect {
        Effect::Follow { window, .. } => Some(*window),
        _ => None,
    });
    let last = "2021-01-31T12:01:03.000000001Z".parse().unwrap();
    assert_eq!(window.unwrap().since, Some(last));
}

#[test]
fn a_long_filter_is_scrolled_to_where_it_is_typed() {
    let mut state = samples::healthy(80, 24);
    press(&mut state, &["/"]);
    tell(
        &mut state,
        Message::Paste(format!("{}end", "x".repeat(200))),
    );
    let shown = screen(&state);
    let row = shown.lines().find(|line| line.contains("/ ")).unwrap();
    assert!(row.contains("xend") && row.contains("0 of 64"), "{shown}");
}

#[test]
fn a_filter_goes_on_with_every_tick_and_a_file_has_what_it_has_not_seen_yet() {
    let typed = || {
        let mut state = samples::healthy(120, 36);
        let reader = state.chosen().unwrap().logs.reader;
        let lines = (0..3000).map(|number| samples::line(number, Role::Api, "GET /late"));
        let lines = Message::Lines {
            key: dev(),
            reader,
            lines: lines.collect(),
            lost: 0,
        };
        tell(&mut state, lines);
        press(&mut state, &["/", "l", "a", "t", "e", "enter"]);
        state
    };
    let is_judging = |state: &State| state.chosen().unwrap().logs.is_judging();
    let mut state = typed();
    assert!(is_judging(&state));
    assert_eq!(state.calm(), std::time::Duration::from_millis(16));
    for _ in 0..3 {
        state.changed = false;
        tell(&mut state, Message::Tick);
        assert!(state.changed, "what was found is drawn");
    }
    assert!(!is_judging(&state));
    assert_eq!(state.chosen().unwrap().logs.shown(), 3000);
    let saved = press(&mut typed(), &["ctrl-s"]);
    let [Effect::Save { text, .. }] = &saved[..] else {
        panic!("{saved:?}");
    };
    assert_eq!(text.lines().count(), 3000);
}
