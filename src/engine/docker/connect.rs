//! Connects to the Engine that is meant, and settles how to speak to it.

use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::API_DEFAULT_VERSION;
use bollard::BollardRequest;
use bollard::Docker as Client;
use bollard::errors::Error as Cause;
use bollard::models::SystemVersion;

use super::config;
use super::config::Config;
use super::endpoint;
use super::endpoint::Address;
use super::endpoint::Asked;
use super::endpoint::Endpoint;
use super::endpoint::Said;
use super::endpoint::Source;
use super::explain;
use super::hello;
use super::hello::Hello;
use super::reach::Reach;
use super::ssh::Ssh;
use super::tls;
use crate::engine::About;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::image::Platform;

/// Seconds until the headers of an answer must be there.
const TIMEOUT: u64 = 120;

/// What else can be done where there is no Docker.
pub const WITHOUT: &str = "; `--engine embedded` does without Docker";

/// A connection, and what was found at its end.
pub struct Connected {
    pub client: Client,
    pub about: About,
    pub reach: Reach,
    /// The folder of Docker's own client.
    pub folder: PathBuf,
}

/// Connects to the Engine that is meant, if it answers within `patience`.
pub async fn connect(
    asked: &Asked,
    variable: impl Fn(&str) -> Option<String>,
    patience: Duration,
) -> Result<Connected> {
    let folder = config::folder(&variable);
    let endpoint = meant(asked, &folder, &variable)?;
    let first = tokio::time::timeout(patience, greet(&endpoint));
    let (client, reach, hello) = first.await.map_err(|_late| silent(patience, &endpoint))??;
    let about = About {
        engine: "docker",
        version: hello.version,
        local: matches!(reach, Reach::Here),
        endpoint: endpoint.host,
        platform: Platform::Container(hello.processor),
    };
    let client = match endpoint.api_version {
        Some(_) => client,
        None => pin(client, spoken(hello.api_version.as_deref())),
    };
    Ok(Connected {
        client,
        about,
        reach,
        folder,
    })
}

/// Which Engine is meant, before it is asked; none where what was said cannot be understood.
pub fn foreseen(asked: &Asked, variable: impl Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let folder = config::folder(&variable);
    meant(asked, &folder, &variable).ok()
}

/// Opens the connection and says hello.
async fn greet(endpoint: &Endpoint) -> Result<(Client, Reach, Hello)> {
    let (client, reach) = open(endpoint).await?;
    let client = match &endpoint.api_version {
        Some(version) => pin(client, version.clone()),
        None => client,
    };
    if let Some(hello) = hello(endpoint).await {
        return Ok((client, reach, hello));
    }
    let version = client.version().await;
    let version = version.map_err(|error| unreachable(&error, endpoint))?;
    Ok((client, reach, version.into()))
}

/// The short answer, where it is enough. An API version that was asked for is refused only by the long one.
async fn hello(endpoint: &Endpoint) -> Option<Hello> {
    match (&endpoint.address, &endpoint.api_version) {
        (Address::Unix(socket), None) => hello::ask(socket).await,
        _ => None,
    }
}

impl From<SystemVersion> for Hello {
    fn from(version: SystemVersion) -> Self {
        Self {
            version: name_and_version(&version),
            api_version: version.api_version,
            processor: version.arch.unwrap_or_default(),
        }
    }
}

/// What stands behind the version of an Engine that is Podman.
const PODMAN: &str = "(Podman)";

/// Podman answers in Docker's place, and differs here and there.
fn name_and_version(version: &SystemVersion) -> String {
    let number = version.version.clone().unwrap_or_default();
    let mut parts = version.components.iter().flatten();
    if parts.any(|part| part.name == "Podman Engine") {
        format!("{number} {PODMAN}")
    } else {
        number
    }
}

/// Whether it is Podman that answers.
pub fn is_podman(about: &About) -> bool {
    about.version.ends_with(PODMAN)
}

/// Docker's folder is read only when an address is not said outright.
fn meant(
    asked: &Asked,
    folder: &Path,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint> {
    let said = endpoint::said(asked, &variable);
    let config = match said {
        Said::Host(..) => Config::empty(folder.to_owned()),
        Said::Context(..) | Said::Nothing => Config::read(folder.to_owned())?,
    };
    endpoint::resolve(said, &config, variable)
}

async fn open(endpoint: &Endpoint) -> Result<(Client, Reach)> {
    match (&endpoint.address, &endpoint.tls) {
        (Address::Unix(path), _) => {
            Ok((socket(&path.display().to_string(), endpoint)?, Reach::Here))
        }
        (Address::Tcp { host, port }, Some(files)) => {
            let reach = reach(host, *port, endpoint).await?;
            Ok((tls::client(host, *port, files, TIMEOUT)?, reach))
        }
        (Address::Tcp { host, port }, None) => {
            let reach = reach(host, *port, endpoint).await?;
            let address = format!("tcp://{}", tls::authority(host, *port));
            let client = Client::connect_with_http(&address, TIMEOUT, API_DEFAULT_VERSION);
            Ok((
                client.map_err(|error| unreachable(&error, endpoint))?,
                reach,
            ))
        }
        (Address::Ssh(login), _) => {
            let ssh = Ssh::open(login.clone()).await?;
            let client = socket(&ssh.socket().display().to_string(), endpoint)?;
            Ok((client, Reach::Through(Arc::new(ssh))))
        }
    }
}

fn socket(path: &str, endpoint: &Endpoint) -> Result<Client> {
    Client::connect_with_unix(path, TIMEOUT, API_DEFAULT_VERSION)
        .map_err(|error| unreachable(&error, endpoint))
}

/// An Engine on loopback publishes its ports here; any other at the address that its name stands for.
async fn reach(host: &str, port: u16, endpoint: &Endpoint) -> Result<Reach> {
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<IpAddr> = found
        .map_err(|error| {
            let what = format!("{} ({}) names no machine", endpoint.host, endpoint.source);
            Error::new(Code::DockerHost, what)
                .because(error)
                .hint(endpoint.source.cure())
        })?
        .map(|address| address.ip())
        .collect();
    match addresses.first() {
        Some(address) if !addresses.iter().any(IpAddr::is_loopback) => Ok(Reach::At(*address)),
        _ => Ok(Reach::Here),
    }
}

fn unreachable(error: &Cause, endpoint: &Endpoint) -> Error {
    let Endpoint { host, source, .. } = endpoint;
    let code = explain::classify(error);
    let answered = matches!(error, Cause::DockerResponseServerError { .. });
    // An Engine that wants another certificate says so when the connection stands; what it says is lost where the
    // request is on its way by then.
    let refused = endpoint.tls.is_some() && explain::is_cut_off(error);
    let error = explain::innermost(error);
    let from = format!("{host} ({source})");
    match code {
        Code::DockerDenied => {
            Error::new(code, format!("you may not use the Docker Engine at {from}"))
                .because(error)
                .hint("sudo usermod -aG docker \"$USER\", then log in again; whoever is in the group docker is as good as root")
        }
        Code::DockerHost => Error::new(code, format!("{from} is not usable"))
            .because(error)
            .hint(source.cure()),
        Code::DockerTls => distrusted(endpoint).because(error),
        _ if refused => distrusted(endpoint).because(error),
        Code::DockerAnswer if answered && endpoint.api_version.is_some() => {
            Error::new(Code::DockerHost, format!("the Engine at {from} does not speak the version that DOCKER_API_VERSION asks for"))
                .because(error)
                .hint("unset DOCKER_API_VERSION; both sides then agree by themselves")
        }
        _ => down(endpoint).because(error),
    }
}

/// Something is there that takes connections and says nothing.
fn silent(patience: Duration, endpoint: &Endpoint) -> Error {
    down(endpoint).because(format!(
        "it does not answer within {} s",
        patience.as_secs()
    ))
}

fn down(endpoint: &Endpoint) -> Error {
    let Endpoint { host, source, .. } = endpoint;
    let what = format!("no Docker Engine answers at {host} ({source})");
    Error::new(Code::DockerDown, what).hint(start_hint(endpoint))
}

fn distrusted(endpoint: &Endpoint) -> Error {
    let Endpoint {
        host, source, tls, ..
    } = endpoint;
    let hint = match tls {
        Some(files) => format!("check ca.pem, cert.pem and key.pem in {}", files.0.display()),
        None => "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or choose a context that has certificates".to_owned(),
    };
    let what =
        format!("the Docker Engine at {host} ({source}) and ratesdev do not trust each other");
    Error::new(Code::DockerTls, what).hint(hint)
}

fn start_hint(endpoint: &Endpoint) -> String {
    let cure = match &endpoint.source {
        Source::Default if cfg!(target_os = "linux") => "sudo systemctl start docker".to_owned(),
        Source::Default => "start Docker Desktop".to_owned(),
        source => format!("start that Engine, or {}", source.cure()),
    };
    match (&endpoint.address, &endpoint.tls) {
        (Address::Tcp { .. }, None) => {
            format!(
                "{cure}; where it wants TLS, set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH{WITHOUT}"
            )
        }
        _ => format!("{cure}{WITHOUT}"),
    }
}

/// bollard 0.21 sends no API version, so that the Engine would answer in its newest dialect; and it encodes registry
/// credentials in a base64 alphabet that the Engine does not read. Both are put right on the way out.
fn pin(client: Client, version: String) -> Client {
    client.with_request_modifier(move |request: BollardRequest| {
        let (mut parts, body) = request.into_parts();
        parts.uri = versioned(&parts.uri, &version).unwrap_or(parts.uri);
        for name in ["x-registry-auth", "x-registry-config"] {
            if let Some(value) = parts.headers.get(name).and_then(url_alphabet) {
                parts.headers.insert(name, value);
            }
        }
        BollardRequest::from_parts(parts, body)
    })
}

/// The newest version that both sides know.
fn spoken(engine: Option<&str>) -> String {
    let ours = API_DEFAULT_VERSION.to_string();
    let minor = |version: &str| {
        version
            .split_once('.')
            .and_then(|(_, minor)| minor.parse::<u32>().ok())
    };
    match engine {
        Some(engine) if minor(engine) < minor(&ours) => engine.to_owned(),
        _ => ours,
    }
}

fn versioned(uri: &hyper::Uri, version: &str) -> Option<hyper::Uri> {
    let path = uri.path_and_query()?.as_str();
    if path.starts_with("/v1.") {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/v{version}{path}").parse().ok()?);
    hyper::Uri::from_parts(parts).ok()
}

fn url_alphabet(value: &hyper::header::HeaderValue) -> Option<hyper::header::HeaderValue> {
    value
        .to_str()
        .ok()?
        .replace('+', "-")
        .replace('/', "_")
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_names_the_api_version_once() {
        let uri = "http://docker/containers/json?all=true".parse().unwrap();
        let versioned = versioned(&uri, "1.41").unwrap();
        assert_eq!(
            versioned.to_string(),
            "http://docker/v1.41/containers/json?all=true"
        );
        assert_eq!(super::versioned(&versioned, "1.41"), None);
    }

    #[test]
    fn registry_credentials_are_sent_in_the_alphabet_that_the_engine_reads() {
        let value = hyper::header::HeaderValue::from_static("a+b/c=");
        assert_eq!(url_alphabet(&value).unwrap(), "a-b_c=");
    }

    #[test]
    fn the_older_of_both_api_versions_is_spoken() {
        assert_eq!(spoken(Some("1.41")), "1.41");
        assert_eq!(spoken(Some("1.99")), API_DEFAULT_VERSION.to_string());
        assert_eq!(spoken(None), API_DEFAULT_VERSION.to_string());
    }

    #[tokio::test]
    async fn ports_are_ours_only_on_this_machine() {
        let reach = async |host: &str| {
            let asked = Asked {
                host: Some(format!("tcp://{host}:2375")),
                context: None,
            };
            let endpoint = meant(&asked, "/nowhere".as_ref(), |_| None).unwrap();
            reach(host, 2375, &endpoint).await.unwrap()
        };
        assert!(matches!(reach("127.0.0.1").await, Reach::Here));
        assert!(matches!(reach("localhost").await, Reach::Here));
        assert!(matches!(reach("10.0.0.7").await, Reach::At(_)));
    }
}
