//! The mouse, and what is pasted.

use crossterm::event::KeyModifiers;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;

use super::answered;
use super::go;
use super::on;
use super::press;
use super::screen;
use crate::engine::Role;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::tell;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::overlay::Overlay;
use crate::tui::update;

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

fn mouse(state: &mut State, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Effect> {
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    };
    update::update(state, Message::Mouse(event), state.now)
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const LET_GO: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

/// Where words stand on the screen.
fn find(state: &State, words: &str) -> (u16, u16) {
    let shown = screen(state);
    let found = shown.lines().enumerate().find_map(|(row, line)| {
        let (before, _) = line.split_once(words)?;
        // The first character of a line is a quotation mark.
        Some((before.chars().count() - 1, row))
    });
    let (column, row) = found.unwrap_or_else(|| panic!("{words} in\n{shown}"));
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

#[test]
fn the_border_between_lists_and_pane_is_dragged() {
    let mut state = samples::healthy(120, 36);
    mouse(&mut state, CLICK, (41, 10));
    mouse(&mut state, DRAG, (33, 11));
    assert_eq!(state.side, 34);
    mouse(&mut state, DRAG, (2, 11));
    assert_eq!(state.side, 28, "the lists keep room");
    mouse(&mut state, DRAG, (119, 11));
    assert_eq!(state.side, 48, "so does the pane");
    mouse(&mut state, LET_GO, (119, 11));
    mouse(&mut state, DRAG, (30, 11));
    assert_eq!(state.side, 48, "nothing is held any more");
}

#[test]
fn rows_that_the_mouse_is_drawn_over_are_copied() {
    let mut state = samples::healthy(120, 36);
    mouse(&mut state, CLICK, (60, 9));
    mouse(&mut state, DRAG, (60, 7));
    assert!(state.chosen().unwrap().logs.cursor.is_some(), "held still");
    let copied = mouse(&mut state, LET_GO, (60, 7));
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    assert_eq!(text.lines().count(), 3);
    let lines = text
        .lines()
        .filter(|line| line.starts_with("2021-01-31T12:00:") && line.ends_with(r#""days":31}"#));
    assert_eq!(lines.count(), 3, "{text}");
    mouse(&mut state, CLICK, (60, 9));
    assert!(
        mouse(&mut state, LET_GO, (60, 9)).is_empty(),
        "a click copies nothing"
    );
}

#[test]
fn a_click_puts_the_reader_on_the_row_and_another_opens_it() {
    let mut state = on(Tab::Database, 120, 36);
    tell(&mut state, samples::surveyed());
    let prices = find(&state, "prices");
    assert!(mouse(&mut state, CLICK, prices).is_empty());
    assert_eq!(state.chosen().unwrap().database.tables.selected, 1);
    let sent = mouse(&mut state, CLICK, prices);
    assert!(matches!(&sent[..], [Effect::Execute { .. }, _]), "{sent:?}");

    let mut state = samples::healthy(120, 36);
    press(&mut state, &["w"]);
    let line = find(&state, "12:01:01.000");
    mouse(&mut state, CLICK, line);
    let current = state.chosen().unwrap().logs.current().unwrap();
    assert_eq!(current.time.to_string(), "2021-01-31T12:01:01Z");
    let line = find(&state, "12:01:01.000");
    mouse(&mut state, CLICK, line);
    assert!(matches!(state.overlay, Some(Overlay::Tree(_))));

    let mut state = on(Tab::Config, 120, 36);
    tell(&mut state, samples::settings());
    let port = find(&state, "database.port");
    mouse(&mut state, CLICK, port);
    assert_eq!(state.chosen().unwrap().settings.selected, 1);
}

#[test]
fn a_click_in_the_strip_opens_the_list_on_what_was_clicked() {
    let mut state = samples::failing(80, 24);
    let (api, checks) = (find(&state, "api"), find(&state, "0 of 1"));
    assert!(mouse(&mut state, CLICK, (79, 0)).is_empty());
    assert_eq!(state.pane, Pane::Main);
    mouse(&mut state, CLICK, api);
    assert_eq!(state.selected().unwrap().instance.role, Role::Api);
    assert_eq!(state.pane, Pane::Roles);
    let database = find(&state, "database  unhealthy");
    mouse(&mut state, CLICK, database);
    assert_eq!(state.selected().unwrap().instance.role, Role::Database);
    mouse(&mut state, CLICK, checks);
    assert_eq!(
        (state.pane, state.chosen().unwrap().checks.selected),
        (Pane::Checks, 1)
    );
    mouse(&mut state, CLICK, checks);
    assert!(matches!(state.overlay, Some(Overlay::Failure(_))));
}

#[test]
fn a_click_in_a_menu_does_what_the_line_says_and_one_beside_it_closes_it() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["space"]);
    let restart = find(&state, "restart all of dev");
    let begun = mouse(&mut state, CLICK, restart);
    assert!(matches!(&begun[..], [Effect::Begin { .. }]), "{begun:?}");
    press(&mut state, &[":"]);
    assert!(mouse(&mut state, CLICK, (0, 0)).is_empty());
    assert!(state.overlay.is_none());
}

#[test]
fn a_paste_of_a_megabyte_fits_into_an_input() {
    let mut state = on(Tab::Query, 80, 24);
    press(&mut state, &["c"]);
    tell(&mut state, Message::Paste("x".repeat(1_000_000)));
    screen(&state);
    assert!(state.chosen().unwrap().query.curl.value().len() <= 2000);
}

#[test]
fn a_paste_of_a_megabyte_fits_wherever_something_is_typed() {
    for (tab, keys) in [
        (Tab::Logs, vec!["/"]),
        (Tab::Logs, vec![":"]),
        (Tab::Logs, vec!["ctrl-x"]),
        (Tab::Logs, vec!["g", "enter", "/"]),
        (Tab::Query, vec!["right", "right", "/"]),
    ] {
        let mut state = answered(80, 24);
        go(&mut state, tab);
        press(&mut state, &keys);
        tell(&mut state, Message::Paste("x".repeat(1_000_000)));
        assert!(screen(&state).contains("is cut"), "{keys:?}");
        (0..5).for_each(|_second| tell(&mut state, Message::Tick));
        let shown = screen(&state);
        assert!(shown.contains("xxx"), "{keys:?}\n{shown}");
    }
}

/// What goes to the clipboard with a key.
fn copied(state: &mut State, key: &str) -> String {
    let effects = press(state, &[key]);
    let [Effect::Copy(text)] = &effects[..] else {
        panic!("{effects:?} of {key}");
    };
    text.clone()
}

#[test]
fn rows_of_every_tab_are_copied_as_what_they_are_about() {
    let mut state = samples::healthy(80, 24);
    press(&mut state, &["g", "down", "down"]);
    assert_eq!(
        copied(&mut state, "y"),
        format!("long {}", "word ".repeat(60))
    );
    let seen = copied(&mut state, "Y");
    let wide = "2021-01-31T12:00:03.000Z api 港 广州 e\u{301} wide and combining";
    assert!(seen.lines().any(|line| line == wide), "{seen}");
    assert!(seen.contains(&"word ".repeat(60)), "{seen}");

    let mut state = answered(80, 24);
    press(&mut state, &["down"]);
    assert_eq!(copied(&mut state, "y"), "2021-01-30\t2\t");
    let days = "2021-01-31\t3\t1154.33333333333\n2021-01-30\t2\t\n2021-01-29\t\t\n\
                2021-01-28\t4\t1398\n2021-01-27\t4\t1250.5";
    assert_eq!(copied(&mut state, "Y"), days);
    assert!(copied(&mut state, "C").starts_with("curl 'http"));
    press(&mut state, &["right", "right", "down"]);
    let day = r#"{"count":3,"day":"2021-01-31","price":1154.33333333333}"#;
    assert_eq!(copied(&mut state, "y"), day);
    assert!(copied(&mut state, "Y").contains(&format!("  0: {day}\n")));
    press(&mut state, &["right"]);
    assert_eq!(copied(&mut state, "y"), "content-type: application/json");

    let mut state = on(Tab::Config, 80, 24);
    tell(&mut state, samples::settings());
    press(&mut state, &["down"]);
    assert_eq!(
        copied(&mut state, "y"),
        "database.port = 15432  # profiles/dev.toml:6"
    );

    let mut state = samples::healthy(200, 50);
    press(&mut state, &["tab"]);
    assert_eq!(
        copied(&mut state, "y"),
        "database\thealthy\t127.0.0.1:15432\tpostgres:13.5"
    );
    press(&mut state, &["tab", "down"]);
    assert_eq!(copied(&mut state, "y"), "known day\tpassed\t1154.33");
}

#[test]
fn rows_of_the_database_are_copied_with_whole_values_apart_by_tabs() {
    let mut state = on(Tab::Database, 80, 24);
    tell(&mut state, samples::surveyed());
    press(&mut state, &["down"]);
    assert_eq!(copied(&mut state, "y"), "public.prices\t56689\t4266666");
    press(&mut state, &["right"]);
    let statement = "61\tactive\tselect day, count(*)\\n  from prices\\n group by day";
    assert_eq!(copied(&mut state, "y"), statement);
    tell(&mut state, Message::Paste("select 1".to_owned()));
    let sent = press(&mut state, &["enter"]);
    let number = sent.iter().find_map(|effect| match effect {
        Effect::Execute { number, .. } => Some(*number),
        _ => None,
    });
    tell(
        &mut state,
        samples::rows(number.unwrap(), Ok(samples::page(false))),
    );
    let long = "long ".repeat(30);
    let row = format!("CN001\tGuangzhou 广州\u{202e}\t{long}\t1");
    assert_eq!(copied(&mut state, "y"), row);
    assert!(copied(&mut state, "Y").starts_with(&row));
}

#[test]
fn what_lies_over_the_panes_is_copied_and_saved() {
    let saved = |state: &mut State| {
        let effects = press(state, &["ctrl-s"]);
        let [Effect::Save { text, .. }] = &effects[..] else {
            panic!("{effects:?}");
        };
        text.clone()
    };
    let mut state = samples::healthy(80, 24);
    press(&mut state, &["g", "enter", "down"]);
    assert_eq!(copied(&mut state, "y"), "database");
    assert!(
        copied(&mut state, "Y").starts_with("time: \"2021-01-31T12:00:00Z\"\nrole: \"database\"\n")
    );
    assert!(saved(&mut state).contains("checkpoint complete"));
    press(&mut state, &["down", "enter"]);
    assert!(copied(&mut state, "y").ends_with("LOG:  checkpoint complete: wrote 3 buffers"));

    let mut state = samples::failing(200, 50);
    press(&mut state, &["tab", "tab", "down", "enter"]);
    let report = copied(&mut state, "y");
    assert!(
        report.starts_with("E-ROLE-DIED the API answered 503: no database\n"),
        "{report}"
    );
    assert!(report.ends_with("\nhint: free some space: `docker system df` tells what takes it"));
    assert_eq!(saved(&mut state), report + "\n");
}

#[test]
fn a_drag_over_another_tab_holds_no_log_and_copies_its_rows() {
    let mut state = on(Tab::Config, 120, 36);
    tell(&mut state, samples::settings());
    let port = find(&state, "database.port");
    mouse(&mut state, CLICK, port);
    mouse(&mut state, DRAG, (port.0, port.1 + 1));
    assert!(
        state.chosen().unwrap().logs.cursor.is_none(),
        "the log goes on"
    );
    let copied = mouse(&mut state, LET_GO, (port.0, port.1 + 1));
    let [Effect::Copy(text)] = &copied[..] else {
        panic!("{copied:?}");
    };
    assert_eq!(
        text,
        "database.port = 15432  # profiles/dev.toml:6\napi.memory = \"64 MB\"  # --set"
    );
}

#[test]
fn of_what_is_pasted_into_an_input_only_the_first_line_goes_in() {
    for text in ["rates\r503", "rates\n503", "\r\nrates\r\n503"] {
        let mut state = samples::healthy(120, 36);
        press(&mut state, &["/"]);
        tell(&mut state, Message::Paste(text.to_owned()));
        assert_eq!(
            state.chosen().unwrap().logs.filter.text,
            "rates",
            "{text:?}"
        );
    }
}
