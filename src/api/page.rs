//! An answer as it goes out: its text, and the tag by which a client finds out that it has not changed.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use crate::text::hex;

/// Clients and proxies may keep an answer, and ask each time whether it still holds: rates change at any time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Bytes that an answer takes as a rule, a month of days.
const USUAL: usize = 2048;
/// Hexadecimal digits of a tag.
const TAG: usize = 32;

/// A whole answer; clones share it.
#[derive(Debug, Clone)]
pub struct Page {
    text: Bytes,
    tag: HeaderValue,
}

impl Page {
    /// The text of an answer. Its tag is made from the text alone, so that every replica gives the same.
    pub fn new(answer: &impl Serialize) -> Self {
        // What is kept weighs what it says: a vector would keep its spare room too.
        let text = text(answer).into_boxed_slice();
        let digest = hex(&Sha256::digest(&text));
        let tag = format!("\"{}\"", digest.get(..TAG).unwrap_or(&digest));
        Self {
            text: text.into(),
            tag: HeaderValue::from_maybe_shared(Bytes::from(tag))
                .expect("hexadecimal digits in quotes may stand in a header"),
        }
    }

    /// Bytes of the text.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// The answer to a request with these headers: without the text where the client has it.
    pub fn response(self, request: &HeaderMap) -> Response {
        let is_known = knows(request, &self.tag);
        let headers = [(header::CACHE_CONTROL, ASK_AGAIN), (header::ETAG, self.tag)];
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let kind = [(header::CONTENT_TYPE, JSON)];
        (headers, kind, Body::from(self.text)).into_response()
    }
}

/// The answer as JSON, in memory that is taken once as a rule.
fn text(answer: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(USUAL);
    match serde_json::to_writer(&mut text, answer) {
        Ok(()) => text,
        Err(_) => Vec::new(),
    }
}

/// Whether `If-None-Match` names the tag. A proxy that has compressed an answer calls its tag weak, which is no matter.
fn knows(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let named = request.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = named
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    tags.any(|named| named == b"*" || named.strip_prefix(b"W/").unwrap_or(named) == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::Answer;

    fn asked_with(values: &[&str]) -> StatusCode {
        let page = Page::new(&Answer { rates: Vec::new() });
        let tag = page.tag.to_str().unwrap().to_owned();
        let values = values.iter().map(|value| value.replace("TAG", &tag));
        let pairs = values.map(|value| (header::IF_NONE_MATCH, value.parse().unwrap()));
        page.response(&pairs.collect()).status()
    }

    #[test]
    fn who_has_the_answer_is_told_that_it_holds() {
        let same: [&[&str]; 5] = [
            &["TAG"],
            &["W/TAG"],
            &["*"],
            &["\"x\" , TAG"],
            &["\"x\"", "TAG"],
        ];
        for values in same {
            assert_eq!(asked_with(values), StatusCode::NOT_MODIFIED, "{values:?}");
        }
        let other: [&[&str]; 4] = [&[], &["\"x\""], &["xTAG"], &[""]];
        for values in other {
            assert_eq!(asked_with(values), StatusCode::OK, "{values:?}");
        }
    }

    #[test]
    fn a_page_has_the_tag_of_its_text() {
        let page = Page::new(&Answer { rates: Vec::new() });
        assert_eq!(&page.text[..], b"{\"rates\":[]}");
        let headers = page.clone().response(&HeaderMap::new()).headers().clone();
        assert_eq!(headers[header::ETAG], page.tag);
        assert_eq!(headers[header::ETAG].len(), TAG + 2);
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    }
}
