//! Which Engine, and how to speak to it.

use std::time::Duration;

use bollard::API_DEFAULT_VERSION;
use bollard::BollardRequest;
use bollard::Docker as Client;

use super::explain;
use crate::engine::About;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::image::Platform;

/// Seconds until the headers of an answer must be there.
const TIMEOUT: u64 = 120;

/// What else can be done where there is no Docker.
const WITHOUT: &str = "`--engine embedded` does without Docker";

const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// An address of an Engine and where it was said.
struct Endpoint {
    host: String,
    source: &'static str,
}

/// Connects, if the Engine answers within `patience`.
pub async fn connect(
    variable: impl Fn(&str) -> Option<String>,
    patience: Duration,
) -> Result<(Client, About)> {
    let endpoint = endpoint(&variable);
    let client = open(&endpoint, &variable)?;
    let version = tokio::time::timeout(patience, client.version())
        .await
        .map_err(|_late| silent(patience, &endpoint))?
        .map_err(|error| unreachable(&error, &endpoint))?;
    let spoken = version
        .api_version
        .unwrap_or_else(|| API_DEFAULT_VERSION.to_string());
    let about = About {
        engine: "docker",
        version: version.version.unwrap_or_default(),
        local: is_local(&endpoint.host),
        endpoint: endpoint.host,
        platform: Platform::Container(version.arch.unwrap_or_default()),
    };
    Ok((pin(client, &spoken), about))
}

/// An empty `DOCKER_HOST` means the default, as it does for Docker's own client.
fn endpoint(variable: impl Fn(&str) -> Option<String>) -> Endpoint {
    match variable("DOCKER_HOST").filter(|host| !host.is_empty()) {
        Some(host) => Endpoint {
            host,
            source: "DOCKER_HOST",
        },
        None => Endpoint {
            host: DEFAULT_HOST.to_owned(),
            source: "the default",
        },
    }
}

fn open(endpoint: &Endpoint, variable: impl Fn(&str) -> Option<String>) -> Result<Client> {
    let Endpoint { host, .. } = endpoint;
    let opened = match host.split_once("://") {
        Some(("unix", path)) if !path.is_empty() => {
            Client::connect_with_unix(host, TIMEOUT, API_DEFAULT_VERSION)
        }
        Some(("tcp" | "http", address)) if !address.is_empty() => {
            if variable("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty()) {
                return Err(unusable(
                    endpoint,
                    "DOCKER_TLS_VERIFY asks for TLS, which is not supported yet",
                ));
            }
            Client::connect_with_http(host, TIMEOUT, API_DEFAULT_VERSION)
        }
        Some((scheme @ ("ssh" | "npipe" | "https" | "fd"), _)) => {
            return Err(unusable(
                endpoint,
                &format!("{scheme}:// is not supported yet"),
            ));
        }
        _ => {
            return Err(unusable(
                endpoint,
                "it is not an address of a Docker Engine",
            ));
        }
    };
    opened.map_err(|error| unreachable(&error, endpoint))
}

fn unusable(endpoint: &Endpoint, why: &str) -> Error {
    Error::new(Code::DockerHost, format!("{}={} cannot be used", endpoint.source, endpoint.host))
        .because(why.to_owned())
        .hint("use unix:///path/to/docker.sock or tcp://host:port, or unset DOCKER_HOST for the local Engine")
}

fn unreachable(error: &bollard::errors::Error, endpoint: &Endpoint) -> Error {
    let Endpoint { host, source } = endpoint;
    let code = explain::classify(error);
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
            .hint("correct DOCKER_HOST, or unset it for the local Engine"),
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
    let Endpoint { host, source } = endpoint;
    let what = format!("no Docker Engine answers at {host} ({source})");
    Error::new(Code::DockerDown, what).hint(start_hint(source))
}

fn start_hint(source: &str) -> String {
    let start = if cfg!(target_os = "linux") {
        "sudo systemctl start docker"
    } else {
        "start Docker Desktop"
    };
    match source {
        "DOCKER_HOST" => {
            format!("start that Engine, or unset DOCKER_HOST for the local one; {WITHOUT}")
        }
        _ => format!("{start}; {WITHOUT}"),
    }
}

/// Whether published ports of that Engine are ports of this machine.
fn is_local(host: &str) -> bool {
    let address = host.split_once("://").map_or("", |(_, address)| address);
    host.starts_with("unix://")
        || address.starts_with("127.")
        || address.starts_with("localhost")
        || address.starts_with("[::1]")
}

/// bollard 0.21 sends no API version, so that the Engine would answer in its newest dialect; and it encodes registry
/// credentials in a base64 alphabet that the Engine does not read. Both are put right on the way out.
fn pin(client: Client, version: &str) -> Client {
    let version = spoken(version);
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
fn spoken(engine: &str) -> String {
    let ours = API_DEFAULT_VERSION.to_string();
    let minor = |version: &str| {
        version
            .split_once('.')
            .and_then(|(_, minor)| minor.parse::<u32>().ok())
    };
    if minor(engine) < minor(&ours) {
        engine.to_owned()
    } else {
        ours
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
        assert_eq!(spoken("1.41"), "1.41");
        assert_eq!(spoken("1.99"), API_DEFAULT_VERSION.to_string());
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_before_anything_is_sent() {
        for host in [
            "nonsense",
            "ssh://me@host",
            "unix://",
            "tcp://",
            "fd://3",
            "/var/run/docker.sock",
        ] {
            let endpoint = Endpoint {
                host: host.to_owned(),
                source: "DOCKER_HOST",
            };
            assert_eq!(
                open(&endpoint, |_| None).unwrap_err().code,
                Code::DockerHost,
                "{host}"
            );
        }
        let endpoint = Endpoint {
            host: "tcp://127.0.0.1:2376".to_owned(),
            source: "DOCKER_HOST",
        };
        let refused = open(&endpoint, |_| Some("1".to_owned())).unwrap_err();
        assert_eq!(refused.code, Code::DockerHost);
    }

    #[test]
    fn an_empty_docker_host_means_the_default() {
        assert_eq!(endpoint(|_| Some(String::new())).host, DEFAULT_HOST);
    }

    #[test]
    fn ports_are_ours_only_on_this_machine() {
        assert!(is_local("unix:///var/run/docker.sock") && is_local("tcp://127.0.0.1:2375"));
        assert!(!is_local("tcp://staging:2375"));
    }
}
