//! Health: alive says that the process runs, ready says that it would answer a question now.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Json;
use axum::extract;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio_postgres::Row;

use super::problem::Kind;
use super::problem::Problem;
use super::state::State;
use super::store::Store;
use super::store::StoreError;

/// How long the database may take to prove itself.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long of that a probe waits for a connection; after it the service is busy, which it is with answering.
const QUEUE: Duration = Duration::from_millis(250);
/// How long a proof holds, so that probes from everywhere cost one query a second.
const FRESH: Duration = Duration::from_secs(1);
/// How long a failure holds: what has come back is to be known at once.
const DOUBTED: Duration = Duration::from_millis(20);

/// Asked first, so that a database without the tables does not log an error at every probe.
const TABLES: &str =
    "select to_regclass('prices') is not null, to_regclass('ratesdev.seed') is not null";
const SEED: &str = "select fingerprint, file, rows, bytes, loaded_at from ratesdev.seed";

/// What the database was loaded with.
#[derive(Debug, Clone, Serialize)]
pub struct Seed {
    fingerprint: String,
    file: String,
    rows: i64,
    bytes: i64,
    loaded_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Live {
    status: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Ready {
    status: &'static str,
    version: &'static str,
    seed: Option<Seed>,
}

/// The last proof. Whoever finds it stale renews it; the others wait for that one.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<Proof>>);

#[derive(Debug)]
struct Proof {
    at: Instant,
    found: Result<Option<Seed>, Problem>,
}

impl Proof {
    fn holds(&self) -> bool {
        let limit = if self.found.is_ok() { FRESH } else { DOUBTED };
        self.at.elapsed() < limit
    }
}

impl Readiness {
    async fn of(&self, store: &Store) -> Result<Option<Seed>, Problem> {
        let mut last = self.0.lock().await;
        match &*last {
            Some(proof) if proof.holds() => proof.found.clone(),
            _ => {
                let found = match (prove(store).await, last.take()) {
                    // Whoever has no connection to spare has them all in use: that is no reason to send nobody here.
                    (
                        Err(problem),
                        Some(Proof {
                            found: Ok(seed), ..
                        }),
                    ) if problem.kind == Kind::Busy => Ok(seed),
                    (found, _) => found,
                };
                let at = Instant::now();
                last.insert(Proof { at, found }).found.clone()
            }
        }
    }
}

async fn prove(store: &Store) -> Result<Option<Seed>, Problem> {
    let seed = tokio::time::timeout(PATIENCE, seed(store)).await;
    if let Ok(Ok(_)) = seed {
        store.prove();
    }
    let late = |_| {
        let limit = PATIENCE.as_millis();
        let detail = format!("the database did not answer within {limit} ms");
        Problem::new(Kind::DatabaseAway, detail)
    };
    seed.map_err(late)?
}

/// Without prices every question would be refused; without a note of what was loaded they can be answered all the same.
async fn seed(store: &Store) -> Result<Option<Seed>, Problem> {
    let (has_prices, has_seed) = tables(store).await?;
    if !has_prices {
        let detail = "the database has no rates yet";
        return Err(Problem::new(Kind::NotLoaded, detail));
    }
    if !has_seed {
        return Ok(None);
    }
    let rows = store.rows_within(QUEUE, SEED, &[]).await?;
    let seed = rows.first().map(Seed::from_row).transpose();
    Ok(seed.map_err(StoreError::from)?)
}

/// Whether there are prices, and whether there is a note of where they come from.
async fn tables(store: &Store) -> Result<(bool, bool), StoreError> {
    let rows = store.rows_within(QUEUE, TABLES, &[]).await?;
    match rows.first() {
        Some(row) => Ok((row.try_get(0)?, row.try_get(1)?)),
        None => Ok((false, false)),
    }
}

impl Seed {
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            fingerprint: row.try_get("fingerprint")?,
            file: row.try_get("file")?,
            rows: row.try_get("rows")?,
            bytes: row.try_get("bytes")?,
            loaded_at: row.try_get("loaded_at")?,
        })
    }
}

/// `GET /health/live`
pub async fn live() -> impl IntoResponse {
    let live = Live {
        status: "live",
        version: env!("CARGO_PKG_VERSION"),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(live))
}

/// `GET /health/ready`
pub async fn ready(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<impl IntoResponse, Problem> {
    if state.is_draining() {
        return Err(Problem::new(Kind::Draining, "the service is stopping"));
    }
    let ready = Ready {
        status: "ready",
        version: env!("CARGO_PKG_VERSION"),
        seed: state.readiness.of(&state.store).await?,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(ready)))
}
