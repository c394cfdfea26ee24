//! Aligned columns for the terminal: never wider than the page, and the same text with and without colours.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::output::style;
use crate::text::Charset;
pub use crate::text::fit;
use crate::text::printable;

/// Spaces between two columns.
const GAP: usize = 2;
/// Columns of text do not shrink below this while another can.
const READABLE: usize = 8;

/// Rows of cells under a header.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    charset: Charset,
}

/// A column: its header and on which side its cells are aligned.
#[derive(Debug)]
pub struct Column {
    header: Cell,
    right: bool,
}

/// A piece of text with a style. The style never counts for its width.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Column {
    /// A column of text.
    pub fn left(header: impl AsRef<str>) -> Self {
        Self {
            header: Cell::styled(header, style::DIM),
            right: false,
        }
    }

    /// A column of numbers.
    pub fn right(header: impl AsRef<str>) -> Self {
        let left = Self::left(header);
        Self {
            right: true,
            ..left
        }
    }
}

impl Cell {
    /// Text without a style; control characters in it are made visible.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    /// Text in a style.
    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: printable(text.as_ref(), usize::MAX),
            style,
        }
    }

    /// The cells it takes on the screen.
    pub fn width(&self) -> usize {
        self.text.width()
    }

    fn print(&self, width: usize, charset: Charset) -> (String, usize) {
        let text = fit(&self.text, width, charset);
        let pad = width.saturating_sub(text.width());
        let style = self.style;
        // A style around nothing would only leave escape codes behind.
        if text.is_empty() || style.is_plain() {
            return (text, pad);
        }
        (format!("{style}{text}{style:#}"), pad)
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl Table {
    /// A table without rows.
    pub fn new(charset: Charset, columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            charset,
        }
    }

    /// Adds a row; what has no column is not shown.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Columns that would remain for one more column behind these, on a page of `width`.
    pub fn remaining(&self, width: usize) -> usize {
        let taken: usize = self.natural(width).iter().map(|column| column + GAP).sum();
        width.saturating_sub(taken)
    }

    /// The header and the rows as lines of at most `width` columns, without spaces at their ends.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let widths = self.widths(width);
        let header: Vec<&Cell> = self.columns.iter().map(|column| &column.header).collect();
        let header = header
            .iter()
            .any(|cell| !cell.text.is_empty())
            .then_some(header);
        let rows = self.rows.iter().map(|row| row.iter().collect());
        let lines = header.into_iter().chain(rows);
        lines
            .map(|cells: Vec<&Cell>| self.line(&cells, &widths))
            .collect()
    }

    fn line(&self, cells: &[&Cell], widths: &[usize]) -> String {
        let mut line = String::new();
        let mut owed = 0;
        for ((cell, column), width) in cells.iter().zip(&self.columns).zip(widths) {
            let (text, pad) = cell.print(*width, self.charset);
            let (before, after) = if column.right { (pad, 0) } else { (0, pad) };
            if text.is_empty() {
                owed += pad + GAP;
            } else {
                line.extend(std::iter::repeat_n(' ', owed + before));
                line.push_str(&text);
                owed = after + GAP;
            }
        }
        line
    }

    /// The width of every column that has room at all.
    fn widths(&self, page: usize) -> Vec<usize> {
        let mut widths = self.natural(page);
        widths.truncate((page + GAP) / (GAP + 1));
        let gaps = GAP * widths.len().saturating_sub(1);
        let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(page);
        while over > 0 && self.shrink(&mut widths) {
            over -= 1;
        }
        widths
    }

    /// What every column would like to have.
    fn natural(&self, page: usize) -> Vec<usize> {
        let widest = |at: usize, header: &Cell| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            let widths = cells.chain([header]).map(Cell::width);
            widths.max().unwrap_or_default().min(page)
        };
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(at, column)| widest(at, &column.header))
            .collect()
    }

    /// Takes one from the column that can spare it best: a wide one of text before any number.
    fn shrink(&self, widths: &mut [usize]) -> bool {
        let spare = |(width, column): &(&mut usize, &Column)| {
            (!column.right && **width > READABLE, **width)
        };
        let columns = widths.iter_mut().zip(&self.columns);
        match columns.max_by_key(spare) {
            Some((width, _)) if *width > 1 => {
                *width -= 1;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table() -> Table {
        let columns = [
            Column::left("name"),
            Column::right("rows"),
            Column::left("state"),
        ];
        let mut table = Table::new(Charset::Unicode, columns);
        table.row([
            Cell::new("dev"),
            Cell::new("56 689"),
            Cell::styled("healthy", style::GOOD),
        ]);
        table.row(["港 a place with a long name", "3", ""].map(Cell::new));
        table
    }

    fn plain(lines: &[String]) -> Vec<String> {
        let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines.iter().map(plain).collect()
    }

    #[test]
    fn columns_are_aligned_and_numbers_stand_right() {
        let expected = [
            "name                           rows  state",
            "dev                          56 689  healthy",
            "港 a place with a long name       3",
        ];
        assert_eq!(plain(&table().lines(80)), expected);
    }

    #[test]
    fn a_narrow_page_shortens_text_before_numbers() {
        let expected = [
            "name        rows  state",
            "dev       56 689  healthy",
            "港 a pl…       3",
        ];
        assert_eq!(plain(&table().lines(25)), expected);
    }

    #[test]
    fn a_style_does_not_disturb_the_widths() {
        let lines = table().lines(80);
        assert!(lines[0].starts_with("\x1b[2mname\x1b[0m  "));
        assert!(lines[1].ends_with("\x1b[32mhealthy\x1b[0m"));
    }

    #[test]
    fn a_table_without_headers_has_no_empty_line() {
        let mut table = Table::new(Charset::Ascii, [Column::left(""), Column::right("")]);
        table.row(["a", "1"].map(Cell::new));
        assert_eq!(table.lines(80), ["a  1"]);
    }

    #[test]
    fn cut_text_says_so() {
        assert_eq!(fit("Guangzhou", 6, Charset::Unicode), "Guang…");
        assert_eq!(fit("Guangzhou", 6, Charset::Ascii), "Guang~");
        assert_eq!(fit("广州港", 4, Charset::Unicode), "广…");
        assert_eq!(fit("abc", 3, Charset::Unicode), "abc");
        assert_eq!(fit("abc", 0, Charset::Unicode), "");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_line_wider_than_the_page(
            rows in prop::collection::vec(prop::collection::vec("\\PC{0,40}|[a-z\t\u{1b}]{0,9}", 0..6), 0..6),
            right in any::<u8>(),
            width in 0usize..130,
        ) {
            let column = |at: usize| match right >> at & 1 {
                0 => Column::left(format!("column {at}")),
                _ => Column::right(format!("column {at}")),
            };
            let mut table = Table::new(Charset::Unicode, (0..5).map(column));
            for row in rows {
                table.row(row.iter().map(Cell::new));
            }
            for line in plain(&table.lines(width)) {
                prop_assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
            }
        }
    }
}
