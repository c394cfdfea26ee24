//! What is drawn, at two sizes and in every state that matters; and what no message may break.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

use super::effect::Effect;
use super::message::Message;
use super::samples;
use super::samples::dev;
use super::samples::tell;
use super::state::Pane;
use super::state::State;
use super::state::Tab;
use super::state::operation::Doing;
use super::state::overlay::Overlay;
use super::theme::Name;
use super::theme::Theme;
use super::update;
use super::view;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::engine::State as Life;
use crate::text::Charset;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

fn screen(state: &State) -> String {
    let backend = TestBackend::new(state.size.width, state.size.height);
    let mut terminal = Terminal::new(backend).unwrap();
    let drawn = terminal.draw(|frame| {
        view::draw(state, frame.area(), frame.buffer_mut());
    });
    drawn.unwrap();
    terminal.backend().to_string()
}

/// A snapshot at each size of what `make` makes.
fn snapshots(name: &str, make: impl Fn(u16, u16) -> State) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(
            format!("{name}-{width}x{height}"),
            screen(&make(width, height))
        );
    }
}

fn press(state: &mut State, keys: &[&str]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys {
        effects.extend(update::update(
            state,
            Message::Key(key_event(key)),
            state.now,
        ));
    }
    effects
}

fn key_event(key: &str) -> KeyEvent {
    let code = match key {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "right" => KeyCode::Right,
        "space" => KeyCode::Char(' '),
        ctrl if ctrl.starts_with("ctrl-") => {
            let letter = ctrl.chars().last().unwrap();
            return KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        }
        text => KeyCode::Char(text.chars().next().unwrap()),
    };
    KeyEvent::from(code)
}

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
fn figures_are_charts() {
    snapshots("stats", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]"]);
        state
    });
}

#[test]
fn an_answer_is_a_table_a_chart_json_and_headers() {
    for (name, turns) in [("table", 0), ("chart", 1), ("json", 2), ("headers", 3)] {
        snapshots(&format!("query-{name}"), |width, height| {
            let mut state = samples::healthy(width, height);
            press(&mut state, &["]", "]"]);
            samples::asked(&mut state, samples::answered(200, samples::RATES));
            press(&mut state, &vec!["right"; turns]);
            state
        });
    }
}

#[test]
fn an_error_of_the_api_is_shown_as_it_is() {
    snapshots("query-error", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]", "e"]);
        samples::asked(&mut state, samples::answered(502, "<h1>Bad Gateway</h1>"));
        state
    });
}

#[test]
fn what_failed_is_what_the_eye_finds() {
    snapshots("failing", samples::failing);
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
fn settings_show_where_they_come_from() {
    snapshots("config", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["[", "down"]);
        tell(&mut state, samples::settings());
        state
    });
}

#[test]
fn events_are_listed() {
    snapshots("events", |width, height| {
        let mut state = samples::going_up(width, height, true);
        press(&mut state, &["esc", "[", "["]);
        state
    });
}

#[test]
fn boxes_lie_over_the_panes() {
    for (name, keys) in [
        ("help", vec!["?"]),
        ("palette", vec![":", "w", "r", "a"]),
        ("menu", vec!["space", "down"]),
        ("confirm", vec!["ctrl-x"]),
        ("history", vec!["]", "]", "h"]),
    ] {
        snapshots(name, |width, height| {
            let mut state = samples::healthy(width, height);
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
    insta::assert_snapshot!(screen(&samples::healthy(40, 10)));
}

#[test]
fn a_terminal_without_unicode_gets_nothing_else_of_the_dashboard() {
    let mut state = samples::healthy(120, 30);
    state.theme = Theme::new(Name::Mono, Charset::Ascii);
    let shown = screen(&state);
    insta::assert_snapshot!(shown);
}

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
fn a_question_by_hand_is_asked_and_remembered() {
    let mut state = samples::healthy(120, 36);
    let asked = press(&mut state, &["]", "]"]);
    assert!(matches!(&asked[..], [Effect::Ask { .. }]), "{asked:?}");
    tell(
        &mut state,
        Message::Answered {
            key: dev(),
            number: 1,
            result: Box::new(Ok(samples::answered(200, samples::RATES))),
        },
    );
    let asked = press(&mut state, &["e", "tab", "ctrl-u", "n", "e", "enter"]);
    let [Effect::Ask { line, .. }, Effect::Remember(question)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (line.parameter("dest_code"), question.dest.as_str()),
        ("ne", "ne")
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
    insta::assert_snapshot!(screen(&state));
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
fn a_click_chooses_what_is_under_it_and_a_mouse_that_moves_changes_nothing() {
    let mut state = samples::healthy(120, 36);
    let shown = screen(&state);
    let mut at = |kind, words: &str, row: usize| {
        let line = shown.lines().nth(row).unwrap();
        let before = line.split_once(words).unwrap().0;
        let event = MouseEvent {
            kind,
            // The first character of a line is a quotation mark.
            column: u16::try_from(before.chars().count() - 1).unwrap(),
            row: u16::try_from(row).unwrap(),
            modifiers: KeyModifiers::NONE,
        };
        state.changed = false;
        tell(&mut state, Message::Mouse(event));
        (state.changed, state.chosen, state.tab, state.pane)
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(
        at(MouseEventKind::Moved, "Query", 1),
        (false, 0, Tab::Logs, Pane::Main)
    );
    assert_eq!(at(click, "Query", 1), (true, 0, Tab::Query, Pane::Main));
    assert_eq!(at(click, "api", 3), (true, 0, Tab::Query, Pane::Roles));
    assert_eq!(at(click, "staging", 0), (true, 1, Tab::Query, Pane::Roles));
}

#[test]
fn a_paste_of_a_megabyte_fits_into_an_input() {
    let mut state = samples::healthy(80, 24);
    press(&mut state, &["]", "]", "c"]);
    tell(&mut state, Message::Paste("x".repeat(1_000_000)));
    screen(&state);
    assert!(state.chosen().unwrap().query.curl.value().len() <= 2000);
}

fn keys() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        8 => prop::sample::select("qjkgGudrxS spRy/n:?fwtamlJoCLhec[]{}12Y+-MT~!Nb(".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        4 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down, KeyCode::Left,
            KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

fn messages() -> impl Strategy<Value = u8> {
    any::<u8>()
}

/// One of the messages that tasks tell.
fn told(number: u8, state: &State) -> Message {
    let running = |role| {
        (
            samples::found(role, Life::Running),
            Some(HealthStatus::Healthy),
        )
    };
    let instances = [
        running(Role::Database),
        running(Role::Api),
        running(Role::Seed),
    ];
    match number % 12 {
        0 => samples::looked(samples::look(Vec::new(), true)),
        1 => samples::looked(samples::look(
            instances[..usize::from(number) % 4].to_vec(),
            number > 100,
        )),
        2 | 3 => samples::lines(state),
        4 => samples::samples().nth(usize::from(number) % 40).unwrap(),
        5 => Message::Listed {
            engine: usize::from(number) % 3,
            result: Ok((0..number % 5)
                .map(|name| format!("e{name}").parse().unwrap())
                .collect()),
        },
        6 => Message::Listed {
            engine: 0,
            result: Err(samples::failure("gone")),
        },
        7 => Message::Ended {
            key: dev(),
            result: Err(samples::failure("broken")),
        },
        8 => Message::Answered {
            key: dev(),
            number: u64::from(number) % 4,
            result: Box::new(Ok(samples::answered(200, samples::RATES))),
        },
        9 => samples::settings(),
        10 => Message::Paste("http://x/?a=b\u{202e}港".repeat(usize::from(number))),
        _ => Message::Mouse(MouseEvent {
            kind: [
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::ScrollUp,
                MouseEventKind::ScrollDown,
            ][usize::from(number) % 3],
            column: state.size.width / (1 + u16::from(number) % 7),
            row: state.size.height / (1 + u16::from(number) % 5),
            modifiers: KeyModifiers::NONE,
        }),
    }
}

#[derive(Debug, Clone)]
enum Happens {
    Key(KeyEvent),
    Told(u8),
    Resize(u16, u16),
    Tick,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => keys().prop_map(Happens::Key),
        4 => messages().prop_map(Happens::Told),
        1 => (0u16..220, 0u16..60).prop_map(|(width, height)| Happens::Resize(width, height)),
        1 => Just(Happens::Tick),
    ]
}

fn is_valid(state: &State) -> Result<(), TestCaseError> {
    prop_assert!(state.environments.is_empty() || state.chosen < state.environments.len());
    let Some(known) = state.chosen() else {
        return Ok(());
    };
    prop_assert!(known.roles.selected < known.instances().len().max(1));
    prop_assert!(known.checks.selected < known.check_statuses().len() + 1);
    prop_assert!(known.query.row.selected < known.query.rows().max(1));
    prop_assert!(known.events.selected < known.happenings.len().max(1));
    let window = known.logs.window(5, |_| 1);
    prop_assert!(window.end <= known.logs.shown());
    if let Some(Overlay::Palette(palette)) = &state.overlay {
        prop_assert!(palette.list.selected < palette.found().len().max(1));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_message_at_any_size_breaks_the_dashboard(
        size in (0u16..220, 0u16..60),
        happens in prop::collection::vec(happens(), 1..60),
    ) {
        let mut state = samples::state(size.0, size.1);
        for happens in happens {
            let message = match happens {
                Happens::Key(key) => Message::Key(key),
                Happens::Told(number) => told(number, &state),
                Happens::Resize(width, height) => Message::Resize(Size::new(width, height)),
                Happens::Tick => Message::Tick,
            };
            tell(&mut state, message);
            is_valid(&state)?;
            if state.size.width > 0 && state.size.height > 0 {
                screen(&state);
            }
        }
    }
}
