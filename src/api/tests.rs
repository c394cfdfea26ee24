//! The router as a client sees it, without a socket and without a database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use axum::http::StatusCode;
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::log::test::Lines;
use super::*;
use crate::log_line::Level;

/// A service whose database is on a port where nothing listens.
struct Service {
    router: Router,
    state: Arc<State>,
    lines: Lines,
}

struct Got {
    response: Response<()>,
    body: Vec<u8>,
}

fn settings() -> Settings {
    let variables = |name: &str| match name {
        "DB_HOST" => Some("127.0.0.1".to_owned()),
        "DB_PORT" => Some("1".to_owned()),
        "DB_PASSWORD" => Some("swordfish".to_owned()),
        _ => None,
    };
    Settings::from_env(variables).unwrap()
}

impl Service {
    fn new(level: Level) -> Self {
        let lines = Lines::default();
        let state = Arc::new(State::new(&settings(), lines.log(level)));
        Self {
            router: router(Arc::clone(&state)),
            state,
            lines,
        }
    }

    async fn send(&self, request: Request) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let response = Response::from_parts(parts, ());
        Got { response, body }
    }

    async fn get(&self, uri: &str) -> Got {
        self.send(Request::get(uri).body(Body::empty()).unwrap())
            .await
    }

    async fn log(&self) -> Vec<Value> {
        self.state.log.flush().await;
        self.lines.read()
    }
}

impl Got {
    fn status(&self) -> StatusCode {
        self.response.status()
    }

    fn header(&self, name: &str) -> &str {
        let value = self.response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The kind of a problem document, after checking what all of them have in common.
    fn problem(&self, path: &str) -> String {
        let document = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(document["status"], self.status().as_u16());
        assert_eq!(document["instance"], path);
        assert!(document["title"].is_string() && document["detail"].is_string());
        let kind = document["type"].as_str().unwrap();
        kind.strip_prefix("urn:rates:problem:").unwrap().to_owned()
    }
}

const QUESTION: &str =
    "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

#[tokio::test]
async fn the_root_says_who_answers() {
    let got = Service::new(Level::Info).get("/").await;
    assert_eq!(got.status(), StatusCode::OK);
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.json()["service"], "rates");
    assert_eq!(got.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn every_bad_parameter_is_named_in_one_answer() {
    let service = Service::new(Level::Info);
    let got = service
        .get("/rates?date_from=2021-02-30&orig_code=cnGGZ&dest_code=")
        .await;
    assert_eq!(got.status(), StatusCode::BAD_REQUEST);
    assert_eq!(got.problem("/rates"), "invalid-parameters");
    let document = got.json();
    let errors = document["errors"].as_array().unwrap().iter();
    let names: Vec<_> = errors
        .map(|error| error["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["date_from", "date_to", "orig_code", "dest_code"]);
}

#[tokio::test]
async fn without_its_database_it_lives_but_is_not_ready_and_says_so_once() {
    let service = Service::new(Level::Info);
    assert_eq!(service.get("/health/live").await.status(), StatusCode::OK);
    for path in [QUESTION, "/health/ready", QUESTION] {
        let got = service.get(path).await;
        assert_eq!(got.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(got.header("retry-after"), "1");
        let path = path.split('?').next().unwrap();
        assert_eq!(got.problem(path), "database-away");
        assert!(!String::from_utf8_lossy(&got.body).contains("refused"));
    }
    let log = service.log().await;
    let said = log
        .iter()
        .filter(|line| line["message"] == "waiting for the database");
    assert_eq!(said.count(), 1);
    let answers = log.iter().filter(|line| line["status"] == 503);
    let texts: Vec<_> = answers
        .map(|line| line["error"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(
        texts.iter().all(|text| text.contains("refused")),
        "{texts:?}"
    );
    assert!(!format!("{log:?} {:?}", service.state).contains("swordfish"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let service = Service::new(Level::Info);
    let got = service.get("/rate").await;
    assert_eq!(got.status(), StatusCode::NOT_FOUND);
    assert_eq!(got.problem("/rate"), "unknown-path");
    let detail = "nothing is at this path; did you mean /rates?";
    assert_eq!(got.json()["detail"], detail);

    for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
        let request = Request::builder().method(method).uri(QUESTION);
        let got = service.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(got.problem("/rates"), "method-not-allowed");
        assert_eq!(got.header("allow"), "GET, HEAD");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let service = Service::new(Level::Info);
    for path in ["/", "/rates", "/openapi.json", "/nowhere"] {
        let get = service.get(path).await;
        let head = service
            .send(Request::head(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_unread() {
    let service = Service::new(Level::Info);
    let long = format!("/rates?x={}", "x".repeat(4000));
    let got = service.get(&long).await;
    assert_eq!(got.status(), StatusCode::URI_TOO_LONG);
    assert_eq!(got.problem("/rates"), "uri-too-long");

    let request = Request::get(QUESTION).header("x-much", "x".repeat(20_000));
    let got = service.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(got.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(got.problem("/rates"), "headers-too-large");

    let request = Request::get(QUESTION)
        .body(Body::from(vec![0; 2000]))
        .unwrap();
    let got = service.send(request).await;
    assert_eq!(got.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(got.problem("/rates"), "body-too-large");

    let request = Request::get(QUESTION).header("transfer-encoding", "chunked");
    let got = service.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(got.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(got.problem("/rates"), "body-too-large");
}

#[tokio::test]
async fn a_request_id_is_kept_when_it_is_usable_and_made_when_not() {
    let service = Service::new(Level::Info);
    let ask = async |id: &str| {
        let request = Request::get("/").header("x-request-id", id);
        let got = service.send(request.body(Body::empty()).unwrap()).await;
        got.header("x-request-id").to_owned()
    };
    assert_eq!(ask("abc-123").await, "abc-123");
    let endless = "x".repeat(129);
    let mut made = BTreeSet::new();
    for id in ["", "a b", "a\tb", &endless] {
        let new = ask(id).await;
        assert_ne!(new, id);
        made.insert(new);
    }
    assert_eq!(made.len(), 4);
    let log = service.log().await;
    assert_eq!(log[0]["request_id"], "abc-123");
}

#[tokio::test]
async fn the_access_log_has_one_line_a_request_and_leaves_probes_out() {
    let service = Service::new(Level::Info);
    for path in ["/health/live", "/metrics", "/health/ready", QUESTION] {
        service.get(path).await;
    }
    let log = service.log().await;
    let lines: Vec<_> = log
        .iter()
        .filter(|line| line.get("route").is_some())
        .collect();
    assert_eq!(lines.len(), 1);
    let line = lines[0];
    assert_eq!(line["level"], "error");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["path"], "/rates");
    assert_eq!(line["route"], "/rates");
    assert_eq!(line["query"], QUESTION.split_once('?').unwrap().1);
    assert_eq!(
        (&line["orig"], &line["dest"]),
        (&"CNGGZ".into(), &"EETLL".into())
    );
    assert_eq!(line["days"], 31);
    assert_eq!(line["problem"], "database-away");
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0);

    let service = Service::new(Level::Debug);
    service.get("/health/live").await;
    let log = service.log().await;
    assert_eq!(log[0]["level"], "debug");
    assert_eq!(log[0]["route"], "/health/live");
}

#[tokio::test]
async fn metrics_count_by_route_and_never_by_what_users_write() {
    let service = Service::new(Level::Info);
    for path in ["/", "/rates?secret=1", "/made/up", "/made/up/too"] {
        service.get(path).await;
    }
    let got = service.get("/metrics").await;
    let text = String::from_utf8(got.body).unwrap();
    for line in [
        "rates_http_requests_total{route=\"/\",status=\"200\"} 1",
        "rates_http_requests_total{route=\"unmatched\",status=\"404\"} 2",
        "rates_http_errors_total{route=\"/rates\",kind=\"invalid-parameters\"} 1",
        "rates_http_request_duration_seconds_count{route=\"/rates\"} 1",
        "rates_http_request_duration_seconds_bucket{le=\"0.0005\",route=\"/\"}",
        "rates_http_requests_in_flight 1",
        "rates_pool_size 8",
        "rates_pool_in_use 0",
        "rates_pool_waiting 0",
        "rates_pool_wait_seconds_count 0",
        "rates_log_lines_dropped_total 0",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("secret") && !text.contains("made"));
}

#[tokio::test]
async fn a_draining_service_is_not_ready_and_asks_to_close() {
    let service = Service::new(Level::Info);
    assert_eq!(service.get("/").await.header("connection"), "");
    service.state.start_draining();
    let got = service.get("/health/ready").await;
    assert_eq!(got.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(got.problem("/health/ready"), "draining");
    assert_eq!(got.header("connection"), "close");
    let got = service.get("/").await;
    assert_eq!(
        (got.status(), got.header("connection")),
        (StatusCode::OK, "close")
    );
}

/// A database that takes connections, as the system queues them, and never says a word.
fn mute() -> (std::net::TcpListener, Settings) {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings();
    settings.database.port = mute.local_addr().unwrap().port();
    settings.pool_wait = Duration::from_mins(5);
    (mute, settings)
}

#[tokio::test]
async fn a_request_whose_client_goes_away_is_logged_and_counted() {
    let (_mute, settings) = mute();
    let lines = Lines::default();
    let state = Arc::new(State::new(&settings, lines.log(Level::Info)));
    let request = Request::get(QUESTION).body(Body::empty()).unwrap();
    let asked = router(Arc::clone(&state)).oneshot(request);
    let limit = Duration::from_millis(20);
    assert!(tokio::time::timeout(limit, asked).await.is_err());
    state.log.flush().await;
    let line = lines.read().remove(0);
    assert_eq!(
        (&line["status"], &line["problem"]),
        (&499.into(), &"client-gone".into())
    );
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let scrape = router(state).oneshot(request).await.unwrap();
    let text = scrape.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text);
    for line in [
        "rates_http_requests_total{route=\"/rates\",status=\"499\"} 1",
        "rates_http_errors_total{route=\"/rates\",kind=\"client-gone\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let (_mute, mut settings) = mute();
    settings.request_timeout = Duration::from_millis(50);
    let state = State::new(&settings, Lines::default().log(Level::Info));
    let request = Request::get(QUESTION).body(Body::empty()).unwrap();
    let response = router(Arc::new(state)).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[test]
fn the_openapi_document_describes_exactly_what_is_routed() {
    let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let paths = document["paths"].as_object().unwrap();
    let documented: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(documented, BTreeSet::from(ROUTES));
}

#[tokio::test]
async fn every_documented_path_is_routed() {
    let service = Service::new(Level::Info);
    for path in ROUTES {
        let got = service.get(path).await;
        assert_ne!(got.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn every_reference_in_the_openapi_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_kind_of_problem_is_in_the_openapi_document() {
    let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
    let types = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let documented: BTreeSet<&str> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind.as_str().unwrap())
        .collect();
    let kinds = Kind::ALL.map(|kind| format!("urn:rates:problem:{}", kind.slug()));
    let expected: BTreeSet<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(documented, expected);
}
