//! The rows of a COPY block, and where they end.

use std::io::BufRead;
use std::io::Read;

use super::DumpError;
use super::Fault;
use super::Mode;
use super::Reader;
use super::count_lines;
use super::encoding::Encoding;

impl<R: Read> Reader<R> {
    /// The next rows of the COPY block as they stand in the file, or none after its last.
    ///
    /// A piece may end in the middle of a row, never in the middle of a character.
    pub fn rows(&mut self) -> Result<Option<&[u8]>, DumpError> {
        let piece = loop {
            let Mode::Rows { since, line_start } = self.mode else {
                return Ok(None);
            };
            match cut(self.held(), line_start, self.ended) {
                Cut::End(length) => {
                    self.held.start += length;
                    self.lexer.skip(1, 0);
                    self.mode = Mode::Statements;
                    return Ok(None);
                }
                Cut::Rows(length) => {
                    let length = self.characters(length)?;
                    if length > 0 {
                        break self.held.start..self.held.start + length;
                    }
                    self.fill()?;
                }
                Cut::More if self.ended => return Err(self.copy_truncated(since)),
                Cut::More => self.fill()?,
            }
        };
        self.held.start = piece.end;
        let text = self.buffer.get(piece).unwrap_or_default();
        let (lines, last) = count_lines(text);
        let column = if lines == 0 { self.lexer.column() } else { 0 };
        self.lexer.skip(lines, column + last);
        if let Mode::Rows { line_start, .. } = &mut self.mode {
            *line_start = text.ends_with(b"\n");
        }
        Ok(Some(text))
    }

    fn copy_truncated(&self, since: u64) -> DumpError {
        let what = "the rows of a COPY".to_owned();
        self.error(self.lexer.line(), Fault::Truncated { what, since })
    }

    /// How many of the first `length` bytes held are whole characters.
    fn characters(&self, length: usize) -> Result<usize, DumpError> {
        let text = self.held().get(..length).unwrap_or_default();
        match std::str::from_utf8(text) {
            Err(error) if self.encoding == Encoding::Utf8 => {
                let valid = error.valid_up_to();
                let cut_off = error.error_len().is_none() && length == self.held.len();
                if cut_off && !self.ended {
                    return Ok(valid);
                }
                let column = self.lexer.column() + 1;
                Err(self.not_utf8(text, valid, self.lexer.line(), column))
            }
            _ => Ok(length),
        }
    }
}

/// What the held bytes of a COPY block begin with.
enum Cut {
    /// So many bytes of rows.
    Rows(usize),
    /// The line `\.`, so many bytes long.
    End(usize),
    /// More bytes are needed to tell.
    More,
}

/// Looks for the line `\.` that ends the rows.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "where the bytes stand: at a line's start, at the file's end"
)]
fn cut(held: &[u8], line_start: bool, ended: bool) -> Cut {
    let mut position = 0;
    while let Some(found) = next_backslash(held, position) {
        let after_newline = match found.checked_sub(1) {
            Some(before) => held.get(before) == Some(&b'\n'),
            None => line_start,
        };
        let end = if after_newline {
            marker(held.get(found..).unwrap_or_default(), ended)
        } else {
            Some(0)
        };
        match (found, end) {
            (0, None) => return Cut::More,
            (0, Some(length)) if length > 0 => return Cut::End(length),
            (_, Some(0)) => position = found + 1,
            (rows, _) => return Cut::Rows(rows),
        }
    }
    if held.is_empty() {
        Cut::More
    } else {
        Cut::Rows(held.len())
    }
}

/// The standard library looks for one byte fastest in this way.
fn next_backslash(held: &[u8], from: usize) -> Option<usize> {
    let mut rest = held.get(from..)?;
    let passed = rest.skip_until(b'\\').ok()?;
    let found = passed > 0 && held.get(from + passed - 1) == Some(&b'\\');
    found.then(|| from + passed - 1)
}

/// The length of the line `\.` at the beginning of `text`: 0 where it is another line, none where more is needed.
fn marker(text: &[u8], ended: bool) -> Option<usize> {
    match text {
        [b'\\', b'.', b'\n', ..] => Some(3),
        [b'\\', b'.', b'\r', b'\n', ..] => Some(4),
        [b'\\', b'.'] | [b'\\', b'.', b'\r'] if ended => Some(text.len()),
        [b'\\'] | [b'\\', b'.'] | [b'\\', b'.', b'\r'] if !ended => None,
        _ => Some(0),
    }
}
