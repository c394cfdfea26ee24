//! How two answers to one request differ, as far as it matters to a client.

use hyper::header;
use hyper::header::HeaderName;
use serde::Serialize;
use serde_json::Value as Json;

use super::Trial;
use crate::query::Response;
use crate::query::first_line;

/// Headers that a client acts upon; dates, ids of requests and times differ by nature.
const HEADERS: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    header::ALLOW,
    header::LOCATION,
    header::WWW_AUTHENTICATE,
];
/// Where two bodies differ as a whole.
const BODY: &str = "body";

/// A place in which two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: `status`, `header allow`, `body rates[0].price`.
    pub at: String,
    /// What the left says; nothing where it says nothing.
    pub left: Option<String>,
    /// What the right says.
    pub right: Option<String>,
}

/// Everything in which two answers to a trial differ.
pub fn differences(left: &Response, right: &Response, trial: &Trial) -> Vec<Difference> {
    let mut found = Vec::new();
    let status = |response: &Response| Some(response.status.as_u16().to_string());
    differ(&mut found, "status", status(left), status(right));
    for name in HEADERS {
        let at = format!("header {name}");
        differ(&mut found, &at, said(left, &name), said(right, &name));
    }
    match (json(left), json(right)) {
        (Some(left), Some(right)) => values(&mut found, BODY, Some(&left), Some(&right)),
        _ if left.body == right.body => {}
        _ => {
            let line = |response: &Response| Some(first_line(&response.body));
            let (left, right) = (line(left), line(right));
            found.push(Difference {
                at: BODY.to_owned(),
                left,
                right,
            });
        }
    }
    found.retain(|difference| !trial.ignores(&difference.at));
    found
}

fn differ(found: &mut Vec<Difference>, at: &str, left: Option<String>, right: Option<String>) {
    if left != right {
        let at = at.to_owned();
        found.push(Difference { at, left, right });
    }
}

/// A header's values; more than one are one list.
fn said(response: &Response, name: &HeaderName) -> Option<String> {
    let values = response.headers.get_all(name).iter();
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// The body as a value, where it is said to be JSON and is.
fn json(response: &Response) -> Option<Json> {
    let kind = said(response, &header::CONTENT_TYPE)?;
    let media = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let is_json = media == "application/json" || media.ends_with("+json");
    is_json
        .then(|| serde_json::from_slice(&response.body).ok())
        .flatten()
}

/// Compares two values of which one may be missing; names follow the path of JSON in most languages.
fn values(found: &mut Vec<Difference>, at: &str, left: Option<&Json>, right: Option<&Json>) {
    match (left, right) {
        (Some(Json::Object(left)), Some(Json::Object(right))) => {
            let keys = left
                .keys()
                .chain(right.keys().filter(|key| !left.contains_key(*key)));
            for key in keys {
                values(found, &member(at, key), left.get(key), right.get(key));
            }
        }
        (Some(Json::Array(left)), Some(Json::Array(right))) => {
            for place in 0..left.len().max(right.len()) {
                let at = format!("{at}[{place}]");
                values(found, &at, left.get(place), right.get(place));
            }
        }
        (Some(left), Some(right)) if equal(left, right) => {}
        _ => differ(
            found,
            at,
            left.map(Json::to_string),
            right.map(Json::to_string),
        ),
    }
}

fn member(at: &str, key: &str) -> String {
    let separator = if at == BODY { " " } else { "." };
    format!("{at}{separator}{key}")
}

/// 3 and 3.0 are one number.
fn equal(left: &Json, right: &Json) -> bool {
    left == right
        || left
            .as_f64()
            .zip(right.as_f64())
            .is_some_and(|(left, right)| left.total_cmp(&right).is_eq())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use hyper::StatusCode;

    use super::*;
    use crate::query::Call;
    use crate::query::Timing;

    const JSON: &str = "application/json";

    fn response(status: u16, headers: &[(HeaderName, &str)], body: &str) -> Response {
        let pair = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().unwrap());
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.iter().map(pair).collect::<HeaderMap>(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            timing: Timing::default(),
        }
    }

    fn of(kind: &str, body: &str) -> Response {
        response(200, &[(header::CONTENT_TYPE, kind)], body)
    }

    /// Every difference as `place: left | right`.
    fn told(left: &Response, right: &Response, ignored: &'static [&'static str]) -> Vec<String> {
        let trial = Trial {
            call: Call::get("/"),
            ignored,
        };
        let text = |side: Option<String>| side.unwrap_or_else(|| "nothing".to_owned());
        let line = |found: Difference| {
            format!("{}: {} | {}", found.at, text(found.left), text(found.right))
        };
        differences(left, right, &trial)
            .into_iter()
            .map(line)
            .collect()
    }

    #[test]
    fn bodies_of_json_are_compared_as_values_and_each_difference_has_its_place() {
        let cases: [(&str, &str, &[&str]); 7] = [
            (r#"{"a":1,"b":[2]}"#, r#"{ "b": [2.0], "a": 1 }"#, &[]),
            (
                r#"{"rates":[{"price":1154.3}]}"#,
                r#"{"rates":[{"price":1154.4}]}"#,
                &["body rates[0].price: 1154.3 | 1154.4"],
            ),
            (
                r#"{"rates":[1,2]}"#,
                r#"{"rates":[1]}"#,
                &["body rates[1]: 2 | nothing"],
            ),
            (r#"{"a":null}"#, "{}", &["body a: null | nothing"]),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, &[r#"body a: "1" | 1"#]),
            ("[]", "{}", &["body: [] | {}"]),
            ("{}", "not json", &["body: {} | not json"]),
        ];
        for (left, right, expected) in cases {
            assert_eq!(told(&of(JSON, left), &of(JSON, right), &[]), expected);
        }
    }

    #[test]
    fn status_and_headers_that_matter_are_compared_and_the_others_are_not() {
        let left = [(header::ALLOW, "GET"), (header::DATE, "now")];
        let right = [(header::RETRY_AFTER, "1"), (header::DATE, "then")];
        let told = told(&response(405, &left, ""), &response(503, &right, ""), &[]);
        let expected = [
            "status: 405 | 503",
            "header retry-after: nothing | 1",
            "header allow: GET | nothing",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_differs_by_nature_is_ignored_where_the_trial_says_so() {
        let seed = |at: &str| format!(r#"{{"seed":{{"loaded_at":"{at}","rows":1}}}}"#);
        let (left, right) = (of(JSON, &seed("1")), of(JSON, &seed("2")));
        assert_eq!(told(&left, &right, &["body seed.loaded_at"]), [""; 0]);
        let (left, right) = (of("text/plain", "a 1"), of("text/plain", "a 2"));
        assert_eq!(told(&left, &right, &[]), ["body: a 1 | a 2"]);
        assert_eq!(told(&left, &right, &["body"]), [""; 0]);
    }
}
