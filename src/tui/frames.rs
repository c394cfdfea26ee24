//! How long a frame takes, and a key of a filter, with everything as full as it gets; `scripts/bench dashboard` runs this in a release build.

use std::io::BufWriter;
use std::io::Sink;
use std::time::Duration;
use std::time::Instant;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::TerminalOptions;
use ratatui::Viewport;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::effect::Effect;
use super::message::Message;
use super::samples;
use super::samples::dev;
use super::samples::tell;
use super::state::State;
use super::state::Tab;
use super::state::logs;
use super::update;
use super::view;
use crate::database::console;
use crate::engine::Instance;
use crate::engine::LogLine;
use crate::engine::Role;
use crate::environment::logs::Line;
use crate::rates::Atlas;
use crate::rates::Port;

const WIDTH: u16 = 200;
const HEIGHT: u16 = 50;
/// Frames of each tab that are measured.
const FRAMES: u32 = 300;
/// Days of the answer: twenty years.
const DAYS: i64 = 7300;
/// Rows of the statement: as many as are read.
const PAGES: u32 = 50;
/// Places that are offered from.
const PLACES: usize = 20_000;

/// What the dashboard draws on, but for the terminal behind it.
type Screen = Terminal<CrosstermBackend<BufWriter<Sink>>>;

/// Every cell is drawn anew, as after a scroll.
fn frame(terminal: &mut Screen, state: &State) -> Duration {
    terminal.swap_buffers();
    let begun = Instant::now();
    let drawn = terminal.draw(|frame| {
        view::draw(state, frame.area(), frame.buffer_mut());
    });
    drawn.unwrap();
    begun.elapsed()
}

fn terminal() -> Screen {
    let viewport = Viewport::Fixed(Rect::new(0, 0, WIDTH, HEIGHT));
    let backend = CrosstermBackend::new(BufWriter::with_capacity(65_536, std::io::sink()));
    Terminal::with_options(backend, TerminalOptions { viewport }).unwrap()
}

/// What makes up a full dashboard: the log, the charts, an answer, a statement, settings.
fn full() -> State {
    let mut state = samples::healthy(WIDTH, HEIGHT);
    (0..20).for_each(|_| samples::samples().for_each(|sample| tell(&mut state, sample)));
    log(&mut state, logs::CAPACITY);
    let answer = samples::answered(200, &answer());
    samples::asked(&mut state, answer);
    tell(&mut state, samples::settings());
    rows(&mut state);
    state
}

fn log(state: &mut State, count: usize) {
    let reader = state.known_mut(&dev()).unwrap().logs.reader;
    let lines = (0..count).map(|number| Line {
        instance: Instance::first(if number % 2 == 0 { Role::Api } else { Role::Database }),
        id: String::new(),
        line: LogLine {
            time: samples::noon(),
            text: format!(
                r#"{{"level":"info","request":{number},"method":"GET","path":"/rates","status":200,"duration_ms":0.4,"orig":"CNGGZ"}}"#
            ),
        },
    });
    let lines = Message::Lines {
        key: dev(),
        reader,
        lines: lines.collect(),
        lost: 0,
    };
    tell(state, lines);
}

fn answer() -> String {
    let first = jiff::civil::date(2001, 1, 1);
    let day = |number: i64| {
        let day = first.checked_add(SignedDuration::from_hours(24 * number));
        let price = 1000 + number % 700;
        format!(
            r#"{{"count":3,"day":"{}","price":{price}.25}}"#,
            day.unwrap()
        )
    };
    let days: Vec<_> = (0..DAYS).rev().map(day).collect();
    format!("{{\"rates\":[\n{}]}}", days.join(",\n"))
}

/// Sends a statement and takes in as many rows as one may have.
fn rows(state: &mut State) {
    state.tab = Tab::Database;
    tell(state, samples::surveyed());
    let key = |code| Message::Key(KeyEvent::from(code));
    tell(state, key(KeyCode::Char('e')));
    tell(state, Message::Paste("select * from prices".to_owned()));
    let sent = update::update(state, key(KeyCode::Enter), state.now);
    let number = sent.iter().find_map(|effect| match effect {
        Effect::Execute { number, .. } => Some(*number),
        _ => None,
    });
    for page in 1..=PAGES {
        let page: console::Page = samples::page(page < PAGES);
        tell(state, samples::rows(number.unwrap(), Ok(page)));
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The median and the most of this many frames, between which a line arrives.
fn measure(state: &mut State) -> (f64, f64) {
    let mut terminal = terminal();
    let mut times: Vec<_> = (0..FRAMES)
        .map(|_| {
            log(state, 1);
            frame(&mut terminal, state)
        })
        .collect();
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    (milliseconds(median), milliseconds(most))
}

fn print(name: &str, state: &mut State) {
    let (median, most) = measure(state);
    println!("frame {name} {median:.2} {most:.2}");
}

#[test]
#[ignore = "it measures and judges nothing; scripts/bench runs it in a release build"]
fn what_a_frame_of_every_tab_costs() {
    let mut state = full();
    for tab in Tab::ALL {
        state.tab = tab;
        print(tab.title(), &mut state);
    }
    state.tab = Tab::Logs;
    for (name, key) in [
        ("Logs-wrapped", KeyCode::Char('w')),
        ("two-tabs", KeyCode::Char('v')),
        ("Help", KeyCode::Char('?')),
    ] {
        tell(&mut state, Message::Key(KeyEvent::from(key)));
        print(name, &mut state);
    }
}

/// What each of these keys costs, until what it does is on the screen: the median and the most.
fn type_keys(name: &str, state: &mut State, text: &str) {
    let mut terminal = terminal();
    let cost = |key: char| {
        let begun = Instant::now();
        tell(state, Message::Key(KeyEvent::from(KeyCode::Char(key))));
        frame(&mut terminal, state);
        begun.elapsed()
    };
    let mut times: Vec<_> = text.chars().map(cost).collect();
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "key {name} {:.2} {:.2}",
        milliseconds(median),
        milliseconds(most)
    );
}

/// As many places as an API names at most.
fn places() -> Message {
    let port = |number: usize| Port {
        code: format!("P{number:05}"),
        name: format!("Port of the {number}th quay"),
        region: None,
    };
    Message::Places {
        key: dev(),
        atlas: Atlas {
            ports: (0..PLACES).map(port).collect(),
            ..Atlas::default()
        },
    }
}

#[test]
#[ignore = "it measures and judges nothing; scripts/bench runs it in a release build"]
fn what_a_key_of_a_filter_costs() {
    let mut state = full();
    state.tab = Tab::Logs;
    let press = |state: &mut State, key| tell(state, Message::Key(KeyEvent::from(key)));
    for (name, text) in [
        ("regex", "rates 200"),
        ("regex-without-match", "xyz"),
        ("regex-not-plain", "request.*(17|18)9"),
        ("fuzzy", "~rates cngz"),
        ("inverse", "!200"),
    ] {
        press(&mut state, KeyCode::Char('/'));
        type_keys(name, &mut state, text);
        press(&mut state, KeyCode::Esc);
    }
    state.tab = Tab::Query;
    press(&mut state, KeyCode::Char('e'));
    tell(&mut state, places());
    tell(
        &mut state,
        Message::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)),
    );
    type_keys("places", &mut state, "quay 17");
}
