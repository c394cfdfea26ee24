//! The short way to say hello to an Engine on a socket of this machine: the headers of `/_ping`.
//!
//! `/version` tells more, but Docker starts two programs to answer it, which takes ten milliseconds.

use std::path::Path;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::HeaderMap;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;

/// What stands before the version in the header that names the server. Podman puts another name there.
const DOCKER: &str = "Docker/";

/// What an Engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Its version, with its name where it is not Docker.
    pub version: String,
    /// The newest version of the API that it speaks.
    pub api_version: Option<String>,
    /// The processor of its containers in Go's words; empty where it did not say.
    pub processor: String,
}

/// Asks. Whatever is not the answer of a Docker Engine is none, and the long way tells why.
#[cfg(unix)]
pub async fn ask(socket: &Path) -> Option<Hello> {
    let stream = tokio::net::UnixStream::connect(socket).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get("/_ping")
        .header(header::HOST, "docker")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.ok()?);
    tokio::pin!(answer);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    read(answer.ok()?.headers())
}

#[cfg(not(unix))]
pub async fn ask(_socket: &Path) -> Option<Hello> {
    None
}

fn read(headers: &HeaderMap) -> Option<Hello> {
    let value = |name: &str| headers.get(name)?.to_str().ok();
    let version = value("server")?.strip_prefix(DOCKER)?.split(' ').next()?;
    Some(Hello {
        version: version.to_owned(),
        api_version: Some(value("api-version")?.to_owned()),
        processor: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(server: &str, api_version: Option<&str>) -> Option<Hello> {
        let pairs = [("server", Some(server)), ("api-version", api_version)];
        let header = |(name, value): (&'static str, Option<&str>)| {
            let name = header::HeaderName::from_static(name);
            Some((name, value?.parse().unwrap()))
        };
        read(&pairs.into_iter().filter_map(header).collect())
    }

    #[test]
    fn docker_says_its_version_and_the_api_s_in_passing_and_others_are_asked_at_length() {
        let hello = said("Docker/20.10.24+dfsg1 (linux)", Some("1.41")).unwrap();
        assert_eq!(hello.version, "20.10.24+dfsg1");
        assert_eq!(hello.api_version.as_deref(), Some("1.41"));
        assert_eq!(said("Libpod/4.3.1 (linux)", Some("1.41")), None);
        assert_eq!(said("Docker/20.10.24 (linux)", None), None);
        assert_eq!(said("nginx", Some("1.41")), None);
    }
}
