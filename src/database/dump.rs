//! Reads a plain dump of `pg_dump` as a stream of statements and rows; memory does not grow with the file.
//!
//! Bytes go to the server as they are: the row endings of a COPY block, which PostgreSQL recognises itself, and
//! whatever a statement has inside quotes. What psql would do on the client's side is refused by name.

mod encoding;
mod error;
mod format;
mod lexer;
mod rows;
mod statement;

use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

pub use encoding::Encoding;
pub use error::DumpError;
pub use error::Fault;
pub use error::Place;
use format::Format;
use lexer::Lexer;
use lexer::Open;
use lexer::Step;
pub use statement::Kind;
pub use statement::Statement;
pub use statement::kind;

/// Bytes held of the file at any time, apart from one statement.
const BUFFER: usize = 256 * 1024;
/// PostgreSQL takes no statement longer than this.
const LONGEST_STATEMENT: usize = 1 << 30;

const HEADER: &[u8] = b"PostgreSQL database dump";
const FOOTER: &[u8] = b"PostgreSQL database dump complete";
const CLUSTER: &[u8] = b"PostgreSQL database cluster dump";

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
}

/// How many lines end in `text`, and how many bytes follow the last of these ends.
fn count_lines(text: &[u8]) -> (u64, u64) {
    #[expect(clippy::naive_bytecount, reason = "the server is slower by far")]
    let lines = text.iter().filter(|&&byte| byte == b'\n').count();
    let last = text.iter().rposition(|&byte| byte == b'\n');
    let after = last.map_or(text.len(), |position| text.len() - position - 1);
    (lines as u64, after as u64)
}

#[cfg(test)]
mod tests;
