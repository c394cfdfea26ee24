use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;

use crate::database::console::Access;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::tests::screen;
use crate::tui::update::update;

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let code = |key| match key {
        '⏎' => KeyCode::Enter,
        '⎋' => KeyCode::Esc,
        '↑' => KeyCode::Up,
        letter => KeyCode::Char(letter),
    };
    let key = |key| Message::Key(KeyEvent::from(code(key)));
    let now = state.now;
    keys.chars()
        .flat_map(|pressed| update(state, key(pressed), now))
        .collect()
}

fn paste(state: &mut State, text: &str) {
    tell(state, Message::Paste(text.to_owned()));
}

/// The database tab of a healthy environment.
fn tab() -> State {
    let mut state = samples::healthy(120, 36);
    press(&mut state, "]]]");
    tell(&mut state, samples::surveyed());
    state
}

fn prompt(state: &State) -> &str {
    state.chosen().unwrap().database.prompt.value()
}

fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

fn sent(effects: &[Effect]) -> (&str, Access) {
    match effects {
        [Effect::Execute { sql, access, .. }, ..] => (sql, *access),
        _ => panic!("{effects:?}"),
    }
}

#[test]
fn a_pasted_statement_is_sent_as_it_was() {
    let delete = "delete from prices where orig_code = 'X' -- note\nand day < '2021-01-01'";
    for sql in [delete, "select\t1", "select 'one\n\ttwo' -- 'three'"] {
        let mut state = tab();
        paste(&mut state, sql);
        assert_eq!(sent(&press(&mut state, "⏎")).0, sql);
        assert_eq!(press(&mut state, "e⎋e↑"), []);
        assert_eq!(prompt(&state), sql, "it comes back as it was");
    }
}

#[test]
fn line_breaks_of_any_terminal_are_line_breaks() {
    let mut state = tab();
    paste(&mut state, "select 1\r-- one\r\n, 2");
    assert_eq!(prompt(&state), "select 1\n-- one\n, 2");
}

#[test]
fn a_statement_of_several_lines_is_shown_in_one_with_the_cursor_at_its_end() {
    let mut state = tab();
    paste(&mut state, "select\t1\n, 2");
    let shown = screen(&state);
    assert!(shown.contains("sql> select 1↵, 2"), "{shown}");
    press(&mut state, "3⎋");
    let shown = screen(&state);
    assert!(shown.contains("sql> select 1↵, 23"), "{shown}");
}

#[test]
fn what_does_not_go_in_whole_does_not_go_in() {
    let mut state = tab();
    paste(&mut state, &"x".repeat(20_000));
    assert_eq!(notice(&state), "");
    for (text, why) in [("y", "20\u{2009}001 characters"), ("y\u{1b}[31m", "U+001B")] {
        paste(&mut state, text);
        assert!(notice(&state).contains(why), "{}", notice(&state));
        assert_eq!(prompt(&state), "x".repeat(20_000));
    }
}

#[test]
fn a_line_that_is_cut_is_said_to_be() {
    let mut state = samples::healthy(120, 36);
    press(&mut state, "/");
    paste(&mut state, &"x".repeat(2001));
    assert!(notice(&state).contains("is cut"), "{}", notice(&state));
}

#[test]
fn nothing_writes_before_it_is_known_whether_the_environment_is_protected() {
    let mut state = tab();
    let look = state.known_mut(&dev()).unwrap().look.take();
    press(&mut state, "W");
    assert!(!state.chosen().unwrap().database.writing);
    assert!(
        notice(&state).contains("not known yet"),
        "{}",
        notice(&state)
    );
    state.known_mut(&dev()).unwrap().look = look;
    press(&mut state, "W");
    assert!(state.chosen().unwrap().database.writing);
}

#[test]
fn an_environment_that_becomes_protected_wants_its_name_before_the_next_statement() {
    let mut state = tab();
    press(&mut state, "W");
    let look = state.known_mut(&dev()).unwrap().look.as_mut().unwrap();
    look.protected = true;
    paste(&mut state, "delete from prices");
    assert_eq!(press(&mut state, "⏎"), []);
    assert!(!state.chosen().unwrap().database.writing);
    assert!(notice(&state).contains("protected"), "{}", notice(&state));
    assert_eq!(prompt(&state), "delete from prices");
    press(&mut state, "Wdev⏎e");
    let effects = press(&mut state, "⏎");
    assert_eq!(sent(&effects), ("delete from prices", Access::Writing));
}
