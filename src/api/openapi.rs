//! `/openapi.json`: the service's description of itself, kept as a file that can be read without running anything.

use axum::http::header;
use axum::response::IntoResponse;

/// The OpenAPI 3.1 document; a test holds it to the routes and the version.
pub const DOCUMENT: &str = include_str!("../../assets/api/openapi.json");

/// `GET /openapi.json`
pub async fn openapi() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, DOCUMENT)
}
