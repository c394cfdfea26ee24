//! The rows of a statement as a table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::draw_head;
use crate::database::console::Row;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::database::Database;
use crate::tui::theme::Theme;
use crate::tui::view::part;

/// The widest column.
const WIDEST: usize = 40;
/// Rows that say how wide columns are: those that come first, so that no column moves when more are fetched.
const MEASURED: usize = 200;
/// What stands for a value that is none.
const NULL: &str = "null";

/// A column as it is drawn.
struct Column {
    place: usize,
    width: usize,
    /// Whether every value is a number, which stands at the right.
    numbers: bool,
}

/// Draws the rows that are on the screen, below the names of their columns.
pub fn draw(state: &State, database: &Database, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let Some(statement) = &database.statement else {
        return;
    };
    let names = &statement.page.columns;
    if names.is_empty() {
        return;
    }
    let first = database.column.min(names.len() - 1);
    let columns = columns(names, statement.rows(), first, area.width);
    let mut head = " ".to_owned();
    for column in &columns {
        let name = names.get(column.place).map_or("", String::as_str);
        head += &padded(theme, name, column);
    }
    draw_head(state, Line::from(head), area, buffer);
    let shown = statement.rows().iter().enumerate();
    let shown = shown.skip(database.rows.offset);
    for ((place, row), at) in shown.zip(part::below(area, 1).rows()) {
        let chosen = state.pane == Pane::Main && place == database.rows.selected;
        part::row(theme, line(theme, row, &columns), chosen, at, buffer);
    }
}

fn line(theme: &Theme, row: &Row, columns: &[Column]) -> Line<'static> {
    let cell = |column: &Column| {
        let value = row.get(column.place).and_then(Option::as_deref);
        match value {
            Some(value) => Span::raw(padded(theme, value, column)),
            None => Span::styled(padded(theme, NULL, column), theme.dim),
        }
    };
    Line::from(columns.iter().map(cell).collect::<Vec<_>>())
}

fn padded(theme: &Theme, text: &str, column: &Column) -> String {
    let text = part::safe(theme, text, column.width);
    let pad = " ".repeat(column.width.saturating_sub(text.width()));
    if column.numbers {
        format!(" {pad}{text} ")
    } else {
        format!(" {text}{pad} ")
    }
}

/// The columns that fit, from the first that is to be shown.
fn columns(names: &[String], rows: &[Row], first: usize, width: u16) -> Vec<Column> {
    let mut left = usize::from(width).saturating_sub(1);
    let mut columns = Vec::new();
    for place in first..names.len() {
        let mut column = measured(names, rows, place);
        if left < 3 || (left < column.width + 2 && !columns.is_empty() && left < WIDEST / 2) {
            break;
        }
        column.width = column.width.min(left - 2);
        left -= column.width + 2;
        columns.push(column);
    }
    columns
}

fn measured(names: &[String], rows: &[Row], place: usize) -> Column {
    let name = names.get(place).map_or(0, |name| name.width());
    let values = || {
        let rows = rows.iter().take(MEASURED);
        rows.filter_map(|row| row.get(place)).flatten()
    };
    let widest = values().map(|value| value.width()).max().unwrap_or(0);
    let has_null = rows
        .iter()
        .take(MEASURED)
        .any(|row| row.get(place).is_some_and(Option::is_none));
    let null = if has_null { NULL.len() } else { 0 };
    Column {
        place,
        width: name.max(widest).max(null).clamp(1, WIDEST),
        numbers: values().next().is_some() && values().all(|value| value.parse::<f64>().is_ok()),
    }
}
