//! The list of roles.
//!
//! ```text
//! ╭ Roles ───────────────────────────╮
//! │  ● database  healthy    2 h 48 MB │
//! │▌ ● api       healthy    2 h 12 MB │
//! ╰───────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::engine::HealthStatus;
use crate::engine::State as Doing;
use crate::environment::status::RoleStatus;
use crate::text::uptime;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Known;
use crate::tui::state::known::is_failed;
use crate::tui::state::known::is_stopped;
use crate::tui::theme::Theme;

/// Rows that the list would like to have, its border included.
pub fn height(state: &State) -> u16 {
    let roles = state.chosen().map_or(0, |known| known.statuses().len());
    u16::try_from(roles).unwrap_or(u16::MAX).clamp(2, 12) + warning_height(state) + 2
}

/// Rows of what is wrong with the environment as a whole: what it is, and what helps.
pub fn warning_height(state: &State) -> u16 {
    let warning = state.chosen().and_then(Known::warning);
    if warning.is_some() { 2 } else { 0 }
}

fn draw_warning(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(warning) = state.chosen().and_then(Known::warning) else {
        return;
    };
    let glyph = theme.pick("✗", "x");
    let room = usize::from(area.width).saturating_sub(4);
    let first = vec![
        Span::styled(format!("  {glyph} "), theme.bad),
        Span::raw(part::safe(theme, &warning, room)),
    ];
    let mut second = vec![Span::raw("    ")];
    let trouble = state.chosen().and_then(|known| known.trouble.as_ref());
    match trouble.map(|trouble| trouble.hint.as_deref().unwrap_or("trying again")) {
        Some(cure) => second.push(Span::styled(part::safe(theme, cure, room), theme.dim)),
        None => second.extend(part::hint(state, Action::Up, "puts that right")),
    }
    for (spans, row) in [first, second].into_iter().zip(area.rows()) {
        render(Line::from(spans), row, buffer);
    }
}

/// Draws the list.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let focused = state.pane == Pane::Roles;
    let title = part::title(&state.theme, "Roles", focused);
    render(part::frame(&state.theme, title, focused), area, buffer);
    draw_rows(state, part::inside(area), buffer);
}

fn draw_rows(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(known) = state.chosen() else {
        return;
    };
    if known.statuses().is_empty() {
        return part::empty(&state.theme, &nothing(state, known), area, buffer);
    }
    let list = part::top(area, area.height.saturating_sub(warning_height(state)));
    draw_warning(state, part::below(area, list.height), buffer);
    let selected = known.selected_status().map(|role| &role.name);
    let rows = known.statuses().iter().skip(known.roles.offset);
    for (role, row) in rows.zip(list.rows()) {
        let chosen = state.pane == Pane::Roles && selected == Some(&role.name);
        let line = line(state, known, role, area.width.saturating_sub(1));
        part::row(&state.theme, line, chosen, row, buffer);
    }
}

fn nothing(state: &State, known: &Known) -> Vec<Line<'static>> {
    let name = &known.key.name;
    if let Some(report) = &known.trouble {
        return vec![Line::from(report.message.clone())];
    }
    match known.condition() {
        Condition::Unknown => vec![Line::from("looking")],
        Condition::Starting => vec![Line::from("on its way")],
        _ => vec![
            Line::from("nothing runs here"),
            Line::from([part::hint(state, Action::Up, &format!("starts {name}"))].concat()),
        ]
        .into_iter()
        .map(owned)
        .collect(),
    }
}

fn owned(line: Line<'_>) -> Line<'static> {
    let spans = line.spans.into_iter();
    spans
        .map(|span| Span::styled(span.content.into_owned(), span.style))
        .collect()
}

fn line(state: &State, known: &Known, role: &RoleStatus, width: u16) -> Line<'static> {
    let theme = &state.theme;
    let (glyph, style, word) = word(theme, role);
    // The rest of the row is words and figures.
    let most = usize::from(width).saturating_sub(28);
    let names = known.statuses().iter().map(|role| &role.name);
    let name = part::name(theme, &role.name, part::name_width(names, 9, most));
    let left = vec![
        Span::raw(" "),
        Span::styled(glyph, style),
        Span::raw(" "),
        Span::styled(name, theme.role(role.role)),
        Span::styled(format!(" {word}"), quiet(theme, role)),
    ];
    let running = role.state == Doing::Running;
    let since = role
        .started_at
        .filter(|_| running)
        .map(|since| uptime(since, state.now));
    let memory = known
        .instances()
        .iter()
        .find(|found| found.instance.to_string() == role.name)
        .and_then(|found| known.charts.last()?.of(found.instance))
        .filter(|_| running)
        .map(|usage| usage.memory.to_string());
    let again = (role.restarts > 0).then(|| format!("{}{} ", theme.pick("↻", "r"), role.restarts));
    let mut right = vec![
        Span::styled(again.unwrap_or_default(), theme.warn),
        Span::styled(
            format!("{:>6}", shorter(&since.unwrap_or_default())),
            theme.dim,
        ),
    ];
    // Memory goes first where there is no room: the charts have it too.
    if width >= 36 {
        right.push(Span::styled(
            format!("{:>8}", memory.unwrap_or_default()),
            theme.dim,
        ));
    }
    right.push(Span::raw(" "));
    part::apart(left, right, width)
}

/// The first unit of an uptime: there is no room for two.
fn shorter(uptime: &str) -> String {
    uptime.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// What is well needs no colour in words too.
fn quiet(theme: &Theme, role: &RoleStatus) -> Style {
    match role.health {
        Some(HealthStatus::Healthy) => theme.dim,
        _ if is_failed(role) => theme.bad,
        _ => theme.dim,
    }
}

/// The glyph, its style and the word of a role.
pub fn word(theme: &Theme, role: &RoleStatus) -> (&'static str, Style, String) {
    let (condition, word) = match (&role.state, role.health) {
        (Doing::Running, Some(HealthStatus::Healthy)) => (Condition::Healthy, "healthy".to_owned()),
        (Doing::Running, Some(HealthStatus::Unhealthy)) => {
            (Condition::Failed, "unhealthy".to_owned())
        }
        (Doing::Running, Some(HealthStatus::Starting)) => {
            (Condition::Starting, "starting".to_owned())
        }
        (Doing::Running, None) => (Condition::Healthy, "running".to_owned()),
        (state, _) if is_failed(role) => (Condition::Failed, state.to_string()),
        (state, _) if is_stopped(role) && !role.role.is_service() => {
            (Condition::Stopped, done(state))
        }
        _ if is_stopped(role) => (Condition::Stopped, "stopped".to_owned()),
        (state, _) => (Condition::Starting, state.to_string()),
    };
    let (glyph, style) = super::header::glyph(theme, condition);
    (glyph, style, word)
}

/// A job that ended well.
fn done(state: &Doing) -> String {
    match state {
        Doing::Exited { .. } => "done".to_owned(),
        state => state.to_string(),
    }
}
