//! What is drawn, at two sizes and in every state that matters; and what no message may break.

mod anything;
mod database;
mod engines;
mod hands;
mod life;
mod logs;
mod query;
mod roles;
mod screens;
mod states;
mod tabs;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::effect::Effect;
use super::message::Message;
use super::samples;
use super::state::State;
use super::state::Tab;
use super::update;
use super::view;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

/// What is drawn of a state.
pub fn screen(state: &State) -> String {
    let backend = TestBackend::new(state.size.width, state.size.height);
    let mut terminal = Terminal::new(backend).unwrap();
    let drawn = terminal.draw(|frame| {
        view::draw(state, frame.area(), frame.buffer_mut());
    });
    drawn.unwrap();
    terminal.backend().to_string()
}

/// A snapshot of one screen, with its size in its name.
fn snapshot(name: &str, state: &State) {
    let (width, height) = (state.size.width, state.size.height);
    insta::assert_snapshot!(format!("{name}-{width}x{height}"), screen(state));
}

/// A snapshot at each size of what `make` makes.
fn snapshots(name: &str, make: impl Fn(u16, u16) -> State) {
    for (width, height) in SIZES {
        snapshot(name, &make(width, height));
    }
}

/// An environment in which everything works, with a tab open.
fn on(tab: Tab, width: u16, height: u16) -> State {
    let mut state = samples::healthy(width, height);
    go(&mut state, tab);
    state
}

/// The same on the tab of questions, with an answer.
fn answered(width: u16, height: u16) -> State {
    let mut state = on(Tab::Query, width, height);
    samples::asked(&mut state, samples::answered(200, samples::RATES));
    state
}

/// The settings of an environment of which nothing is there.
fn nothing_there(width: u16, height: u16) -> State {
    let mut state = samples::state(width, height);
    samples::tell(&mut state, samples::looked(samples::look(Vec::new(), true)));
    let look = state.known_mut(&samples::dev()).unwrap().look.as_mut();
    look.unwrap().observed.volumes.clear();
    go(&mut state, Tab::Config);
    samples::tell(&mut state, samples::settings());
    state
}

/// Walks to a tab; what that asks for.
fn go(state: &mut State, tab: Tab) -> Vec<Effect> {
    let mut effects = Vec::new();
    while state.tab != tab {
        effects.extend(press(state, &["]"]));
    }
    effects
}

fn press(state: &mut State, keys: &[&str]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys {
        let message = Message::Key(key_event(key));
        effects.extend(update::update(state, message, state.now));
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
