//! What the chosen role is: how long it runs, from what, where it answers, and what its last probe said.
//!
//! ```text
//! ╭ api ──────────────────────────────╮
//! │  healthy   for 2 h                 │
//! │  image     ratesdev/api:5c1e2f     │
//! │  port      127.0.0.1:15000         │
//! │  probe     ready                   │
//! ╰────────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::engine::Found;
use crate::environment::status::RoleStatus;
use crate::text::uptime;
use crate::tui::state::State;

/// Columns of the names.
const NAME: usize = 10;
/// Rows of a probe's words at most.
const WORDS: usize = 6;

/// Rows that the box would like to have in so many columns.
pub fn height(state: &State, width: u16) -> u16 {
    let lines =
        chosen(state).map(|(role, found)| lines(state, role, found, width.saturating_sub(2)));
    let lines = lines.map_or(1, |lines| lines.len());
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2)
}

fn chosen(state: &State) -> Option<(&RoleStatus, &Found)> {
    let status = state.chosen()?.selected_status()?;
    Some((status, state.selected()?))
}

/// Draws the box.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let role = chosen(state);
    let gone = state.chosen().and_then(|known| known.role);
    let name = match (role, gone) {
        (Some((role, _)), _) => role.name.clone(),
        (None, Some(gone)) => gone.to_string(),
        (None, None) => "Role".to_owned(),
    };
    render(
        part::frame(theme, part::title(theme, &name, false), false),
        area,
        buffer,
    );
    let inside = part::inside(area);
    let Some((role, found)) = role else {
        let words = gone.map_or("nothing runs here", |_| "it is not there at the moment");
        return part::empty(theme, &[Line::from(words)], inside, buffer);
    };
    let lines = lines(state, role, found, inside.width);
    for (line, row) in lines.into_iter().zip(inside.rows()) {
        render(line, row, buffer);
    }
}

/// Every line of it in so many columns.
fn lines(state: &State, role: &RoleStatus, found: &Found, width: u16) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let room = usize::from(width).saturating_sub(NAME + 3).max(1);
    let (_, style, word) = super::roles::word(theme, role);
    let since = role
        .started_at
        .map(|since| format!("for {}", uptime(since, state.now)));
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("  {word:<NAME$}"), style),
        Span::raw(since.unwrap_or_default()),
    ])];
    let restarts = match role.restarts {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        more => format!("{more} times"),
    };
    let udp = || role.ports.first().map(ToString::to_string);
    let port = role.endpoint.map(|endpoint| endpoint.to_string());
    let rows = [
        ("restarted", Some(restarts)),
        ("from", Some(role.image.clone())),
        ("port", port.or_else(udp)),
        ("name", Some(found.name.clone())),
    ];
    for (name, value) in rows {
        let value = value.unwrap_or_else(|| theme.pick("–", "-").to_owned());
        lines.push(row(state, name, &part::safe(theme, &value, room)));
    }
    let last = found
        .health
        .as_ref()
        .and_then(|health| health.last.as_deref())
        .or(role.probe.as_deref());
    let words = part::safe(theme, last.unwrap_or_default(), room * WORDS);
    for (place, words) in part::wrapped(&words, room).iter().enumerate().take(WORDS) {
        let name = if place == 0 { "probe" } else { "" };
        lines.push(row(state, name, words));
    }
    lines
}

fn row(state: &State, name: &str, value: &str) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("  {name:<NAME$}"), state.theme.dim),
        Span::raw(value.to_owned()),
    ])
}
