//! Why a session has no result.

use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::DbError;
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::error::SqlState;

use super::IDLE;
use crate::error::Code;
use crate::error::Explain;

/// Characters of a statement that are shown around the place that is wrong.
const AROUND: usize = 60;

/// Why a session has no result.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// There is no connection, or it broke.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Error),
    /// The server takes connections and says nothing.
    #[error("the database does not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The server ended the session whose rows were to be fetched.
    #[error("there are no more rows of this statement: its session has ended")]
    Ended,
    /// The server refused a statement.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// A statement that moves data through the connection.
    #[error("COPY needs a file to copy from or to, and there is none here")]
    Copy,
}

/// What the server said about a statement.
#[derive(Debug, thiserror::Error)]
#[error("{} {}", db.code().code(), db.message())]
pub struct Refused {
    db: DbError,
    /// The statement around the place that is wrong, and a line that points at it.
    mark: Vec<String>,
}

impl ConsoleError {
    /// A connection that could not be made.
    pub fn connecting(error: Error) -> Self {
        Self::Unreachable(error)
    }

    /// A statement that failed.
    pub fn of_statement(error: Error, sql: &str) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::Unreachable(error);
        };
        let mark = match db.position() {
            Some(ErrorPosition::Original(place)) => mark(sql, *place),
            _ => Vec::new(),
        };
        let db = db.clone();
        Self::Refused(Box::new(Refused { db, mark }))
    }

    /// Rows that could not be fetched.
    pub fn of_rows(error: Error, sql: &str) -> Self {
        if error.is_closed() {
            return Self::Ended;
        }
        Self::of_statement(error, sql)
    }

    /// Whether the server said that the password is not the one it knows.
    pub fn is_wrong_password(&self) -> bool {
        let Self::Unreachable(error) = self else {
            return false;
        };
        error.code() == Some(&SqlState::INVALID_PASSWORD)
    }
}

impl Explain for ConsoleError {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable(_) | Self::Silent(_) => Code::DatabaseUnreachable,
            Self::Refused(_) | Self::Ended | Self::Copy => Code::StatementRefused,
        }
    }

    fn detail(&self) -> Vec<String> {
        let Self::Refused(refused) = self else {
            return Vec::new();
        };
        let mut lines = refused.mark.clone();
        lines.extend(refused.db.detail().map(str::to_owned));
        lines.extend(refused.db.where_().map(str::to_owned));
        lines
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ended => Some(format!(
                "rows that nobody asks for are kept for {} minutes; send the statement again",
                IDLE.as_secs() / 60
            )),
            Self::Unreachable(_) | Self::Silent(_) => {
                Some("`ratesdev status` shows how the database is, `ratesdev logs database` what it says".to_owned())
            }
            Self::Copy => Some("`ratesdev psql` can: its \\copy reads and writes files of this machine".to_owned()),
            Self::Refused(refused) => refused.hint(),
        }
    }
}

impl Refused {
    fn hint(&self) -> Option<String> {
        let own = match *self.db.code() {
            SqlState::READ_ONLY_SQL_TRANSACTION => {
                "writing is off; switch it on to change what the database holds"
            }
            SqlState::SYNTAX_ERROR if self.db.message().contains("multiple commands") => {
                "one statement at a time; `ratesdev psql` takes many"
            }
            _ => return self.db.hint().map(str::to_owned),
        };
        Some(own.to_owned())
    }
}

/// The statement around the character with this number, which counts from 1, and a line that points at it.
fn mark(sql: &str, place: u32) -> Vec<String> {
    let place = usize::try_from(place)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    let first = place.saturating_sub(AROUND / 2);
    let shown: String = sql.chars().skip(first).take(AROUND).collect();
    // A tab or a line break is a column of its own here.
    let shown = shown.replace(char::is_control, " ");
    let before: String = shown.chars().take(place - first).collect();
    let column = unicode_width::UnicodeWidthStr::width(before.as_str());
    vec![shown, format!("{}^", " ".repeat(column))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_character_that_is_meant() {
        let cases = [
            ("select x", 8, "select x", "       ^"),
            ("select\tx", 8, "select x", "       ^"),
            ("港 x", 3, "港 x", "   ^"),
            ("select", 7, "select", "      ^"),
        ];
        for (sql, place, shown, pointer) in cases {
            assert_eq!(mark(sql, place), [shown, pointer]);
        }
        let long = format!("select {}, y", "x".repeat(500));
        let marked = mark(&long, 510);
        assert_eq!(marked[0].chars().nth(marked[1].len() - 1), Some('y'));
    }
}
