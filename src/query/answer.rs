//! What an answer says: rates, a problem document, or something else.

use hyper::StatusCode;
use hyper::header;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Response;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::rates::Answer;
use crate::rates::Atlas;
use crate::rates::Prices;
use crate::text::printable;

/// Characters of one line of a foreign text that are shown.
const LONGEST_LINE: usize = 300;
/// Faults of one problem document that are shown.
const MOST_FAULTS: usize = 20;

/// An answer that is not rates.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The API says what is wrong with the question.
    #[error("the API answered {status}: {title}", status = .status.as_u16(), title = .problem.title(*.status))]
    Problem {
        /// The status.
        status: StatusCode,
        /// What it says.
        problem: Problem,
    },
    /// An error in no form that is known.
    #[error("the API answered {0}")]
    Status(StatusCode, String),
    /// A success whose body is not rates.
    #[error("the API answered {status}, but not with rates", status = .status.as_u16())]
    Shape {
        /// The status.
        status: StatusCode,
        /// The first line of the body.
        line: String,
        /// Where the body differs from what was expected.
        #[source]
        source: serde_json::Error,
    },
}

/// A problem document (RFC 9457). Every member may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// What kind of problem it is, in words.
    pub title: Option<String>,
    /// What happened this time.
    pub detail: Option<String>,
    /// The faults of single parameters.
    pub errors: Vec<Fault>,
}

/// The fault of one parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// The parameter.
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: Option<String>,
}

impl Explain for Rejection {
    fn code(&self) -> Code {
        Code::AnswerRejected
    }

    fn detail(&self) -> Vec<String> {
        match self {
            Self::Problem { problem, .. } => problem.lines(),
            Self::Status(_, line) | Self::Shape { line, .. } if line.is_empty() => Vec::new(),
            Self::Status(_, line) | Self::Shape { line, .. } => vec![line.clone()],
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Status(StatusCode::NOT_FOUND, _) | Self::Shape { .. } => {
                Some("is this the URL of a rates API?".to_owned())
            }
            Self::Problem { .. } | Self::Status(..) => None,
        }
    }

    fn exit(&self) -> Exit {
        Exit::Rejected
    }
}

impl Problem {
    fn title(&self, status: StatusCode) -> String {
        let reason = || status.canonical_reason().unwrap_or("an error").to_owned();
        self.title.as_deref().map_or_else(reason, line)
    }

    /// What it says in general, unless that only repeats what it says of each parameter.
    fn lines(&self) -> Vec<String> {
        let faults = self.errors.iter().take(MOST_FAULTS).filter_map(Fault::line);
        let faults: Vec<_> = faults.collect();
        let detail = self.detail.as_deref().map(line);
        let detail = detail.filter(|detail| !faults.iter().any(|fault| fault.contains(detail)));
        let more = self.errors.len().saturating_sub(MOST_FAULTS);
        let more = (more > 0).then(|| format!("and {more} more"));
        detail.into_iter().chain(faults).chain(more).collect()
    }
}

impl Fault {
    fn line(&self) -> Option<String> {
        match (&self.parameter, &self.detail) {
            (Some(parameter), Some(detail)) => Some(line(&format!("{parameter}: {detail}"))),
            (Some(text), None) | (None, Some(text)) => Some(line(text)),
            (None, None) => None,
        }
    }
}

impl Response {
    /// The rates it holds, or why it holds none.
    pub fn answer(&self) -> Result<Answer, Rejection> {
        self.read()
    }

    /// The prices it holds, or why it holds none.
    pub fn prices(&self) -> Result<Prices, Rejection> {
        self.read()
    }

    /// The places it holds, or why it holds none.
    pub fn places(&self) -> Result<Atlas, Rejection> {
        self.read()
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        if !self.status.is_success() {
            return Err(self.rejection());
        }
        serde_json::from_slice(&self.body).map_err(|source| Rejection::Shape {
            status: self.status,
            line: first_line(&self.body),
            source,
        })
    }

    fn rejection(&self) -> Rejection {
        let status = self.status;
        match self.problem() {
            Some(problem) => Rejection::Problem { status, problem },
            None => Rejection::Status(status, first_line(&self.body)),
        }
    }

    fn problem(&self) -> Option<Problem> {
        let kind = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let problem = kind.eq_ignore_ascii_case("application/problem+json");
        problem
            .then(|| serde_json::from_slice(&self.body).ok())
            .flatten()
    }
}

/// The first line of a body that has words in it; HTML's tags are none.
pub fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words = text.lines().map(without_tags);
    words
        .map(|text| line(text.trim()))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

fn line(text: &str) -> String {
    printable(text, LONGEST_LINE)
}

fn without_tags(line: &str) -> String {
    let mut rest = line;
    let mut words = String::new();
    while let Some((before, tag)) = rest.split_once('<') {
        // A `<` that is never closed is not a tag.
        let Some((_, after)) = tag.split_once('>') else {
            break;
        };
        words.push_str(before);
        rest = after;
    }
    words.push_str(rest);
    words
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use proptest::prelude::*;

    use super::super::Timing;
    use super::*;

    fn response(status: u16, kind: &str, body: &[u8]) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]),
            body: Bytes::copy_from_slice(body),
            timing: Timing::default(),
        }
    }

    fn report(status: u16, kind: &str, body: &str) -> crate::error::Report {
        let rejection = response(status, kind, body.as_bytes())
            .answer()
            .unwrap_err();
        assert_eq!(rejection.exit(), Exit::Rejected);
        crate::error::Error::from(rejection).report()
    }

    #[test]
    fn rates_are_read_whatever_else_the_document_has() {
        let body =
            br#"{"rates":[{"count":3,"day":"2021-01-31","price":1154.33333333333,"x":1}],"y":2}"#;
        let answer = response(200, "application/json", body).answer().unwrap();
        assert_eq!(answer.rates[0].price, Some(1_154.333_333_333_33));
    }

    #[test]
    fn a_problem_document_shows_its_title_its_detail_and_each_parameter() {
        let body = r#"{"type":"about:blank","title":"Bad question","status":400,"detail":"two faults",
            "errors":[{"parameter":"date_from","detail":"not a day"},{"parameter":"orig_code","detail":"no such port"}]}"#;
        let report = report(400, "application/problem+json; charset=utf-8", body);
        assert_eq!(report.message, "the API answered 400: Bad question");
        let lines = [
            "two faults",
            "date_from: not a day",
            "orig_code: no such port",
        ];
        assert_eq!(report.detail, lines);
        assert_eq!(report.code, Code::AnswerRejected);
    }

    #[test]
    fn a_problem_document_may_lack_everything() {
        let report = report(503, "application/problem+json", "{}");
        assert_eq!(report.message, "the API answered 503: Service Unavailable");
        assert!(report.detail.is_empty());
    }

    #[test]
    fn a_long_problem_is_cut_and_says_so() {
        let fault = r#"{"parameter":"p","detail":"d"}"#;
        let body = format!(r#"{{"errors":[{}]}}"#, [fault; 23].join(","));
        let report = report(400, "application/problem+json", &body);
        assert_eq!(report.detail.len(), 21);
        assert_eq!(report.detail[20], "and 3 more");
    }

    #[test]
    fn any_other_error_shows_its_status_and_the_first_line_with_words() {
        let html =
            "<!doctype html>\n<html lang=en>\n<title>404 Not \x1b[31mFound</title>\n<h1>…</h1>";
        let found = report(404, "text/html", html);
        assert_eq!(found.message, "the API answered 404 Not Found");
        assert_eq!(found.detail, ["404 Not \u{fffd}[31mFound"]);
        let bad = report(502, "application/problem+json", "{not json");
        assert_eq!(bad.detail, ["{not json"]);
        assert!(report(500, "text/plain", "").detail.is_empty());
        assert_eq!(report(301, "text/plain", "a < b").detail, ["a < b"]);
    }

    #[test]
    fn a_success_that_is_not_rates_is_rejected_with_the_reason() {
        for body in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"rates":[{"day":"x"}]}"#,
            r#"{"rates":{}}"#,
        ] {
            let report = report(200, "application/json", body);
            assert_eq!(report.message, "the API answered 200, but not with rates");
            assert_eq!(report.causes.len(), 1, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic_or_steers_the_terminal(
            status in 100u16..600,
            problem in any::<bool>(),
            body in prop_oneof!["\\PC*".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..200)],
        ) {
            let kind = if problem { "application/problem+json" } else { "text/html" };
            if let Err(rejection) = response(status, kind, &body).answer() {
                for line in rejection.detail() {
                    prop_assert!(!line.contains(char::is_control));
                    prop_assert!(line.chars().count() <= LONGEST_LINE + 1);
                }
            }
        }
    }
}
