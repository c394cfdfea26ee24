//! One request over one connection, timed phase by phase.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::Method;
use hyper::Request;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::BaseUrl;
use super::figures;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 32_000_000;

/// A request: the usual headers are added to its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub path_and_query: String,
    /// Headers beyond the usual ones.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// A GET.
    pub fn get(path_and_query: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path_and_query: path_and_query.into(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

/// What a server answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// How long each phase took.
    pub timing: Timing,
}

/// How long after the start each phase was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// The connection stood; the look-up of the name is part of it.
    pub connect: Duration,
    /// The status and the headers were there.
    pub first_byte: Duration,
    /// The body was complete.
    pub total: Duration,
}

/// No answer could be had from a URL.
#[derive(Debug, thiserror::Error)]
#[error("cannot get an answer from {url}")]
pub struct Unreachable {
    /// The URL that was asked.
    pub url: String,
    /// What went wrong.
    #[source]
    pub cause: Cause,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The host's name means nothing here.
    #[error("the name {host} cannot be resolved")]
    Name {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// Nothing listens on the port.
    #[error("nothing listens there (connection refused)")]
    Refused,
    /// There is no way to the host.
    #[error("no connection")]
    Connect(#[source] std::io::Error),
    /// The time was up.
    #[error("timed out after {after} {phase}", after = figures::duration(*.limit))]
    Timeout {
        /// What was being done.
        phase: Phase,
        /// The time that was allowed for everything.
        limit: Duration,
    },
    /// The path cannot be part of a request.
    #[error("the path is not valid")]
    Path(#[source] hyper::http::Error),
    /// The server does not speak HTTP, or hung up in the middle.
    #[error("the answer is not HTTP or ends too early")]
    Broken(#[source] hyper::Error),
    /// The body never seemed to end.
    #[error("the answer is larger than {} MB", LARGEST_BODY / 1_000_000)]
    TooLarge,
}

/// A part of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The host's name is looked up.
    Resolve,
    /// The connection is made.
    Connect,
    /// The question is sent; nothing has come back.
    FirstByte,
    /// The body is coming.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::FirstByte => "waiting for the first byte",
            Self::Body => "reading the body",
        })
    }
}

impl Explain for Unreachable {
    fn code(&self) -> Code {
        Code::ApiUnreachable
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.cause {
            Cause::Name { .. } | Cause::Refused | Cause::Connect(_) => {
                "`ratesdev status` shows what runs and where; `ratesdev up` starts it"
            }
            Cause::Timeout { .. } => {
                "`ratesdev status` shows how it is; where it only needs longer, raise --timeout"
            }
            Cause::Path(_) => return None,
            Cause::Broken(_) | Cause::TooLarge => "is this the URL of a rates API?",
        };
        Some(hint.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::NotRunning
    }
}

/// Asks `base` for `path_and_query`; everything together may take `deadline`. Any status is an answer.
pub async fn get(
    base: &BaseUrl,
    path_and_query: &str,
    deadline: Duration,
) -> Result<Response, Unreachable> {
    send(base, &Call::get(path_and_query), deadline).await
}

/// Sends a request to `base`; everything together may take `deadline`. Any status is an answer.
pub async fn send(
    base: &BaseUrl,
    call: &Call,
    deadline: Duration,
) -> Result<Response, Unreachable> {
    let response = exchange(base, call, Clock::start(deadline)).await;
    response.map_err(|cause| Unreachable {
        url: base.join(&call.path_and_query),
        cause,
    })
}

async fn exchange(base: &BaseUrl, call: &Call, clock: Clock) -> Result<Response, Cause> {
    let request = request(base, call)?;
    let addresses = clock.within(Phase::Resolve, resolve(base)).await?;
    let stream = clock.within(Phase::Connect, connect(&addresses)).await?;
    let connect = clock.elapsed();
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(Cause::Broken)?;
    let conversation = converse(sender, request, connect, clock);
    tokio::pin!(conversation);
    // The connection moves the bytes. Its own failures reach the conversation, and it may be done before that is.
    tokio::select! {
        response = &mut conversation => response,
        _ = connection => conversation.await,
    }
}

fn request(base: &BaseUrl, call: &Call) -> Result<Request<Full<Bytes>>, Cause> {
    let usual = Request::builder()
        .method(&call.method)
        .uri(base.target(&call.path_and_query))
        .header(header::HOST, base.authority())
        .header(
            header::USER_AGENT,
            concat!("ratesdev/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "application/json, application/problem+json")
        .header(header::CONNECTION, "close");
    let own = call.headers.iter();
    let all = own.fold(usual, |request, (name, value)| request.header(name, value));
    all.body(Full::new(call.body.clone())).map_err(Cause::Path)
}

async fn resolve(base: &BaseUrl) -> Result<Vec<SocketAddr>, Cause> {
    match tokio::net::lookup_host((base.host(), base.port())).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(source) => Err(Cause::Name {
            host: base.host().to_owned(),
            source,
        }),
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Cause> {
    TcpStream::connect(addresses)
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Cause::Refused,
            _ => Cause::Connect(error),
        })
}

async fn converse(
    mut sender: http1::SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    connect: Duration,
    clock: Clock,
) -> Result<Response, Cause> {
    let answer = async { sender.send_request(request).await.map_err(Cause::Broken) };
    let (head, body) = clock.within(Phase::FirstByte, answer).await?.into_parts();
    let first_byte = clock.elapsed();
    let body = clock.within(Phase::Body, collect(body)).await?;
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body,
        timing: Timing {
            connect,
            first_byte,
            total: clock.elapsed(),
        },
    })
}

async fn collect(mut body: Incoming) -> Result<Bytes, Cause> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Cause::Broken)?.into_data() else {
            continue;
        };
        if collected.len() + data.len() > LARGEST_BODY {
            return Err(Cause::TooLarge);
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// Measures the phases of one exchange and ends the one in which the time is up.
#[derive(Debug, Clone, Copy)]
struct Clock {
    start: Instant,
    limit: Duration,
}

impl Clock {
    fn start(limit: Duration) -> Self {
        Self {
            start: Instant::now(),
            limit,
        }
    }

    fn elapsed(self) -> Duration {
        self.start.elapsed()
    }

    async fn within<T>(
        self,
        phase: Phase,
        work: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T, Cause> {
        let left = self.limit.saturating_sub(self.elapsed());
        match tokio::time::timeout(left, work).await {
            Ok(result) => result,
            Err(_) => Err(Cause::Timeout {
                phase,
                limit: self.limit,
            }),
        }
    }
}
