//! A Maven repository: read over HTTP with or without TLS, or from a folder.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Empty;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::Uri;
use hyper::body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio::time::timeout;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;

use super::FetchError;
use super::Patience;
use crate::error::chain;

/// The largest file that is read; PostgreSQL's archives are a tenth of it.
const LARGEST: usize = 256_000_000;
/// How often a mirror may point elsewhere.
const MOST_REDIRECTS: usize = 5;

/// Told how many bytes have come, and of how many.
pub type OnProgress<'a> = &'a (dyn Fn(u64, Option<u64>) + Sync);

/// Where files are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// A server, by the URL of the repository's root without its last slash.
    Server(String),
    /// A folder of this machine.
    Folder(PathBuf),
}

impl Mirror {
    /// Reads what the user names: an `http:`, `https:` or `file:` URL.
    pub fn new(text: &str) -> Result<Self, FetchError> {
        let wrong = || FetchError::Mirror(text.to_owned());
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let is_absolute = PathBuf::from(path).is_absolute();
            return is_absolute
                .then(|| Self::Folder(path.into()))
                .ok_or_else(wrong);
        }
        let uri: Uri = text.parse().ok().ok_or_else(wrong)?;
        let is_server = matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none();
        let is_server = is_server && uri.host().is_some_and(|host| !host.is_empty());
        is_server
            .then(|| Self::Server(text.trim_end_matches('/').to_owned()))
            .ok_or_else(wrong)
    }

    /// What it is called in messages: the host alone, because a URL may hold a password.
    pub fn name(&self) -> String {
        match self {
            Self::Server(base) => name(&base.parse().unwrap_or_default()),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }

    /// Where a file is, as messages tell it.
    pub fn place(&self, path: &str) -> String {
        match self {
            Self::Server(_) => {
                let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
                format!("{file} of {}", self.name())
            }
            Self::Folder(folder) => folder.join(path).display().to_string(),
        }
    }

    /// Reads a whole file.
    pub async fn read(
        &self,
        path: &str,
        patience: Patience,
        progress: OnProgress<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::Server(base) => {
                let place = self.place(path);
                let url = format!("{base}/{path}");
                let url = url.parse().ok();
                let url = url.ok_or_else(|| FetchError::Mirror(base.clone()))?;
                Exchange {
                    place,
                    patience,
                    progress,
                }
                .get(url)
                .await
            }
            Self::Folder(folder) => {
                let file = folder.join(path);
                let read = tokio::fs::read(&file).await;
                read.map_err(|cause| match cause.kind() {
                    io::ErrorKind::NotFound => FetchError::Absent {
                        place: self.place(path),
                    },
                    _ => FetchError::at("read", &file)(cause),
                })
            }
        }
    }
}

/// One file that is asked for, wherever the request is led.
struct Exchange<'a> {
    place: String,
    patience: Patience,
    progress: OnProgress<'a>,
}

/// What a server has to say.
enum Answer {
    File(Vec<u8>),
    Elsewhere(Uri),
}

impl Exchange<'_> {
    async fn get(&self, mut url: Uri) -> Result<Vec<u8>, FetchError> {
        for _ in 0..=MOST_REDIRECTS {
            match self.ask(&url).await? {
                Answer::File(bytes) => return Ok(bytes),
                Answer::Elsewhere(next) => url = next,
            }
        }
        Err(self.status("one redirect after another"))
    }

    async fn ask(&self, url: &Uri) -> Result<Answer, FetchError> {
        let host = name(url);
        let deadline = Instant::now() + self.patience.answer;
        let in_time = InTime {
            host: &host,
            deadline,
            after: self.patience.answer,
        };
        let stream = in_time.wait(connect(url)).await?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|cause| unreachable(&host, &cause))?;
        let request = request(url).map_err(|cause| unreachable(&host, &cause))?;
        let conversation = async {
            let sent = async { sender.send_request(request).await.map_err(boxed) };
            let response = in_time.wait(sent).await?;
            self.understand(url, response).await
        };
        tokio::pin!(conversation);
        // The connection moves the bytes; its own failures reach the conversation.
        tokio::select! {
            answer = &mut conversation => answer,
            _ = connection => conversation.await,
        }
    }

    async fn understand(
        &self,
        url: &Uri,
        response: Response<Incoming>,
    ) -> Result<Answer, FetchError> {
        let status = response.status();
        if status == StatusCode::OK {
            return self.receive(url, response).await.map(Answer::File);
        }
        if status.is_redirection() {
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| resolve(url, location));
            let next = next.ok_or_else(|| self.status("a redirect to nowhere"))?;
            return Ok(Answer::Elsewhere(next));
        }
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchError::Absent {
                place: self.place.clone(),
            }),
            status => Err(self.status(&status.to_string())),
        }
    }

    async fn receive(
        &self,
        url: &Uri,
        response: Response<Incoming>,
    ) -> Result<Vec<u8>, FetchError> {
        let mut body = response.into_body();
        let total = body.size_hint().exact();
        let mut bytes = Vec::new();
        loop {
            let frame = timeout(self.patience.stall, body.frame()).await;
            let frame = frame.ok().ok_or_else(|| FetchError::Stalled {
                mirror: name(url),
                after: self.patience.stall,
            })?;
            let Some(frame) = frame else {
                return Ok(bytes);
            };
            let frame = frame.map_err(|cause| unreachable(&name(url), &cause))?;
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if bytes.len() > LARGEST {
                return Err(self.status("more than an archive of PostgreSQL can be"));
            }
            (self.progress)(bytes.len() as u64, total);
        }
    }

    fn status(&self, status: &str) -> FetchError {
        FetchError::Status {
            place: self.place.clone(),
            status: status.to_owned(),
        }
    }
}

/// What must be done before the mirror has answered.
struct InTime<'a> {
    host: &'a str,
    deadline: Instant,
    after: Duration,
}

impl InTime<'_> {
    async fn wait<T>(&self, work: impl Future<Output = Result<T, Boxed>>) -> Result<T, FetchError> {
        match timeout_at(self.deadline, work).await {
            Ok(done) => done.map_err(|cause| unreachable(self.host, cause.as_ref())),
            Err(_) => Err(FetchError::Silent {
                mirror: self.host.to_owned(),
                after: self.after,
            }),
        }
    }
}

type Boxed = Box<dyn StdError + Send + Sync>;

fn boxed(error: impl StdError + Send + Sync + 'static) -> Boxed {
    Box::new(error)
}

fn unreachable(host: &str, cause: &(dyn StdError + 'static)) -> FetchError {
    FetchError::Unreachable {
        mirror: host.to_owned(),
        cause: chain(cause)
            .last()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

/// The host, with its port where that is not the usual one.
fn name(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    match url.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Bytes there and back, with TLS around them or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn connect(url: &Uri) -> Result<Box<dyn Stream>, Boxed> {
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_secure = url.scheme_str() == Some("https");
    let usual = if is_secure { 443 } else { 80 };
    let stream = TcpStream::connect((host, url.port_u16().unwrap_or(usual))).await?;
    if !is_secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(tls()?));
    Ok(Box::new(connector.connect(name, stream).await?))
}

/// Trusts whom the system trusts, a company's own authority included.
fn tls() -> Result<ClientConfig, Boxed> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(
            "this system has no certificates to trust (Debian's package ca-certificates)".into(),
        );
    }
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn request(url: &Uri) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let agent = concat!("ratesdev/", env!("CARGO_PKG_VERSION"));
    Request::get(path)
        .header(header::HOST, name(url))
        .header(header::USER_AGENT, agent)
        .header(header::CONNECTION, "close")
        .body(Empty::new())
}

/// Where a redirect leads: another URL, or another path of the same server. What began with TLS goes on with it.
fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    let location = if location.starts_with('/') && !location.starts_with("//") {
        format!("{}://{}{location}", from.scheme_str()?, from.authority()?)
    } else {
        location.to_owned()
    };
    let next: Uri = location.parse().ok()?;
    match (from.scheme_str()?, next.scheme_str()?) {
        ("http", "http" | "https") | ("https", "https") => Some(next),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_a_server_or_a_folder() {
        let server = |base: &str| Some(Mirror::Server(base.to_owned()));
        let folder = |path: &str| Some(Mirror::Folder(path.into()));
        let cases = [
            (
                "https://repository.example/maven2/",
                server("https://repository.example/maven2"),
            ),
            ("http://127.0.0.1:8081", server("http://127.0.0.1:8081")),
            ("file:/srv/maven", folder("/srv/maven")),
            ("file:///srv/maven", folder("/srv/maven")),
            ("file:srv/maven", None),
            ("ftp://repository.example", None),
            ("repository.example/maven2", None),
            ("https://", None),
            ("https://repository.example/?a=b", None),
            ("", None),
        ];
        for (text, mirror) in cases {
            assert_eq!(Mirror::new(text).ok(), mirror, "{text}");
        }
    }

    #[test]
    fn messages_do_not_tell_the_password_of_a_mirror() {
        let mirror = Mirror::new("https://me:secret@repository.example:8443/maven2").unwrap();
        assert_eq!(mirror.name(), "repository.example:8443");
        assert_eq!(mirror.place("a/b.jar"), "b.jar of repository.example:8443");
    }

    #[test]
    fn redirects_stay_on_the_server_or_name_another_and_keep_tls() {
        let cases = [
            ("http://a/x", "/y?z", Some("http://a/y?z")),
            ("https://a:1/x", "/y", Some("https://a:1/y")),
            ("http://a/x", "https://b/y", Some("https://b/y")),
            ("https://a/x", "http://b/y", None),
            ("https://a/x", "y", None),
            ("https://a/x", "//b/y", None),
        ];
        for (from, location, next) in cases {
            let next = next.map(|next| next.parse::<Uri>().unwrap());
            assert_eq!(
                resolve(&from.parse().unwrap(), location),
                next,
                "{location}"
            );
        }
    }
}
