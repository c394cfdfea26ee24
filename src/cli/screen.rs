//! What the reader's terminal can show: its size and its characters.

use std::io::IsTerminal;

use crate::text::Charset;

/// Columns of a page that goes to a file or a pipe.
const PAGE: usize = 80;
const NARROWEST: usize = 40;
const WIDEST: usize = 120;

/// The page that data is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns, between 40 and 120.
    pub width: usize,
    /// Lines, when stdout is a terminal that can be redrawn.
    pub height: Option<usize>,
    /// The characters it knows.
    pub charset: Charset,
}

impl Screen {
    /// The screen that stdout goes to.
    pub fn of_stdout() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let stdout = std::io::stdout();
        let size = if stdout.is_terminal() {
            terminal_size::terminal_size_of(stdout)
        } else {
            None
        };
        let size = size.map(|(width, height)| (usize::from(width.0), usize::from(height.0)));
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self {
            width: width(size.map(|(width, _)| width)),
            height: size.map(|(_, height)| height).filter(|_| !dumb),
            charset: Charset::from_locale(variable),
        }
    }
}

/// The columns that are used; a terminal that tells none, or says 0, gets a page.
fn width(columns: Option<usize>) -> usize {
    match columns {
        None | Some(0) => PAGE,
        Some(columns) => columns.clamp(NARROWEST, WIDEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_terminals_are_used_up_to_a_readable_width() {
        let cases = [
            (None, 80),
            (Some(0), 80),
            (Some(20), 40),
            (Some(100), 100),
            (Some(300), 120),
        ];
        for (columns, used) in cases {
            assert_eq!(width(columns), used);
        }
    }
}
