//! What is used and asked, over time.
//!
//! ```text
//!  requests a second              142        latency                p99 1.2 ms
//!  ⣀⣠⣴⣶⣿⣶⣤⣀⣀                                ⣀⣀⣀⣀⣠⣀⣀⣀⣀
//!  database  connections      8 of 100       database  slowest  1 waits for a lock
//!  ⣀⣀⣀⣀⣠⣀⣀⣀⣀                                    12 s  update prices set price = 1
//!  database  cpu                0.3 %        database  memory    48 of 512 MB
//!  database  network   in 1 · out 3 kB/s     database  disk   read 0 · written 1 MB/s
//! ```

mod api;
mod database;
mod panel;
mod roles;

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::engine::Role;
use crate::engine::State as Doing;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::charts::Metrics;
use crate::tui::state::known::Known;
use panel::Panel;

/// Rows below which a chart says nothing.
const LOWEST: u16 = 4;

/// Columns below which a chart has no room for every word.
const NARROW: u16 = 48;
/// Columns from which on four charts stand beside each other.
const WIDE: u16 = 140;

/// Charts that stand beside each other, and rows of them that have room.
fn grid(area: Rect) -> (usize, usize) {
    let columns = if area.width >= WIDE { 4 } else { 2 };
    (columns, usize::from(area.height / LOWEST).max(1))
}

/// Where the charts stand: below what is said of those that there are not.
fn charts_area(state: &State, known: &Known, area: Rect) -> Rect {
    let notes = u16::try_from(notes(state, known).len()).unwrap_or(0);
    part::below(area, notes)
}

/// How many rows of charts there are more than have room.
pub fn hidden(state: &State, area: Rect) -> usize {
    let Some(known) = state.chosen().filter(|known| known.charts.last().is_some()) else {
        return 0;
    };
    let (columns, rows) = grid(charts_area(state, known, area));
    count(known).div_ceil(columns).saturating_sub(rows)
}

/// Draws the charts that have room.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(known) = state.chosen() else {
        return;
    };
    if known.charts.last().is_none() {
        return part::empty(&state.theme, &nothing(state, known), area, buffer);
    }
    for (note, row) in notes(state, known).into_iter().zip(area.rows()) {
        let left = part::cut(vec![note], area.width.into());
        render(Line::from(left), row, buffer);
    }
    let skipped = known.stats.min(hidden(state, area));
    draw_charts(
        state,
        known,
        skipped,
        charts_area(state, known, area),
        buffer,
    );
}

fn nothing(state: &State, known: &Known) -> Vec<Line<'static>> {
    if known.look.is_none() {
        return vec![Line::from("looking")];
    }
    if known.instances().is_empty() {
        let key = state.keymap.word(Action::Up);
        return vec![
            Line::from("nothing runs here, so nothing is used"),
            Line::from(format!("{key} starts {}", known.key.name)),
        ];
    }
    vec![Line::from("the first figures are on their way")]
}

fn draw_charts(state: &State, known: &Known, skipped: usize, area: Rect, buffer: &mut Buffer) {
    let (columns, most) = grid(area);
    let width = area.width / u16::try_from(columns).unwrap_or(1);
    let panels = panels(state, known, width).into_iter();
    let panels: Vec<_> = panels.skip(skipped * columns).collect();
    let rows = panels.len().div_ceil(columns).min(most).max(1);
    let places = Layout::vertical((0..rows).map(|_| Constraint::Fill(1))).split(area);
    let cells = places.iter().flat_map(|row| {
        let cells = Layout::horizontal((0..columns).map(|_| Constraint::Fill(1))).spacing(2);
        cells.split(*row).to_vec()
    });
    for (panel, place) in panels.iter().zip(cells) {
        panel.draw(state, place, buffer);
    }
}

/// What stands on the lower border: whether there is more.
pub fn foot(state: &State, area: Rect) -> Option<Line<'static>> {
    let hidden = hidden(state, area);
    let known = state.chosen().filter(|_| hidden > 0)?;
    let (_, rows) = grid(charts_area(state, known, area));
    let shown = known.stats.min(hidden);
    let words = format!(
        " rows {} to {} of {} ",
        shown + 1,
        shown + rows,
        hidden + rows
    );
    Some(Line::from(Span::styled(words, state.theme.dim)))
}

/// Whether the API tells of its load, as far as is known.
fn has_metrics(known: &Known) -> bool {
    let last = known.charts.last();
    last.is_none_or(|sample| sample.metrics != Metrics::Lacking)
}

/// Why some charts are not there, or do not go on.
fn notes(state: &State, known: &Known) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let mut notes = Vec::new();
    if !has_metrics(known) {
        let words = " api: it has no /metrics that are known here, so its requests are not counted";
        notes.push(Span::styled(words, theme.dim));
    }
    let pulse = known.charts.last().and_then(|sample| sample.pulse.as_ref());
    let why = match pulse {
        Some(Ok(_)) => None,
        Some(Err(report)) => Some(why(report)),
        None => stands_still(known).then(|| "it does not run, so it does nothing".to_owned()),
    };
    let words = why.map(|why| format!(" database: {}", part::safe(theme, &why, 200)));
    notes.extend(words.map(|words| Span::styled(words, theme.warn)));
    notes
}

/// Whether the database is there and does not run.
fn stands_still(known: &Known) -> bool {
    let mut instances = known.instances().iter();
    instances.any(|found| found.instance.role == Role::Database && found.state != Doing::Running)
}

/// The message with its first cause: it alone says only that something could not be reached.
fn why(report: &crate::error::Report) -> String {
    let cause = report.causes.first().map(|cause| format!(": {cause}"));
    format!("{}{}", report.message, cause.unwrap_or_default())
}

/// How many panels there are.
fn count(known: &Known) -> usize {
    let api = if has_metrics(known) { api::COUNT } else { 0 };
    let database = if known.charts.has_pulse() {
        database::COUNT
    } else {
        0
    };
    let roles = known.charts.last().map_or(0, |sample| sample.usage.len());
    api + database + roles * roles::COUNT
}

fn panels(state: &State, known: &Known, width: u16) -> Vec<Panel> {
    let mut panels = Vec::new();
    if has_metrics(known) {
        panels.extend(api::panels(state, known, width));
    }
    if known.charts.has_pulse() {
        panels.extend(database::panels(state, known, width));
    }
    let usage = known.charts.last().map(|sample| sample.usage.clone());
    for used in usage.unwrap_or_default() {
        panels.extend(roles::panels(state, known, used, width));
    }
    panels
}
