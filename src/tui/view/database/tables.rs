//! The tables with their rows and sizes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::draw_head;
use crate::database::console::Count;
use crate::database::console::Table;
use crate::profile::Bytes;
use crate::text::thousands;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::database::Database;
use crate::tui::view::part;

/// Columns of the figures: rows, data, indexes.
const FIGURES: usize = 42;

/// Draws the rows that are on the screen, below the names of their columns.
pub fn draw(state: &State, database: &Database, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(held) = &database.held else {
        return;
    };
    let widest = held.tables.iter().map(|table| name(table).width()).max();
    let room = usize::from(area.width).saturating_sub(FIGURES + 2);
    let width = widest.unwrap_or(0).clamp(5, room.max(5));
    let names = format!(
        "  {:<width$} {:>14} {:>12} {:>12}",
        "table", "rows", "data", "indexes"
    );
    draw_head(state, Line::from(names), area, buffer);
    let shown = held.tables.iter().enumerate().skip(database.tables.offset);
    for ((place, table), row) in shown.zip(part::below(area, 1).rows()) {
        let text = part::safe(theme, &name(table), width);
        let pad = width.saturating_sub(text.width());
        let line = Line::from(vec![
            Span::raw(format!(" {text}{} ", " ".repeat(pad))),
            Span::raw(format!(
                "{:>14} ",
                count(table.rows, theme.pick("≈ ", "~ "))
            )),
            Span::styled(
                format!("{:>12} ", Bytes(table.bytes).to_string()),
                theme.dim,
            ),
            Span::styled(
                format!("{:>12}", Bytes(table.index_bytes).to_string()),
                theme.dim,
            ),
        ]);
        let chosen = state.pane == Pane::Main && place == database.tables.selected;
        part::row(theme, line, chosen, row, buffer);
    }
}

/// Tables of the usual schema go without it.
fn name(table: &Table) -> String {
    match table.schema.as_str() {
        "public" => table.name.clone(),
        schema => format!("{schema}.{}", table.name),
    }
}

fn count(rows: Count, about: &str) -> String {
    match rows {
        Count::Exact(rows) => thousands(rows),
        Count::About(rows) => format!("{about}{}", thousands(rows)),
    }
}

/// What the rule says.
pub fn words(database: &Database) -> Vec<Span<'static>> {
    let count = database.held.as_ref().map(|held| held.tables.len());
    let text = count.map(|count| match count {
        1 => "1 table".to_owned(),
        count => format!("{count} tables"),
    });
    text.map(Span::raw).into_iter().collect()
}
