//! What the Engine's errors mean to a user.

pub mod registry;

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;

use bollard::errors::Error as Cause;
use tokio_rustls::rustls;

use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::error::chain;
use crate::profile::PortNumber;
use crate::profile::Protocol;

/// Turns bollard's results into ours.
pub trait Explained<T> {
    /// Says what was tried, as in "cannot {action}".
    fn explain(self, action: impl AsRef<str>) -> Result<T>;
}

impl<T> Explained<T> for Result<T, Cause> {
    fn explain(self, action: impl AsRef<str>) -> Result<T> {
        self.map_err(|cause| error(&cause, action.as_ref()))
    }
}

/// The same for a removal: what is gone already is as good as removed.
pub fn gone<T>(result: Result<T, Cause>, action: &str) -> Result<()> {
    match result {
        Ok(_) => Ok(()),
        Err(cause) if is_missing(&cause) => Ok(()),
        Err(cause) => Err(error(&cause, action)),
    }
}

/// Whether the Engine says that the thing is not there.
pub fn is_missing(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::DockerResponseServerError {
            status_code: 404,
            ..
        }
    )
}

/// Whether somebody else is removing it at this moment.
pub fn is_being_removed(cause: &Cause) -> bool {
    matches!(cause, Cause::DockerResponseServerError { message, .. } if message.contains("already in progress"))
}

/// Whether the Engine has given every network away that it gives by itself; Podman has other words for it.
pub fn is_out_of_addresses(cause: &Cause) -> bool {
    says(
        cause,
        &[
            "non-overlapping IPv4 address pool",
            "all predefined address pools have been fully subnetted",
            "could not find free subnet",
        ],
    )
}

/// Whether the addresses that were asked for belong to another network.
pub fn is_about_addresses(cause: &Cause) -> bool {
    says(
        cause,
        &["overlaps with other", "already used", "already being used"],
    )
}

fn says(cause: &Cause, words: &[&str]) -> bool {
    let Cause::DockerResponseServerError { message, .. } = cause else {
        return false;
    };
    words.iter().any(|words| message.contains(words))
}

pub fn error(cause: &Cause, action: &str) -> Error {
    let code = classify(cause);
    let error = Error::new(code, format!("cannot {action}")).because(innermost(cause));
    let limits = error
        .source
        .as_ref()
        .is_some_and(|source| source.to_string().contains("Range of CPUs"));
    if limits {
        return error.hint("lower `cpus` in the profile: the Engine's machine has fewer cores");
    }
    let needs_memory = error
        .source
        .as_ref()
        .is_some_and(|source| source.to_string().contains("memory limit too low"));
    if needs_memory {
        return error
            .hint("raise `memory` of this role in the profile: it is too little even to start");
    }
    match hint(code) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What to do about a full disk of the Engine.
pub const FULL_DISK: &str =
    "the disk of the Docker Engine is full; `docker system df` shows what fills it";

/// Whether a program has written that its disk is full.
pub fn tells_of_full_disk(lines: &[String]) -> bool {
    let mut lines = lines.iter();
    lines.any(|line| line.contains("No space left on device"))
}

fn hint(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::DockerDown => {
            "start the Docker Engine, then run the command again; it goes on from where it was"
        }
        Code::DockerTls => "check the certificates on both sides, and whether they have expired",
        Code::DiskFull => FULL_DISK,
        Code::RegistryUnreachable => {
            "check the network or the proxy of the Docker Engine; an image that is there already is not pulled again; `--engine embedded` needs no image"
        }
        Code::RegistryDenied => {
            "log in with `docker login`, or correct the image's name in the profile; `--engine embedded` needs no image"
        }
        Code::ImagePlatform => {
            "name an image in the profile that is there for the processor of the Engine's machine; `--engine embedded` needs no image"
        }
        Code::ImageMissing => {
            "check the image's name and tag in the profile; `--engine embedded` needs no image"
        }
        _ => return None,
    })
}

/// Sorts an error by what the user can do about it.
pub fn classify(cause: &Cause) -> Code {
    match cause {
        Cause::SocketNotFoundError(_) => Code::DockerDown,
        Cause::UnsupportedURISchemeError { .. }
        | Cause::URLParseError { .. }
        | Cause::InvalidURIError { .. } => Code::DockerHost,
        Cause::DockerResponseServerError { message, .. }
        | Cause::DockerStreamError { error: message } => by_message(message),
        Cause::HyperLegacyError { .. }
        | Cause::HyperResponseError { .. }
        | Cause::IOError { .. } => by_source(cause),
        _ => Code::DockerAnswer,
    }
}

fn by_message(message: &str) -> Code {
    let message = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&[
        "port is already allocated",
        "address already in use",
        "ports are not available",
    ]) {
        Code::PortTaken
    } else if has(&["client sent an http request to an https server"]) {
        Code::DockerTls
    } else if has(&["no space left on device"]) {
        Code::DiskFull
    } else if has(&["is already in use by container", "is ambiguous"]) {
        Code::NameTaken
    } else if has(&[
        "no basic auth",
        "unauthorized",
        "authentication required",
        "denied: ",
        "access denied",
    ]) {
        Code::RegistryDenied
    } else if has(&["no matching manifest", "exec format error"]) {
        Code::ImagePlatform
    } else if has(&[
        "no such image",
        "manifest unknown",
        "name unknown",
        "manifest for ",
    ]) {
        Code::ImageMissing
    } else if has(&[
        "no such host",
        "i/o timeout",
        "handshake timeout",
        "dial tcp",
        "server misbehaving",
    ]) {
        Code::RegistryUnreachable
    } else {
        Code::DockerAnswer
    }
}

fn by_source(cause: &Cause) -> Code {
    if chain(cause).any(is_about_tls) {
        return Code::DockerTls;
    }
    let text = chain(cause)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    match chain(cause)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .last()
        .map(io::Error::kind)
    {
        Some(io::ErrorKind::PermissionDenied) => Code::DockerDenied,
        Some(io::ErrorKind::StorageFull) => Code::DiskFull,
        _ if text.contains("dns error") || text.contains("invalid HTTP version") => {
            Code::DockerHost
        }
        Some(
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotFound
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable,
        ) => Code::DockerDown,
        _ => Code::DockerAnswer,
    }
}

/// Whether a connection that stood was ended from the other side before an answer came.
pub fn is_cut_off(cause: &Cause) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    chain(cause).any(|cause| {
        let is_cut = |error: &io::Error| {
            matches!(error.kind(), ConnectionReset | BrokenPipe | UnexpectedEof)
        };
        cause.downcast_ref().is_some_and(is_cut)
            || cause
                .downcast_ref()
                .is_some_and(hyper::Error::is_incomplete_message)
    })
}

/// The port that could not be published, where the Engine names it.
pub fn port(cause: &Cause) -> Option<PortNumber> {
    let Cause::DockerResponseServerError { message, .. } = cause else {
        return None;
    };
    let address = |word: &str| word.trim_end_matches(':').parse::<SocketAddr>().ok();
    let mut words = message.split_whitespace();
    let number = words.find_map(address)?.port();
    let protocol = if message.contains("listen udp") {
        Protocol::Udp
    } else {
        Protocol::Tcp
    };
    Some(PortNumber { protocol, number })
}

/// What a chain of runtimes says in the end: the last part that says more than a word.
pub fn last_words(chain: &str) -> String {
    let chain = chain.strip_suffix(": unknown").unwrap_or(chain);
    let (_, last) = chain.rsplit_once(": ").unwrap_or(("", chain));
    last.to_owned()
}

fn is_about_tls(cause: &(dyn StdError + 'static)) -> bool {
    let inner = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    tls.is_some()
}

/// The error at the bottom: what stands above it says only "client error".
pub fn innermost(cause: &Cause) -> Box<dyn StdError + Send + Sync> {
    let message = match cause {
        Cause::DockerResponseServerError { message, .. }
        | Cause::DockerStreamError { error: message } => message.trim().to_owned(),
        Cause::SocketNotFoundError(path) => format!("there is no socket at {path}"),
        Cause::RequestTimeoutError => "it did not answer in time".to_owned(),
        _ => chain(cause)
            .last()
            .map_or_else(String::new, ToString::to_string),
    };
    message.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(message: &str) -> Code {
        classify(&Cause::DockerResponseServerError {
            status_code: 500,
            message: message.to_owned(),
        })
    }

    #[test]
    fn the_engines_words_are_understood() {
        let cases = [
            (
                "driver failed: Bind for 127.0.0.1:38080 failed: port is already allocated",
                Code::PortTaken,
            ),
            (
                "userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use",
                Code::PortTaken,
            ),
            (
                "Conflict. The container name \"/a\" is already in use by container \"b\".",
                Code::NameTaken,
            ),
            (
                "Client sent an HTTP request to an HTTPS server.",
                Code::DockerTls,
            ),
            ("write /v/big: no space left on device", Code::DiskFull),
            (
                "Head \"http://127.0.0.1:5055/v2/x/manifests/1\": no basic auth credentials",
                Code::RegistryDenied,
            ),
            (
                "manifest for 127.0.0.1:5055/x:2 not found: manifest unknown",
                Code::ImageMissing,
            ),
            (
                "Get \"https://registry/v2/\": dial tcp: lookup registry: no such host",
                Code::RegistryUnreachable,
            ),
            (
                "no matching manifest for linux/arm64/v8 in the manifest list entries",
                Code::ImagePlatform,
            ),
            ("something new", Code::DockerAnswer),
        ];
        for (message, code) in cases {
            assert_eq!(answered(message), code, "{message}");
        }
    }

    #[test]
    fn a_port_that_cannot_be_published_is_found_in_the_engines_words() {
        let port = |message: &str| {
            port(&Cause::DockerResponseServerError {
                status_code: 500,
                message: message.to_owned(),
            })
        };
        let allocated = "driver failed: Bind for 127.0.0.1:38080 failed: port is already allocated";
        assert_eq!(port(allocated), Some(38080.into()));
        let in_use = "userland proxy: listen tcp4 0.0.0.0:81: bind: address already in use";
        assert_eq!(port(in_use), Some(81.into()));
        let of_udp = "userland proxy: listen udp4 0.0.0.0:53: bind: address already in use";
        assert_eq!(port(of_udp), Some("53/udp".parse().unwrap()));
        assert_eq!(port("something new"), None);
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_told_from_one_that_may_not_be_used() {
        use bollard::API_DEFAULT_VERSION;
        use bollard::Docker as Client;

        let missing = Client::connect_with_unix("/nowhere.sock", 5, API_DEFAULT_VERSION);
        assert_eq!(classify(&missing.unwrap_err()), Code::DockerDown);
        let refused =
            Client::connect_with_http("tcp://127.0.0.1:9", 5, API_DEFAULT_VERSION).unwrap();
        assert_eq!(
            classify(&refused.ping().await.unwrap_err()),
            Code::DockerDown
        );
    }
}
