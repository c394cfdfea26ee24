//! Errors as clients read them: RFC 9457 problem documents. What only operators may read travels beside, to the log.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

/// The methods of every route.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// Seconds after which a refused question may be asked again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// What went wrong, as far as a client can tell the cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Parameters are missing or malformed.
    InvalidParameters,
    /// A well-formed port code or region slug that the database does not know.
    UnknownPlace,
    /// No such path.
    UnknownPath,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The request has a body of a size nobody needs.
    BodyTooLarge,
    /// The URL is too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// A fault of the service itself.
    Internal,
    /// Every database connection was in use for longer than a question may wait.
    Busy,
    /// The database cannot be reached.
    DatabaseAway,
    /// The database is there but has no rates yet.
    NotLoaded,
    /// The database took longer over a statement than it may.
    TooSlow,
    /// The service is about to stop.
    Draining,
    /// The request took longer than it may.
    Timeout,
}

impl Kind {
    /// Every case, for the test that holds the documentation to them.
    #[cfg(test)]
    pub const ALL: [Self; 14] = [
        Self::InvalidParameters,
        Self::UnknownPlace,
        Self::UnknownPath,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Busy,
        Self::DatabaseAway,
        Self::NotLoaded,
        Self::TooSlow,
        Self::Draining,
        Self::Timeout,
    ];

    /// The status that goes with it.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameters => StatusCode::BAD_REQUEST,
            Self::UnknownPlace | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Busy | Self::DatabaseAway | Self::NotLoaded | Self::TooSlow | Self::Draining => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The last part of its `type`, which is also its name in metrics.
    pub fn slug(self) -> &'static str {
        match self {
            Self::InvalidParameters => "invalid-parameters",
            Self::UnknownPlace => "unknown-place",
            Self::UnknownPath => "unknown-path",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BodyTooLarge => "body-too-large",
            Self::UriTooLong => "uri-too-long",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Internal => "internal",
            Self::Busy => "busy",
            Self::DatabaseAway => "database-away",
            Self::NotLoaded => "not-loaded",
            Self::TooSlow => "too-slow",
            Self::Draining => "draining",
            Self::Timeout => "timeout",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::InvalidParameters => "Invalid parameters",
            Self::UnknownPlace => "Unknown port or region",
            Self::UnknownPath => "Unknown path",
            Self::MethodNotAllowed => "Method not allowed",
            Self::BodyTooLarge => "Request body too large",
            Self::UriTooLong => "URL too long",
            Self::HeadersTooLarge => "Request headers too large",
            Self::Internal => "Internal error",
            Self::Busy => "Too busy",
            Self::DatabaseAway => "Database away",
            Self::NotLoaded => "Rates not loaded",
            Self::TooSlow => "Question took too long",
            Self::Draining => "Stopping",
            Self::Timeout => "Request took too long",
        }
    }
}

/// One parameter that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The parameter's name.
    pub parameter: &'static str,
    /// What is wrong with it and what would be right.
    pub detail: String,
}

/// A request that is not answered as asked.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which case.
    pub kind: Kind,
    detail: String,
    errors: Vec<Fault>,
    /// What the log says about it and the client does not read.
    pub cause: Option<String>,
}

/// The document as RFC 9457 names its members.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem with one sentence for the client.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            cause: None,
        }
    }

    /// A problem with parameters; the sentence counts them, the list explains each.
    pub fn with_faults(kind: Kind, errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.parameter, only.detail),
            many => format!("{} parameters cannot be used; see errors", many.len()),
        };
        Self {
            errors,
            ..Self::new(kind, detail)
        }
    }

    /// The same, with what only the log may say.
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// The document for the request to `path`.
    fn document(&self, path: &str) -> Vec<u8> {
        let document = Document {
            r#type: format!("urn:rates:problem:{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            instance: path,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

/// The body is written by [`render`], which knows the request; the problem itself rides in the extensions.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        let headers = response.headers_mut();
        if self.kind == Kind::MethodNotAllowed {
            headers.insert(header::ALLOW, METHODS);
        }
        if self.kind.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the document of a response that carries a problem; every other response stays as it is.
pub fn render(mut response: Response, path: &str) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let document = problem.document(path);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    let media = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, media);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.map(|_| Body::from(document))
}
