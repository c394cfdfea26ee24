//! TLS to an Engine: its certificate is verified by the user's own authority, and ours is shown.
//!
//! bollard's own TLS is not used: it trusts the system's authorities too, fails where one of those cannot be read, wants
//! a crypto provider for the whole process, and makes a new connection for every request.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bollard::API_DEFAULT_VERSION;
use bollard::BollardRequest;
use bollard::Docker as Client;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::Connected;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::pki_types::pem;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::endpoint::TlsFiles;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(15);

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// A client of the Engine at that port; it connects when it is first asked something.
pub fn client(host: &str, port: u16, files: &TlsFiles, seconds: u64) -> Result<Client> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| {
        Error::new(
            Code::DockerHost,
            format!("{host} is no name a certificate could have"),
        )
        .because(error)
    })?;
    let dial = Dial {
        place: (host.to_owned(), port),
        name,
        connector: TlsConnector::from(Arc::new(settings(files)?)),
    };
    let pool = Pool::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .build(dial);
    let transport = move |request: BollardRequest| {
        let pool = pool.clone();
        async move {
            pool.request(request)
                .await
                .map_err(bollard::errors::Error::from)
        }
    };
    let address = Some(format!("http://{}", authority(host, port)));
    Client::connect_with_custom_transport(transport, address, seconds, API_DEFAULT_VERSION).map_err(
        |error| Error::new(Code::DockerHost, format!("{host} cannot be used")).because(error),
    )
}

/// A host and a port as an address has them.
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn settings(files: &TlsFiles) -> Result<ClientConfig> {
    let mut authorities = RootCertStore::empty();
    let path = files.ca();
    for authority in certificates(&path)? {
        authorities
            .add(authority)
            .map_err(|error| bad(&path, error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(Code::DockerTls, "TLS cannot be set up").because(error))?
        .with_root_certificates(authorities);
    let mut settings = match identity(files)? {
        Some((own, key)) => builder
            .with_client_auth_cert(own, key)
            .map_err(|error| bad(&files.key(), error))?,
        None => builder.with_no_client_auth(),
    };
    // Connections are kept anyway; and some doors before an Engine offer to resume a session and then refuse to.
    settings.resumption = Resumption::disabled();
    Ok(settings)
}

/// Our own certificate and its key, where there are any: an Engine need not ask for them.
fn identity(files: &TlsFiles) -> Result<Option<Identity>> {
    let (certificate, key) = (files.certificate(), files.key());
    if !certificate.exists() && !key.exists() {
        return Ok(None);
    }
    let own = certificates(&certificate)?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(|error| unreadable(&key, error))?;
    Ok(Some((own, key)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(path, error))?;
    if certificates.is_empty() {
        return Err(bad(path, "there is no certificate in it"));
    }
    Ok(certificates)
}

fn unreadable(path: &Path, error: pem::Error) -> Error {
    match error {
        pem::Error::Io(error) => bad(path, error),
        error => bad(path, error),
    }
}

fn bad(path: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Code::DockerTls, format!("cannot use {} for TLS", path.display()))
        .because(why)
        .hint("ca.pem, cert.pem and key.pem must be in the folder DOCKER_CERT_PATH, else in Docker's own, else with the context")
}

/// Makes connections to one Engine.
#[derive(Clone)]
struct Dial {
    place: (String, u16),
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Dial {
    async fn connect(self) -> io::Result<TokioIo<Stream>> {
        let connect = async {
            let (host, port) = &self.place;
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            self.connector.connect(self.name, stream).await
        };
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let stream = timeout(CONNECT, connect).await.map_err(late)??;
        Ok(TokioIo::new(Stream(stream)))
    }
}

impl tower_service::Service<hyper::Uri> for Dial {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

/// A connection that hyper's pool can keep.
#[derive(Debug)]
struct Stream(TlsStream<TcpStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
