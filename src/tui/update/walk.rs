//! Walking: panes, rows, what a row opens, and what of it can be taken along.

use super::database;
use super::query;
use super::tree;
use crate::error::Code;
use crate::error::Report;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Known;
use crate::tui::state::known::is_failed;
use crate::tui::state::list::Step;
use crate::tui::state::overlay::Failure;
use crate::tui::state::overlay::Overlay;
use crate::tui::view;

/// Lines of a failed role that are shown with its failure.
const LAST_LINES: usize = 12;

/// Gives the focus to another pane. Where the lists have no place of their own, the one that gets it lies over the main pane.
pub fn next_pane(state: &mut State, by: isize) {
    let at = Pane::ALL
        .iter()
        .position(|pane| *pane == state.pane)
        .unwrap_or(0);
    let count = Pane::ALL.len();
    let next = Pane::ALL.get((at + count).saturating_add_signed(by) % count);
    state.pane = next.copied().unwrap_or(Pane::Main);
    state.full_screen &= state.pane == Pane::Main;
    // Whoever comes back to the list does not look for what has gone meanwhile.
    if let Some(known) = state
        .chosen_mut()
        .filter(|known| known.selected().is_none())
    {
        known.role = None;
    }
}

/// Takes a step through the rows of the focused pane.
pub fn step(state: &mut State, step: Step) -> Vec<Effect> {
    let height = usize::from(view::rows_height(state));
    let area = view::log_area(state);
    let hidden = view::hidden_charts(state);
    let (pane, tab) = (state.pane, state.tab);
    let happened = state.happened();
    let Some(known) = state.chosen_mut() else {
        return Vec::new();
    };
    match (pane, tab) {
        (Pane::Roles, _) => {
            known.roles.step(step, known.instances().len(), height);
            known.choose_role();
        }
        (Pane::Checks, _) => known
            .checks
            .step(step, known.check_statuses().len() + 1, height),
        (Pane::Main, Tab::Logs) => {
            let layout = known.logs.layout;
            let rows = |entry: &_| view::logs::rows(entry, layout, area.width);
            known.logs.step(step, area.height.into(), rows);
        }
        (Pane::Main, Tab::Query) => match known.query.tree_mut() {
            Some(tree) => tree.step(step, height),
            None => known.query.row.step(step, known.query.rows(), height),
        },
        (Pane::Main, Tab::Database) => {
            let count = known.database.count();
            known.database.list_mut().step(step, count, height);
            known.database.choose_running();
            return database::fetch(state);
        }
        (Pane::Main, Tab::Events) => {
            known.events.step(step, happened, height);
            hold_event(state);
        }
        (Pane::Main, Tab::Config) => known.settings.step(step, settings(known), height),
        (Pane::Main, Tab::Stats) => known.stats = step.from(known.stats, hidden + 1, 2),
    }
    Vec::new()
}

/// Stands still on the event of the row, or follows what happens from the last one on.
pub fn hold_event(state: &mut State) {
    let row = state.chosen().map_or(0, |known| known.events.selected);
    let event = state.event_at(row);
    if let Some(known) = state.chosen_mut() {
        known.event = event;
    }
}

fn settings(known: &Known) -> usize {
    let rows = known
        .config
        .as_ref()
        .and_then(|config| config.as_ref().ok());
    rows.map_or(0, Vec::len)
}

/// Keeps every choice on a row that exists and on the screen.
pub fn keep(state: &mut State) {
    let last = state.environments.len().saturating_sub(1);
    state.chosen = state.chosen.min(last);
    let hidden = view::hidden_charts(state);
    let of = |pane| usize::from(view::pane_height(state, pane));
    let (happened, event) = (state.happened(), state.event_row());
    let on_roles = state.pane == Pane::Roles;
    let (roles, checks, height) = (of(Pane::Roles), of(Pane::Checks), of(Pane::Main));
    let Some(known) = state.chosen_mut() else {
        return;
    };
    known.stats = known.stats.min(hidden);
    known.roles.keep(known.instances().len(), roles);
    if on_roles && known.role.is_none() {
        known.choose_role();
    }
    known.checks.keep(known.check_statuses().len() + 1, checks);
    let rows = known.query.rows();
    match known.query.tree_mut() {
        Some(tree) => tree.list.keep(rows, height),
        None => known.query.row.keep(rows, height),
    }
    let count = known.database.count();
    known.database.list_mut().keep(count, height);
    if known.event.is_none() {
        known.events.selected = happened.saturating_sub(1);
    } else if let Some(row) = event {
        known.events.follow(row);
    }
    known.events.keep(happened, height);
    known.settings.keep(settings(known), height);
}

/// Opens what the row is about: the failure of what failed, the log of what runs.
pub fn open(state: &mut State) -> Vec<Effect> {
    let failure = match state.pane {
        Pane::Roles => role_failure(state),
        Pane::Checks => check_failure(state),
        Pane::Main => operation_failure(state),
    };
    if let Some(failure) = failure {
        state.overlay = Some(Overlay::Failure(failure));
    } else if state.pane == Pane::Roles {
        only_selected(state);
    } else if state.pane == Pane::Main && state.tab == Tab::Database {
        return database::open(state);
    } else if state.pane == Pane::Main && state.tab == Tab::Query {
        return query::open(state);
    } else if state.pane == Pane::Main && state.tab == Tab::Logs {
        let line = state.chosen().and_then(|known| known.logs.current());
        if let Some(overlay) = line.map(tree::of_line) {
            state.overlay = Some(overlay);
        }
    }
    Vec::new()
}

/// Shows the lines of the chosen role alone; those of all, when they are shown alone already.
pub fn only_selected(state: &mut State) -> Vec<Effect> {
    let Some(instance) = state.selected().map(|found| found.instance) else {
        return Vec::new();
    };
    state.tab = Tab::Logs;
    state.pane = Pane::Main;
    if let Some(logs) = state.chosen_mut().map(|known| &mut known.logs) {
        let instance = (logs.filter.instance != Some(instance)).then_some(instance);
        logs.set_filter(logs.filter.but(|filter| filter.instance = instance));
    }
    Vec::new()
}

fn role_failure(state: &State) -> Option<Failure> {
    let known = state.chosen()?;
    let role = known.selected_status()?;
    let instance = state.selected()?.instance;
    if !is_failed(role) {
        return None;
    }
    let last = known.logs.last_of(instance, LAST_LINES).into_iter();
    let last = last.map(|entry| crate::log_line::gist(&entry.text).into_owned());
    let how = role
        .health
        .map_or_else(|| role.state.to_string(), |health| health.to_string());
    let report = Report {
        code: Code::RoleDied,
        message: format!("{} is {how}", role.name),
        causes: role.probe.clone().into_iter().collect(),
        detail: last.collect(),
        hint: Some(format!(
            "{} brings it up again, and says why where it cannot",
            state.keymap.word(Action::Up)
        )),
    };
    Some(Failure {
        title: role.name.clone(),
        report,
        scroll: 0,
    })
}

fn check_failure(state: &State) -> Option<Failure> {
    let known = state.chosen()?;
    // The first row is the seed.
    let check = known
        .check_statuses()
        .get(known.checks.selected.checked_sub(1)?)?;
    Some(Failure {
        title: format!("check {}", check.name),
        report: check.error.clone()?,
        scroll: 0,
    })
}

fn operation_failure(state: &State) -> Option<Failure> {
    let known = state.chosen()?;
    let operation = known.operation.as_ref()?;
    Some(Failure {
        title: operation.doing.title(known.key.name.as_str()),
        report: operation.failure()?.clone(),
        scroll: 0,
    })
}
