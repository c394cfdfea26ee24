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
