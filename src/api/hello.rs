//! `/`: who answers here, and where to go on.

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;

/// What a visitor of `/` reads.
#[derive(Debug, Serialize)]
struct Hello {
    service: &'static str,
    version: &'static str,
    see: [&'static str; 6],
}

/// `GET /`
pub async fn hello() -> impl IntoResponse {
    let hello = Hello {
        service: "rates",
        version: env!("CARGO_PKG_VERSION"),
        see: [
            "/rates",
            "/prices",
            "/openapi.json",
            "/health/live",
            "/health/ready",
            "/metrics",
        ],
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(hello))
}
