//! The first line: every environment with its state, and what the chosen one is. Below it, in narrow terminals, the strip.
//!
//! ```text
//!  ratesdev   ● dev   ◐ staging   ○ prod                     docker 20.10.24 · http://127.0.0.1:15000 · 12 MB
//!  ● database  ● api  ○ worker                                                            ✓ 1 of 1 check
//! ```

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::Target;
use super::part;
use super::render;
use super::roles;
use crate::environment::status::RoleStatus;
use crate::tui::state::State;
use crate::tui::state::known::Condition;
use crate::tui::state::known::Known;
use crate::tui::theme::Theme;

/// The glyph and the style of a state.
pub fn glyph(theme: &Theme, condition: Condition) -> (&'static str, Style) {
    match condition {
        Condition::Healthy => (theme.pick("●", "*"), theme.good),
        Condition::Starting | Condition::Partly => (theme.pick("◐", "~"), theme.warn),
        Condition::Failed => (theme.pick("✗", "x"), theme.bad),
        Condition::Stopped => (theme.pick("○", "o"), theme.dim),
        Condition::Unknown => (theme.pick("·", "."), theme.dim),
    }
}

/// Draws the first line.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let (spans, _) = environments(state, room(state, area.width));
    let line = part::apart(spans, about(state, area.width), area.width);
    render(line, area, buffer);
}

/// The environments, and the columns in which each stands. Where there are too many, those around the chosen one.
fn environments(state: &State, width: u16) -> (Vec<Span<'static>>, Vec<(Range<u16>, usize)>) {
    let name = Span::styled(" ratesdev ", Style::new().add_modifier(Modifier::BOLD));
    let mut spans = vec![name];
    let mut places = Vec::new();
    let mut column: u16 = 10;
    let room = width.saturating_sub(2);
    let first = first_shown(state, room);
    if first > 0 {
        spans.push(Span::styled(state.theme.pick("‹", "<"), state.theme.dim));
        column += 1;
    }
    for (place, known) in state.environments.iter().enumerate().skip(first) {
        let label = label(state, known, place == state.chosen);
        let needed =
            u16::try_from(label.iter().map(Span::width).sum::<usize>()).unwrap_or(u16::MAX);
        if column.saturating_add(needed) > room && place > state.chosen {
            spans.push(Span::styled(state.theme.pick(" ›", " >"), state.theme.dim));
            break;
        }
        places.push((column..column.saturating_add(needed), place));
        column = column.saturating_add(needed);
        spans.extend(label);
    }
    (spans, places)
}

/// The first environment that is shown so that the chosen one fits.
fn first_shown(state: &State, room: u16) -> usize {
    let width = |known: &Known| name(state, known).len() + 5;
    let mut left = usize::from(room).saturating_sub(13);
    let mut first = state.chosen;
    for (place, known) in state
        .environments
        .iter()
        .enumerate()
        .take(state.chosen + 1)
        .rev()
    {
        let Some(rest) = left.checked_sub(width(known)) else {
            break;
        };
        left = rest;
        first = place;
    }
    first
}

fn label(state: &State, known: &Known, chosen: bool) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let (glyph, colour) = glyph(theme, known.condition());
    let style = if chosen {
        theme.accent.add_modifier(Modifier::BOLD)
    } else {
        Style::new()
    };
    vec![
        Span::raw("  "),
        Span::styled(glyph, colour),
        Span::raw(" "),
        Span::styled(name(state, known), style),
        Span::raw(" "),
    ]
}

/// The name of an environment, with its engine where another one has that name too.
fn name(state: &State, known: &Known) -> String {
    let name = known.key.name.to_string();
    let mut others = state.environments.iter();
    let is_one_of_two =
        others.any(|other| other.key.name == known.key.name && other.key != known.key);
    match state.engines.get(known.key.engine) {
        Some(engine) if is_one_of_two => format!("{name} on {}", engine.about.engine),
        _ => name,
    }
}

/// Which environment stands in a column.
pub fn environment_at(state: &State, area: Rect, column: u16) -> Option<usize> {
    let (_, places) = environments(state, room(state, area.width));
    let mut places = places.into_iter();
    places
        .find(|(columns, _)| columns.contains(&column.saturating_sub(area.x)))
        .map(|(_, place)| place)
}

/// The columns that are left for the environments beside what is wrong.
fn room(state: &State, width: u16) -> u16 {
    let wrong = wrong(state, width).map_or(0, |wrong| wrong.width());
    width.saturating_sub(u16::try_from(wrong).unwrap_or(u16::MAX))
}

/// What is wrong with the chosen environment or its engine.
fn wrong(state: &State, width: u16) -> Option<Span<'static>> {
    let theme = &state.theme;
    let engine = state.engine()?;
    let words = if engine.trouble.is_some() {
        format!("{} does not answer ", engine.about.engine)
    } else {
        let warning = state.chosen().and_then(Known::warning)?;
        format!("{} ", part::safe(theme, &warning, usize::from(width) / 2))
    };
    Some(Span::styled(words, theme.bad))
}

/// What the chosen environment is; what matters least goes first where there is no room.
fn about(state: &State, width: u16) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let Some(engine) = state.engine() else {
        return Vec::new();
    };
    if let Some(wrong) = wrong(state, width) {
        return vec![wrong];
    }
    let (used, _) = environments(state, width);
    let used: usize = used.iter().map(Span::width).sum();
    let away: Vec<_> = watches(state).into_iter().chain(away(state)).collect();
    let used = used + away.iter().map(Span::width).sum::<usize>();
    let mut parts: Vec<_> = facts(state, engine).into_iter().flatten().collect();
    let dot = format!(" {} ", theme.pick("·", "-"));
    loop {
        let text = format!("{} ", parts.join(&dot));
        let span = Span::styled(text, theme.dim);
        if parts.is_empty() || used + span.width() + 2 <= usize::from(width) {
            return away.into_iter().chain([span]).collect();
        }
        parts.remove(0);
    }
}

/// That roles are started again when their code changes.
fn watches(state: &State) -> Option<Span<'static>> {
    let is_on = state.chosen().is_some_and(|known| known.watch.on);
    let words = format!("watching code {}", state.theme.pick("· ", "- "));
    is_on.then(|| Span::styled(words, state.theme.accent))
}

/// Another engine that does not answer: its environments, if there are any, cannot be seen.
fn away(state: &State) -> Option<Span<'static>> {
    let mut engines = state.engines.iter();
    let engine = engines.find(|engine| engine.trouble.is_some())?;
    let words = format!(
        "{} does not answer {}",
        engine.about.engine,
        state.theme.pick("· ", "- ")
    );
    Some(Span::styled(words, state.theme.warn))
}

fn facts(state: &State, engine: &crate::tui::state::EngineState) -> [Option<String>; 3] {
    let about = &engine.about;
    let known = state.chosen();
    let usage = known.and_then(|known| {
        let usage = &known.charts.last()?.usage;
        let cpu: f64 = usage.iter().map(|(_, usage)| usage.cpu_percent).sum();
        (!usage.is_empty()).then(|| format!("cpu {cpu:.1} %"))
    });
    [
        Some(format!("{} {}", about.engine, about.version)),
        usage,
        known.and_then(Known::api).map(|base| base.to_string()),
    ]
}

/// Draws the roles and the checks in one line.
pub fn draw_strip(state: &State, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &state.theme;
    let Some(known) = state.chosen() else {
        return;
    };
    let mut left = vec![Span::raw(" ")];
    left.extend(
        known
            .statuses()
            .iter()
            .flat_map(|role| in_short(theme, role)),
    );
    if known.statuses().is_empty() {
        let words = match known.condition() {
            Condition::Unknown => "looking",
            Condition::Starting => "on its way",
            _ => "nothing runs here",
        };
        left.push(Span::styled(words, theme.dim));
    }
    render(
        part::apart(left, checks(theme, known), area.width),
        area,
        buffer,
    );
}

/// A role in the strip.
fn in_short(theme: &Theme, role: &RoleStatus) -> [Span<'static>; 2] {
    let (glyph, style, _) = roles::word(theme, role);
    let name = format!("{}  ", role.name);
    [
        Span::styled(format!("{glyph} "), style),
        Span::styled(name, theme.role(role.role)),
    ]
}

/// What stands in a column of the strip: a role, or the checks, of which the first that does not pass is meant.
pub fn in_strip(state: &State, area: Rect, column: u16) -> Option<Target> {
    let (theme, known) = (&state.theme, state.chosen()?);
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let column = usize::from(column.checked_sub(area.x)?);
    let checks = width(&checks(theme, known));
    if column + checks >= area.width.into() {
        let mut statuses = known.check_statuses().iter();
        // The first row is the seed.
        let failed = statuses
            .position(|check| !check.passed)
            .map(|place| place + 1);
        return (checks > 0).then_some(Target::Check(failed.unwrap_or(0)));
    }
    let mut right = 1;
    known
        .statuses()
        .iter()
        .position(|role| {
            right += width(&in_short(theme, role));
            column < right
        })
        .map(Target::Role)
}

fn checks(theme: &Theme, known: &Known) -> Vec<Span<'static>> {
    let all = known.check_statuses();
    let passed = all.iter().filter(|check| check.passed).count();
    let (glyph, style) = if passed == all.len() {
        (theme.pick("✓", "+"), theme.good)
    } else {
        (theme.pick("✗", "x"), theme.bad)
    };
    match all.len() {
        0 => Vec::new(),
        count => vec![
            Span::styled(format!("{glyph} "), style),
            Span::styled(
                format!(
                    "{passed} of {count} {} ",
                    if count == 1 { "check" } else { "checks" }
                ),
                theme.dim,
            ),
        ],
    }
}

/// A line of the chosen environment for terminals with room for nothing else.
pub fn title(state: &State) -> Line<'static> {
    let name = state
        .chosen()
        .map_or_else(String::new, |known| known.key.name.to_string());
    Line::from(Span::styled(
        format!(
            " {name} {} {}",
            state.theme.pick("·", "-"),
            state.tab.title()
        ),
        state.theme.dim,
    ))
}
