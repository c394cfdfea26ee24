//! Many connections over one stream of bytes: HTTP/2, in which each of them is a `CONNECT` to an address.
//!
//! Every connection has a flow control of its own, and either side ends its half of one without the other. Both ends see
//! by pings that the stream still leads somewhere.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Method;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper::upgrade;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// How much one connection may bring before its reader takes it.
const WINDOW: u32 = 1 << 20;

/// The same of all connections together.
const ALL_WINDOWS: u32 = 16 << 20;

/// How many connections there may be at once; further ones wait.
const CONNECTIONS: u32 = 1000;

/// How much of a connection is copied at once.
const PIECE: usize = 32 << 10;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How often the other end is asked whether it is there.
const PULSE: Duration = Duration::from_secs(15);

/// How long it may take to say so.
const SILENCE: Duration = Duration::from_secs(30);

/// How long nothing is accepted after the system could not.
const PAUSE: Duration = Duration::from_millis(100);

/// The question that the far end answers with a success, whatever is asked.
const HELLO: &str = "http://tunnel/";

/// The far end: makes the connections that are asked for, until the stream ends.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> hyper::Result<()> {
    let tasks = TaskTracker::new();
    server::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(ALL_WINDOWS)
        .max_concurrent_streams(CONNECTIONS)
        .keep_alive_interval(PULSE)
        .keep_alive_timeout(SILENCE)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| answer(request, tasks.clone())),
        )
        .await
}

async fn answer(
    request: Request<Incoming>,
    tasks: TaskTracker,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    if request.method() != Method::CONNECT {
        return Ok(response);
    }
    match connect(request.uri()).await {
        Ok(there) => drop(tasks.spawn(async move {
            if let Ok(asked) = upgrade::on(request).await {
                join(there, TokioIo::new(asked)).await;
            }
        })),
        Err(_) => *response.status_mut() = StatusCode::BAD_GATEWAY,
    }
    Ok(response)
}

async fn connect(to: &hyper::Uri) -> io::Result<TcpStream> {
    let address = to.authority().and_then(|to| to.as_str().parse().ok());
    let address: SocketAddr = address.ok_or(io::ErrorKind::InvalidInput)?;
    timeout(CONNECT, TcpStream::connect(address)).await?
}

/// Passes on what comes from either side, until both have ended or one breaks.
async fn join(mut here: TcpStream, mut there: impl AsyncRead + AsyncWrite + Unpin) {
    // Without it small pieces wait for each other; that is slow, and no failure.
    drop(here.set_nodelay(true));
    drop(copy_bidirectional_with_sizes(&mut here, &mut there, PIECE, PIECE).await);
}

/// Leads every connection that a port takes to another one. It never ends itself; its connections end with it.
pub async fn lead<T, F>(port: TcpListener, onward: impl Fn() -> F)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Option<T>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = port.accept() => match accepted {
                Ok((here, _)) => {
                    let there = onward();
                    connections.spawn(async move {
                        if let Some(there) = there.await {
                            join(here, there).await;
                        }
                    });
                }
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The near end. The stream ends when the last of its clones and connections has gone.
#[derive(Debug, Clone)]
pub struct Line(client::SendRequest<Empty<Bytes>>);

impl Line {
    /// Makes sure that the far end answers.
    pub async fn open(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> hyper::Result<Self> {
        let (mut requests, connection) = client::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(ALL_WINDOWS)
            .keep_alive_interval(PULSE)
            .keep_alive_timeout(SILENCE)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream))
            .await?;
        TaskTracker::new().spawn(connection);
        requests.send_request(request(Method::GET, HELLO)).await?;
        Ok(Self(requests))
    }

    /// Whether it still leads to the far end, as far as is known.
    pub fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// A connection to an address at the far end; none where that does not take it.
    pub async fn connect(mut self, to: SocketAddr) -> Option<TokioIo<Upgraded>> {
        let asked = request(Method::CONNECT, &to.to_string());
        let answer = self.0.send_request(asked).await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        upgrade::on(answer).await.ok().map(TokioIo::new)
    }
}

fn request(method: Method, to: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(to);
    let request = request.body(Empty::new());
    request.expect("an address is a URI, and so is the question")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::future::join_all;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn port() -> (TcpListener, SocketAddr) {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = port.local_addr().unwrap();
        (port, address)
    }

    async fn line() -> Line {
        let (near, far) = tokio::io::duplex(64 << 10);
        TaskTracker::new().spawn(serve(far));
        Line::open(near).await.unwrap()
    }

    /// A server that says what it heard when it has heard everything.
    async fn echo() -> SocketAddr {
        let (port, address) = port().await;
        let tasks = TaskTracker::new();
        tasks.clone().spawn(async move {
            while let Ok((mut stream, _)) = port.accept().await {
                tasks.spawn(async move {
                    let mut heard = Vec::new();
                    stream.read_to_end(&mut heard).await.unwrap();
                    stream.write_all(&heard).await.unwrap();
                });
            }
        });
        address
    }

    async fn said_back(line: Line, to: SocketAddr, words: &[u8]) -> Vec<u8> {
        let mut stream = line.connect(to).await.unwrap();
        stream.write_all(words).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    }

    #[tokio::test]
    async fn a_half_that_has_ended_leaves_the_other_whole_on_many_connections_at_once() {
        let (line, server) = (line().await, echo().await);
        let words: Vec<Vec<u8>> = (0..50u8).map(|one| vec![one; 300_000]).collect();
        let asked = words.iter().map(|it| said_back(line.clone(), server, it));
        assert!(join_all(asked).await == words);
    }

    #[tokio::test]
    async fn a_connection_that_nobody_reads_holds_its_sender_up_and_no_other() {
        let (line, server) = (line().await, echo().await);
        let (deaf, address) = port().await;
        let mut stuck = line.clone().connect(address).await.unwrap();
        let _unread = deaf.accept().await.unwrap();
        let piece = vec![0; 1 << 20];
        let mut written = 0;
        while timeout(Duration::from_millis(300), stuck.write_all(&piece))
            .await
            .is_ok()
        {
            written += 1;
            assert!(written < 64, "somebody keeps {written} MB");
        }
        assert_eq!(said_back(line, server, b"hello").await, b"hello");
    }

    #[tokio::test]
    async fn what_is_dropped_here_ends_there() {
        let line = line().await;
        let (server, address) = port().await;
        let stream = line.connect(address).await.unwrap();
        let (mut there, _) = server.accept().await.unwrap();
        drop(stream);
        assert_eq!(there.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_address_that_takes_no_connection_is_told_and_the_line_goes_on() {
        let line = line().await;
        let (taken, address) = port().await;
        drop(taken);
        assert!(line.clone().connect(address).await.is_none());
        assert_eq!(said_back(line, echo().await, b"on").await, b"on");
    }

    #[tokio::test]
    async fn a_line_is_closed_when_its_stream_is() {
        let (near, far) = tokio::io::duplex(64 << 10);
        let serving = TaskTracker::new().spawn(serve(far));
        let line = Line::open(near).await.unwrap();
        assert!(line.is_open());
        serving.abort();
        drop(serving.await);
        assert!(line.clone().connect(echo().await).await.is_none());
        assert!(!line.is_open());
    }

    #[tokio::test]
    async fn a_port_leads_on_until_it_is_dropped() {
        let (line, server) = (line().await, echo().await);
        let (listener, address) = port().await;
        let leading =
            TaskTracker::new().spawn(lead(listener, move || line.clone().connect(server)));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"words").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"words");
        leading.abort();
        drop(leading.await);
        TcpStream::connect(address).await.unwrap_err();
    }
}
