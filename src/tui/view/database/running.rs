//! The statements that run on the server, and transactions that wait for their clients.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use super::draw_head;
use crate::database::console::Activity;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::database::Database;
use crate::tui::theme::Theme;
use crate::tui::view::part;

/// Columns of the program and of what it waits for, where there is room.
const WIDE: (usize, usize) = (26, 24);
/// The same where there is little.
const NARROW: (usize, usize) = (12, 12);

/// Draws the rows that are on the screen, below the names of their columns.
pub fn draw(state: &State, database: &Database, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let widths = if area.width < 110 { NARROW } else { WIDE };
    let (program, wait) = widths;
    let head = format!(
        "  {:>7} {:<program$} {:>7} {:<wait$} statement",
        "pid", "program", "age", "state"
    );
    draw_head(state, Line::from(head), area, buffer);
    let is_there = state.pane == Pane::Main && database.activity().is_some();
    let shown = database.activities().iter().enumerate();
    let shown = shown.skip(database.running.offset);
    for ((place, activity), row) in shown.zip(part::below(area, 1).rows()) {
        let chosen = is_there && place == database.running.selected;
        let line = line(theme, activity, widths, row.width);
        part::row(theme, line, chosen, row, buffer);
    }
}

fn line(
    theme: &Theme,
    activity: &Activity,
    (program, wait): (usize, usize),
    width: u16,
) -> Line<'static> {
    let column = |text: &str, width: usize| {
        let text = part::safe(theme, text, width);
        let pad = width.saturating_sub(unicode_width::UnicodeWidthStr::width(text.as_str()));
        format!("{text}{} ", " ".repeat(pad))
    };
    let user = match activity.application.as_str() {
        "" => &activity.user,
        application if program == NARROW.0 => short(application),
        application => application,
    };
    let (doing, style) = match (&activity.wait, activity.runs()) {
        // To wait for the client is what a session that sends rows does.
        (Some(wait), true) => (wait.as_str(), theme.warn),
        (None, true) => ("active", theme.good),
        (_, false) => (activity.state.as_str(), theme.warn),
    };
    let sql = activity
        .sql
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let taken = 8 + program + 1 + 8 + wait + 2;
    let room = usize::from(width).saturating_sub(taken + 1);
    Line::from(vec![
        Span::styled(format!(" {:>7} ", activity.pid), theme.dim),
        Span::raw(column(user, program)),
        Span::styled(format!("{:>7} ", age(activity.seconds)), theme.dim),
        Span::styled(column(doing, wait), style),
        Span::raw(part::safe(theme, &sql, room)),
    ])
}

/// Our own roles without what they have in common.
fn short(application: &str) -> &str {
    let own = application.strip_prefix("ratesdev-");
    own.and_then(|own| own.split('/').next())
        .unwrap_or(application)
}

/// How long something has lasted.
pub fn age(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.1} s"),
        60.0..3600.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.0} h", seconds / 3600.0),
    }
}

/// What the rule says.
pub fn words(state: &State, database: &Database) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let Some(survey) = &database.survey else {
        return Vec::new();
    };
    let dot = theme.pick(" · ", " - ");
    let count = survey.activities.len();
    vec![
        Span::raw(format!("{count} at work")),
        Span::styled(format!("{dot}{} idle", survey.idle), theme.dim),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_short() {
        let ages = [
            (0.04, "0.0 s"),
            (59.9, "59.9 s"),
            (61.0, "1 min"),
            (7300.0, "2 h"),
        ];
        for (seconds, text) in ages {
            assert_eq!(age(seconds), text);
        }
    }
}
