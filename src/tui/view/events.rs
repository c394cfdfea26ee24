//! What happened, oldest first.
//!
//! ```text
//! 12:00:41 database  healthy
//! 12:00:52           up dev began
//! ```

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::known::Happening;
use crate::tui::theme::Theme;

/// Draws the rows that are on the screen.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(known) = state.chosen() else {
        return;
    };
    if known.happenings.is_empty() {
        let words = [Line::from(
            "nothing has happened since the dashboard was opened",
        )];
        return part::empty(theme, &words, area, buffer);
    }
    let rows = known
        .happenings
        .iter()
        .enumerate()
        .skip(known.events.offset);
    for ((place, happening), row) in rows.zip(area.rows()) {
        let chosen = state.pane == Pane::Main && place == known.events.selected;
        let line = line(theme, happening, row.width);
        part::row(theme, line, chosen, row, buffer);
    }
}

fn line(theme: &Theme, happening: &Happening, width: u16) -> Line<'static> {
    let time = happening.time.to_zoned(TimeZone::UTC).strftime("%H:%M:%S");
    let role = happening.instance.map(|instance| instance.role);
    let name = happening.instance.map(|instance| instance.to_string());
    let style = role.map_or_else(Style::new, |role| theme.role(role));
    let text = part::safe(
        theme,
        &happening.text,
        usize::from(width).saturating_sub(21),
    );
    Line::from(vec![
        Span::styled(format!("{time} "), theme.dim),
        Span::styled(format!("{:<10} ", name.unwrap_or_default()), style),
        Span::styled(
            text,
            if happening.bad {
                theme.bad
            } else {
                Style::new()
            },
        ),
    ])
}

/// What stands on the lower border.
pub fn foot(state: &State) -> Option<Line<'static>> {
    let theme = &state.theme;
    let known = state.chosen()?;
    let tells = state.engine().is_some_and(|engine| engine.tells);
    let how = if tells {
        "as the engine tells it"
    } else {
        "as seen from look to look"
    };
    let count = known.happenings.len();
    let dot = theme.pick("·", "-");
    (count > 0).then(|| {
        Line::from(Span::styled(
            format!(" {count} events {dot} {how} "),
            theme.dim,
        ))
    })
}
