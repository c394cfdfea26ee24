//! The database behind a pool: connected when first needed, asked again when a connection turns out to be dead.

use std::error::Error as _;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use deadpool_postgres::Client;
use deadpool_postgres::Manager;
use deadpool_postgres::ManagerConfig;
use deadpool_postgres::Object;
use deadpool_postgres::Pool;
use deadpool_postgres::PoolError;
use deadpool_postgres::QueueMode;
use deadpool_postgres::RecyclingMethod;
use deadpool_postgres::Runtime;
use deadpool_postgres::Status;
use deadpool_postgres::TimeoutType;
use deadpool_postgres::Timeouts;
use serde_json::json;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::log::Log;
use super::metrics::Metrics;
use super::problem::Kind;
use super::problem::Problem;
use super::settings::Settings;
use crate::error::chain;

/// Between further attempts while a database is being replaced; the first of them follows at once.
const PAUSE: Duration = Duration::from_millis(50);

/// The values of a statement's parameters.
pub type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Reads from the database.
#[derive(Debug)]
pub struct Store {
    pool: Pool,
    /// How long a question may wait for a connection, and for the database to be back where it was.
    wait: Duration,
    metrics: Arc<Metrics>,
    log: Log,
    /// Whether the last attempt reached the database; its changes are logged.
    reachable: AtomicBool,
    /// Whether it has ever answered a question or been found ready.
    proven: AtomicBool,
}

/// Why a read has no result. The texts are for the log; clients read the [`Problem`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Every connection stayed in use for the whole wait.
    #[error("no database connection became free in time")]
    Busy,
    /// A connection could not be opened in time.
    #[error("the database does not answer")]
    Silent,
    /// A connection could not be opened, or died under the statement.
    #[error("the database cannot be reached")]
    Away(#[source] Error),
    /// The statement ran longer than it may.
    #[error("the statement took too long")]
    TooSlow(#[source] Error),
    /// A table is missing: nothing has been loaded yet.
    #[error("a table is missing")]
    NotLoaded(#[source] Error),
    /// Anything else, which is a fault of ours.
    #[error("the statement failed")]
    Failed(#[source] Error),
    /// The pool has been closed because the service stops.
    #[error("the service is stopping")]
    Stopping,
}

impl Store {
    /// A pool that opens its connections when they are first needed.
    pub fn new(settings: &Settings, metrics: Arc<Metrics>, log: Log) -> Self {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let mut config = settings.database.config("api");
        config.options(session_options(settings.statement_timeout));
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager)
            .max_size(settings.pool)
            // The session that was used last has plans and tables at hand.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(settings.pool_wait))
            .create_timeout(Some(settings.pool_wait))
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool with a runtime may have timeouts");
        Self {
            pool,
            wait: settings.pool_wait,
            metrics,
            log,
            reachable: AtomicBool::new(true),
            proven: AtomicBool::new(false),
        }
    }

    /// The rows of a statement, which is prepared once per connection. Where a connection is dead, or the database is
    /// just being replaced by another, it is asked again for as long as a question may wait for a connection.
    pub async fn rows(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows_within(self.wait, sql, parameters).await;
        if rows.is_ok() {
            self.prove();
        }
        rows
    }

    /// From here on a database that is away has been lost; before, it was still being made.
    pub fn prove(&self) {
        if !self.proven.load(Ordering::Relaxed) {
            self.proven.store(true, Ordering::Relaxed);
            self.tell(None);
        }
    }

    /// The same for who does not wait that long for a connection.
    pub async fn rows_within(
        &self,
        wait: Duration,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let until = Instant::now() + wait;
        let mut result = self.attempt(wait, sql, parameters).await;
        let mut pause = Duration::ZERO;
        while is_passing(&result) && Instant::now() + pause < until {
            // What killed one connection, a restart or a swap of databases, has killed the idle ones too.
            self.pool.retain(|_, _| false);
            tokio::time::sleep(std::mem::replace(&mut pause, PAUSE)).await;
            result = self.attempt(wait, sql, parameters).await;
        }
        self.note(&result);
        result
    }

    async fn attempt(
        &self,
        wait: Duration,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let asked = Instant::now();
        let limits = Timeouts {
            wait: Some(wait),
            ..self.pool.timeouts()
        };
        let client = self.pool.timeout_get(&limits).await;
        self.metrics.waited(asked.elapsed());
        let lease = Lease(Some(client?));
        let rows = read(&lease, sql, parameters).await;
        lease.give_back();
        rows.map_err(StoreError::from)
    }

    /// Notes whether the database is there.
    fn note(&self, result: &Result<Vec<Row>, StoreError>) {
        let away = match result {
            Err(error @ (StoreError::Away(_) | StoreError::Silent)) => Some(error),
            Err(StoreError::Busy | StoreError::Stopping) => return,
            _ => None,
        };
        if away.is_some() || self.proven.load(Ordering::Relaxed) {
            self.tell(away);
        }
    }

    /// Says once when the database is lost, and once when it is back.
    fn tell(&self, away: Option<&StoreError>) {
        if self.reachable.load(Ordering::Relaxed) == away.is_none() {
            return;
        }
        self.reachable.store(away.is_none(), Ordering::Relaxed);
        let fields = |error: &StoreError| json!({ "error": error.text() });
        match away {
            Some(error) if self.proven.load(Ordering::Relaxed) => {
                self.log.error("database lost", fields(error));
            }
            Some(error) => self.log.info("waiting for the database", fields(error)),
            None => self.log.info("database back", json!({})),
        }
    }

    /// How full the pool is.
    pub fn status(&self) -> Status {
        self.pool.status()
    }

    /// Closes every connection that is not in use, and refuses new questions.
    pub fn close(&self) {
        self.pool.close();
    }
}

async fn read(client: &Client, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, parameters).await
}

/// Set when a connection is opened: no statement runs away, no transaction idles, nothing is written.
///
/// One plan is kept for all questions, from the first on: to plan five of them anew takes longer than it gains. It takes
/// every region for a small one, and would sort the prices of a large one by day, which takes about as long as to read
/// them: days are few, so they are counted in a hash table instead. Where prices have to be sorted all the same, the plan
/// looks so dear with this that PostgreSQL would compile it first.
fn session_options(statement_timeout: Duration) -> String {
    let timeout = statement_timeout.as_millis();
    format!(
        "-c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout} \
         -c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan -c enable_sort=off -c jit=off"
    )
}

/// A connection in use. When the question is given up while a statement runs, the connection is closed instead of
/// going back to the pool, where the next question would wait for that statement.
struct Lease(Option<Client>);

impl Lease {
    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0
            .as_ref()
            .expect("a lease is deref'd only before it is given back")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy,
            PoolError::Backend(error) => Self::Away(error),
            PoolError::Closed => Self::Stopping,
            PoolError::Timeout(_)
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Self::Silent,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.code() {
            _ if was_connected(&error) => Self::Away(error),
            Some(&SqlState::QUERY_CANCELED) => Self::TooSlow(error),
            Some(&SqlState::UNDEFINED_TABLE) => Self::NotLoaded(error),
            _ => Self::Failed(error),
        }
    }
}

/// Whether the error tells that an open connection has ended: another one may well work.
fn was_connected(error: &Error) -> bool {
    match error.code() {
        Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN) => true,
        Some(code) => code.code().starts_with("08"),
        None => {
            error.is_closed()
                || error
                    .source()
                    .is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        }
    }
}

/// Whether the failure may be over in a moment: a session that was ended, a database between two names.
fn is_passing<T>(result: &Result<T, StoreError>) -> bool {
    let Err(StoreError::Away(error)) = result else {
        return false;
    };
    error.code() == Some(&SqlState::UNDEFINED_DATABASE)
        || (was_connected(error) && !is_refused(error))
}

/// Whether nothing listens where the database should be.
fn is_refused(error: &Error) -> bool {
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::ConnectionRefused)
}

impl StoreError {
    /// The error with all its causes, as the log shows it.
    pub fn text(&self) -> String {
        let texts: Vec<_> = chain(self).map(ToString::to_string).collect();
        texts.join(": ")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (kind, detail) = match error {
            StoreError::Busy => (Kind::Busy, "no database connection became free in time"),
            StoreError::Silent | StoreError::Away(_) => {
                (Kind::DatabaseAway, "the database cannot be reached")
            }
            StoreError::TooSlow(_) => (Kind::TooSlow, "the database took too long to answer"),
            StoreError::NotLoaded(_) => (Kind::NotLoaded, "the database has no rates yet"),
            StoreError::Failed(_) => (Kind::Internal, "the question could not be answered"),
            StoreError::Stopping => (Kind::Draining, "the service is stopping"),
        };
        Self::new(kind, detail).because(error.text())
    }
}
