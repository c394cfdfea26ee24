//! No message breaks the dashboard, whatever it is and whenever it comes.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use proptest::prelude::*;
use ratatui::layout::Size;

use super::screen;
use crate::engine;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::engine::State as Life;
use crate::environment::changes::Changed;
use crate::environment::event;
use crate::tui::message::Message;
use crate::tui::samples;
use crate::tui::samples::dev;
use crate::tui::samples::tell;
use crate::tui::state::State;
use crate::tui::state::overlay::Overlay;

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
        instance: engine::Instance::first(Role::Database),
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
    match number % 24 {
        22 => told_of_life(number, state),
        23 => told_of_failures(number),
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
        _ => mouse(number, state.size),
    }
}

/// Something that the mouse does somewhere.
fn mouse(number: u8, size: Size) -> Message {
    let kinds = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ];
    Message::Mouse(MouseEvent {
        kind: kinds[usize::from(number) % kinds.len()],
        column: size.width / (1 + u16::from(number) % 7),
        row: size.height / (1 + u16::from(number) % 5),
        modifiers: KeyModifiers::NONE,
    })
}

/// One of those that are about what happens, and about what is done.
fn told_of_life(number: u8, state: &State) -> Message {
    let key = dev();
    let failed = || samples::failure("broken");
    match number / 24 {
        0 => Message::Happened {
            engine: 0,
            event: engine::Event {
                time: samples::noon(),
                environment: "dev".parse().unwrap(),
                instance: engine::Instance::first(Role::Api),
                kind: engine::EventKind::Exited { code: 1 },
            },
        },
        1 => Message::Told {
            key,
            event: event::Event::Started { step: 3 },
        },
        2 => Message::Progressed {
            key,
            latest: vec![None; 7],
        },
        3 => Message::Waits {
            key,
            holder: "another command".to_owned(),
        },
        4 => Message::LogsBroke {
            key,
            reader: state.chosen().map_or(0, |known| known.logs.reader),
            report: failed(),
        },
        5 => Message::Profiles(vec![("e1".parse().unwrap(), "e1.toml".into())]),
        6 => Message::History(Vec::new()),
        7 => Message::Watching {
            key,
            result: Err(failed()),
        },
        8 => Message::CodeChanged {
            key,
            changed: Changed {
                roles: [Role::Api].into(),
                file: "app.py".into(),
            },
        },
        _ => Message::Compared {
            key,
            result: Ok(Vec::new()),
        },
    }
}

/// One of those that are about what failed.
fn told_of_failures(number: u8) -> Message {
    let key = dev();
    let failed = samples::failure("broken");
    match number / 24 % 4 {
        0 => Message::Said(Err(failed)),
        1 => Message::Said(Ok("well".to_owned())),
        2 => Message::Compared {
            key,
            result: Err(failed),
        },
        _ => Message::Looked {
            key,
            result: Box::new(Err(failed)),
        },
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
            to: crate::tui::state::Key {
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
    prop_assert!(known.events.selected < state.happenings().len().max(1));
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
