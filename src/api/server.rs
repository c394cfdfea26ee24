//! Connections: accepted, served, and at the end let go in two phases so that no accepted request is lost.
//!
//! hyper's graceful shutdown closes a connection on which no byte has arrived yet, so a request that is on its way would
//! be lost. Therefore, once the service has been asked to stop: first nothing new is accepted while the connections that
//! are there are served as before, with `connection: close`, for the drain time; only then are the quiet ones closed.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cache;
use super::limits;
use super::router;
use super::settings::Listen;
use super::state::State;
use crate::error::Code;
use crate::error::Explain;
use crate::shutdown::Shutdown;

/// How long a connection may stay silent, before its first request and between two.
const SILENCE: Duration = Duration::from_mins(1);
/// The pause after a refused accept: what is missing, mostly file descriptors, comes back when connections end.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a lack that comes and goes is complained about.
const COMPLAINT: Duration = Duration::from_mins(1);
/// What is added to the request timeout before the end no longer waits for answers.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// A listening socket and what it is called.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// The address it has, with the real port where 0 was asked for.
    pub address: SocketAddr,
}

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {address} (API_LISTEN)")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The socket that should have been handed over is not one.
    #[error("standard input is not a listening socket (API_LISTEN=stdin)")]
    Inherited(#[source] io::Error),
}

impl Explain for ListenError {
    fn code(&self) -> Code {
        match self {
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Code::PortTaken
            }
            Self::Bind { .. } | Self::Inherited(_) => Code::Io,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Bind { .. } => {
                Some("set API_LISTEN to a free address; port 0 takes any".to_owned())
            }
            Self::Inherited(_) => None,
        }
    }
}

impl Listening {
    /// Opens the socket, or takes over the one that was handed over.
    pub async fn open(listen: Listen) -> Result<Self, ListenError> {
        let listener = match listen {
            Listen::At(address) => {
                let bound = TcpListener::bind(address).await;
                bound.map_err(|source| ListenError::Bind { address, source })?
            }
            Listen::Inherited => inherited().map_err(ListenError::Inherited)?,
        };
        let address = listener.local_addr().map_err(ListenError::Inherited)?;
        Ok(Self { listener, address })
    }
}

#[cfg(unix)]
fn inherited() -> io::Result<TcpListener> {
    use std::os::fd::AsFd as _;

    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let listener = std::net::TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

#[cfg(not(unix))]
fn inherited() -> io::Result<TcpListener> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Serves until `shutdown` is requested and everything accepted has been answered.
pub async fn serve(listener: TcpListener, state: Arc<State>, shutdown: &Shutdown) {
    tokio::select! {
        () = serve_all(listener, &state, shutdown) => {}
        never = keep_answers(&state) => match never {},
    }
    state.store.close();
}

async fn serve_all(listener: TcpListener, state: &Arc<State>, shutdown: &Shutdown) {
    let connections = Connections::new(Arc::clone(state));
    accept_until(shutdown, &listener, &connections).await;
    state.start_draining();
    connections.take_waiting(listener);
    connections.drain().await;
}

/// Hears of changes, so that answers can be kept.
async fn keep_answers(state: &State) -> Infallible {
    match &state.cache {
        Some(cache) => cache::listen(cache, &state.listener, &state.log).await,
        None => std::future::pending().await,
    }
}

/// The connections of one service.
struct Connections {
    state: Arc<State>,
    router: Router,
    protocol: http1::Builder,
    tasks: TaskTracker,
    /// Cancelled when the drain time is over: quiet connections are closed, busy ones finish their request.
    closing: CancellationToken,
}

async fn accept_until(shutdown: &Shutdown, listener: &TcpListener, connections: &Connections) {
    let mut complained: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.requested() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.serve(stream);
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                connections.complain(&mut complained, &error);
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shutdown.requested() => return,
                }
            }
        }
    }
}

/// The client went away before it was accepted; the socket itself is well.
fn is_about_one_connection(error: &io::Error) -> bool {
    let kinds = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
    ];
    kinds.contains(&error.kind())
}

/// The next connection that waits to be accepted, if there is one.
fn next_waiting(listener: &std::net::TcpListener) -> io::Result<Option<TcpStream>> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                return TcpStream::from_std(stream).map(Some);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

impl Connections {
    fn new(state: Arc<State>) -> Self {
        let mut protocol = http1::Builder::new();
        protocol
            .timer(TokioTimer::new())
            .header_read_timeout(SILENCE)
            .max_buf_size(limits::HEAD)
            .max_headers(limits::HEADER_COUNT);
        Self {
            router: router(Arc::clone(&state)),
            state,
            protocol,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Says what is wrong, but not at every connection that suffers from it.
    fn complain(&self, last: &mut Option<Instant>, error: &io::Error) {
        if last.is_none_or(|last| last.elapsed() > COMPLAINT) {
            let fields = json!({ "error": error.to_string() });
            self.state.log.error("cannot accept connections", fields);
            *last = Some(Instant::now());
        }
    }

    /// Starts to serve a connection until it ends.
    fn serve(&self, stream: TcpStream) {
        // Answers are written whole, so there is nothing to gather; where this fails, answers are merely later.
        drop(stream.set_nodelay(true));
        let service = TowerToHyperService::new(self.router.clone());
        let connection = self
            .protocol
            .serve_connection(TokioIo::new(stream), service);
        self.tasks
            .spawn(until_closed(connection, self.closing.clone()));
    }

    /// Accepts what the system has already accepted for us, then closes the socket, which would reset it. The system
    /// itself is asked: the runtime may hold back or not know yet what is waiting.
    fn take_waiting(&self, listener: TcpListener) {
        let taken = listener.into_std().and_then(|listener| {
            while let Some(stream) = next_waiting(&listener)? {
                self.serve(stream);
            }
            Ok(())
        });
        if let Err(error) = taken {
            self.complain(&mut None, &error);
        }
    }

    async fn drain(&self) {
        let drain = self.state.drain;
        let fields = json!({ "connections": self.tasks.len() });
        self.state.log.info("draining", fields);
        self.tasks.close();
        drop(tokio::time::timeout(drain, self.tasks.wait()).await);
        self.closing.cancel();
        let patience = self.state.request_timeout + LAST_GRACE;
        if tokio::time::timeout(patience, self.tasks.wait())
            .await
            .is_err()
        {
            let fields = json!({ "connections": self.tasks.len() });
            self.state.log.warn("connections given up", fields);
        }
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

/// Serves one connection. How it ends is the client's matter: answers that failed are in the log already.
async fn until_closed(connection: Connection, closing: CancellationToken) {
    tokio::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => drop(result),
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}
