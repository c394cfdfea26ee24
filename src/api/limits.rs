//! What no honest question needs: bodies, endless URLs, endless headers, endless time.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header;

use super::problem::Kind;
use super::problem::Problem;

/// Bytes of a request's body; the service reads none.
const BODY: u64 = 1024;
/// Bytes of a path with its query; the longest sensible question has about 200.
const URI: usize = 2048;
/// Bytes of all header names and values.
const HEADERS: usize = 16 * 1024;
/// Bytes of a request's head that are read at all; beyond them the answer is a bare 431.
pub const HEAD: usize = 32 * 1024;
/// How many headers are read at all.
pub const HEADER_COUNT: usize = 64;

/// Why this request is refused unread, if it is.
pub fn refuse(request: &Request) -> Option<Problem> {
    let uri = request
        .uri()
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    if uri > URI {
        let detail = format!("the URL has {uri} bytes; at most {URI} are read");
        return Some(Problem::new(Kind::UriTooLong, detail));
    }
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > HEADERS {
        let detail = format!("the headers have {headers} bytes; at most {HEADERS} are read");
        return Some(Problem::new(Kind::HeadersTooLarge, detail));
    }
    if request.body().size_hint().lower() > BODY {
        let detail = format!("questions have no body; more than {BODY} bytes are refused");
        return Some(Problem::new(Kind::BodyTooLarge, detail));
    }
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        let detail = "questions have no body; one whose length is not told is refused";
        return Some(Problem::new(Kind::BodyTooLarge, detail));
    }
    None
}
