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
    assert!(text.contains("GET /rates 200"), "{text}");
    assert!(!text.contains('▌'), "{text}");
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
fn a_click_in_a_menu_does_what_the_line_says_and_one_beside_it_closes_it() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, &["space"]);
    let restart = find(&state, "restart the chosen role");
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
