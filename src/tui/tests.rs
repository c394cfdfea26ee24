//! What is drawn, at two sizes and in every state that matters; and what no message may break.

use std::time::Duration;

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

/// The database tab after these keys.
fn database(width: u16, height: u16, keys: &[&str]) -> State {
    let mut state = samples::healthy(width, height);
    press(&mut state, &["]", "]", "]"]);
    tell(&mut state, samples::surveyed());
    press(&mut state, keys);
    state
}

/// Types a statement and sends it.
fn send(state: &mut State, sql: &str) -> Vec<Effect> {
    press(state, &["e"]);
    tell(state, Message::Paste(sql.to_owned()));
    press(state, &["enter"])
}

#[test]
fn the_database_is_shown_in_every_state() {
    snapshots("database-away", |width, height| {
        let mut state = samples::state(width, height);
        tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
        press(&mut state, &["]", "]", "]"]);
        state
    });
    snapshots("database-looking", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]", "]"]);
        state
    });
    snapshots("database-trouble", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]", "]"]);
        let result = Box::new(Err(samples::failure("the database cannot be reached")));
        tell(&mut state, Message::Surveyed { key: dev(), result });
        state
    });
    for (name, keys) in [
        ("tables", vec!["down"]),
        ("running", vec!["right", "down"]),
        ("not-sent", vec!["left"]),
        ("cancel", vec!["right", "c"]),
        ("end", vec!["right", "G", "c"]),
        ("running-text", vec!["right", "enter"]),
        ("writing", vec!["W"]),
    ] {
        snapshots(&format!("database-{name}"), |width, height| {
            database(width, height, &keys)
        });
    }
}

#[test]
fn a_statement_is_shown_in_every_state() {
    let sent = |width, height| {
        let mut state = database(width, height, &[]);
        send(&mut state, "select * from ports");
        state
    };
    snapshots("statement-typed", |width, height| {
        let mut state = database(width, height, &["e"]);
        tell(&mut state, Message::Paste("select * from po".to_owned()));
        state
    });
    snapshots("statement-runs", sent);
    snapshots("statement-failed", |width, height| {
        let mut state = sent(width, height);
        tell(&mut state, samples::rows(1, Err(samples::refused())));
        state
    });
    for (name, keys) in [
        ("rows", vec!["down", "down"]),
        ("columns", vec![">", "G"]),
        ("row", vec!["down", "enter"]),
        ("history", vec!["h"]),
    ] {
        snapshots(&format!("statement-{name}"), |width, height| {
            let mut state = sent(width, height);
            tell(&mut state, samples::rows(1, Ok(samples::page(true))));
            press(&mut state, &keys);
            state
        });
    }
    snapshots("statement-wrote", |width, height| {
        let mut state = database(width, height, &["W"]);
        send(&mut state, "update ports set name = 'x'");
        let page = crate::database::console::Page {
            affected: 143,
            ..Default::default()
        };
        tell(&mut state, samples::rows(1, Ok(page)));
        state
    });
}

#[test]
fn statements_only_read_until_writing_is_switched_on() {
    use crate::database::console::Access;

    let mut state = database(120, 36, &[]);
    let access = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Execute { access, .. }, Effect::RememberStatement(_)] => *access,
        _ => panic!("{effects:?}"),
    };
    assert_eq!(
        access(send(&mut state, "delete from prices")),
        Access::ReadOnly
    );
    press(&mut state, &["W"]);
    assert!(screen(&state).contains("WRITE> delete from prices"));
    press(&mut state, &["e"]);
    assert_eq!(access(press(&mut state, &["enter"])), Access::Writing);
    press(&mut state, &["W", "e"]);
    assert_eq!(access(press(&mut state, &["enter"])), Access::ReadOnly);
}

#[test]
fn a_protected_environment_wants_its_name_before_statements_write() {
    let mut state = database(120, 36, &[]);
    let known = state.known_mut(&dev()).unwrap();
    known.look.as_mut().unwrap().protected = true;
    press(&mut state, &["W", "y", "enter"]);
    assert!(!state.chosen().unwrap().database.writing);
    press(&mut state, &["W", "d", "e", "v", "enter"]);
    assert!(state.chosen().unwrap().database.writing);
}

#[test]
fn what_runs_is_ended_only_when_yes_was_said() {
    let mut state = database(120, 36, &["right", "down"]);
    assert!(
        press(&mut state, &["c", "enter"]).is_empty(),
        "the answer of Enter is no"
    );
    let effects = press(&mut state, &["c", "y", "enter"]);
    let [Effect::End { activity, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(activity.pid, 31);
    send(&mut state, "select pg_sleep(9)");
    assert_eq!(press(&mut state, &["c"]), [Effect::CancelStatement(dev())]);
}

#[test]
fn rows_are_fetched_as_the_reader_comes_to_them() {
    let mut state = database(120, 36, &[]);
    send(&mut state, "select * from ports");
    tell(&mut state, samples::rows(1, Ok(samples::page(true))));
    assert!(press(&mut state, &["down"]).is_empty());
    let fetch = Effect::Fetch {
        key: dev(),
        number: 1,
    };
    assert_eq!(press(&mut state, &["G"]), [fetch]);
    assert!(
        press(&mut state, &["G"]).is_empty(),
        "they are on their way"
    );
}

#[test]
fn statements_of_before_come_back_into_the_prompt() {
    let mut state = database(120, 36, &[]);
    tell(
        &mut state,
        Message::Statements(vec!["select 1".to_owned(), "select 0".to_owned()]),
    );
    send(&mut state, "select 2");
    let mut prompt = |keys: &[&str]| {
        press(&mut state, keys);
        state.chosen().unwrap().database.prompt.value().to_owned()
    };
    assert_eq!(prompt(&["e", "up"]), "select 2");
    assert_eq!(prompt(&["up", "up", "up"]), "select 0");
    assert_eq!(prompt(&["down"]), "select 1");
    assert_eq!(prompt(&["down", "down"]), "");
    assert_eq!(prompt(&["esc", "h", "down", "enter"]), "select 1");
}

#[test]
fn a_table_opens_its_rows() {
    let mut state = database(120, 36, &["down"]);
    let effects = press(&mut state, &["enter"]);
    assert!(
        matches!(&effects[..], [Effect::Execute { sql, .. }, _] if sql == "select * from public.prices"),
        "{effects:?}"
    );
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
    assert!(matches!(
        &press(&mut state, &["e"])[..],
        [Effect::Places { .. }]
    ));
    let asked = press(&mut state, &["tab", "ctrl-u", "n", "e", "enter"]);
    let [Effect::Ask { line, .. }, Effect::Remember(question)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (line.parameter("dest_code"), question.dest.as_str()),
        ("ne", "ne")
    );
}

#[test]
fn places_are_offered_while_an_end_is_typed() {
    let typed = |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]", "e", "ctrl-u"]);
        tell(&mut state, samples::places());
        press(&mut state, &["n"]);
        state
    };
    snapshots("query-offers", typed);
    let mut state = typed(120, 36);
    let result = Box::new(Ok(samples::answered(200, samples::RATES)));
    let (key, number) = (dev(), 1);
    tell(
        &mut state,
        Message::Answered {
            key,
            number,
            result,
        },
    );
    press(&mut state, &["tab"]);
    let query = |state: &State| state.chosen().unwrap().query.from.value().to_owned();
    assert_eq!(query(&state), "northern_europe");
    // Once it is a place, Tab goes on to the next field.
    press(&mut state, &["tab", "ctrl-u", "s", "h", "a", "enter"]);
    assert_eq!(state.chosen().unwrap().query.to.value(), "CNSGH");
    let asked = press(&mut state, &["enter"]);
    assert!(
        asked
            .iter()
            .any(|effect| matches!(effect, Effect::Remember(_))),
        "{asked:?}"
    );
}

#[test]
fn a_day_is_explained_by_its_prices() {
    let explained = |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]"]);
        tell(
            &mut state,
            Message::Answered {
                key: dev(),
                number: 1,
                result: Box::new(Ok(samples::answered(200, samples::RATES))),
            },
        );
        let effects = press(&mut state, &["down", "w"]);
        let [Effect::Explain { question, .. }] = &effects[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(
            (question.orig.as_str(), question.span.to_string()),
            ("CNGGZ", "2021-01-30".to_owned())
        );
        let lines = [
            "2 prices, and an average needs 3: the answer is null",
            "",
            "CNGGZ  EETLL          1000",
            "CNGGZ  EETLL          1100",
        ];
        tell(
            &mut state,
            Message::Explained {
                key: dev(),
                result: Ok((
                    "CNGGZ to EETLL on 2021-01-30".to_owned(),
                    lines.map(str::to_owned).into(),
                )),
            },
        );
        state
    };
    snapshots("query-explained", explained);
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
fn an_environment_that_is_placed_elsewhere_goes_on_there() {
    let mut state = samples::going_up(120, 36, false);
    let other = crate::engine::About {
        engine: "embedded",
        ..samples::about()
    };
    state.engines.push(super::state::EngineState {
        about: other,
        late: false,
        trouble: None,
        tells: false,
    });
    let to = super::state::Key { engine: 1, ..dev() };
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

/// The roles, with one of them chosen.
fn on_roles(width: u16, height: u16) -> State {
    let mut state = samples::healthy(width, height);
    press(&mut state, &["tab", "down"]);
    state
}

#[test]
fn a_role_that_is_chosen_shows_where_it_runs_and_what_its_probe_said() {
    snapshots("role", |width, height| {
        let mut state = on_roles(width, height);
        let look = state.known_mut(&dev()).unwrap().look.as_mut().unwrap();
        let words = "listening on 0.0.0.0:8080, and the database answers in 2 ms";
        look.observed.instances[1].health = Some(crate::engine::Health {
            status: HealthStatus::Healthy,
            last: Some(words.to_owned()),
        });
        state
    });
}

#[test]
fn a_role_is_described_as_a_tree_that_is_folded_and_searched() {
    snapshots("describe", |width, height| {
        let mut state = on_roles(width, height);
        let asked = press(&mut state, &["d"]);
        assert!(matches!(&asked[..], [Effect::Describe { .. }]), "{asked:?}");
        tell(&mut state, samples::described(Role::Api));
        press(&mut state, &["enter", "/", "n", "a", "m", "e", "enter"]);
        state
    });
}

#[test]
fn what_is_asked_of_another_role_is_not_shown() {
    let mut state = on_roles(120, 36);
    press(&mut state, &["D"]);
    tell(&mut state, samples::described(Role::Database));
    assert!(screen(&state).contains("asking"));
    press(&mut state, &["esc"]);
    tell(&mut state, samples::described(Role::Api));
    assert!(state.overlay.is_none());
}

#[test]
fn json_is_searched_where_it_is_folded() {
    snapshots("query-json-search", |width, height| {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", "]"]);
        samples::asked(&mut state, samples::answered(200, samples::RATES));
        press(&mut state, &["right", "right", "/", "1", "3", "9", "8"]);
        state
    });
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
fn two_tabs_stand_side_by_side_where_there_is_room() {
    let mut state = samples::healthy(200, 50);
    press(&mut state, &["v"]);
    insta::assert_snapshot!("beside-200x50", screen(&state));
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
fn charts_that_have_no_room_are_reached_by_walking() {
    let mut state = samples::healthy(80, 24);
    press(&mut state, &["]"]);
    assert!(!screen(&state).contains("api       disk"));
    press(&mut state, &["G"]);
    let shown = screen(&state);
    assert!(
        shown.contains("api       disk") && !shown.contains("requests a second"),
        "{shown}"
    );
}

#[test]
fn docker_that_does_not_answer_is_told_and_what_is_there_is_found_when_it_does() {
    let mut state = samples::state(120, 36);
    state.engines[0].about.engine = "embedded";
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    let known = state.known_mut(&dev()).unwrap().look.as_mut().unwrap();
    known.observed.volumes.clear();
    state.await_engine(samples::about(), "there is no socket");
    let shown = screen(&state);
    insta::assert_snapshot!("docker-away-120x36", shown);
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

#[test]
fn own_keys_stand_everywhere() {
    let own = crate::profile::own_keys_in("[keys]\nup = \"ctrl-g\"\nwrap = \"W\"").unwrap();
    let mut state = samples::healthy(120, 36);
    state.keymap = super::keymap::lay(own).unwrap();
    assert_eq!(press(&mut state, &["u"]), []);
    assert!(matches!(
        &press(&mut state, &["ctrl-g"])[..],
        [Effect::Begin { .. }]
    ));
    let mut state = samples::state(120, 36);
    let own = crate::profile::own_keys_in("[keys]\nup = \"ctrl-g\"\nwrap = \"W\"").unwrap();
    state.keymap = super::keymap::lay(own).unwrap();
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    assert!(screen(&state).contains("ctrl-g up"), "footer");
    assert!(screen(&state).contains("ctrl-g starts dev"), "empty pane");
    for (keys, words) in [(["?"], "W "), (["space"], "ctrl-g"), ([":"], "ctrl-g")] {
        press(&mut state, &keys);
        assert!(screen(&state).contains(words), "{keys:?}");
        press(&mut state, &["esc"]);
    }
}

/// Every tab and every box, at one size.
fn everything(width: u16, height: u16) -> Vec<State> {
    let mut all = Vec::new();
    for tab in ["1", "2", "3", "4", "5"] {
        let mut state = samples::healthy(width, height);
        press(&mut state, &["]", tab]);
        all.push(state);
    }
    for keys in [
        vec!["?"],
        vec![":"],
        vec!["space"],
        vec!["ctrl-x"],
        vec!["g", "enter"],
        vec!["tab"],
        vec!["v"],
        vec!["tab", "d"],
        vec!["]", "]", "right", "right"],
        vec!["]", "]", "h"],
    ] {
        let mut state = samples::healthy(width, height);
        samples::asked(&mut state, samples::answered(200, samples::RATES));
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

#[test]
fn a_role_that_vanishes_under_the_cursor_takes_nothing_with_it() {
    let mut state = on_roles(120, 36);
    tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    for key in ["d", "enter", "s", "r", "O", "y", "down", "u"] {
        press(&mut state, &[key]);
        screen(&state);
    }
    assert_eq!(state.chosen().unwrap().roles.selected, 0);
}

#[test]
fn a_paste_of_a_megabyte_fits_wherever_something_is_typed() {
    for keys in [
        vec!["/"],
        vec![":"],
        vec!["ctrl-x"],
        vec!["g", "enter", "/"],
        vec!["]", "]", "right", "right", "/"],
    ] {
        let mut state = samples::healthy(80, 24);
        samples::asked(&mut state, samples::answered(200, samples::RATES));
        press(&mut state, &keys);
        tell(&mut state, Message::Paste("x".repeat(1_000_000)));
        assert!(screen(&state).contains("is cut"), "{keys:?}");
        (0..5).for_each(|_second| tell(&mut state, Message::Tick));
        let shown = screen(&state);
        assert!(shown.contains("xxx"), "{keys:?}\n{shown}");
    }
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

fn keys() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        8 => prop::sample::select("qjkgGudrxS spRy/n:?fwtamlJoCLhec[]{}12Y+-MT~!Nb(4iW<>zZvVDOddzz".chars().collect::<Vec<_>>())
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

fn reached(engine: usize) -> Message {
    let about = samples::about();
    Message::Reached { engine, about }
}

fn not_described() -> Message {
    Message::Described {
        key: dev(),
        instance: crate::engine::Instance::first(Role::Database),
        result: Box::new(Err(samples::failure("gone"))),
    }
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
    match number % 22 {
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
        11..=16 => told_of_answers(number),
        17 => samples::described([Role::Database, Role::Api][usize::from(number) % 2]),
        18 => reached(usize::from(number) % 3),
        19 => Message::Tells {
            engine: 0,
            tells: number > 100,
        },
        20 => not_described(),
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

/// One of those that are about what was asked.
fn told_of_answers(number: u8) -> Message {
    match number % 18 {
        11 => samples::surveyed(),
        12 => samples::rows(
            u64::from(number) % 4,
            if number > 200 {
                Err(samples::refused())
            } else {
                Ok(samples::page(number > 100))
            },
        ),
        15 => samples::places(),
        14 => Message::Placed {
            from: dev(),
            to: super::state::Key {
                engine: usize::from(number) % 2,
                ..dev()
            },
            because: None,
        },
        13 => Message::Statements(vec!["select 1".to_owned(); usize::from(number) % 4]),
        _ => Message::Explained {
            key: dev(),
            result: Err(samples::failure("no prices")),
        },
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
    let offered = known.query.offered().len();
    prop_assert!(offered == 0 || known.query.offers.selected < offered);
    prop_assert!(known.database.list().selected < known.database.count().max(1));
    if let Some(tree) = known
        .query
        .answered
        .as_ref()
        .and_then(|answered| answered.tree.as_ref())
    {
        prop_assert!(tree.list.selected < tree.rows().max(1));
    }
    prop_assert!(state.beside != Some(state.tab));
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

#[test]
fn a_tick_is_not_put_off_by_frames_however_much_is_told_meanwhile() {
    let begun = tokio::time::Instant::now();
    let (calm, later) = (Duration::from_secs(1), Duration::from_millis(995));
    let clock = super::Clock {
        drawn: begun + later,
        ticked: begun,
    };
    assert_eq!(clock.wake(calm, true), begun + calm);
    assert_eq!(clock.wake(calm, false), begun + calm);
    let rested = super::Clock::new(begun);
    assert_eq!(rested.wake(calm, true), begun + super::FRAME);
}
