//! The resolved profile: every setting, its value, and where it comes from.
//!
//! ```text
//! database.port     15432        profiles/dev.toml:6
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::operation::failure;
use super::part;
use super::render;
use crate::profile::Row;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::theme::Theme;

/// Draws the rows that are on the screen.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(known) = state.chosen() else {
        return;
    };
    let rows = match &known.config {
        None => return part::empty(theme, &[Line::from("reading the profile")], area, buffer),
        Some(Err(report)) => {
            for (line, row) in failure(theme, report, area.width)
                .into_iter()
                .zip(area.rows())
            {
                render(line, row, buffer);
            }
            return;
        }
        Some(Ok(rows)) => rows,
    };
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).width()).max().unwrap_or(0);
    let key = widest(|row| &row.key).min(usize::from(area.width) / 3);
    let value = widest(|row| &row.value).min(usize::from(area.width) / 3);
    let shown = rows.iter().enumerate().skip(known.settings.offset);
    for ((place, setting), row) in shown.zip(area.rows()) {
        let chosen = state.pane == Pane::Main && place == known.settings.selected;
        part::row(theme, line(theme, setting, key, value), chosen, row, buffer);
    }
}

fn line(theme: &Theme, setting: &Row, key: usize, value: usize) -> Line<'static> {
    let column = |text: &str, width: usize| {
        let text = part::safe(theme, text, width);
        let pad = width.saturating_sub(text.width());
        format!("{text}{}  ", " ".repeat(pad))
    };
    Line::from(vec![
        Span::raw(column(&setting.key, key)),
        Span::styled(column(&setting.value, value), theme.accent),
        Span::styled(part::safe(theme, &setting.origin, 200), theme.dim),
    ])
}
