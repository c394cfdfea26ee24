//! The way to ports that are bound to the loopback of an Engine's machine, where only the Engine itself is reached: a
//! container of this program on that machine's own network, and HTTP/2 over the container's standard streams.
//!
//! It is made when a connection first needs it, and belongs to no environment: it is one for all of them, as the
//! connection of `ssh` is, and lives as long as our end of its standard input. That ends with this process, however
//! this process ends.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex as Shared;
use std::sync::PoisonError;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::container::AttachContainerResults;
use bollard::container::LogOutput;
use bollard::models::ContainerCreateBody;
use bollard::models::ContainerSummary;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::query_parameters::AttachContainerOptionsBuilder;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bytes::Bytes;
use futures_util::TryStreamExt;
use jiff::SignedDuration;
use jiff::Timestamp;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::io::StreamReader;
use tokio_util::task::TaskTracker;

use super::container;
use super::explain::Explained;
use super::image;
use super::label;
use crate::engine::Error;
use crate::engine::Result;
use crate::engine::load::Unwatched;
use crate::error::Code;
use crate::image as program;
use crate::image::ApiImage;
use crate::image::Platform;
use crate::tunnel;
use crate::tunnel::Line;

/// How long the program in the container may take to answer once it was started.
const GREETING: Duration = Duration::from_secs(30);

/// What the container may use. It holds what is on its way and nothing else.
const MEMORY: i64 = 128 << 20;
const PIDS: i64 = 64;

/// How long a container that does not run is taken for one that is about to be started.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// A way to the loopback of the Engine's machine.
#[derive(Debug)]
pub struct Tunnel {
    far: Arc<Far>,
    ports: Mutex<Ports>,
}

/// The ports of this machine, by what they lead to, and what listens on them.
#[derive(Debug, Default)]
struct Ports {
    known: HashMap<SocketAddr, SocketAddr>,
    listeners: JoinSet<()>,
}

/// The machine of the Engine.
#[derive(Debug)]
struct Far {
    client: Client,
    platform: Platform,
    line: Mutex<Option<Line>>,
    /// Held while the image of this program is built.
    building: Arc<Mutex<()>>,
}

impl Tunnel {
    /// One that is not open yet. `building` is held by whoever builds the image of this program.
    pub fn new(client: Client, platform: Platform, building: Arc<Mutex<()>>) -> Self {
        let far = Far {
            client,
            platform,
            line: Mutex::default(),
            building,
        };
        Self {
            far: Arc::new(far),
            ports: Mutex::default(),
        }
    }

    /// Makes sure that it is open; else that happens with the first connection, at its cost.
    pub async fn open(&self) -> Result<()> {
        self.far.line().await.map(drop)
    }

    /// The port of this machine that leads to one of the Engine's machine, made when it is first asked for.
    pub async fn port(&self, published: SocketAddr) -> Result<SocketAddr> {
        let mut ports = self.ports.lock().await;
        if let Some(here) = ports.known.get(&published) {
            return Ok(*here);
        }
        let (port, here) = free_port().await.map_err(|error| {
            Error::new(Code::PortUnreachable, "no port of this machine is free").because(error)
        })?;
        let far = Arc::clone(&self.far);
        let onward = move || Arc::clone(&far).connect(published);
        ports.listeners.spawn(tunnel::lead(port, onward));
        ports.known.insert(published, here);
        Ok(here)
    }
}

async fn free_port() -> io::Result<(TcpListener, SocketAddr)> {
    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let port = TcpListener::bind(any).await?;
    let here = port.local_addr()?;
    Ok((port, here))
}

impl Far {
    /// A connection to a port there. Whoever asked for it is told no more than that there is none.
    async fn connect(
        self: Arc<Self>,
        published: SocketAddr,
    ) -> Option<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
        let line = self.line().await.ok()?;
        line.connect(published).await
    }

    /// The line, opened unless it is open.
    async fn line(self: &Arc<Self>) -> Result<Line> {
        let mut line = self.line.lock().await;
        if let Some(open) = line.as_ref().filter(|line| line.is_open()) {
            return Ok(open.clone());
        }
        let far = Arc::clone(self);
        // Not given up with whoever waits for it: a container that was made and not started would stay.
        let opened = TaskTracker::new().spawn(async move { far.open().await });
        let opened = opened.await.unwrap_or_else(|error| Err(given_up(error)));
        let opened = opened.map_err(unreachable)?;
        Ok(line.insert(opened).clone())
    }

    async fn open(&self) -> Result<Line> {
        let image = self.image().await?;
        let name = name();
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let created = self.client.create_container(Some(options), body(image));
        let id = created
            .await
            .explain("create the container of the tunnel")?
            .id;
        let (line, ()) = tokio::join!(self.start(&id), self.forget_killed());
        if line.is_err() {
            container::discard(&self.client, &id).await;
        }
        line
    }

    /// Its output is listened to before there is any.
    async fn start(&self, id: &str) -> Result<Line> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let attached = self.client.attach_container(id, Some(options)).await;
        let attached = attached.explain("attach to the tunnel")?;
        let started = self.client.start_container(id, None).await;
        started.explain("start the tunnel")?;
        let complaints = Complaints::default();
        let line = Line::open(stream(attached, complaints.clone()));
        match timeout(GREETING, line).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(silent().because(error).detail(complaints.lines())),
            Err(late) => Err(silent().because(late).detail(complaints.lines())),
        }
    }

    /// The image of this program, which `up` builds too; where this program cannot be one, the newest that was built.
    async fn image(&self) -> Result<String> {
        let own = self.own_image().await;
        let _built = self.building.lock().await;
        if let Some(image) = own {
            if image::id(&self.client, image.tag()).await?.is_some() {
                return Ok(image.tag().to_owned());
            }
            if image.program().is_some() {
                image::build(&self.client, &image, &Unwatched).await?;
                return Ok(image.tag().to_owned());
            }
        }
        let newest = image::newest(&self.client, program::REPOSITORY).await?;
        newest.ok_or_else(|| {
            let what = "there is no image of this program for the container of the tunnel";
            Error::new(Code::ImageMissing, what).hint("`ratesdev up` builds it")
        })
    }

    async fn own_image(&self) -> Option<ApiImage> {
        let platform = self.platform.clone();
        let locate = move || {
            let program = program::running()?;
            let cache = program::cache();
            ApiImage::locate(&program, Path::new(""), &platform, cache.as_deref())
        };
        tokio::task::spawn_blocking(locate).await.ok()?.ok()
    }

    /// Removes what processes made that were killed before they could start it.
    async fn forget_killed(&self) {
        let filters = HashMap::from([
            ("label", vec![label::TUNNEL]),
            ("status", vec!["created", "exited", "dead"]),
        ]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let listed = self.client.list_containers(Some(options)).await;
        let is_old = |container: &ContainerSummary| {
            let made = container.created.map(Timestamp::from_second);
            made.is_some_and(|made| {
                made.is_ok_and(|made| Timestamp::now().duration_since(made) > KEPT)
            })
        };
        let old = listed.unwrap_or_default().into_iter().filter(is_old);
        for id in old.filter_map(|container| container.id) {
            container::discard(&self.client, &id).await;
        }
    }
}

/// What the program writes to its standard error, where only failures are.
#[derive(Debug, Clone, Default)]
struct Complaints(Arc<Shared<Vec<u8>>>);

impl Complaints {
    fn add(&self, piece: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(piece);
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::to_owned).collect()
    }
}

/// The standard streams of the container as one.
fn stream(
    attached: AttachContainerResults,
    complaints: Complaints,
) -> impl AsyncRead + AsyncWrite + Unpin + Send + 'static {
    let output = attached.output.map_err(io::Error::other);
    let output = output.try_filter_map(move |piece| {
        let bytes: Option<Bytes> = match piece {
            LogOutput::StdErr { message } => {
                complaints.add(&message);
                None
            }
            piece => Some(piece.into_bytes()),
        };
        std::future::ready(Ok(bytes))
    });
    tokio::io::join(StreamReader::new(Box::pin(output)), attached.input)
}

/// A name that says which process it belongs to; those of several machines may have the same number.
fn name() -> String {
    let chance = getrandom::u32().unwrap_or_default();
    format!("ratesdev-tunnel-{}-{chance:08x}", std::process::id())
}

/// It is removed by the Engine when it ends, and ends when its input does.
fn body(image: String) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(image),
        cmd: Some(vec!["tunnel".to_owned()]),
        user: Some(container::NOBODY.to_owned()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        labels: Some(HashMap::from([(
            label::TUNNEL.to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )])),
        host_config: Some(HostConfig {
            auto_remove: Some(true),
            network_mode: Some("host".to_owned()),
            // An Engine that gives containers other users than its machine's gives them no network of its machine.
            userns_mode: Some("host".to_owned()),
            memory: Some(MEMORY),
            memory_swap: Some(MEMORY),
            pids_limit: Some(PIDS),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            readonly_rootfs: Some(true),
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn silent() -> Error {
    let what = "the program in the container of the tunnel does not answer";
    Error::new(Code::PortUnreachable, what)
}

fn given_up(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Code::PortUnreachable, "the tunnel was given up").because(error)
}

/// What can be done without a tunnel; an Engine that has gone is another matter.
fn unreachable(error: Error) -> Error {
    if error.code == Code::DockerDown {
        return error;
    }
    let detail = error.detail.clone();
    let what = "cannot reach the ports that are bound to 127.0.0.1 of the Engine's machine";
    Error::new(Code::PortUnreachable, what)
        .because(error)
        .detail(detail)
        .hint("use the Engine over ssh://, or bind the ports to an address that the network reaches: --set api.bind=0.0.0.0 --set database.bind=0.0.0.0")
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::engine::docker::stub;

    /// What an Engine lists that has one image of this program.
    const IMAGES: &str = r#"[{"Id": "i", "ParentId": "", "RepoTags": ["ratesdev/api:1"], "RepoDigests": [], "Created": 1,
        "Size": 1, "SharedSize": 1, "Labels": {}, "Containers": 0}]"#;

    /// An Engine that has an older image of this program, and makes no container.
    fn strict(request: &str) -> (&'static str, &'static str) {
        match request.split(['?', ' ']).nth(1) {
            Some("/images/json") => ("200 OK", IMAGES),
            Some("/containers/create") => (
                "403 Forbidden",
                r#"{"message": "no container may have the network of the host"}"#,
            ),
            _ => ("404 Not Found", r#"{"message": "No such image"}"#),
        }
    }

    #[tokio::test]
    async fn an_engine_that_allows_no_tunnel_is_told_with_what_does_without() {
        let platform = Platform::Container("none".to_owned());
        let tunnel = Tunnel::new(stub::engine(strict).await, platform, Arc::default());
        let error = tunnel.open().await.unwrap_err();
        assert_eq!(error.code, Code::PortUnreachable);
        let cause = error.source().unwrap().source().unwrap().to_string();
        assert!(cause.contains("network of the host"), "{cause}");
        let hint = error.hint.unwrap();
        assert!(
            hint.contains("ssh://") && hint.contains("api.bind=0.0.0.0"),
            "{hint}"
        );
    }
}
