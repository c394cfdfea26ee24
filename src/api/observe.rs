//! What every request gets: an id, a time limit, a problem document where it fails, counters, and one line in the log.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::body::Body;
use axum::extract;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

use super::ROUTES;
use super::limits;
use super::log::now;
use super::problem;
use super::problem::Kind;
use super::problem::Problem;
use super::rates::Asked;
use super::state::State;
use crate::log_line::Level;
use crate::text::milliseconds;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of a request id that comes from outside.
const REQUEST_ID_LENGTH: usize = 128;
/// The route of requests that no route takes.
const UNMATCHED: &str = "unmatched";
/// What log and metrics give as the status of a request whose client did not wait for one.
const CLIENT_GONE: u16 = 499;
/// Characters of a path or query that a log line shows.
const SHOWN: usize = 2048;

/// Ids for requests that come without one: unique among all processes by a random part, within one by a number.
#[derive(Debug)]
pub struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// A source whose random part comes from the operating system.
    pub fn new() -> Self {
        Self {
            process: getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id())),
            next: AtomicU64::new(1),
        }
    }

    /// The id that the client gave, if it can be used, otherwise a new one.
    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let usable = |id: &&HeaderValue| {
            let visible = id.as_bytes().iter().all(u8::is_ascii_graphic);
            visible && (1..=REQUEST_ID_LENGTH).contains(&id.len())
        };
        headers
            .get(REQUEST_ID)
            .filter(usable)
            .cloned()
            .unwrap_or_else(|| self.make())
    }

    fn make(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:016x}-{number:x}", self.process);
        HeaderValue::from_maybe_shared(bytes::Bytes::from(id))
            .unwrap_or(HeaderValue::from_static("none"))
    }
}

/// A request as the log will show it.
struct Seen {
    started: Instant,
    id: HeaderValue,
    method: Method,
    path: String,
    query: Option<String>,
    route: &'static str,
}

impl Seen {
    fn of(request: &Request, ids: &RequestIds) -> Self {
        Self {
            started: Instant::now(),
            id: ids.of(request.headers()),
            method: request.method().clone(),
            path: shown(request.uri().path()),
            query: request.uri().query().map(shown),
            route: route(request),
        }
    }
}

fn shown(text: &str) -> String {
    text.get(..SHOWN).unwrap_or(text).to_owned()
}

/// The route that takes the request, as one of few fixed texts.
fn route(request: &Request) -> &'static str {
    let matched = request.extensions().get::<MatchedPath>();
    let known = matched.and_then(|path| ROUTES.into_iter().find(|route| *route == path.as_str()));
    known.unwrap_or(UNMATCHED)
}

/// The outermost layer of the router.
pub async fn observe(
    extract::State(state): extract::State<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let _in_flight = state.metrics.enter();
    let unanswered = Unanswered::new(&state, &request);
    let response = answer(&state, request, next).await;
    let Some(seen) = unanswered.disarm() else {
        return response;
    };
    let response = finish(&state, &seen, response);
    Outcome::of(&response).record(&state, &seen);
    response
}

/// A request on the way to its answer. When its client goes away first, the work is dropped, and this records it.
struct Unanswered<'a> {
    state: &'a State,
    seen: Option<Seen>,
}

impl<'a> Unanswered<'a> {
    fn new(state: &'a State, request: &Request) -> Self {
        let seen = Some(Seen::of(request, &state.request_ids));
        Self { state, seen }
    }

    fn disarm(mut self) -> Option<Seen> {
        self.seen.take()
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(seen) = self.seen.take() {
            let outcome = Outcome {
                status: CLIENT_GONE,
                asked: None,
                problem: Some("client-gone"),
                error: None,
            };
            outcome.record(self.state, &seen);
        }
    }
}

async fn answer(state: &State, request: Request, next: Next) -> Response {
    if let Some(problem) = limits::refuse(&request) {
        return problem.into_response();
    }
    let response = tokio::time::timeout(state.request_timeout, next.run(request)).await;
    response.unwrap_or_else(|_| {
        let limit = state.request_timeout.as_millis();
        let detail = format!("the answer was not ready within {limit} ms");
        Problem::new(Kind::Timeout, detail).into_response()
    })
}

/// Completes the response with what only the outermost layer knows.
fn finish(state: &State, seen: &Seen, response: Response) -> Response {
    let mut response = problem::render(response, &seen.path);
    response.headers_mut().insert(REQUEST_ID, seen.id.clone());
    if state.is_draining() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    if seen.method == Method::HEAD {
        return without_body(response);
    }
    response
}

/// An answer to `HEAD`: the length stays, the body goes.
fn without_body(mut response: Response) -> Response {
    use axum::body::HttpBody as _;

    let length = response
        .body()
        .size_hint()
        .exact()
        .filter(|length| *length > 0);
    if let Some(length) = length {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    response.map(|_| Body::empty())
}

/// One line of the access log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    request_id: &'a str,
    method: &'a str,
    path: &'a str,
    route: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    status: u16,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    orig: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// How a request ended.
struct Outcome<'a> {
    status: u16,
    asked: Option<&'a Asked>,
    problem: Option<&'static str>,
    error: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    fn of(response: &'a Response) -> Self {
        let problem = response.extensions().get::<Problem>();
        Self {
            status: response.status().as_u16(),
            asked: response.extensions().get::<Asked>(),
            problem: problem.map(|problem| problem.kind.slug()),
            error: problem.and_then(|problem| problem.cause.as_deref()),
        }
    }

    fn record(&self, state: &State, seen: &Seen) {
        let took = seen.started.elapsed();
        state.metrics.answered(seen.route, self.status, took);
        if let Some(problem) = self.problem {
            state.metrics.problem(seen.route, problem);
        }
        let level = level(seen.route, self.status);
        if state.log.shows(level) {
            state.log.line(&self.line(seen, level, took));
        }
    }

    fn line(&self, seen: &'a Seen, level: Level, took: Duration) -> Line<'a> {
        Line {
            time: now(),
            level,
            request_id: seen.id.to_str().unwrap_or_default(),
            method: seen.method.as_str(),
            path: &seen.path,
            route: seen.route,
            query: seen.query.as_deref(),
            status: self.status,
            duration_ms: milliseconds(took),
            orig: self.asked.map(|asked| asked.orig.as_str()),
            dest: self.asked.map(|asked| asked.dest.as_str()),
            days: self.asked.map(|asked| asked.days),
            problem: self.problem,
            error: self.error,
        }
    }
}

/// Probes and scrapes are only shown to who asks for them, whatever their answer.
fn level(route: &str, status: u16) -> Level {
    match route {
        "/health/live" | "/health/ready" | "/metrics" => Level::Debug,
        _ if status >= 500 => Level::Error,
        _ => Level::Info,
    }
}
