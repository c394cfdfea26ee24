//! What a server does at one instant in figures, asked again and again through one session.

use tokio_postgres::Error;
use tokio_postgres::Statement;

use super::Activity;
use super::ConsoleError;
use super::Session;
use super::survey;

const COUNTERS: &str = include_str!("pulse.sql");
/// Statements that are told of.
const SLOWEST: usize = 8;

/// What a server does at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pulse {
    /// Sessions in which a statement runs.
    pub active: u64,
    /// Sessions that do nothing.
    pub idle: u64,
    /// Sessions whose transaction is open and waits for its client.
    pub in_transaction: u64,
    /// Sessions there may be.
    pub most: u64,
    /// Statements that wait for a lock.
    pub waiting: u64,
    /// Transactions that ended since the server began to count.
    pub transactions: u64,
    /// Blocks that were found in the server's memory since then.
    pub hits: u64,
    /// Blocks that had to be read.
    pub reads: u64,
    /// The statements that have run longest, the oldest first.
    pub slowest: Vec<Activity>,
}

/// A session that is kept to ask for figures; what is asked is prepared once.
#[derive(Debug)]
pub struct Gauge {
    session: Session,
    activity: Statement,
    counters: Statement,
}

impl Gauge {
    /// Prepares what is asked.
    pub async fn new(session: Session) -> Result<Self, ConsoleError> {
        let prepared = Self::prepare(&session).await;
        let (activity, counters) =
            prepared.map_err(|error| ConsoleError::of_statement(error, COUNTERS))?;
        Ok(Self {
            session,
            activity,
            counters,
        })
    }

    async fn prepare(session: &Session) -> Result<(Statement, Statement), Error> {
        let client = &session.client;
        client.batch_execute(survey::HURRY).await?;
        futures_util::try_join!(client.prepare(survey::ACTIVITY), client.prepare(COUNTERS))
    }

    /// Asks what the server does now.
    pub async fn read(&self) -> Result<Pulse, ConsoleError> {
        let read = self.ask().await;
        read.map_err(|error| ConsoleError::of_statement(error, COUNTERS))
    }

    async fn ask(&self) -> Result<Pulse, Error> {
        let client = &self.session.client;
        let (sessions, counted) = futures_util::try_join!(
            client.query(&self.activity, &[]),
            client.query_one(&self.counters, &[])
        )?;
        let sessions: Result<Vec<_>, _> = sessions.iter().map(survey::activity).collect();
        let count = |column| survey::bytes(&counted, column);
        Ok(Pulse {
            transactions: count(0)?,
            hits: count(1)?,
            reads: count(2)?,
            most: count(3)?,
            ..Pulse::of(sessions?)
        })
    }
}

impl Pulse {
    /// Counts sessions by what they do, and keeps the statements that run.
    fn of(sessions: Vec<Activity>) -> Self {
        let count =
            |is: fn(&Activity) -> bool| sessions.iter().filter(|one| is(one)).count() as u64;
        Self {
            active: count(Activity::runs),
            idle: count(|one| one.state == "idle"),
            in_transaction: count(|one| one.state.starts_with("idle in transaction")),
            waiting: count(Activity::waits_for_a_lock),
            slowest: sessions
                .into_iter()
                .filter(Activity::runs)
                .take(SLOWEST)
                .collect(),
            ..Self::default()
        }
    }

    /// Sessions of all kinds.
    pub fn sessions(&self) -> u64 {
        self.active + self.idle + self.in_transaction
    }
}
