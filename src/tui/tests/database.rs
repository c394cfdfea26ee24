//! The database: what it holds and does, and statements.

use super::go;
use super::on;
use super::press;
use super::screen;
use super::snapshots;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::Tab;

/// The database tab after these keys.
fn database(width: u16, height: u16, keys: &[&str]) -> State {
    let mut state = on(Tab::Database, width, height);
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
        go(&mut state, Tab::Database);
        state
    });
    snapshots("database-looking", |width, height| {
        on(Tab::Database, width, height)
    });
    snapshots("database-trouble", |width, height| {
        let mut state = on(Tab::Database, width, height);
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
    assert_eq!(prompt(&["down", "down"]), "select 2");
    // What was typed and not sent is there again.
    assert_eq!(prompt(&["ctrl-u", "d", "r", "up", "up"]), "select 1");
    assert_eq!(prompt(&["down", "down", "down"]), "dr");
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
fn the_choice_stays_with_its_session_wherever_that_stands() {
    let mut state = database(120, 36, &["right", "down"]);
    let survey = |state: &mut State, pids: &[i32]| {
        let Message::Surveyed { key, result } = samples::surveyed() else {
            unreachable!("it is one");
        };
        let mut survey = result.unwrap();
        let kept = |pid: &i32| {
            survey
                .activities
                .iter()
                .find(|one| one.pid == *pid)
                .cloned()
        };
        survey.activities = pids.iter().filter_map(kept).collect();
        let result = Box::new(Ok(survey));
        tell(state, Message::Surveyed { key, result });
    };
    survey(&mut state, &[31, 61, 7300]);
    press(&mut state, &["c"]);
    assert!(screen(&state).contains("cancel the statement of 31"));
    press(&mut state, &["esc"]);
    survey(&mut state, &[61, 7300]);
    press(&mut state, &["c"]);
    assert!(state.overlay.is_none());
    assert!(screen(&state).contains("the session that was chosen has ended"));
    survey(&mut state, &[61, 31, 7300]);
    press(&mut state, &["c"]);
    assert!(screen(&state).contains("cancel the statement of 31"));
}

#[test]
fn statements_are_read_anew_with_their_box_and_those_with_secrets_stay() {
    let mut state = database(120, 36, &[]);
    send(&mut state, "alter role x password 'secret'");
    let read = press(&mut state, &["h"]);
    assert!(matches!(&read[..], [Effect::ReadStatements]), "{read:?}");
    tell(&mut state, Message::Statements(vec!["select 1".to_owned()]));
    assert_eq!(
        state.statements,
        ["alter role x password 'secret'", "select 1"]
    );
}
