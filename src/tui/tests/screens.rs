//! Boxes, sizes and characters: what holds for every screen.

use std::time::Duration;

use ratatui::layout::Size;

use super::answered;
use super::go;
use super::on;
use super::press;
use super::roles::on_roles;
use super::screen;
use super::snapshot;
use super::snapshots;
use crate::engine::Role;
use crate::text::Charset;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::theme::Name;
use crate::tui::theme::Theme;

#[test]
fn boxes_lie_over_the_panes() {
    for (name, keys) in [
        ("help", vec!["?"]),
        ("palette", vec![":", "w", "r", "a"]),
        ("menu", vec!["space", "down"]),
        ("confirm", vec!["ctrl-x"]),
        ("history", vec!["h"]),
    ] {
        snapshots(name, |width, height| {
            let tab = if name == "history" {
                Tab::Query
            } else {
                Tab::Logs
            };
            let mut state = on(tab, width, height);
            let asked = [("CNGGZ", "2021-01"), ("CNSGH", "2021-02-03")];
            let question = |(orig, span): (&str, &str)| crate::rates::Question {
                orig: orig.parse().unwrap(),
                dest: "northern_europe".parse().unwrap(),
                span: span.parse().unwrap(),
            };
            state.history = asked.map(question).into();
            press(&mut state, &keys);
            state
        });
    }
}

#[test]
fn a_tiny_terminal_shows_one_pane_without_borders() {
    snapshot("tiny", &samples::healthy(40, 10));
}

#[test]
fn a_terminal_without_unicode_gets_nothing_else_of_the_dashboard() {
    let mut state = samples::healthy(120, 30);
    state.theme = Theme::new(Name::Mono, Charset::Ascii);
    snapshot("ascii", &state);
}

/// Every tab and every box, at one size.
fn everything(width: u16, height: u16) -> Vec<State> {
    let mut all = Vec::new();
    all.extend(Tab::ALL.map(|tab| on(tab, width, height)));
    for (tab, keys) in [
        (Tab::Logs, vec!["?"]),
        (Tab::Logs, vec![":"]),
        (Tab::Logs, vec!["space"]),
        (Tab::Logs, vec!["ctrl-x"]),
        (Tab::Logs, vec!["g", "enter"]),
        (Tab::Logs, vec!["tab"]),
        (Tab::Logs, vec!["v"]),
        (Tab::Logs, vec!["tab", "d"]),
        (Tab::Query, vec!["right", "right"]),
        (Tab::Query, vec!["h"]),
    ] {
        let mut state = answered(width, height);
        go(&mut state, tab);
        press(&mut state, &keys);
        tell(&mut state, samples::described(Role::Database));
        all.push(state);
    }
    all.push(samples::failing(width, height));
    all.push(samples::going_up(width, height, true));
    all
}

#[test]
fn every_screen_fits_however_small_the_terminal_is() {
    for (width, height) in [
        (1, 1),
        (2, 40),
        (5, 3),
        (20, 5),
        (30, 8),
        (59, 14),
        (60, 15),
        (99, 20),
        (100, 20),
    ] {
        for mut state in everything(width, height) {
            screen(&state);
            // The terminal shrinks while nobody has heard of it.
            state.size = Size::new(width / 2 + 1, height / 2 + 1);
            screen(&state);
        }
    }
}

#[test]
fn a_terminal_without_utf_8_gets_ascii_in_every_screen() {
    for (width, height) in [(80, 24), (200, 50)] {
        for mut state in everything(width, height) {
            state.theme = Theme::new(Name::Mono, Charset::Ascii);
            let shown = screen(&state);
            let strange: String = shown.chars().filter(|c| !c.is_ascii()).collect();
            assert!(strange.is_empty(), "{strange:?} in\n{shown}");
        }
    }
}

#[test]
fn the_terminal_is_given_back_whatever_lies_on_top_or_is_typed() {
    for (tab, keys) in [
        (Tab::Logs, vec!["?"]),
        (Tab::Logs, vec![":"]),
        (Tab::Logs, vec!["ctrl-x"]),
        (Tab::Logs, vec!["g", "enter"]),
        (Tab::Logs, vec!["/"]),
        (Tab::Query, vec!["c"]),
        (Tab::Query, vec!["right", "right", "/"]),
        (Tab::Database, vec!["e"]),
        (Tab::Events, vec!["/"]),
    ] {
        let mut state = answered(80, 24);
        go(&mut state, tab);
        press(&mut state, &keys);
        assert_eq!(
            press(&mut state, &["ctrl-z"]),
            [Effect::Suspend],
            "{keys:?}"
        );
        assert_eq!(press(&mut state, &["ctrl-l"]), [Effect::Redraw], "{keys:?}");
        press(&mut state, &["ctrl-c"]);
        assert!(state.leaving, "{keys:?}");
    }
    let mut state = samples::healthy(80, 24);
    assert_eq!(press(&mut state, &["?", "M"]), [Effect::Mouse(false)]);
}

#[test]
fn own_keys_stand_everywhere() {
    let own = crate::profile::own_dashboard_in("[keys]\nup = \"ctrl-g\"\nwrap = \"W\"").unwrap();
    let mut state = samples::healthy(120, 36);
    state.keymap = crate::tui::keymap::lay(own).unwrap().keymap;
    assert_eq!(press(&mut state, &["u"]), []);
    assert!(matches!(
        &press(&mut state, &["ctrl-g"])[..],
        [Effect::Begin { .. }]
    ));
    let mut state = samples::state(120, 36);
    let own = crate::profile::own_dashboard_in("[keys]\nup = \"ctrl-g\"\nwrap = \"W\"").unwrap();
    state.keymap = crate::tui::keymap::lay(own).unwrap().keymap;
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    assert!(screen(&state).contains("ctrl-g up"), "footer");
    assert!(screen(&state).contains("ctrl-g starts dev"), "empty pane");
    for (keys, words) in [(["?"], "W "), (["space"], "ctrl-g"), ([":"], "ctrl-g")] {
        press(&mut state, &keys);
        assert!(screen(&state).contains(words), "{keys:?}");
        press(&mut state, &["esc"]);
    }
}

#[test]
fn a_key_that_does_nothing_here_is_not_shown_as_one_that_does() {
    let shown = |width, keys: &[&str]| {
        let mut state = samples::healthy(width, 50);
        press(&mut state, keys);
        screen(&state)
    };
    assert!(shown(200, &["?", "G"]).contains("a wider left side"));
    assert!(!shown(80, &["?", "G"]).contains("left side"));
    let line = |screen: String| {
        screen
            .lines()
            .find(|line| line.contains("tab-stats"))
            .unwrap()
            .to_owned()
    };
    let stats = [":", "s", "t", "a", "t", "s"];
    assert!(
        !line(shown(120, &stats)).contains(" 2 "),
        "it is a window of the logs"
    );
    let elsewhere: Vec<_> = ["]"].into_iter().chain(stats).collect();
    assert!(line(shown(120, &elsewhere)).contains(" 2 "));
}

#[test]
fn a_storm_of_sizes_leaves_every_choice_where_it_was() {
    let mut state = on_roles(120, 36);
    for step in 0..400u16 {
        tell(
            &mut state,
            Message::Resize(Size::new(step * 7 % 220, step * 5 % 60)),
        );
    }
    tell(&mut state, Message::Resize(Size::new(120, 36)));
    let known = state.chosen().unwrap();
    assert_eq!((known.roles.selected, known.roles.offset), (1, 0));
    screen(&state);
}

#[test]
fn a_tick_is_not_put_off_by_frames_however_much_is_told_meanwhile() {
    let begun = tokio::time::Instant::now();
    let (calm, later) = (Duration::from_secs(1), Duration::from_millis(995));
    let clock = crate::tui::Clock {
        drawn: begun + later,
        ticked: begun,
        pressed: false,
    };
    assert_eq!(clock.wake(calm, true), begun + calm);
    assert_eq!(clock.wake(calm, false), begun + calm);
    let rested = crate::tui::Clock::new(begun);
    assert_eq!(rested.wake(calm, true), begun + crate::tui::FRAME);
    let pressed = crate::tui::Clock {
        pressed: true,
        ..rested
    };
    assert_eq!(pressed.wake(calm, true), begun + crate::tui::FRAME_OF_KEYS);
}
