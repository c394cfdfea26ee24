//! The only writer to the terminal: data goes to stdout, everything else to stderr. Beside it, a command that runs
//! elsewhere has the same streams for itself (`terminal`).

use std::fmt::Display;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::Arc;

use anstyle::AnsiColor;
use anstyle::Style;
use serde::Serialize;

use super::repeat::Flags;
use crate::error::Error;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Report;
use crate::error::Result;

/// The version of every JSON document's shape; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Styles with a meaning; the colours repeat what the words and glyphs say.
pub mod style {
    use super::AnsiColor;
    use super::Style;

    /// What is well.
    pub const GOOD: Style = AnsiColor::Green.on_default();
    /// What needs a look.
    pub const WARN: Style = AnsiColor::Yellow.on_default();
    /// What failed, and nothing else.
    pub const BAD: Style = AnsiColor::Red.on_default().bold();
    /// Times, units, asides.
    pub const DIM: Style = Style::new().dimmed();
    /// Headings.
    pub const BOLD: Style = Style::new().bold();
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Does without colours on a dumb terminal; else one that says CI=true is believed to understand them.
pub fn choose_colours() {
    if is_dumb() {
        anstream::ColorChoice::Never.write_global();
    }
}

/// A handle to both streams. Colours are dropped where the stream is no terminal or `NO_COLOR` is set.
#[derive(Debug, Clone)]
pub struct Output {
    live: bool,
    flags: Arc<Flags>,
}

#[expect(
    clippy::unused_self,
    reason = "whoever holds an output may write; nobody else does"
)]
impl Output {
    /// The program's own streams; commands that are named there repeat the flags.
    pub fn new(flags: Flags) -> Self {
        Self {
            live: std::io::stderr().is_terminal() && !is_dumb(),
            flags: Arc::new(flags),
        }
    }

    /// What commands that are named repeat.
    pub fn flags(&self) -> &Flags {
        &self.flags
    }

    /// A failure as data, whose hint names commands as they must be typed.
    pub fn report(&self, error: &Error) -> Report {
        let report = error.report();
        Report {
            hint: report.hint.map(|hint| self.flags.repeat(&hint)),
            ..report
        }
    }

    /// One line for the person at the terminal that names commands.
    pub fn advice(&self, text: &str) {
        self.note(self.flags.repeat(text));
    }

    /// Whether stderr is a terminal on which lines may be redrawn.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// One line of data, to stdout.
    pub fn line(&self, text: impl Display) -> Result<()> {
        let written = writeln!(anstream::stdout(), "{text}");
        Ok(written.map_err(IoError::new("write to the standard output"))?)
    }

    /// Data as it is, to stdout.
    pub fn raw(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        Ok(written.map_err(IoError::new("write to the standard output"))?)
    }

    /// One JSON document on one line, to stdout, with the `schema_version` every document carries.
    pub fn json(&self, document: &impl Serialize) -> Result<()> {
        #[derive(Serialize)]
        struct Versioned<'a, T> {
            schema_version: u32,
            #[serde(flatten)]
            document: &'a T,
        }
        let document = Versioned {
            schema_version: SCHEMA_VERSION,
            document,
        };
        let text = serde_json::to_string(&document).map_err(std::io::Error::other);
        self.line(text.map_err(IoError::new("write JSON"))?)
    }

    /// One line for the person at the terminal, to stderr. It is never worth failing for.
    pub fn note(&self, text: impl Display) {
        drop(writeln!(anstream::stderr(), "{text}"));
    }

    /// A question on stderr; the answer is typed behind it.
    pub fn prompt(&self, question: &str) {
        let mut stderr = anstream::stderr();
        drop(write!(stderr, "{question}").and_then(|()| stderr.flush()));
    }

    /// Begins a page anew where stdout is a terminal; elsewhere pages follow each other.
    pub fn clear_screen(&self) -> Result<()> {
        if self.live && std::io::stdout().is_terminal() {
            self.raw(b"\x1b[H\x1b[2J")?;
        }
        Ok(())
    }

    /// Shows a failure, if there is one, and says how the program ends.
    pub fn conclude(&self, result: Result<Exit>) -> Exit {
        match result {
            Ok(exit) => exit,
            Err(error) if is_broken_pipe(&error) => Exit::Done,
            Err(error) => {
                self.failure(&self.report(&error));
                error.exit()
            }
        }
    }

    /// What failed, why, and what to do, in this order.
    pub fn failure(&self, report: &Report) {
        let Report {
            code,
            message,
            causes,
            detail,
            hint,
        } = report;
        self.note(format_args!("{0}error[{code}]{0:#} {message}", style::BAD));
        for cause in causes {
            self.note(format_args!("  caused by: {cause}"));
        }
        for line in detail {
            self.note(format_args!("  {0}│{0:#} {line}", style::DIM));
        }
        if let Some(hint) = hint {
            self.note(format_args!("{0}hint:{0:#} {hint}", style::BOLD));
        }
    }
}

/// The reader of our output has gone (`| head`); that is not a failure.
fn is_broken_pipe(error: &Error) -> bool {
    error.io_kind() == Some(std::io::ErrorKind::BrokenPipe)
}
