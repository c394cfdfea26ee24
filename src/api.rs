//! The rates API: one question over HTTP, and what operating it needs (health, metrics, its own description).
//!
//! ```text
//! accept loop (server) → observe (request id, log line, metrics, problems) → limits → route → cache → store → PostgreSQL
//! ```

mod cache;
mod health;
mod hello;
mod limits;
mod log;
mod metrics;
mod observe;
mod openapi;
mod page;
mod places;
mod prices;
mod problem;
mod question;
mod rates;
mod server;
mod settings;
mod state;
mod store;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

pub use self::log::Log;
pub use self::server::Listening;
pub use self::server::serve;
pub use self::settings::Settings;
pub use self::state::State;

use self::problem::Kind;
use self::problem::Problem;

/// Every path that is answered; metrics, log and the OpenAPI document name routes by these.
const ROUTES: [&str; 8] = [
    "/",
    "/rates",
    "/prices",
    "/places",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
];

/// The whole service: every route, wrapped in what every request gets.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/", get(hello::hello))
        .route("/rates", get(rates::rates))
        .route("/prices", get(prices::prices))
        .route("/places", get(places::places))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&state), observe::observe))
        .with_state(state)
}

async fn unknown_path(uri: Uri) -> Problem {
    let near = crate::rates::nearest(uri.path(), ROUTES);
    let detail = match near.first() {
        Some(near) => format!("nothing is at this path; did you mean {near}?"),
        None => format!("nothing is at this path; there are {}", ROUTES.join(", ")),
    };
    Problem::new(Kind::UnknownPath, detail)
}

async fn method_not_allowed() -> Problem {
    let detail = "every path of this service is read with GET or HEAD";
    Problem::new(Kind::MethodNotAllowed, detail)
}

#[cfg(test)]
mod tests;
