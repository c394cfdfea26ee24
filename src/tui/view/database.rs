//! What the database holds and does, and statements.
//!
//! ```text
//!  sql> select * from ports
//!  PostgreSQL 13.5 · 14.2 MB · seed 8e120108 · 56 852 rows of rates.sql      Tables   Running 1   Rows
//! ── 143 rows · 2.8 ms ───────────────────────────────────────────────────────────────────────────────
//!   code   name       parent_slug
//!   CNGGZ  Guangzhou  china_south_main
//! ```

mod rows;
mod running;
mod tables;

pub use self::running::age;
use jiff::SignedDuration;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::operation::failure;
use super::part;
use super::render;
use crate::database::console::Access;
use crate::error::Report;
use crate::profile::Bytes;
use crate::query::figures;
use crate::text::thousands;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::database::Database;
use crate::tui::state::database::Statement;
use crate::tui::state::database::View;
use crate::tui::state::known::Known;

/// Rows above those of the view: the prompt, the server, a rule, the names of the columns.
const HEAD: u16 = 4;
/// Characters of the fingerprint that tell seeds apart.
const FINGERPRINT: usize = 8;

/// Where the rows of the view stand.
pub fn rows_area(area: Rect) -> Rect {
    part::below(area, HEAD)
}

/// Draws the tab; returns where the cursor belongs while a statement is typed.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let known = state.chosen()?;
    let line = |number| part::top(part::below(area, number), 1);
    let typed = draw_prompt(state, &known.database, line(0), buffer);
    draw_server(state, known, line(1), buffer);
    draw_rule(state, &known.database, line(2), buffer);
    let below = part::below(area, HEAD - 1);
    if let Some(why) = why_empty(state, known) {
        part::empty(&state.theme, &[Line::from(why)], below, buffer);
    } else if let Some(report) = report(&known.database) {
        draw_failure(state, report, below, buffer);
    } else {
        match known.database.view {
            View::Tables => tables::draw(state, &known.database, below, buffer),
            View::Running => running::draw(state, &known.database, below, buffer),
            View::Rows => rows::draw(state, &known.database, below, buffer),
        }
    }
    typed.filter(|_| state.pane == Pane::Main)
}

/// The prompt says in words and in colour whether statements write.
fn draw_prompt(
    state: &State,
    database: &Database,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = &state.theme;
    let (prompt, style) = match database.access() {
        Access::ReadOnly => (" sql> ", theme.accent),
        Access::Writing => (
            " WRITE> ",
            theme.warn.add_modifier(Modifier::BOLD | Modifier::REVERSED),
        ),
    };
    render(Span::styled(prompt, style), area, buffer);
    let width = u16::try_from(prompt.len()).unwrap_or(0).min(area.width);
    let place = Rect {
        x: area.x + width,
        width: area.width - width,
        ..area
    };
    if !database.typing && database.prompt.value().is_empty() {
        let key = state.keymap.key(Action::EditSql);
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let hint = format!("{key} types a statement");
        render(Span::styled(hint, theme.dim), place, buffer);
        return None;
    }
    let look = (database.typing, Style::new());
    part::input(theme, &database.prompt, look, place, buffer)
}

fn draw_server(state: &State, known: &Known, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let views = views(state, &known.database);
    let dot = theme.pick(" · ", " - ");
    let mut words = Vec::new();
    if let Some(survey) = &known.database.survey {
        // Debian's builds tell more than the number.
        let version = survey.server.split(' ').next().unwrap_or_default();
        words.push(format!("PostgreSQL {version}"));
    }
    if let Some(held) = &known.database.held {
        words.push(Bytes(held.bytes).to_string());
        words.push(match &held.seed {
            Some(seed) => {
                let short: String = seed.fingerprint.chars().take(FINGERPRINT).collect();
                format!(
                    "seed {short} of {}, {} rows",
                    seed.file,
                    thousands(seed.rows)
                )
            }
            None => "no seed".to_owned(),
        });
    }
    let left = part::safe(theme, &words.join(dot), area.width.into());
    let left = vec![Span::styled(format!(" {left}"), theme.dim)];
    render(part::apart(left, views, area.width), area, buffer);
}

fn views(state: &State, database: &Database) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let mut spans = Vec::new();
    for view in View::ALL {
        let style = if view == database.view {
            theme.accent.add_modifier(Modifier::BOLD)
        } else {
            theme.dim
        };
        spans.push(Span::styled(view.title(), style));
        let running = database.activities().len();
        if view == View::Running && running > 0 {
            spans.push(Span::styled(format!(" {running}"), theme.warn));
        }
        spans.push(Span::raw("  "));
    }
    spans
}

/// The rule says how it stands.
fn draw_rule(state: &State, database: &Database, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let rule = theme.pick("─", "-").repeat(area.width.into());
    render(Span::styled(rule, theme.dim), area, buffer);
    let words = match database.view {
        View::Tables => tables::words(database),
        View::Running => running::words(state, database),
        View::Rows => database
            .statement
            .as_ref()
            .map(|statement| verdict(state, statement))
            .unwrap_or_default(),
    };
    if words.is_empty() {
        return;
    }
    let inside = Rect {
        x: area.x.saturating_add(2).min(area.right()),
        width: area.width.saturating_sub(4),
        ..area
    };
    let padded = std::iter::once(Span::raw(" "))
        .chain(words)
        .chain([Span::raw(" ")]);
    let spans = part::cut(padded.collect(), inside.width.into());
    let width = spans.iter().map(Span::width).sum::<usize>();
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(inside.width);
    render(Line::from(spans), Rect { width, ..inside }, buffer);
}

fn verdict(state: &State, statement: &Statement) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let dot = theme.pick(" · ", " - ");
    let mut words = Vec::new();
    if let Some(since) = statement.waits {
        let text = format!(
            "{} running {}",
            part::spinner(state),
            seconds(since, state.now)
        );
        words.push(Span::styled(text, theme.accent));
    }
    if let Some(failure) = &statement.failure {
        // Rows that are here stay on the screen, so why there are no more is said in short.
        let text = match statement.rows() {
            [] => "failed".to_owned(),
            rows => format!(
                "{} rows, then: {}",
                rows.len(),
                part::safe(theme, &failure.message, 80)
            ),
        };
        words.push(Span::styled(text, theme.bad));
    } else if statement.took.is_some() {
        words.push(Span::styled(what_came(statement), theme.good));
    }
    if let Some(took) = statement.took {
        let text = format!("{dot}{}", figures::duration(took));
        words.push(Span::styled(text, theme.dim));
    }
    if statement.access == Access::Writing
        && statement.failure.is_none()
        && statement.took.is_some()
    {
        words.push(Span::styled(format!("{dot}committed"), theme.warn));
    }
    words
}

fn seconds(since: Timestamp, now: Timestamp) -> String {
    let tenths = now
        .duration_since(since)
        .max(SignedDuration::ZERO)
        .as_millis()
        / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn what_came(statement: &Statement) -> String {
    let rows = statement.rows().len() as u64;
    let many = |rows: u64| match rows {
        1 => "1 row".to_owned(),
        rows => format!("{} rows", thousands(rows)),
    };
    if statement.page.columns.is_empty() {
        return match statement.page.affected {
            0 => "done".to_owned(),
            rows => many(rows),
        };
    }
    match (statement.page.more, statement.full, statement.page.dropped) {
        (true, ..) => format!("{} and more", many(rows)),
        (_, true, _) => format!("the first {}; the rest is not fetched", many(rows)),
        (_, _, 1..) => {
            let all = rows + statement.page.dropped;
            format!("the first {} of {}", many(rows), thousands(all))
        }
        _ => many(rows),
    }
}

/// Why there is nothing to show, and what changes that.
fn why_empty(state: &State, known: &Known) -> Option<String> {
    let key = |action| state.keymap.key(action).map(|key| key.to_string());
    let is_there = state.instance(crate::engine::Role::Database);
    let runs = is_there.is_some_and(|found| found.state == crate::engine::State::Running);
    if !runs && known.database.view != View::Rows {
        let up = key(Action::Up).unwrap_or_default();
        return Some(format!("the database does not run; {up} brings it up"));
    }
    let database = &known.database;
    match database.view {
        View::Rows if database.statement.is_none() => {
            let edit = key(Action::EditSql).unwrap_or_default();
            Some(format!(
                "{edit} types a statement; it only reads unless writing is switched on"
            ))
        }
        View::Tables if database.held.is_none() && database.trouble.is_none() => {
            Some("looking at the database".to_owned())
        }
        View::Tables
            if database
                .held
                .as_ref()
                .is_some_and(|held| held.tables.is_empty()) =>
        {
            Some("the database has no tables".to_owned())
        }
        View::Running if database.survey.is_none() && database.trouble.is_none() => {
            Some("looking at the database".to_owned())
        }
        View::Running if database.trouble.is_none() && database.activities().is_empty() => {
            Some("no statement runs".to_owned())
        }
        _ => None,
    }
}

/// What went wrong with what is shown. Rows that are here stay when no more can be fetched.
fn report(database: &Database) -> Option<&Report> {
    match (database.view, &database.statement) {
        (View::Rows, Some(statement)) => {
            let failure = statement.failure.as_ref();
            failure.filter(|_| statement.rows().is_empty())
        }
        (View::Rows, None) => None,
        _ => database.trouble.as_ref(),
    }
}

/// The words of the server as they are: a mark stays below its place.
fn draw_failure(state: &State, report: &Report, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let lines = failure(theme, report, area.width);
    for (line, row) in lines.into_iter().zip(area.rows()) {
        render(line, row, buffer);
    }
}

/// The names of columns above their rows.
fn draw_head(state: &State, line: Line<'static>, area: Rect, buffer: &mut Buffer) {
    let line = line.style(state.theme.dim);
    render(line, part::top(area, 1), buffer);
}

/// What stands on the lower border.
pub fn foot(state: &State) -> Option<Line<'static>> {
    let database = &state.chosen()?.database;
    if !database.typing {
        return None;
    }
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in [("enter", " send  "), ("up", " older  "), ("esc", " done ")] {
        spans.push(Span::styled(key, Style::new().add_modifier(Modifier::BOLD)));
        spans.push(Span::styled(word, state.theme.dim));
    }
    Some(Line::from(spans))
}
