//! Sessions for people: statements as they are typed, and what the server does meanwhile.
//!
//! Every statement has a session of its own, so that none leaves a setting behind for the next. Reading is enforced by
//! the server: a statement is one statement by the server's own parser, it runs in a transaction that was declared
//! read-only and has taken its snapshot, which cannot be made writable any more, and that transaction is rolled back.

mod error;
mod statement;
mod survey;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio_postgres::CancelToken;
use tokio_postgres::Client;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_util::task::AbortOnDropHandle;
use tokio_util::task::TaskTracker;

use super::Settings;
pub use error::ConsoleError;
pub use statement::Page;
pub use statement::Row;
pub use survey::Activity;
pub use survey::Count;
pub use survey::Held;
pub use survey::Survey;
pub use survey::Table;

/// How long a connection may take until it is ready for statements.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a statement may run.
pub const LIMIT: Duration = Duration::from_secs(30);
/// How long rows that nobody asks for may keep their transaction.
const IDLE: Duration = Duration::from_mins(10);

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The server refuses to write.
    ReadOnly,
    /// A statement is committed when it is done.
    Writing,
}

/// A connection as the owner of the database.
#[derive(Debug)]
pub struct Session {
    client: Client,
    access: Access,
    /// Moves the bytes, and ends with the session.
    _driver: AbortOnDropHandle<Result<(), Error>>,
}

/// Ends what a session is doing; it can be used while the session waits.
#[derive(Clone)]
pub struct Cancel(CancelToken);

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cancel(…)")
    }
}

impl Session {
    /// Connects. A statement of it may run for [`LIMIT`].
    pub async fn connect(settings: &Settings, access: Access) -> Result<Self, ConsoleError> {
        let mut config = settings.config("dashboard");
        config.options(options(access));
        let connect = tokio::time::timeout(PATIENCE, config.connect(NoTls));
        let connected = connect
            .await
            .map_err(|_late| ConsoleError::Silent(PATIENCE))?;
        let (client, connection) = connected.map_err(ConsoleError::connecting)?;
        // Whoever ends the session, on whichever task, ends this with it: nothing of it is left to wait for.
        let driver = TaskTracker::new().spawn(connection);
        Ok(Self {
            client,
            access,
            _driver: AbortOnDropHandle::new(driver),
        })
    }

    /// The way to end what it is doing.
    pub fn cancel(&self) -> Cancel {
        Cancel(self.client.cancel_token())
    }
}

impl Cancel {
    /// Asks the server to end the statement. A request that does not arrive leaves it to the statement's time limit.
    pub async fn request(&self) {
        drop(tokio::time::timeout(PATIENCE, self.0.cancel_query(NoTls)).await);
    }
}

fn options(access: Access) -> String {
    let (limit, idle) = (LIMIT.as_millis(), IDLE.as_millis());
    let read_only = match access {
        Access::ReadOnly => "on",
        Access::Writing => "off",
    };
    format!(
        "-c statement_timeout={limit} -c idle_in_transaction_session_timeout={idle} \
         -c default_transaction_read_only={read_only}"
    )
}
