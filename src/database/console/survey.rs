//! What a database holds and does: its tables, and the statements that run.

use std::time::Duration;
use std::time::Instant;

use tokio_postgres::Error;
use tokio_postgres::Row;

use super::ConsoleError;
use super::Session;
use crate::database::note;
use crate::database::note::Note;

const TABLES: &str = include_str!("tables.sql");
const SIZES: &str = "select pg_table_size(to_regclass($1)), pg_indexes_size(to_regclass($1))";
pub(super) const ACTIVITY: &str = include_str!("activity.sql");
/// A survey waits for no lock: somebody who locks a table is what it is to show.
pub(super) const HURRY: &str = "set statement_timeout = 3000; set lock_timeout = 300";
/// How long tables are measured before the rest keep what the server guesses: locks may hold up every one of them.
const BUDGET: Duration = Duration::from_secs(3);
/// Bytes of a table up to which its rows are counted.
const COUNTED: u64 = 64_000_000;

/// What a database holds and does.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// The version of the server.
    pub server: String,
    /// The statements that run, the oldest first.
    pub activities: Vec<Activity>,
    /// Sessions that do nothing.
    pub idle: u64,
    /// What it holds, where that was asked.
    pub held: Option<Held>,
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its tables, those of the dump first.
    pub tables: Vec<Table>,
    /// What it was loaded with.
    pub seed: Option<Note>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its name as SQL, to be put into a statement.
    pub sql: String,
    /// Its rows.
    pub rows: Count,
    /// Bytes without indexes.
    pub bytes: u64,
    /// Bytes of its indexes.
    pub index_bytes: u64,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// They were counted.
    Exact(u64),
    /// The server's guess: there are too many to count, or the table is locked.
    About(u64),
}

/// A session that is in the middle of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// The process of the server.
    pub pid: i32,
    /// Microseconds since 1970 at which its statement began: a later one is another.
    pub began: i64,
    /// The database.
    pub database: String,
    /// Who.
    pub user: String,
    /// With which program.
    pub application: String,
    /// Seconds for which it has been in its state.
    pub seconds: f64,
    /// What it is doing.
    pub state: String,
    /// What it waits for.
    pub wait: Option<String>,
    /// The statement, cut where it is long.
    pub sql: String,
}

impl Activity {
    /// Whether a statement runs; otherwise a transaction is open and waits for its client.
    pub fn runs(&self) -> bool {
        self.state == "active"
    }

    /// Whether its statement stands still until another session lets something go.
    pub fn waits_for_a_lock(&self) -> bool {
        let waits = self.wait.as_deref();
        self.runs() && waits.is_some_and(|wait| wait.starts_with("Lock"))
    }
}

impl Session {
    /// Looks what the server does, and if `held` what the database holds.
    pub async fn survey(&self, held: bool) -> Result<Survey, ConsoleError> {
        let survey = self.look(held).await;
        survey.map_err(|error| ConsoleError::of_statement(error, ""))
    }

    async fn look(&self, held: bool) -> Result<Survey, Error> {
        self.client.batch_execute(HURRY).await?;
        let server = self.client.query_one("show server_version", &[]).await?;
        let rows = self.client.query(ACTIVITY, &[]).await?;
        let activities: Result<Vec<_>, _> = rows.iter().map(activity).collect();
        let (idle, activities) = activities?
            .into_iter()
            .partition::<Vec<_>, _>(|activity| activity.state == "idle");
        Ok(Survey {
            server: server.try_get(0)?,
            activities,
            idle: u64::try_from(idle.len()).unwrap_or(u64::MAX),
            held: if held { Some(self.held().await?) } else { None },
        })
    }

    async fn held(&self) -> Result<Held, Error> {
        let size = "select pg_database_size(current_database())";
        let size = self.client.query_one(size, &[]).await?;
        let rows = self.client.query(TABLES, &[]).await?;
        let mut tables = rows.iter().map(table).collect::<Result<Vec<_>, _>>()?;
        let begun = Instant::now();
        for table in &mut tables {
            if begun.elapsed() >= BUDGET {
                break;
            }
            // One that is locked keeps what the server guesses.
            drop(self.measure(table).await);
        }
        Ok(Held {
            bytes: bytes(&size, 0)?,
            tables,
            // A note that cannot be read now, because somebody locks it, is as good as none here.
            seed: note::find(&self.client).await.ok().flatten(),
        })
    }

    /// Measures a table, and counts its rows where that is quick.
    async fn measure(&self, table: &mut Table) -> Result<(), Error> {
        let row = self.client.query_one(SIZES, &[&table.sql]).await?;
        (table.bytes, table.index_bytes) = (bytes(&row, 0)?, bytes(&row, 1)?);
        if table.bytes <= COUNTED {
            let count = format!("select count(*) from {}", table.sql);
            let row = self.client.query_one(&count, &[]).await?;
            table.rows = Count::Exact(bytes(&row, 0)?);
        }
        Ok(())
    }

    /// Cancels a statement, or ends the session of a transaction that waits for its client. Whether it was still there.
    pub async fn end(&self, activity: &Activity) -> Result<bool, ConsoleError> {
        let end = if activity.runs() {
            include_str!("cancel.sql")
        } else {
            include_str!("terminate.sql")
        };
        let row = self
            .client
            .query_opt(end, &[&activity.pid, &activity.began])
            .await;
        let row = row.map_err(|error| ConsoleError::of_statement(error, end))?;
        Ok(row.is_some_and(|row| row.try_get(0).unwrap_or(false)))
    }
}

pub(super) fn bytes(row: &Row, column: usize) -> Result<u64, Error> {
    row.try_get::<_, i64>(column).map(i64::unsigned_abs)
}

fn table(row: &Row) -> Result<Table, Error> {
    Ok(Table {
        schema: row.try_get(0)?,
        name: row.try_get(1)?,
        sql: row.try_get(2)?,
        rows: Count::About(bytes(row, 3)?),
        bytes: bytes(row, 4)?,
        index_bytes: bytes(row, 5)?,
    })
}

pub(super) fn activity(row: &Row) -> Result<Activity, Error> {
    Ok(Activity {
        pid: row.try_get(0)?,
        began: row.try_get(1)?,
        database: row.try_get(2)?,
        user: row.try_get(3)?,
        application: row.try_get(4)?,
        seconds: row.try_get(5)?,
        state: row.try_get(6)?,
        wait: row.try_get(7)?,
        sql: row.try_get(8)?,
    })
}
