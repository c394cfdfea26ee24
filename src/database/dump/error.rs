//! Why a dump cannot be read, and where.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::format::Format;
use crate::error::Code;
use crate::error::Explain;

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
