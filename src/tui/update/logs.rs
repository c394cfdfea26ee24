//! Actions in the logs.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use tui_input::Input;

use super::input;
use super::walk;
use crate::log_line::Level;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::logs::Filter;
use crate::tui::state::logs::Logs;
use crate::tui::state::logs::Window;
use crate::tui::view;

/// Does what was asked for in the logs.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let now = state.now;
    let area = view::log_area(state);
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let logs = &mut known.logs;
    let layout = logs.layout;
    let rows = |entry: &_| view::logs::rows(entry, layout, area.width);
    match action {
        Action::Filter => logs.typing = Some(logs.filter.text.clone().into()),
        Action::NextMatch => logs.step_to_match(true, area.height.into(), rows),
        Action::PreviousMatch => logs.step_to_match(false, area.height.into(), rows),
        Action::OnlyMatches => {
            let keep_others = !logs.filter.keep_others;
            logs.set_filter(logs.filter.but(|filter| filter.keep_others = keep_others));
        }
        Action::NextLevel => next_level(logs),
        Action::Follow => logs.set_following(logs.cursor.is_some()),
        Action::Mark => logs.mark(),
        Action::Clear => logs.forget(now),
        _ => lay_out(logs, action),
    }
    walk::keep(state);
    Vec::new()
}

fn lay_out(logs: &mut Logs, action: Action) {
    let layout = &mut logs.layout;
    match action {
        Action::Wrap => layout.wrap = !layout.wrap,
        Action::Times => layout.hide_times = !layout.hide_times,
        Action::Fields => layout.fields = !layout.fields,
        _ => {}
    }
}

fn next_level(logs: &mut Logs) {
    let least = match logs.filter.least {
        None => Some(Level::Info),
        Some(Level::Debug | Level::Info) => Some(Level::Warn),
        Some(Level::Warn) => Some(Level::Error),
        Some(Level::Error) => None,
    };
    logs.set_filter(logs.filter.but(|filter| filter.least = least));
}

/// Reads another part of the past.
pub fn window(state: &mut State, action: Action) -> Vec<Effect> {
    let now = state.now;
    let window = match action {
        Action::WindowHead => Window::Head,
        Action::Window1 => Window::Minutes(1),
        Action::Window5 => Window::Minutes(5),
        Action::Window15 => Window::Minutes(15),
        Action::Window30 => Window::Minutes(30),
        Action::Window60 => Window::Minutes(60),
        _ => Window::Tail,
    };
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    known.logs.clear();
    known.logs.window = window;
    vec![Effect::Follow {
        key: known.key.clone(),
        window: window.at(now),
        reader: known.logs.begin_reading(),
    }]
}

/// A key while the filter is typed: it holds at once, Enter keeps it, Esc brings everything back.
pub fn type_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if input::leaves(key) {
        state.leaving = true;
        return Vec::new();
    }
    let Some(logs) = state.chosen_mut().map(|known| &mut known.logs) else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Enter => logs.typing = None,
        KeyCode::Esc => {
            logs.typing = None;
            logs.set_filter(logs.filter.with_text(""));
        }
        _ => {
            let typed = logs.typing.as_mut();
            let changed = typed.is_some_and(|typing| input::edit(typing, key));
            let text = logs.typing.as_ref().map(Input::value).filter(|_| changed);
            if let Some(filter) = text.map(|text| logs.filter.with_text(text)) {
                logs.set_filter(filter);
            }
        }
    }
    walk::keep(state);
    Vec::new()
}

/// Pasted text is looked for; tells whether all of it went in.
pub fn paste(state: &mut State, text: &str) -> bool {
    let Some(logs) = state.chosen_mut().map(|known| &mut known.logs) else {
        return true;
    };
    let mut typing = logs.typing.take().unwrap_or_else(Input::default);
    let whole = input::insert(&mut typing, text);
    logs.set_filter(logs.filter.with_text(typing.value()));
    logs.typing = Some(typing);
    whole
}

/// Takes the filter away; tells whether there was one.
pub fn open_filter(state: &mut State) -> bool {
    let Some(logs) = state.chosen_mut().map(|known| &mut known.logs) else {
        return false;
    };
    if logs.filter.is_open() && logs.cursor.is_none() {
        return false;
    }
    if logs.filter.is_open() {
        logs.set_following(true);
    } else {
        logs.set_filter(Filter::default());
    }
    true
}
