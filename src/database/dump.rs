//! Reads a plain dump of `pg_dump` as a stream of statements and rows; memory does not grow with the file.
//!
//! Bytes go to the server as they are: the row endings of a COPY block, which PostgreSQL recognises itself, and
//! whatever a statement has inside quotes. What psql would do on the client's side is refused by name.

mod encoding;
mod format;
mod lexer;
mod statement;

use std::fmt;
use std::io;
use std::io::BufRead;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

pub use encoding::Encoding;
use format::Format;
use lexer::Lexer;
use lexer::Open;
use lexer::Step;
pub use statement::Kind;
pub use statement::Statement;
pub use statement::kind;

use crate::error::Code;
use crate::error::Explain;

/// Bytes held of the file at any time, apart from one statement.
const BUFFER: usize = 256 * 1024;
/// PostgreSQL takes no statement longer than this.
const LONGEST_STATEMENT: usize = 1 << 30;

const HEADER: &[u8] = b"PostgreSQL database dump";
const FOOTER: &[u8] = b"PostgreSQL database dump complete";
const CLUSTER: &[u8] = b"PostgreSQL database cluster dump";

/// Why a dump cannot be read, and where.
#[derive(Debug)]
pub struct DumpError {
    /// The dump.
    pub file: PathBuf,
    /// The line it is about, from 1; 0 where it is about the whole file.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

impl DumpError {
    /// A dump that is not there or cannot be opened.
    pub fn missing(file: &Path, cause: io::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            fault: Fault::Missing(cause),
        }
    }
}

/// What is wrong with a dump.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file is not there or cannot be opened.
    #[error("{}", missing(.0))]
    Missing(io::Error),
    /// The file could be opened but not read to its end.
    #[error("cannot be read further: {0}")]
    Read(io::Error),
    /// There is nothing in it.
    #[error("has no SQL statement in it")]
    Empty,
    /// It is not text.
    #[error("is {}, not SQL text", .0.name())]
    Binary(Format),
    /// A psql command.
    #[error("{0} is a command of psql, not SQL, and cannot be part of a load")]
    Command(String),
    /// A SQL statement that cannot be part of a load.
    #[error("{what} cannot be part of a load, which is one transaction in one database")]
    Refused {
        /// What it is.
        what: String,
        /// Whether `pg_dumpall` wrote the file.
        cluster: bool,
    },
    /// Bytes that are no characters.
    #[error("byte {byte} of the line is not valid UTF-8 (0x{found:02x})")]
    NotUtf8 {
        /// Position in the line, from 1.
        byte: u64,
        /// The first byte that is wrong.
        found: u8,
    },
    /// The whole file is in UTF-16.
    #[error("is UTF-16 text; PowerShell writes that when > is used")]
    Utf16,
    /// An encoding whose quotes cannot be told apart.
    #[error("the dump is in the encoding {0}, which cannot be loaded as it is")]
    Encoding(String),
    /// The file ends too early.
    #[error("the file ends in the middle of {what} that begins on line {since}")]
    Truncated {
        /// What was open.
        what: String,
        /// The line it began on.
        since: u64,
    },
    /// Everything is complete but the last line of `pg_dump` is not there.
    #[error(
        "the file ends too early: its last line \"-- PostgreSQL database dump complete\" is missing"
    )]
    Unfinished,
    /// Something follows `FROM stdin;` on its line.
    #[error(
        "something follows COPY … FROM stdin; on its line, where the rows must begin on the next"
    )]
    CopyLine,
    /// A statement longer than PostgreSQL takes.
    #[error("the statement is longer than 1 GB")]
    TooLong,
}

fn missing(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("cannot be opened: {source}"),
    }
}

/// A file and a line of it, as editors and terminals take it.
pub struct Place<'a>(pub &'a Path, pub u64);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.display())?;
        match self.1 {
            0 => Ok(()),
            line => write!(f, ":{line}"),
        }
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Place(&self.file, self.line), self.fault)
    }
}

impl std::error::Error for DumpError {}

impl Explain for DumpError {
    fn code(&self) -> Code {
        match &self.fault {
            Fault::Missing(_) => Code::DumpMissing,
            Fault::Read(_) => Code::Io,
            Fault::Empty => Code::DumpEmpty,
            Fault::Binary(_) => Code::DumpBinary,
            Fault::Command(_) | Fault::Refused { .. } => Code::DumpCommand,
            Fault::NotUtf8 { .. } | Fault::Utf16 | Fault::Encoding(_) => Code::DumpEncoding,
            Fault::Truncated { .. } | Fault::Unfinished => Code::DumpTruncated,
            Fault::CopyLine | Fault::TooLong => Code::DumpStatement,
        }
    }

    fn hint(&self) -> Option<String> {
        let again = "pg_dump --no-owner --file=rates.sql DATABASE";
        Some(match &self.fault {
            Fault::Binary(format) => format.cure(&self.file),
            Fault::Missing(_) => "check the path, or name another file in the profile: [seed] file".to_owned(),
            Fault::Read(_) | Fault::TooLong => return None,
            Fault::Refused { cluster: true, .. } => {
                format!("this is a dump of a whole server (pg_dumpall); dump one database instead: {again}")
            }
            Fault::Command(_) | Fault::Refused { .. } => {
                format!("make the dump again without --create: {again}")
            }
            Fault::NotUtf8 { .. } | Fault::Encoding(_) => {
                "make the dump again in UTF-8: pg_dump --encoding=UTF8 --no-owner --file=rates.sql DATABASE".to_owned()
            }
            Fault::Utf16 => format!("let pg_dump write the file itself: {again}"),
            Fault::Empty => format!("make the dump again: {again}"),
            Fault::Truncated { .. } | Fault::Unfinished => {
                format!("copy or download the file again, or make the dump again: {again}")
            }
            Fault::CopyLine => "put the rest of the line after the rows".to_owned(),
        })
    }
}

/// What comes next in a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A statement to run.
    Statement(Statement),
    /// A `COPY … FROM stdin`, whose rows [`Reader::rows`] returns.
    Copy(Statement),
}

/// Where the reader is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Statements,
    /// Among the rows of a COPY that began on this line.
    Rows {
        since: u64,
        line_start: bool,
    },
}

/// What the comments of `pg_dump` say.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "three independent facts")]
struct Marks {
    header: bool,
    footer: bool,
    cluster: bool,
}

/// A dump that is being read.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    file: PathBuf,
    buffer: Vec<u8>,
    /// What of the buffer is not yet used.
    held: std::ops::Range<usize>,
    /// Whether the source has nothing more.
    ended: bool,
    lexer: Lexer,
    sql: Vec<u8>,
    encoding: Encoding,
    mode: Mode,
    marks: Marks,
    items: u64,
}

impl<R: Read> Reader<R> {
    /// Begins to read `source`; `file` is what messages call it. Fails where it is no SQL text at all.
    pub fn new(source: R, file: &Path) -> Result<Self, DumpError> {
        let mut reader = Self {
            source,
            file: file.to_owned(),
            buffer: vec![0; BUFFER],
            held: 0..0,
            ended: false,
            lexer: Lexer::new(),
            sql: Vec::new(),
            encoding: Encoding::Utf8,
            mode: Mode::Statements,
            marks: Marks::default(),
            items: 0,
        };
        reader.begin()?;
        Ok(reader)
    }

    /// The encoding of what comes next.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// Where the bytes come from.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The file's name in messages.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line that is read next.
    pub fn line(&self) -> u64 {
        self.lexer.line()
    }

    /// An error about a line of this dump.
    pub fn error(&self, line: u64, fault: Fault) -> DumpError {
        DumpError {
            file: self.file.clone(),
            line,
            fault,
        }
    }

    /// The error for a statement that cannot be part of a load.
    pub fn refusal(&self, line: u64, what: &str) -> DumpError {
        let what = what.to_owned();
        let cluster = self.marks.cluster;
        self.error(line, Fault::Refused { what, cluster })
    }

    /// Looks at the first bytes of the file.
    fn begin(&mut self) -> Result<(), DumpError> {
        while self.held.len() < format::ENOUGH && !self.ended {
            self.fill()?;
        }
        let head = self.held();
        if let Some(format) = Format::of(head) {
            return Err(self.error(0, Fault::Binary(format)));
        }
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(self.error(0, Fault::Utf16));
        }
        if head.starts_with("\u{feff}".as_bytes()) {
            self.held.start += 3;
        }
        Ok(())
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.held.clone()).unwrap_or_default()
    }

    /// Reads more behind what is held.
    fn fill(&mut self) -> Result<(), DumpError> {
        let length = self.held.len();
        self.buffer.copy_within(self.held.clone(), 0);
        self.held = 0..length;
        let room = self.buffer.get_mut(length..).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.ended = true,
            Ok(more) => self.held.end += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(self.read_error(error)),
        }
        Ok(())
    }

    fn read_error(&self, error: io::Error) -> DumpError {
        match error.kind() {
            io::ErrorKind::IsADirectory => self.error(0, Fault::Binary(Format::Directory)),
            _ => self.error(self.lexer.line(), Fault::Read(error)),
        }
    }

    /// The next statement, or none at the end of the file. Rows that were not asked for are passed over.
    pub fn next_item(&mut self) -> Result<Option<Item>, DumpError> {
        while self.rows()?.is_some() {}
        loop {
            if self.held.is_empty() && !self.ended {
                self.fill()?;
            }
            if self.held.is_empty() && self.ended {
                return self.finish();
            }
            match self.scan()? {
                Step::End => {
                    if let Some(item) = self.take()? {
                        return Ok(Some(item));
                    }
                }
                Step::Command => self.command()?,
                Step::Comment => self.remark(),
                Step::Blank | Step::Inside => {}
            }
        }
    }

    /// Reads on in the buffer until something happens or it is used up.
    fn scan(&mut self) -> Result<Step, DumpError> {
        let held = self.buffer.get(self.held.clone()).unwrap_or_default();
        let mut from = 0;
        for (position, &byte) in held.iter().enumerate() {
            let step = match byte {
                0 => {
                    let line = self.lexer.line();
                    return Err(self.error(line, Fault::Binary(Format::Other)));
                }
                _ => self.lexer.step(byte),
            };
            match step {
                Step::Inside => continue,
                Step::Blank => {
                    self.sql.clear();
                    from = position + 1;
                    continue;
                }
                Step::Comment => self.sql.clear(),
                Step::End | Step::Command => {
                    let text = held.get(from..position).unwrap_or_default();
                    self.sql.extend_from_slice(text);
                }
            }
            self.held.start += position + 1;
            return Ok(step);
        }
        self.sql
            .extend_from_slice(held.get(from..).unwrap_or_default());
        self.held.start = self.held.end;
        match self.sql.len() {
            0..=LONGEST_STATEMENT => Ok(Step::Inside),
            _ => Err(self.error(self.lexer.line(), Fault::TooLong)),
        }
    }

    /// Takes note of what a comment of `pg_dump` says.
    fn remark(&mut self) {
        match self.lexer.comment() {
            // A file may hold several dumps, of which each has its own last line.
            HEADER => (self.marks.header, self.marks.footer) = (true, false),
            FOOTER => self.marks.footer = true,
            CLUSTER => self.marks.cluster = true,
            _ => {}
        }
    }

    /// The statement that has just ended, or none if it was empty.
    fn take(&mut self) -> Result<Option<Item>, DumpError> {
        let sql = std::mem::take(&mut self.sql);
        let Some((line, column)) = self.lexer.begun() else {
            self.lexer.reset();
            return Ok(None);
        };
        let is_copy = self.lexer.is_copy();
        self.lexer.reset();
        self.items += 1;
        self.check_text(&sql, line, column)?;
        let statement = Statement { line, sql };
        if is_copy {
            self.copy_begins(line)?;
            return Ok(Some(Item::Copy(statement)));
        }
        self.obey(&statement)?;
        Ok(Some(Item::Statement(statement)))
    }

    /// A statement must be text in the dump's encoding.
    fn check_text(&self, sql: &[u8], line: u64, column: u64) -> Result<(), DumpError> {
        match std::str::from_utf8(sql) {
            Err(error) if self.encoding == Encoding::Utf8 => {
                Err(self.not_utf8(sql, error.valid_up_to(), line, column))
            }
            _ => Ok(()),
        }
    }

    /// The error about the byte at `position` of `text`, which begins at this line and byte.
    fn not_utf8(&self, text: &[u8], position: usize, line: u64, column: u64) -> DumpError {
        let before = text.get(..position).unwrap_or_default();
        let (lines, last) = count_lines(before);
        let start = if lines == 0 { column } else { 1 };
        let fault = Fault::NotUtf8 {
            byte: start.max(1) + last,
            found: text.get(position).copied().unwrap_or_default(),
        };
        self.error(line + lines, fault)
    }

    /// Follows the settings that change how the rest of the dump is read.
    fn obey(&mut self, statement: &Statement) -> Result<(), DumpError> {
        let Ok(sql) = std::str::from_utf8(&statement.sql) else {
            return Ok(());
        };
        let Some((name, value)) = statement::setting(sql) else {
            return Ok(());
        };
        match name.as_str() {
            "standard_conforming_strings" => {
                let off = ["off", "false", "no", "0"];
                self.lexer.backslash_quotes = off.contains(&value.to_ascii_lowercase().as_str());
            }
            "client_encoding" => {
                self.encoding = Encoding::named(&value)
                    .ok_or_else(|| self.error(statement.line, Fault::Encoding(value)))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// After `COPY … FROM stdin;` the rows begin on the next line.
    fn copy_begins(&mut self, since: u64) -> Result<(), DumpError> {
        let rest = self.rest_of_line()?;
        let rest = rest.trim_ascii();
        if !(rest.is_empty() || rest.starts_with(b"--")) {
            return Err(self.error(since, Fault::CopyLine));
        }
        self.mode = Mode::Rows {
            since,
            line_start: true,
        };
        Ok(())
    }

    /// Everything up to the next line, of which the first 256 bytes are returned.
    fn rest_of_line(&mut self) -> Result<Vec<u8>, DumpError> {
        let mut text = Vec::new();
        loop {
            let held = self.held();
            let end = held.iter().position(|&byte| byte == b'\n');
            let part = held.get(..end.unwrap_or(held.len())).unwrap_or_default();
            let room = 256_usize.saturating_sub(text.len());
            text.extend(part.iter().take(room));
            let used = part.len() + usize::from(end.is_some());
            self.held.start += used;
            if end.is_some() {
                self.lexer.skip(1, 0);
                return Ok(text);
            }
            if self.ended {
                return Ok(text);
            }
            self.fill()?;
        }
    }

    /// A backslash outside quotes: only the two that `pg_dump` writes into every dump are let pass.
    fn command(&mut self) -> Result<(), DumpError> {
        let line = self.lexer.line();
        let rest = self.rest_of_line()?;
        let end = rest.iter().position(u8::is_ascii_whitespace);
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let allowed = name == b"restrict" || name == b"unrestrict";
        if allowed && self.lexer.begun().is_none() && self.sql.trim_ascii().is_empty() {
            self.sql.clear();
            return Ok(());
        }
        let name = String::from_utf8_lossy(name);
        Err(self.error(line, Fault::Command(format!("\\{name}"))))
    }

    /// At the end of the file nothing may be open.
    fn finish(&mut self) -> Result<Option<Item>, DumpError> {
        if self.lexer.ends_in_comment() {
            self.remark();
            self.lexer.reset();
        }
        if let Some(Open { what, since }) = self.lexer.open() {
            return Err(self.error(self.lexer.line(), Fault::Truncated { what, since }));
        }
        if self.marks.header && !self.marks.footer {
            return Err(self.error(self.lexer.line(), Fault::Unfinished));
        }
        if self.items == 0 {
            return Err(self.error(0, Fault::Empty));
        }
        Ok(None)
    }

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

/// How many lines end in `text`, and how many bytes follow the last of these ends.
fn count_lines(text: &[u8]) -> (u64, u64) {
    #[expect(clippy::naive_bytecount, reason = "the server is slower by far")]
    let lines = text.iter().filter(|&&byte| byte == b'\n').count();
    let last = text.iter().rposition(|&byte| byte == b'\n');
    let after = last.map_or(text.len(), |position| text.len() - position - 1);
    (lines as u64, after as u64)
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

#[cfg(test)]
mod tests;
