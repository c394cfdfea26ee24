//! Why a seed could not be loaded, in the words a user reads.

use std::fmt;
use std::path::PathBuf;

use postgres::error::DbError;
use postgres::error::ErrorPosition;
use postgres::error::SqlState;

use super::shape::Shape;
use crate::database::Fingerprint;
use crate::database::dump::DumpError;
use crate::database::dump::Place;
use crate::database::dump::Statement;
use crate::database::migrate::MigrateError;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;

/// Why a seed could not be loaded. Nothing of it is left behind, whatever happened.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The dump cannot be read.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// A statement of the dump failed.
    #[error(transparent)]
    Statement(Box<Failed>),
    /// No connection, or it broke.
    #[error("{}", unreachable(.doing, *.line))]
    Unreachable {
        /// What was being done.
        doing: String,
        /// The dump's line that was reached.
        line: Option<u64>,
        /// What the client says.
        #[source]
        source: Said,
    },
    /// PostgreSQL has no space left.
    #[error("the database server's disk is full")]
    DiskFull(#[source] Said),
    /// The tables of the rates system are not there, or are of another form.
    #[error("{}: {shape}", .file.display())]
    Schema {
        /// The dump.
        file: PathBuf,
        /// How its tables differ.
        shape: Shape,
    },
    /// PostgreSQL kept fewer rows than the dump has.
    #[error("{}: the COPY has {sent} rows but PostgreSQL kept {kept}", Place(.file, *.line))]
    Rows {
        /// The dump.
        file: PathBuf,
        /// The line of the COPY.
        line: u64,
        /// Rows in the dump.
        sent: u64,
        /// Rows in the table.
        kept: u64,
    },
    /// The file is not the one that was meant.
    #[error("{}: the dump's fingerprint is {}, not {} as expected", .file.display(), .found.short(), .expected.short())]
    Changed {
        /// The dump.
        file: PathBuf,
        /// The fingerprint that was asked for.
        expected: Fingerprint,
        /// That of the file.
        found: Fingerprint,
    },
    /// A name that is needed for a moment belongs to somebody else.
    #[error("the database {0} is in the way: it is not ratesdev's and it is not empty")]
    NameTaken(String),
    /// The database that is to be replaced cannot be.
    #[error("the database {0} belongs to PostgreSQL itself and cannot be loaded with a seed")]
    Reserved(String),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The dump could not be read a second time.
    #[error(transparent)]
    Io(#[from] IoError),
    /// A statement of our own failed.
    #[error("PostgreSQL refused to {doing}")]
    Refused {
        /// What was to be done.
        doing: String,
        /// What the server says.
        #[source]
        source: Said,
    },
    /// The user asked to stop.
    #[error("the load was interrupted; nothing was changed")]
    Interrupted,
}

fn unreachable(doing: &str, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("the connection to the database was lost at line {line} of the dump"),
        None => format!("cannot {doing}"),
    }
}

/// What PostgreSQL or its client said, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Said(String);

impl Said {
    /// The innermost cause is the one that helps.
    fn of(error: &postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            return Self(said(db));
        }
        let first: &dyn std::error::Error = error;
        let innermost = std::iter::successors(Some(first), |&cause| cause.source()).last();
        Self(innermost.map_or_else(String::new, ToString::to_string))
    }
}

fn said(db: &DbError) -> String {
    format!("{}: {}", db.severity(), db.message())
}

/// A statement of the dump that failed.
#[derive(Debug, thiserror::Error)]
pub struct Failed {
    /// The dump.
    file: PathBuf,
    /// The line of the dump that the server complains of.
    line: u64,
    /// How the statement begins.
    words: String,
    /// Whether it is about one row of a COPY.
    row: bool,
    db: DbError,
    #[source]
    said: Said,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place(&self.file, self.line);
        if self.row {
            write!(f, "{place}: a row of {} is wrong", self.words)
        } else {
            write!(f, "{place}: {} failed", self.words)
        }
    }
}

impl Failed {
    /// Computes the line of the dump from what the server says about the statement or its rows.
    fn new(file: PathBuf, statement: &Statement, rows_from: Option<u64>, db: DbError) -> Self {
        let row = rows_from.and_then(|first| Some(first + copy_line(db.where_()?)? - 1));
        let line = row.unwrap_or_else(|| statement.line + lines_before(&statement.sql, &db));
        Self {
            file,
            line,
            words: words(&statement.sql),
            row: row.is_some(),
            said: Said(said(&db)),
            db,
        }
    }

    fn code(&self) -> Code {
        match *self.db.code() {
            SqlState::CHARACTER_NOT_IN_REPERTOIRE | SqlState::UNTRANSLATABLE_CHARACTER => {
                Code::DumpEncoding
            }
            _ => Code::DumpStatement,
        }
    }

    fn hint(&self) -> String {
        if let Some(hint) = self.db.hint() {
            return hint.to_owned();
        }
        match *self.db.code() {
            SqlState::INSUFFICIENT_PRIVILEGE => {
                "make the dump again with --no-owner --no-privileges, or load it as a superuser"
                    .to_owned()
            }
            SqlState::UNDEFINED_FILE => "use a database image that has this extension".to_owned(),
            _ => format!(
                "correct line {} of the dump; nothing of it was loaded",
                self.line
            ),
        }
    }

    fn detail(&self) -> Vec<String> {
        let named = |name: &str, text: Option<&str>| text.map(|text| format!("{name}: {text}"));
        let mut lines: Vec<String> = [
            named("detail", self.db.detail()),
            named("context", self.db.where_()),
            Some(format!("SQLSTATE: {}", self.db.code().code())),
        ]
        .into_iter()
        .flatten()
        .flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect();
        lines.dedup();
        lines
    }
}

/// The row number in `COPY prices, line 7, column price: "x"`, in whatever language the server speaks.
fn copy_line(context: &str) -> Option<u64> {
    let line = context.lines().find(|line| line.starts_with("COPY "))?;
    line.split(", ").skip(1).find_map(|part| {
        let digits = part
            .split([' ', ':'])
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        digits.parse().ok()
    })
}

/// How many lines of the statement end before the place the server points at.
fn lines_before(sql: &[u8], db: &DbError) -> u64 {
    let Some(ErrorPosition::Original(position)) = db.position() else {
        return 0;
    };
    let before = String::from_utf8_lossy(sql);
    let before = before.chars().take(*position as usize - 1);
    before.filter(|&c| c == '\n').count() as u64
}

/// The first words of a statement, on one line.
pub fn words(sql: &[u8]) -> String {
    const ENOUGH: usize = 72;
    let head = sql.get(..4 * ENOUGH).unwrap_or(sql);
    let text = String::from_utf8_lossy(head);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= ENOUGH && head.len() == sql.len() {
        return line;
    }
    let cut: String = line.chars().take(ENOUGH).collect();
    match cut.rsplit_once(' ') {
        Some((whole, _)) => format!("{whole} …"),
        None => format!("{cut}…"),
    }
}

/// What was being done when the client reported an error.
pub enum Doing<'a> {
    /// A statement of our own, as what follows "cannot".
    Own(&'a str),
    /// A statement of the dump; `rows_from` is the line of its first row where it is a COPY.
    Dump {
        file: PathBuf,
        statement: &'a Statement,
        rows_from: Option<u64>,
        line: u64,
    },
}

impl SeedError {
    /// Tells apart a refusal, a full disk, a cancelled statement and a lost connection.
    pub fn new(doing: Doing<'_>, error: &postgres::Error) -> Self {
        let said = Said::of(error);
        let Some(db) = error.as_db_error().filter(|db| !is_loss(db.code())) else {
            let (doing, line) = match doing {
                Doing::Own(doing) => (doing.to_owned(), None),
                Doing::Dump { line, .. } => ("load the dump".to_owned(), Some(line)),
            };
            return Self::Unreachable {
                doing,
                line,
                source: said,
            };
        };
        match (db.code(), doing) {
            (&SqlState::DISK_FULL, _) => Self::DiskFull(said),
            (_, Doing::Own(doing)) => Self::Refused {
                doing: doing.to_owned(),
                source: said,
            },
            (
                _,
                Doing::Dump {
                    file,
                    statement,
                    rows_from,
                    ..
                },
            ) => Self::Statement(Box::new(Failed::new(
                file,
                statement,
                rows_from,
                db.clone(),
            ))),
        }
    }
}

/// The server is going away or does not talk to us (classes 08 and 57P, too many connections, wrong password).
fn is_loss(state: &SqlState) -> bool {
    let code = state.code();
    ["08", "57P", "28", "53300", "3D000"]
        .iter()
        .any(|class| code.starts_with(class))
}

impl Explain for SeedError {
    fn code(&self) -> Code {
        match self {
            Self::Dump(error) => error.code(),
            Self::Statement(failed) => failed.code(),
            Self::Unreachable { .. } => Code::DatabaseUnreachable,
            Self::DiskFull(_) => Code::DiskFull,
            Self::Schema { .. } => Code::DumpSchema,
            Self::Rows { .. } => Code::DumpStatement,
            Self::Changed { .. } => Code::DumpChanged,
            Self::NameTaken(_) => Code::NameTaken,
            Self::Reserved(_) => Code::Usage,
            Self::Migrate(error) => error.code(),
            Self::Io(error) => error.code(),
            Self::Refused { .. } => Code::DatabaseRefused,
            Self::Interrupted => Code::Interrupted,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Dump(error) => return error.hint(),
            Self::Statement(failed) => failed.hint(),
            Self::Unreachable { line: Some(_), .. } => {
                "run it again: it begins anew, and nothing of this load is left".to_owned()
            }
            Self::Unreachable { .. } => {
                "see whether PostgreSQL runs and whether DB_HOST, DB_PORT, DB_USER and the password are right".to_owned()
            }
            Self::DiskFull(_) => {
                "free space where PostgreSQL keeps its data, then run it again; nothing of the dump was loaded".to_owned()
            }
            Self::Schema { .. } => {
                "a seed needs regions(slug, name, parent_slug), ports(code, name, parent_slug) and prices(orig_code, dest_code, day, price) in the schema public".to_owned()
            }
            Self::Rows { .. } => "look for a trigger or rule that keeps rows out".to_owned(),
            Self::Changed { .. } => "the file was changed in the meantime; run it again".to_owned(),
            Self::NameTaken(name) => format!("rename it (ALTER DATABASE \"{name}\" RENAME TO …) or drop it"),
            Self::Reserved(_) => "set DB_NAME to another name, for example rates".to_owned(),
            Self::Migrate(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::Refused { .. } => {
                "the user of the load needs to be a superuser, or to have CREATEDB and own the database".to_owned()
            }
            Self::Interrupted => return None,
        })
    }

    fn detail(&self) -> Vec<String> {
        match self {
            Self::Statement(failed) => failed.detail(),
            _ => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_found_in_the_context_of_a_copy() {
        let table = [
            ("COPY prices, line 7, column price: \"x\"", Some(7)),
            ("COPY prices, line 12: \"a, line 3\"", Some(12)),
            ("COPY prices, Zeile 9, Spalte price: \"x\"", Some(9)),
            (
                "PL/pgSQL function f() line 3 at RAISE\nCOPY prices, line 2: \"a\"",
                Some(2),
            ),
            ("SQL statement \"SELECT 1\"", None),
        ];
        for (context, line) in table {
            assert_eq!(copy_line(context), line, "{context}");
        }
    }

    #[test]
    fn a_long_statement_is_named_by_its_first_words() {
        assert_eq!(
            words(b"ALTER TABLE  t\n    ADD x int"),
            "ALTER TABLE t ADD x int"
        );
        let long = format!("INSERT INTO t VALUES ({})", "1, ".repeat(400));
        assert!(words(long.as_bytes()).ends_with(" …"));
        assert!(words("é".repeat(4000).as_bytes()).chars().count() < 80);
    }
}
