//! From the state to cells: where each panel stands, and who draws it. Nothing here changes anything.

mod ask;
mod checks;
mod config;
mod database;
mod events;
mod failure;
mod footer;
mod header;
mod help;
mod history;
mod load;
pub mod logs;
mod main_pane;
mod menu;
mod operation;
mod palette;
mod part;
mod query;
mod role;
mod roles;
mod statements;
mod stats;
mod text;
mod tree;
mod words;

use std::ops::Range;
use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::layout::Size;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Clear;
use ratatui::widgets::Widget;

use super::keymap::Action;
use super::state::Drag;
use super::state::Pane;
use super::state::State;
use super::state::Tab;
use super::state::known::Known;
use super::state::list::List;
use super::state::overlay::Overlay;
use crate::text::Charset;

/// Columns of a list that lies over the pane.
const WIDEST_LIST: u16 = 60;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Lists beside the pane.
    Wide,
    /// Lists in one line above the pane.
    Strip,
    /// One pane without borders.
    Tiny,
}

/// Where everything stands. What has no place has an empty one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Areas {
    /// The environments and the engine.
    pub header: Rect,
    /// The roles in one line.
    pub strip: Rect,
    /// The list of roles.
    pub roles: Rect,
    /// The list of checks.
    pub checks: Rect,
    /// What the environment uses.
    pub load: Rect,
    /// The main pane with its border.
    pub main: Rect,
    /// The second tab with its border.
    pub beside: Rect,
    /// What is being done, inside the main pane.
    pub operation: Rect,
    /// The tab, inside the main pane.
    pub tab: Rect,
    /// The line for what is said.
    pub notice: Rect,
    /// The keys.
    pub footer: Rect,
}

/// What the mouse can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An environment in the header.
    Environment(usize),
    /// The title of a tab.
    Tab(usize),
    /// A row of the list of roles.
    Role(usize),
    /// A row of the list of checks.
    Check(usize),
    /// The border between the lists and the main pane.
    Border,
    /// The main pane.
    Main,
    /// The tab beside it.
    Beside,
}

/// How much room the terminal has.
pub fn class(state: &State) -> Class {
    match state.size {
        Size {
            width: 100..,
            height: 20..,
        } => Class::Wide,
        Size {
            width: 60..,
            height: 15..,
        } => Class::Strip,
        _ => Class::Tiny,
    }
}

/// Where everything stands on the terminal.
pub fn areas(state: &State) -> Areas {
    let screen = Rect::new(0, 0, state.size.width, state.size.height);
    let mut areas = match class(state) {
        Class::Wide => wide(state, screen),
        Class::Strip => strip(screen),
        Class::Tiny => tiny(screen),
    };
    if state.beside.is_some() && has_room_beside(state) {
        let half = areas.main.width / 2;
        areas.beside = Rect {
            x: areas.main.x + half,
            width: areas.main.width - half,
            ..areas.main
        };
        areas.main.width = half;
    }
    if is_list_over(state) {
        lay_list_over(state, &mut areas);
    }
    let inside = match class(state) {
        Class::Tiny => part::below(areas.main, 1),
        _ => part::inside(areas.main),
    };
    // Where there is no room for both, what is being done comes before the tab.
    let most = if inside.height < 10 {
        inside.height
    } else {
        inside.height - 3
    };
    let wanted = operation::height(state, inside.width).min(most);
    areas.operation = part::top(inside, wanted);
    areas.tab = part::below(inside, wanted);
    areas
}

/// Whether the list that has the focus lies over the main pane, because it has no place beside it.
pub fn is_list_over(state: &State) -> bool {
    class(state) != Class::Wide && state.pane != Pane::Main
}

fn lay_list_over(state: &State, areas: &mut Areas) {
    let width = areas.main.width.saturating_sub(2).min(WIDEST_LIST);
    if state.pane == Pane::Checks {
        areas.checks = part::centred(areas.main, width, checks::height(state));
        return;
    }
    let list = roles::height(state);
    let place = part::centred(areas.main, width, list + role::height(state, width));
    areas.roles = part::top(place, list);
    areas.load = part::below(place, list);
}

/// Whether two tabs have room beside each other.
pub fn has_room_beside(state: &State) -> bool {
    class(state) == Class::Wide && state.size.width >= 200
}

/// Whether a tab is on the screen, alone or beside another.
pub fn is_shown(state: &State, tab: Tab) -> bool {
    state.tab == tab || (state.beside == Some(tab) && has_room_beside(state))
}

/// Rows of charts that have no room.
pub fn hidden_charts(state: &State) -> usize {
    stats::hidden(state, areas(state).tab)
}

fn wide(state: &State, screen: Rect) -> Areas {
    let body = Rect {
        y: 1,
        height: screen.height.saturating_sub(3),
        ..screen
    };
    let side = if state.full_screen {
        0
    } else {
        state.side.min(screen.width * 2 / 5)
    };
    let left = Rect {
        width: side,
        ..body
    };
    let roles = part::top(left, roles::height(state).min(left.height / 2));
    let below = part::below(left, roles.height);
    let checks = part::top(below, checks::height(state).min(below.height / 2));
    Areas {
        header: part::top(screen, 1),
        roles,
        checks,
        load: part::below(below, checks.height),
        main: Rect {
            x: side,
            width: screen.width - side,
            ..body
        },
        notice: part::bottom(screen, 2),
        footer: part::bottom(screen, 1),
        ..Areas::default()
    }
}

fn strip(screen: Rect) -> Areas {
    Areas {
        header: part::top(screen, 1),
        strip: part::top(part::below(screen, 1), 1),
        main: Rect {
            y: 2,
            height: screen.height.saturating_sub(3),
            ..screen
        },
        notice: part::bottom(screen, 2),
        footer: part::bottom(screen, 1),
        ..Areas::default()
    }
}

fn tiny(screen: Rect) -> Areas {
    Areas {
        header: part::top(screen, 1),
        main: Rect {
            y: screen.height.min(1),
            height: screen.height.saturating_sub(2),
            ..screen
        },
        notice: part::bottom(screen, 1),
        footer: part::bottom(screen, 1),
        ..Areas::default()
    }
}

/// Draws everything; returns where the cursor of the terminal belongs, while something is typed.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    // The terminal may have shrunk since the state heard of it.
    let screen = Rect::new(0, 0, state.size.width, state.size.height);
    if area.intersection(screen) != screen || screen.is_empty() {
        return None;
    }
    let areas = areas(state);
    header::draw(state, areas.header, buffer);
    header::draw_strip(state, areas.strip, buffer);
    let typed = main_pane::draw(state, &areas, buffer);
    draw_dragged(state, areas.tab, buffer);
    draw_lists(state, &areas, buffer);
    footer::draw(state, areas.footer, buffer);
    footer::draw_notice(state, areas.notice, buffer);
    let typed = match &state.overlay {
        Some(overlay) => draw_overlay(state, overlay, area, buffer),
        None => typed,
    };
    if state.theme.charset == Charset::Ascii {
        to_ascii(area, buffer);
    }
    typed
}

/// The lists, and below them the chosen role, or what all of them use.
fn draw_lists(state: &State, areas: &Areas, buffer: &mut Buffer) {
    for area in [areas.roles, areas.checks, areas.load] {
        render(Clear, area, buffer);
    }
    roles::draw(state, areas.roles, buffer);
    checks::draw(state, areas.checks, buffer);
    if state.pane == Pane::Roles {
        role::draw(state, areas.load, buffer);
    } else {
        load::draw(state, areas.load, buffer);
    }
    if is_list_over(state) {
        let lowest = if state.pane == Pane::Roles {
            areas.load
        } else {
            areas.checks
        };
        let mut keys = part::hint(state, Action::Open, "open  ");
        keys.extend(part::hint(state, Action::Back, "back "));
        keys.insert(0, Span::raw(" "));
        part::foot(Line::from(keys), lowest, buffer);
    }
}

/// The rows that the mouse was drawn over.
fn draw_dragged(state: &State, tab: Rect, buffer: &mut Buffer) {
    let Some(Drag::Rows(rows)) = &state.drag else {
        return;
    };
    for row in tab.rows().filter(|row| rows.lines().contains(&row.y)) {
        buffer.set_style(row, state.theme.raised);
    }
}

/// What the terminal does not know is stood in for, whoever drew it.
fn to_ascii(area: Rect, buffer: &mut Buffer) {
    for at in area.positions() {
        let Some(cell) = buffer.cell_mut(at) else {
            continue;
        };
        match cell.symbol() {
            known if known.is_ascii() => {}
            "•" => {
                cell.set_symbol("*");
            }
            "…" => {
                cell.set_symbol("~");
            }
            _ => {
                cell.set_symbol("?");
            }
        }
    }
}

fn draw_overlay(
    state: &State,
    overlay: &Overlay,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    match overlay {
        Overlay::Help(scroll) => help::draw(state, *scroll, area, buffer),
        Overlay::Palette(palette) => return palette::draw(state, palette, area, buffer),
        Overlay::Menu(list) => menu::draw(state, *list, area, buffer),
        Overlay::Confirm(confirm) => return ask::draw(state, confirm, area, buffer),
        Overlay::Failure(failure) => failure::draw(state, failure, area, buffer),
        Overlay::History(list) => history::draw(state, *list, area, buffer),
        Overlay::Statements(list) => statements::draw(state, *list, area, buffer),
        Overlay::Text(text) => text::draw(state, text, area, buffer),
        Overlay::Tree(described) => return tree::draw_over(state, described, area, buffer),
    }
    None
}

/// The place of the last line of the log that is on the screen.
pub fn last_log_line(state: &State) -> usize {
    logs_seen(state).end.saturating_sub(1)
}

/// The places of the lines of the log that are on the screen.
fn logs_seen(state: &State) -> Range<usize> {
    let (area, known) = (log_area(state), state.chosen());
    known.map_or(0..0, |known| {
        let rows = |entry: &_| logs::rows(entry, known.logs.layout, area.width);
        known.logs.window(area.height.into(), rows)
    })
}

/// Where log lines stand, without the rows around them.
pub fn log_area(state: &State) -> Rect {
    logs::lines_area(state, areas(state).tab)
}

/// Rows of the focused list that are on the screen.
pub fn rows_height(state: &State) -> u16 {
    pane_height(state, state.pane)
}

/// Rows of a pane's list that are on the screen.
pub fn pane_height(state: &State, pane: Pane) -> u16 {
    let areas = areas(state);
    // A list that is not on the screen has room for all, until it is.
    let list = |area: Rect, wanted| match area.height {
        0 => wanted,
        height => height,
    };
    match pane {
        Pane::Roles => {
            let around = 2 + roles::warning_height(state);
            let height = list(areas.roles, roles::height(state));
            height.saturating_sub(around).max(1)
        }
        Pane::Checks => {
            let height = list(areas.checks, checks::height(state));
            height.saturating_sub(2).max(1)
        }
        Pane::Main if state.tab == Tab::Query => query::rows_area(areas.tab).height,
        Pane::Main if state.tab == Tab::Database => database::rows_area(areas.tab).height,
        Pane::Main if state.tab == Tab::Events => events::rows_area(state, areas.tab).height,
        Pane::Main if state.tab == Tab::Config => config::rows_area(state, areas.tab).height,
        Pane::Main => areas.tab.height,
    }
}

/// Lines that an overlay has to show.
pub fn overlay_lines(state: &State) -> usize {
    match &state.overlay {
        Some(Overlay::Help(_)) => help::lines(state).len(),
        Some(Overlay::Text(text)) => text::lines(text, state.size.width).len(),
        Some(Overlay::Failure(failure)) => failure::lines(state, failure, state.size.width).len(),
        _ => 0,
    }
}

/// What stands under the mouse.
pub fn target(state: &State, at: Position) -> Option<Target> {
    let areas = areas(state);
    let is_border = areas.main.x > 0 && (areas.main.x - 1..=areas.main.x).contains(&at.x);
    if is_border
        && areas.main.contains(Position {
            x: areas.main.x,
            ..at
        })
    {
        return Some(Target::Border);
    }
    if areas.header.contains(at) {
        return header::environment_at(state, areas.header, at.x).map(Target::Environment);
    }
    let row = |area: Rect| {
        let inside = part::inside(area);
        inside.contains(at).then(|| usize::from(at.y - inside.y))
    };
    let offset = |of: fn(&Known) -> List| state.chosen().map_or(0, |known| of(known).offset);
    if areas.strip.contains(at) {
        return header::in_strip(state, areas.strip, at.x);
    }
    if let Some(row) = row(areas.roles) {
        return Some(Target::Role(offset(|known| known.roles) + row));
    }
    if let Some(row) = row(areas.checks) {
        return Some(Target::Check(offset(|known| known.checks) + row));
    }
    if areas.main.contains(at) && at.y == areas.main.y {
        return main_pane::tab_at(state, areas.main, at.x).map(Target::Tab);
    }
    if areas.beside.contains(at) {
        return Some(Target::Beside);
    }
    areas.main.contains(at).then_some(Target::Main)
}

/// Which row of the box that lies over the panes stands under the mouse.
pub fn overlay_row(state: &State, at: Position) -> Option<usize> {
    let screen = Rect::new(0, 0, state.size.width, state.size.height);
    let (place, selected) = match &state.overlay {
        Some(Overlay::Menu(list)) => (part::inside(menu::place(screen)), list.selected),
        Some(Overlay::History(list)) => (part::inside(history::place(screen)), list.selected),
        Some(Overlay::Statements(list)) => (part::inside(statements::place(screen)), list.selected),
        Some(Overlay::Palette(palette)) => {
            let rows = part::below(part::inside(palette::place(screen)), 1);
            (rows, palette.list.selected)
        }
        _ => return None,
    };
    let offset = (selected + 1).saturating_sub(place.height.into());
    place
        .contains(at)
        .then(|| offset + usize::from(at.y - place.y))
}

/// Which row of the tab's list stands under the mouse.
pub fn tab_row(state: &State, at: Position) -> Option<usize> {
    let (areas, known) = (areas(state), state.chosen()?);
    let (rows, list) = match state.tab {
        Tab::Query => (query::rows_area(areas.tab), known.query.list()),
        Tab::Database => (database::rows_area(areas.tab), known.database.list()),
        Tab::Events => (events::rows_area(state, areas.tab), known.events),
        Tab::Config => (config::rows_area(state, areas.tab), known.settings),
        Tab::Logs => return logs::place_at(state, log_area(state), at),
        Tab::Stats => return None,
    };
    rows.contains(at)
        .then(|| list.offset + usize::from(at.y - rows.y))
}

/// What is drawn of the tab from one line of the screen to another.
pub fn drawn_text(state: &State, rows: RangeInclusive<u16>) -> String {
    let mut alone = Buffer::empty(Rect::new(0, 0, state.size.width, state.size.height));
    draw(state, alone.area, &mut alone);
    let lines = areas(state).tab.rows().filter(|row| rows.contains(&row.y));
    let text: Vec<_> = lines.map(|row| part::text_of(&alone, row)).collect();
    text.join("\n").trim_end().to_owned()
}

/// The list of the focused pane, where its rows can be chosen.
fn list(state: &State) -> Option<List> {
    let known = state.chosen()?;
    Some(match (state.pane, state.tab) {
        (Pane::Roles, _) => known.roles,
        (Pane::Checks, _) => known.checks,
        (Pane::Main, Tab::Query) => known.query.list(),
        (Pane::Main, Tab::Database) => known.database.list(),
        (Pane::Main, Tab::Events) => known.events,
        (Pane::Main, Tab::Config) => known.settings,
        (Pane::Main, Tab::Logs | Tab::Stats) => return None,
    })
}

/// The place of the chosen row of the focused pane.
pub fn place_chosen(state: &State) -> Option<usize> {
    list(state).map(|list| list.selected)
}

/// The places of the rows of the focused pane that are on the screen.
pub fn places_seen(state: &State) -> Range<usize> {
    if let Some(list) = list(state) {
        return list.offset..list.offset + usize::from(rows_height(state));
    }
    logs_seen(state)
}

/// Draws a widget where there is room for it.
fn render(widget: impl Widget, area: Rect, buffer: &mut Buffer) {
    if !area.is_empty() {
        widget.render(area, buffer);
    }
}
