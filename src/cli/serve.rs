//! `ratesdev serve`: the rates API as a process.

use std::sync::Arc;

use serde_json::json;

use super::Context;
use super::output::Output;
use crate::api;
use crate::api::Listening;
use crate::api::Log;
use crate::api::Settings;
use crate::api::State;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;

/// Everything it is told comes from these.
const ENVIRONMENT: &str = "\
Environment variables:
  DB_HOST                   the database's name or address (required)
  DB_PORT                   its port [default: 5432]
  DB_NAME                   the database [default: rates]
  DB_USER                   who connects [default: rates]
  DB_PASSWORD               the password; or
  DB_PASSWORD_FILE          a file that holds it (one of the two is required)
  API_LISTEN                address and port to listen on; `stdin` takes over a listening
                            socket that is handed over as standard input [default: 127.0.0.1:8000]
  API_POOL                  database connections at most [default: 8]
  API_POOL_WAIT_MS          how long a question waits for one, then 503 [default: 1000]
  API_STATEMENT_TIMEOUT_MS  how long the database may work on a question, then 503 [default: 2000]
  API_REQUEST_TIMEOUT_MS    how long a request may take in all, then 504 [default: 10000]
  API_MAX_SPAN_DAYS         the longest span that is answered at once [default: 366]
  API_CACHE_BYTES           memory for answers that are given again until the rates change;
                            0 keeps none [default: 8000000]
  API_DRAIN_MS              how long open connections are served after SIGTERM [default: 300]
  API_LOG                   info, or debug to see health probes and scrapes too [default: info]

The log is JSON, one line per request, on the standard output. The database may come and go:
the service starts without it, says so in /health/ready, and recovers alone.

Examples:
  DB_HOST=127.0.0.1 DB_PASSWORD_FILE=password ratesdev serve
  DB_HOST=db DB_PASSWORD_FILE=/run/secrets/db API_LISTEN=0.0.0.0:8000 API_CACHE_BYTES=0 ratesdev serve";

/// Run the rates API until SIGTERM or Ctrl-C
///
/// Answers /rates, /health/live, /health/ready, /metrics and /openapi.json. Once asked to stop, it accepts nothing new,
/// finishes every request it has accepted, and exits with 0.
#[derive(Debug, clap::Args)]
#[command(after_help = ENVIRONMENT)]
pub struct Args {}

/// Serves until asked to stop.
pub async fn run(_args: Args, context: &Context) -> Result<Exit> {
    let settings = Settings::from_env(|name| std::env::var(name).ok())?;
    let listening = Listening::open(settings.listen).await?;
    let log = start_log(&settings, context.out.clone())?;
    log.info("listening", about(&settings, &listening));
    let state = Arc::new(State::new(&settings, log.clone()));
    api::serve(listening.listener, state, &context.shutdown).await;
    log.info("stopped", json!({}));
    log.flush().await;
    Ok(Exit::Done)
}

/// A log on the standard output. When its reader has gone, the service goes on without one.
fn start_log(settings: &Settings, out: Output) -> Result<Log> {
    let write = move |lines: &[u8]| drop(out.raw(lines));
    Ok(Log::start(settings.log, write).map_err(IoError::new("start the log"))?)
}

/// What a reader of the log wants to know first; never the password.
fn about(settings: &Settings, listening: &Listening) -> serde_json::Value {
    let database = &settings.database;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "listen": listening.address.to_string(),
        "database": format!("{}:{}/{}", database.host, database.port, database.name),
        "pool": settings.pool,
        "cache_bytes": settings.cache_bytes,
    })
}
