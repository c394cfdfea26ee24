//! The main pane: its tabs, what is being done, and the tab itself.
//!
//! ```text
//! ╭ Logs   Stats   Query   Database   Events   Config ─────╮
//! │ ╭ up dev ───────────────────────────────── 3.4 s ╮     │
//! │ ╰─────────────────────────────────────────────────╯     │
//! │ the tab                                                 │
//! ╰ following · 1 204 lines ────────────────────────────────╯
//! ```

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::Areas;
use super::Class;
use super::class;
use super::config;
use super::database;
use super::events;
use super::header;
use super::logs;
use super::operation;
use super::part;
use super::query;
use super::render;
use super::stats;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;

/// Draws the pane; returns where the cursor belongs while something is typed.
pub fn draw(state: &State, areas: &Areas, buffer: &mut Buffer) -> Option<Position> {
    let focused = state.pane == Pane::Main;
    if class(state) == Class::Tiny {
        render(header::title(state), part::top(areas.main, 1), buffer);
    } else {
        let title = tabs(state).0;
        render(
            part::frame(&state.theme, title, focused),
            areas.main,
            buffer,
        );
    }
    operation::draw(state, areas.operation, buffer);
    let foot = match state.tab {
        Tab::Logs => logs::foot(state),
        Tab::Query => query::foot(state),
        Tab::Database => database::foot(state),
        Tab::Events => events::foot(state),
        Tab::Stats => stats::foot(state, areas.tab),
        Tab::Config => None,
    };
    if let Some(foot) = foot.filter(|_| class(state) != Class::Tiny) {
        part::foot(foot, areas.main, buffer);
    }
    draw_beside(state, areas.beside, buffer);
    let sought = query::draw_search(state, areas.main, buffer);
    let typed = draw_tab(state, state.tab, areas.tab, buffer);
    sought.or(typed).filter(|_| focused)
}

fn draw_tab(state: &State, tab: Tab, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    match tab {
        Tab::Logs => return logs::draw(state, area, buffer),
        Tab::Query => return query::draw(state, area, buffer),
        Tab::Database => return database::draw(state, area, buffer),
        Tab::Events => return events::draw(state, area, buffer),
        Tab::Stats => stats::draw(state, area, buffer),
        Tab::Config => config::draw(state, area, buffer),
    }
    None
}

/// The second tab has its title and no focus.
fn draw_beside(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(tab) = state.beside.filter(|_| !area.is_empty()) else {
        return;
    };
    let theme = &state.theme;
    let title = part::title(theme, tab.title(), false);
    render(part::frame(theme, title, false), area, buffer);
    draw_tab(state, tab, part::inside(area), buffer);
}

/// The titles of the tabs, and the columns in which each stands.
fn tabs(state: &State) -> (Line<'static>, Vec<Range<u16>>) {
    let theme = &state.theme;
    let mut spans = vec![Span::raw(" ")];
    let mut places = Vec::new();
    let mut column = 1;
    for tab in Tab::ALL {
        let style = match (tab == state.tab, state.pane == Pane::Main) {
            (true, true) => theme.accent.add_modifier(Modifier::BOLD),
            (true, false) => Style::new().add_modifier(Modifier::BOLD),
            (false, _) => theme.dim,
        };
        let width = u16::try_from(tab.title().len()).unwrap_or(0);
        places.push(column..column + width);
        column += width + 3;
        spans.push(Span::styled(tab.title(), style));
        spans.push(Span::raw("   "));
    }
    spans.pop();
    spans.push(Span::raw(" "));
    (Line::from(spans), places)
}

/// Which tab's title stands in a column.
pub fn tab_at(state: &State, area: Rect, column: u16) -> Option<usize> {
    let inside = column.checked_sub(area.x + 1)?;
    let (_, places) = tabs(state);
    places.iter().position(|columns| columns.contains(&inside))
}
