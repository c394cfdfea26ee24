//! What each action does.

use jiff::Timestamp;

use super::copy;
use super::database;
use super::doing;
use super::events;
use super::logs;
use super::query;
use super::tree;
use super::walk;
use crate::engine;
use crate::engine::Exec;
use crate::engine::Instance;
use crate::engine::Role;
use crate::engine::State as Doing;
use crate::environment::exec::SHELL;
use crate::environment::exec::of_shell;
use crate::environment::exec::psql_variables;
use crate::error::Error;
use crate::profile::Row;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::keymap::Scope;
use crate::tui::state::Key;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Known;
use crate::tui::state::list::List;
use crate::tui::state::list::Step;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Palette;
use crate::tui::view;

/// Columns of the left side at least.
const NARROWEST: u16 = 28;

/// Does what was asked for.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    use Action as A;
    match action {
        A::Next => walk::step(state, Step::Rows(1)),
        A::Previous => walk::step(state, Step::Rows(-1)),
        A::NextPage => walk::step(state, Step::Pages(1)),
        A::PreviousPage => walk::step(state, Step::Pages(-1)),
        A::First => walk::step(state, Step::First),
        A::Last => walk::step(state, Step::Last),
        A::Open => walk::open(state),
        A::Back => back(state),
        A::Up | A::Down | A::DownWithData | A::Restart | A::Stop | A::Start => {
            doing::ask_for(state, action)
        }
        A::Seed | A::TryAgain | A::Cancel => doing::ask_for(state, action),
        A::Watch => super::watch::toggle(state),
        A::Describe => tree::describe(state),
        A::Logs => walk::only_selected(state),
        A::Fold | A::FoldAll | A::Search => tree::in_query(state, action),
        A::NextMatch | A::PreviousMatch if state.scope() == Scope::Query => {
            tree::in_query(state, action)
        }
        A::Shell | A::Psql => run(state, action),
        A::CopyUrl | A::CopyConnection | A::CopyLine | A::CopyVisible | A::CopyCurl => {
            copy::copy(state, action)
        }
        A::Save => copy::save(state),
        A::Filter if state.tab == Tab::Events => events::act(state, action),
        A::AllEvents => events::act(state, action),
        A::Filter | A::NextMatch | A::PreviousMatch | A::OnlyMatches | A::NextLevel | A::Follow => {
            logs::act(state, action)
        }
        A::Wrap | A::Times | A::Fields | A::Mark | A::Clear => logs::act(state, action),
        A::WindowTail
        | A::WindowHead
        | A::Window1
        | A::Window5
        | A::Window15
        | A::Window30
        | A::Window60 => logs::window(state, action),
        A::Ask | A::EditCurl | A::EditForm | A::Live | A::NextForm | A::PreviousForm => {
            query::act(state, action)
        }
        A::History | A::Why => query::act(state, action),
        A::EditSql | A::NextView | A::PreviousView | A::NextColumn | A::PreviousColumn => {
            database::act(state, action)
        }
        A::Writing | A::Statements | A::StopStatement => database::act(state, action),
        _ => screen(state, action),
    }
}

/// What is seen, and of which environment.
fn screen(state: &mut State, action: Action) -> Vec<Effect> {
    use Action as A;
    match action {
        A::Help => state.overlay = Some(Overlay::Help(0)),
        A::Palette => state.overlay = Some(Overlay::Palette(Palette::default())),
        A::Menu => state.overlay = Some(Overlay::Menu(List::default())),
        A::NextPane => walk::next_pane(state, 1),
        A::PreviousPane => walk::next_pane(state, -1),
        A::FullScreen => {
            state.full_screen = !state.full_screen;
            state.pane = Pane::Main;
        }
        A::Wider => widen(state, state.side + 4),
        A::Narrower => widen(state, state.side.saturating_sub(4)),
        A::NextTheme => {
            state.theme = state.theme.next();
            let name = state.theme.name.as_str();
            state.say(format!(
                "theme: {name}; theme = \"{name}\" in your config.toml keeps it"
            ));
        }
        A::Beside => return beside(state),
        A::Swap => return swap(state),
        A::NextTab => return next_tab(state, 1),
        A::PreviousTab => return next_tab(state, -1),
        A::Tab(place) => return tab(state, usize::from(place)),
        A::NextEnvironment => return next_environment(state, 1),
        A::PreviousEnvironment => return next_environment(state, -1),
        _ => return terminal(state, action),
    }
    walk::keep(state);
    Vec::new()
}

/// Gives the left side so many columns, as far as both sides keep room.
pub fn widen(state: &mut State, columns: u16) {
    let most = (state.size.width * 2 / 5).max(NARROWEST);
    state.side = columns.clamp(NARROWEST, most);
}

fn terminal(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Leave => leave(state),
        Action::MouseOnOff => {
            state.mouse = !state.mouse;
            let whose = if state.mouse {
                "the dashboard's"
            } else {
                "the terminal's"
            };
            state.say(format!("the mouse is {whose}"));
            vec![Effect::Mouse(state.mouse)]
        }
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        _ => Vec::new(),
    }
}

/// Leaving stops no environment. What is half done is left as it is, and the next `up` goes on with it; that has to be
/// wished twice.
fn leave(state: &mut State) -> Vec<Effect> {
    let mut working = state.environments.iter().filter_map(Known::under_way);
    match working.next() {
        Some(title) if !state.wished_to_leave => {
            let key = state.keymap.word(Action::Leave);
            let text = format!("{title} is under way; {key} again cuts it off");
            state.tell(text, true);
            state.wished_to_leave = true;
        }
        _ => state.leaving = true,
    }
    Vec::new()
}

fn next_tab(state: &mut State, by: isize) -> Vec<Effect> {
    let at = Tab::ALL
        .iter()
        .position(|tab| *tab == state.tab)
        .unwrap_or(0);
    let count = Tab::ALL.len();
    tab(state, (at + count).saturating_add_signed(by) % count)
}

/// Shows a tab.
pub fn tab(state: &mut State, place: usize) -> Vec<Effect> {
    let Some(tab) = Tab::ALL.get(place) else {
        return Vec::new();
    };
    if state.beside == Some(*tab) {
        state.beside = Some(state.tab);
    }
    state.tab = *tab;
    state.pane = Pane::Main;
    walk::keep(state);
    needed(state, *tab)
}

/// What a tab has to be told before it can show anything.
fn needed(state: &mut State, tab: Tab) -> Vec<Effect> {
    let now = state.now;
    match state.chosen_mut() {
        Some(known) if tab == Tab::Config => vec![configure(known, now, None)],
        Some(_) if tab == Tab::Database => database::due(state),
        Some(_) if tab == Tab::Stats => super::tick::sample_now(state),
        Some(known) if tab == Tab::Query && known.query.waits_for_api() => Vec::new(),
        Some(known) if tab == Tab::Query && known.query.answered.is_none() => query::arrive(state),
        _ => Vec::new(),
    }
}

/// Shows the next tab beside the one that is shown, or that one alone again.
fn beside(state: &mut State) -> Vec<Effect> {
    if state.beside.take().is_some() {
        walk::keep(state);
        return Vec::new();
    }
    if !view::has_room_beside(state) {
        state.say("two tabs side by side need 200 columns");
        return Vec::new();
    }
    let at = Tab::ALL.iter().position(|tab| *tab == state.tab);
    let next = Tab::ALL
        .get((at.unwrap_or(0) + 1) % Tab::ALL.len())
        .copied();
    state.beside = next;
    walk::keep(state);
    next.map_or_else(Vec::new, |next| needed(state, next))
}

/// Gives the focus to the other of two tabs.
pub fn swap(state: &mut State) -> Vec<Effect> {
    let other = state.beside.filter(|_| view::has_room_beside(state));
    let place = Tab::ALL.iter().position(|tab| Some(*tab) == other);
    place.map_or_else(Vec::new, |place| tab(state, place))
}

/// What was changed may be as wanted now.
pub fn compared_again(state: &mut State, key: &Key) -> Option<Effect> {
    let now = state.now;
    let is_shown = view::is_shown(state, Tab::Config);
    let known = state.chosen_mut().filter(|known| known.key == *key)?;
    is_shown.then(|| configure(known, now, None))
}

/// Resolves the profile, and compares it with what runs; where its settings are those that are known, there is nothing new
/// to compare.
pub fn configure(known: &mut Known, now: Timestamp, known_rows: Option<Vec<Row>>) -> Effect {
    known.configured_at = Some(now);
    Effect::Configure {
        key: known.key.clone(),
        profile: known.profile.clone(),
        known_rows,
    }
}

fn next_environment(state: &mut State, by: isize) -> Vec<Effect> {
    let count = state.environments.len();
    if count == 0 {
        return Vec::new();
    }
    choose(
        state,
        (state.chosen + count).saturating_add_signed(by) % count,
    )
}

/// Shows another environment: the log of the one before is not read on.
pub fn choose(state: &mut State, place: usize) -> Vec<Effect> {
    if place == state.chosen || place >= state.environments.len() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    if let Some(known) = state.chosen_mut() {
        known.logs.reading = false;
        effects.push(Effect::Unfollow(known.key.clone()));
    }
    state.chosen = place;
    effects.extend(arrive(state));
    effects
}

/// What has to be known of the environment that is shown.
pub fn arrive(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let shows_config = view::is_shown(state, Tab::Config);
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    let mut effects = vec![Effect::Follow {
        key: known.key.clone(),
        window: known.logs.resume(now),
        reader: known.logs.begin_reading(),
    }];
    if shows_config {
        effects.push(configure(known, now, None));
    }
    effects.extend(super::tick::look(known, now));
    effects.extend(database::due(state));
    walk::keep(state);
    effects
}

/// One step back: from what is said, from a filter, from a pane, from the full screen.
fn back(state: &mut State) -> Vec<Effect> {
    if doing::close(state) {
        return Vec::new();
    }
    if state.pane != Pane::Main {
        state.pane = Pane::Main;
    } else if is_opened(state) {
        walk::keep(state);
    } else {
        state.full_screen = false;
    }
    Vec::new()
}

/// Whether a filter of the tab was there and has been taken away.
fn is_opened(state: &mut State) -> bool {
    match state.tab {
        Tab::Logs => logs::open_filter(state),
        Tab::Events => events::open_filter(state),
        _ => false,
    }
}

/// Gives the terminal to a program that runs beside a role.
fn run(state: &mut State, action: Action) -> Vec<Effect> {
    let wanted = match action {
        Action::Psql => state.instance(Role::Database),
        _ => state.selected(),
    };
    let Some(found) = wanted
        .filter(|found| found.state == Doing::Running)
        .cloned()
    else {
        let key = state.keymap.word(Action::Up);
        state.complain(format!(
            "nothing runs there; {key} brings the environment up"
        ));
        return Vec::new();
    };
    let Some(known) = state.chosen() else {
        return Vec::new();
    };
    let exec = match action {
        Action::Psql => Exec {
            command: vec!["psql".to_owned()],
            variables: psql_variables(),
            terminal: true,
            ..Exec::default()
        },
        _ => Exec {
            command: SHELL.map(str::to_owned).into(),
            terminal: true,
            ..Exec::default()
        },
    };
    vec![Effect::Run {
        key: known.key.clone(),
        found: Box::new(found),
        exec,
    }]
}

/// Says how a program ended that had the terminal. A shell ends with what was typed last, which says nothing of it.
pub fn program_ended(
    state: &mut State,
    instance: Instance,
    exec: &Exec,
    ended: engine::Result<i32>,
) {
    let is_shell = exec.command == SHELL;
    let program = if is_shell { "the shell" } else { "psql" };
    match ended {
        Err(error) if is_shell => state.complain_of(&of_shell(error, instance).report()),
        Err(error) => state.complain_of(&Error::from(error).report()),
        Ok(code) if is_shell || code == 0 => state.say(format!("{program} ended")),
        Ok(code) => state.complain(format!("{program} ended with {code}")),
    }
}
