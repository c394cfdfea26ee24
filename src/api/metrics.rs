//! What can be counted, in the text format that Prometheus reads. Labels are routes, statuses and kinds, never user data.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::IntoResponse;
use deadpool_postgres::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use super::cache::Cache;
use super::state::State;

/// Upper bounds in seconds, fine where answers usually are.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
const OPEN_METRICS: &str = "application/openmetrics-text";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabel {
    route: &'static str,
    kind: &'static str,
}

/// All counters of the service; cheap to update from every request.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<StatusLabel, Counter>,
    errors: Family<ErrorLabel, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    pool: PoolGauges,
    pool_wait: Histogram,
    cache: CacheNumbers,
    dropped_lines: Counter,
}

#[derive(Debug, Default)]
struct PoolGauges {
    size: Gauge,
    open: Gauge,
    in_use: Gauge,
    waiting: Gauge,
}

#[derive(Debug, Default)]
struct CacheNumbers {
    hits: Counter,
    misses: Counter,
    bytes: Gauge,
    hears: Gauge,
}

/// Counts a request as in flight for as long as it is held.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("rates"),
            requests: Family::default(),
            errors: Family::default(),
            durations: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            pool: PoolGauges::default(),
            pool_wait: seconds(),
            cache: CacheNumbers::default(),
            dropped_lines: Counter::default(),
        };
        metrics.register_requests();
        metrics.register_pool();
        metrics.register_cache();
        metrics
    }

    fn register_requests(&mut self) {
        let registry = &mut self.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running code", version);
        let requests = self.requests.clone();
        registry.register("http_requests", "Answered requests", requests);
        let errors = self.errors.clone();
        registry.register("http_errors", "Answers that are problems", errors);
        let durations = self.durations.clone();
        let help = "Time from the request's head to the answer's";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations);
        let in_flight = self.in_flight.clone();
        registry.register(
            "http_requests_in_flight",
            "Requests being answered",
            in_flight,
        );
        let dropped = self.dropped_lines.clone();
        registry.register(
            "log_lines_dropped",
            "Log lines nobody read in time",
            dropped,
        );
    }

    fn register_pool(&mut self) {
        let registry = &mut self.registry;
        let gauges = [
            (
                "pool_size",
                "Database connections there may be",
                &self.pool.size,
            ),
            (
                "pool_open",
                "Database connections there are",
                &self.pool.open,
            ),
            (
                "pool_in_use",
                "Database connections in use",
                &self.pool.in_use,
            ),
            (
                "pool_waiting",
                "Questions that wait for a connection",
                &self.pool.waiting,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let wait = self.pool_wait.clone();
        let help = "Time a question waited for a connection";
        registry.register_with_unit("pool_wait", help, Unit::Seconds, wait);
    }

    fn register_cache(&mut self) {
        let registry = &mut self.registry;
        let CacheNumbers {
            hits,
            misses,
            bytes,
            hears,
        } = &self.cache;
        registry.register("cache_hits", "Answers that were kept", hits.clone());
        let help = "Answers that were not, while some may be";
        registry.register("cache_misses", help, misses.clone());
        let help = "Memory of kept answers";
        registry.register_with_unit("cache", help, Unit::Bytes, bytes.clone());
        let help = "Whether changes are heard of, so that answers may be kept";
        registry.register("cache_hears", help, hears.clone());
    }

    /// Counts a request in until the guard is dropped, also when its client goes away before the answer.
    pub fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer.
    pub fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let label = StatusLabel { route, status };
        self.requests.get_or_create(&label).inc();
        let durations = self.durations.get_or_create(&RouteLabel { route });
        durations.observe(took.as_secs_f64());
    }

    /// Counts a problem by its slug.
    pub fn problem(&self, route: &'static str, kind: &'static str) {
        self.errors.get_or_create(&ErrorLabel { route, kind }).inc();
    }

    /// Counts how long a question waited for a database connection.
    pub fn waited(&self, wait: Duration) {
        self.pool_wait.observe(wait.as_secs_f64());
    }

    /// Counts a question as answered from the cache or not.
    pub fn looked_up(&self, is_hit: bool) {
        if is_hit {
            self.cache.hits.inc();
        } else {
            self.cache.misses.inc();
        }
    }

    /// Takes over what the cache knows of itself.
    fn read_cache(&self, cache: &Cache) {
        let bytes = i64::try_from(cache.bytes()).unwrap_or(i64::MAX);
        self.cache.bytes.set(bytes);
        self.cache.hears.set(i64::from(cache.hears()));
    }

    /// The text of one scrape.
    fn text(&self, pool: &Status, dropped_lines: u64) -> String {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.pool.size.set(count(pool.max_size));
        self.pool.open.set(count(pool.size));
        self.pool
            .in_use
            .set(count(pool.size.saturating_sub(pool.available)));
        self.pool.waiting.set(count(pool.waiting));
        self.dropped_lines
            .inner()
            .store(dropped_lines, Ordering::Relaxed);
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(std::fmt::Error) => String::new(),
        }
    }
}

/// The two formats that scrapers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenMetrics,
    /// Prometheus text 0.0.4, for who does not ask for the other.
    Plain,
}

impl Format {
    fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter();
        let mut ranges = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        if ranges.any(takes_open_metrics) {
            Self::OpenMetrics
        } else {
            Self::Plain
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    fn write(self, text: String) -> String {
        match self {
            Self::OpenMetrics => text,
            Self::Plain => plain(&text),
        }
    }
}

/// Whether a media range of an `Accept` header is about OpenMetrics, other than to exclude it with `q=0`.
fn takes_open_metrics(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let is_it = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(OPEN_METRICS));
    let is_excluded = |part: &str| {
        let quality = part.strip_prefix("q=").map(str::parse::<f32>);
        quality.is_some_and(|quality| quality.is_ok_and(|quality| quality <= 0.0))
    };
    is_it && !parts.any(is_excluded)
}

/// OpenMetrics as Prometheus text 0.0.4, where a counter is declared under the name that its lines have.
fn plain(text: &str) -> String {
    let types: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let declared = |rest: &str| {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match (types.get(name).copied(), rest) {
            (Some("counter"), rest) => format!("{name}_total {rest}"),
            (Some("info"), "info") => format!("{name}_info gauge"),
            (Some("info"), rest) => format!("{name}_info {rest}"),
            (_, rest) => format!("{name} {rest}"),
        }
    };
    let line = |line: &str| match line.split_at_checked("# HELP ".len()) {
        Some((start @ ("# HELP " | "# TYPE "), rest)) => {
            Some(format!("{start}{}\n", declared(rest)))
        }
        Some(("# UNIT ", _)) => None,
        _ if line == "# EOF" => None,
        _ => Some(format!("{line}\n")),
    };
    text.lines().filter_map(line).collect()
}

/// `GET /metrics`
pub async fn metrics(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let format = Format::wanted(&headers);
    if let Some(cache) = &state.cache {
        state.metrics.read_cache(cache);
    }
    let text = state
        .metrics
        .text(&state.store.status(), state.log.dropped());
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, format.write(text))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn open_metrics_is_for_who_accepts_it() {
        let cases = [
            ("", Format::Plain),
            ("*/*", Format::Plain),
            ("text/plain;version=0.0.4", Format::Plain),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "text/plain;q=0.3, Application/OpenMetrics-Text;version=1.0.0;q=0.6",
                Format::OpenMetrics,
            ),
            (
                "application/openmetrics-text; q=0.0, text/plain",
                Format::Plain,
            ),
            ("application/openmetrics-textual", Format::Plain),
        ];
        for (accept, format) in cases {
            let value = HeaderValue::from_static(accept);
            let headers = HeaderMap::from_iter([(header::ACCEPT, value)]);
            assert_eq!(Format::wanted(&headers), format, "{accept}");
        }
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Plain);
    }

    #[test]
    fn plain_text_declares_counters_under_the_name_of_their_lines() {
        let open = "# HELP a_build Code.\n# TYPE a_build info\na_build_info{version=\"1\"} 1\n\
                    # HELP a_requests Answered.\n# TYPE a_requests counter\na_requests_total 3\n\
                    # HELP a_wait_seconds Wait.\n# TYPE a_wait_seconds histogram\n# UNIT a_wait_seconds seconds\n\
                    a_wait_seconds_sum 0.5\n# EOF\n";
        let expected = "# HELP a_build_info Code.\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n\
                        # HELP a_requests_total Answered.\n# TYPE a_requests_total counter\na_requests_total 3\n\
                        # HELP a_wait_seconds Wait.\n# TYPE a_wait_seconds histogram\na_wait_seconds_sum 0.5\n";
        assert_eq!(plain(open), expected);
        let all = Metrics::new().text(
            &Status {
                max_size: 1,
                size: 0,
                available: 0,
                waiting: 0,
            },
            0,
        );
        assert!(all.ends_with("# EOF\n"));
        assert!(plain(&all).contains("# TYPE rates_log_lines_dropped_total counter\n"));
    }
}
