//! What every request may use: the database, the counters, the log, and whether the service is about to stop.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_postgres::Config;

use super::cache::Cache;
use super::health::Readiness;
use super::log::Log;
use super::metrics::Metrics;
use super::observe::RequestIds;
use super::settings::Settings;
use super::store::Store;

/// Shared by all requests of one service.
#[derive(Debug)]
pub struct State {
    /// The rates.
    pub store: Store,
    /// Answers that are given again, where any are kept.
    pub cache: Option<Cache>,
    /// How to connect to hear of changes.
    pub listener: Config,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// Where lines go.
    pub log: Log,
    /// What `/health/ready` found out last.
    pub readiness: Readiness,
    /// The source of request ids.
    pub request_ids: RequestIds,
    /// How long a request may take in all.
    pub request_timeout: Duration,
    /// The longest span that is answered at once, in days.
    pub max_span_days: i64,
    /// How long connections are still served once the service has been asked to stop.
    pub drain: Duration,
    draining: AtomicBool,
}

impl State {
    /// The state of a service that has just started; the database is not asked for anything yet.
    pub fn new(settings: &Settings, log: Log) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self {
            store: Store::new(settings, Arc::clone(&metrics), log.clone()),
            cache: (settings.cache_bytes > 0).then(|| Cache::new(settings.cache_bytes)),
            listener: settings.database.config("listener"),
            metrics,
            log,
            readiness: Readiness::default(),
            request_ids: RequestIds::new(),
            request_timeout: settings.request_timeout,
            max_span_days: settings.max_span_days,
            drain: settings.drain,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on the service is not ready, and every answer asks the client to close its connection.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the service is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
