//! Which Engine is meant: what Docker's own client would take from flags, variables and contexts. Nothing here connects.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use super::config::Config;
use super::config::Context;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::rates::nearest;

/// Where an Engine answers unless something else is said.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The context that stands for none.
const DEFAULT_CONTEXT: &str = "default";

const SCHEMES: &str = "unix:///path/to/docker.sock, tcp://host:port or ssh://user@host";

/// What the command line says about the Engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Its address.
    pub host: Option<String>,
    /// One of Docker's contexts.
    pub context: Option<String>,
}

/// The address of an Engine, and where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address as it was written.
    pub host: String,
    /// The address as it is understood.
    pub address: Address,
    /// Who said so.
    pub source: Source,
    /// The files for TLS, where it is spoken.
    pub tls: Option<TlsFiles>,
    /// The version of the API to speak, where that is not left to both sides.
    pub api_version: Option<String>,
}

impl Endpoint {
    /// Whether somebody said it, or something is there.
    pub fn is_expected(&self) -> bool {
        match (&self.source, &self.address) {
            (Source::Default, Address::Unix(socket)) => socket.try_exists().unwrap_or(true),
            _ => true,
        }
    }
}

/// How an Engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A port.
    Tcp {
        /// A name or an IP address, the latter without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A login on the Engine's machine.
    Ssh(Login),
}

/// A login on another machine. What is absent is for the configuration of `ssh` to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: Option<String>,
    /// The machine, as `ssh` knows it.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
    /// The Engine's socket there; absent means the one that Docker's client uses there.
    pub socket: Option<String>,
}

impl fmt::Display for Login {
    /// As it is typed behind `ssh`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(port) = self.port {
            write!(f, "-p {port} ")?;
        }
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)
    }
}

/// The folder of the files that TLS needs, by their names there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles(pub PathBuf);

impl TlsFiles {
    /// Who may have signed the Engine's certificate.
    pub fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// Our own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("cert.pem")
    }

    /// The key of our own certificate.
    pub fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }
}

/// Who said which Engine is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The flag `--host`.
    Flag,
    /// The variable `DOCKER_HOST`.
    Variable,
    /// A context of Docker's.
    Context {
        /// Its name.
        name: String,
        /// Who chose it.
        chosen_by: &'static str,
    },
    /// Nobody.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("--host"),
            Self::Variable => f.write_str("DOCKER_HOST"),
            Self::Context { name, chosen_by } => {
                write!(f, "the context {name}, chosen by {chosen_by}")
            }
            Self::Default => f.write_str("the default"),
        }
    }
}

impl Source {
    /// How to choose another Engine.
    pub fn cure(&self) -> String {
        match self {
            Self::Flag => "correct --host, or leave it out for the local one".to_owned(),
            Self::Variable => "correct DOCKER_HOST, or unset it for the local one".to_owned(),
            Self::Context { name, .. } => format!(
                "correct it with `docker context update {name}`, or choose another with --context (`default` is the local one)"
            ),
            Self::Default => "name another with --host".to_owned(),
        }
    }
}

/// What was said about the Engine, before any file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An address.
    Host(String, Source),
    /// The name of a context, and who chose it.
    Context(String, &'static str),
    /// Nothing; Docker's configuration may name a context.
    Nothing,
}

/// Who is heard first, as Docker's client has it. An empty variable says nothing.
pub fn said(asked: &Asked, variable: impl Fn(&str) -> Option<String>) -> Said {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(host) = &asked.host {
        Said::Host(host.clone(), Source::Flag)
    } else if let Some(context) = &asked.context {
        Said::Context(context.clone(), "--context")
    } else if let Some(host) = variable("DOCKER_HOST") {
        Said::Host(host, Source::Variable)
    } else if let Some(context) = variable("DOCKER_CONTEXT") {
        Said::Context(context, "DOCKER_CONTEXT")
    } else {
        Said::Nothing
    }
}

/// Works out which Engine is meant. `config` is what Docker's folder says.
pub fn resolve(
    said: Said,
    config: &Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let (name, chosen_by) = match said {
        Said::Host(host, source) => return from_host(host, source, config, variable),
        Said::Context(name, chosen_by) => (name, chosen_by),
        Said::Nothing => (
            config.current_context.clone().unwrap_or_default(),
            "Docker's configuration",
        ),
    };
    if name.is_empty() || name == DEFAULT_CONTEXT {
        return from_host(DEFAULT_HOST.to_owned(), Source::Default, config, variable);
    }
    let found = config.contexts.iter().find(|context| context.name == name);
    let context = found.ok_or_else(|| no_context(&name, chosen_by, config))?;
    from_context(context, chosen_by, variable)
}

fn from_host(
    host: String,
    source: Source,
    config: &Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint> {
    let verify = variable("DOCKER_TLS_VERIFY").is_some();
    let is_tcp = host.starts_with("tcp://") || host.starts_with("http://");
    if is_tcp && !verify && variable("DOCKER_TLS").is_some() {
        let why =
            "DOCKER_TLS asks for TLS without making sure who answers, which is as good as none";
        return Err(
            unusable(&host, &source, why).hint("set DOCKER_TLS_VERIFY=1, or unset DOCKER_TLS")
        );
    }
    let folder = variable("DOCKER_CERT_PATH").map_or_else(|| config.folder.clone(), PathBuf::from);
    let tls = (is_tcp && verify).then_some(TlsFiles(folder));
    endpoint(host, source, tls, variable)
}

fn from_context(
    context: &Context,
    chosen_by: &'static str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint> {
    let source = Source::Context {
        name: context.name.clone(),
        chosen_by,
    };
    if context.skips_verification {
        let why = "it speaks TLS without making sure who answers, which is as good as none";
        return Err(unusable(&context.host, &source, why)
            .hint("give it the certificate of who signed the Engine's: `docker context update --docker host=…,ca=…`"));
    }
    let tls = context.tls.clone().map(TlsFiles);
    let host = Some(&context.host).filter(|host| !host.is_empty());
    let host = host.map_or(DEFAULT_HOST, String::as_str).to_owned();
    endpoint(host, source, tls, variable)
}

fn endpoint(
    host: String,
    source: Source,
    tls: Option<TlsFiles>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Endpoint> {
    let address = address(&host, tls.is_some()).map_err(|why| unusable(&host, &source, why))?;
    let api_version = variable("DOCKER_API_VERSION");
    if let Some(version) = api_version
        .as_deref()
        .filter(|version| !is_version(version))
    {
        let what = format!("DOCKER_API_VERSION={version} is no version of Docker's API");
        return Err(Error::new(Code::DockerHost, what).hint("unset it, or write it like 1.41"));
    }
    Ok(Endpoint {
        host,
        address,
        source,
        tls,
        api_version,
    })
}

fn is_version(version: &str) -> bool {
    version
        .strip_prefix("1.")
        .is_some_and(|minor| minor.parse::<u32>().is_ok())
}

fn unusable(host: &str, source: &Source, why: &str) -> Error {
    let host = without_password(host);
    let what = match source {
        Source::Context { .. } => format!("{source}, says {host}, which cannot be used"),
        _ => format!("{source}={host} cannot be used"),
    };
    let cure = source.cure();
    Error::new(Code::DockerHost, what)
        .because(why.to_owned())
        .hint(format!("use {SCHEMES}: {cure}"))
}

/// An address as it may be shown.
fn without_password(host: &str) -> String {
    let shown = || {
        let (login, place) = host.rsplit_once('@')?;
        let (scheme, login) = login.split_once("://")?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:…@{place}"))
    };
    shown().unwrap_or_else(|| host.to_owned())
}

fn no_context(name: &str, chosen_by: &str, config: &Config) -> Error {
    let known = config.contexts.iter().map(|context| context.name.as_str());
    let known: Vec<_> = known.chain([DEFAULT_CONTEXT]).collect();
    let near = nearest(name, known.iter().copied());
    let hint = if near.is_empty() {
        format!("there are: {}", known.join(", "))
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    let what = format!("Docker has no context {name}, which {chosen_by} asks for");
    Error::new(Code::ContextMissing, what).hint(hint)
}

/// Reads an address; the error says what is wrong with it.
fn address(host: &str, tls: bool) -> Result<Address, &'static str> {
    match host.split_once("://") {
        Some(("unix", path)) if path.starts_with('/') => Ok(Address::Unix(Path::new(path).into())),
        Some(("tcp" | "http", rest)) => tcp(rest.trim_end_matches('/'), tls),
        Some(("ssh", rest)) => login(rest).map(Address::Ssh),
        Some(("https", _)) => Err("TLS is asked for with tcp:// and DOCKER_TLS_VERIFY=1"),
        Some(("npipe", _)) => Err("npipe:// is not supported yet"),
        Some(("fd", _)) => Err("fd:// is an address for the Engine itself, not for its clients"),
        _ => Err("it is not an address of a Docker Engine"),
    }
}

/// The port that is not said is the one that Docker's client takes.
fn tcp(rest: &str, tls: bool) -> Result<Address, &'static str> {
    if rest.contains(['/', '@', '?', '#']) {
        return Err("there may be nothing but a host and a port behind tcp://");
    }
    let (host, port) = host_and_port(rest)?;
    Ok(Address::Tcp {
        host: host.to_owned(),
        port: port.unwrap_or(if tls { 2376 } else { 2375 }),
    })
}

fn host_and_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, rest.strip_prefix(':').or(Some(rest))),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err("it names no host");
    }
    let port = port.map(str::parse).transpose();
    let port = port.ok().filter(|port| *port != Some(0));
    Ok((
        host,
        port.ok_or("its port is not a number from 1 to 65535")?,
    ))
}

/// `user@host:port/path/to/docker.sock`. What becomes a word of a command line may not look like an option, and a socket's
/// path goes through a shell.
fn login(rest: &str) -> Result<Login, &'static str> {
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password in it would be seen by everybody; ssh uses keys");
    }
    let (host, port) = host_and_port(place)?;
    let is_word = |word: &str| {
        let plain = |c: char| c.is_alphanumeric() || "._-%+\\@:".contains(c);
        !word.is_empty() && !word.starts_with('-') && word.chars().all(plain)
    };
    if !is_word(host) || !user.is_none_or(is_word) {
        return Err("its host or its user is not a plain word");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if !path.chars().all(is_plain) {
        return Err("behind its host may only be the plain path of a socket");
    }
    Ok(Login {
        user: user.map(str::to_owned),
        host: host.to_owned(),
        port,
        socket: Some(path.to_owned()).filter(|path| path.len() > 1),
    })
}

#[cfg(test)]
mod tests;
