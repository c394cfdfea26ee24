//! The Docker Engine, through bollard. Nothing outside this module knows bollard's types.
//!
//! Facts that shaped it: the Engine is asked in one pinned API version; everything that belongs to an environment is
//! found by its labels and never by a list of our own; networks are used by id, because their names are not unique;
//! messages are classified before status codes, because the Engine answers 500 to many a user's mistake.

mod build;
mod cgroup;
mod config;
mod connect;
mod container;
mod credentials;
mod data;
mod endpoint;
mod events;
mod exec;
mod explain;
mod hello;
mod image;
mod job;
mod label;
mod listeners;
mod logs;
mod network;
mod observe;
mod overview;
mod reach;
mod ssh;
#[cfg(test)]
mod stub;
mod subnet;
mod tls;
mod tunnel;
mod usage;
mod volume;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use async_trait::async_trait;
use bollard::Docker as Client;
use futures_util::stream::BoxStream;
use sha2::Digest;
use sha2::Sha256;
use tokio::sync::Mutex;

use super::About;
use super::Action;
use super::DATABASE_NAME;
use super::Engine;
use super::Error;
use super::Event;
use super::Exec;
use super::Found;
use super::Identity;
use super::Instance;
use super::LogLine;
use super::LogWindow;
use super::Machine;
use super::Network;
use super::Observed;
use super::Overview;
use super::Provenance;
use super::Reading;
use super::Remark;
use super::Result;
use super::Role;
use super::Service;
use super::Watcher;
use super::choice::Presence;
use crate::database::Password;
use crate::database::note;
use crate::database::note::Note;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::Postgres;
use crate::text::hex;
use connect::Connected;
pub use connect::WITHOUT;
use endpoint::Address;
pub use endpoint::Asked;
use endpoint::Source;
use explain::Explained;
use reach::Reach;
use tunnel::Tunnel;

/// How long an Engine that gave a strange answer may take to show that it is being stopped.
const ENDING: Duration = Duration::from_secs(1);

/// A Docker Engine that answers.
#[derive(Debug, Clone)]
pub struct Docker {
    client: Client,
    about: About,
    reach: Reach,
    /// To where the Engine's machine alone reaches, unless there is another way.
    tunnel: Arc<Tunnel>,
    /// Held while the image of this program is built.
    building: Arc<Mutex<()>>,
    /// The folder of Docker's own client, which knows the logins of registries.
    folder: PathBuf,
}

impl Docker {
    /// Whether anybody expects that there is one: it was named or configured, or its socket is where it usually is.
    pub fn is_expected(asked: &Asked, variable: impl Fn(&str) -> Option<String>) -> bool {
        let endpoint = connect::foreseen(asked, variable);
        // What cannot be understood was said by somebody.
        endpoint.is_none_or(|endpoint| endpoint.is_expected())
    }

    /// Connects to the Engine that is asked for, else to the one that Docker's own client would use, and makes sure that
    /// it answers within `patience`.
    pub async fn connect(
        asked: &Asked,
        variable: impl Fn(&str) -> Option<String>,
        patience: Duration,
    ) -> Result<Self> {
        let Connected {
            client,
            about,
            reach,
            folder,
        } = connect::connect(asked, variable, patience).await?;
        let building = Arc::default();
        let tunnel = Tunnel::new(
            client.clone(),
            about.platform.clone(),
            Arc::clone(&building),
        );
        Ok(Self {
            client,
            about,
            reach,
            tunnel: Arc::new(tunnel),
            building,
            folder,
        })
    }

    /// Whether the Engine that is meant is reached by a login on another machine.
    pub fn is_behind_login(asked: &Asked, variable: impl Fn(&str) -> Option<String>) -> bool {
        let endpoint = connect::foreseen(asked, variable);
        endpoint.is_some_and(|endpoint| matches!(endpoint.address, Address::Ssh(_)))
    }

    /// Whether anybody said which Engine is meant.
    pub fn is_named(asked: &Asked, variable: impl Fn(&str) -> Option<String>) -> bool {
        let endpoint = connect::foreseen(asked, variable);
        endpoint.is_none_or(|endpoint| endpoint.source != Source::Default)
    }

    /// Where the published port of an instance is reached: what the Engine says is true on its own machine.
    async fn locate(&self, found: &mut Found) -> Result<()> {
        if let Some(published) = found.published.take() {
            found.published = Some(self.reach.lasting(published));
            found.endpoint = Some(self.reached(published).await?);
        }
        for port in &mut found.ports {
            port.address = self.reach.lasting(port.address);
        }
        Ok(())
    }

    /// Whether a port is bound to where only the Engine's machine reaches.
    fn hides(&self, published: SocketAddr) -> bool {
        !self.reach.reaches(published.ip())
    }
}

#[async_trait]
impl Engine for Docker {
    fn about(&self) -> &About {
        &self.about
    }

    async fn platform(&self) -> Result<Platform> {
        match &self.about.platform {
            Platform::Container(processor) if processor.is_empty() => {
                let version = self.client.version().await;
                let version = version.explain("ask for its processor")?;
                Ok(Platform::Container(version.arch.unwrap_or_default()))
            }
            known => Ok(known.clone()),
        }
    }

    async fn machine(&self) -> Result<Machine> {
        let info = self.client.info().await.explain("ask for its machine")?;
        let memory = info.mem_total.and_then(|memory| memory.try_into().ok());
        Ok(Machine {
            memory: memory.map(Bytes),
            cores: info.ncpu.and_then(|cores| cores.try_into().ok()),
            folder: info.docker_root_dir.map(Into::into),
        })
    }

    fn config_hash(&self, service: &Service) -> String {
        let body = container::body(service);
        hash(&body)
    }

    async fn has_image(&self, image: &str) -> Result<bool> {
        Ok(image::id(&self.client, image).await?.is_some())
    }

    async fn provenance(
        &self,
        environment: &EnvironmentName,
        image: &str,
        _postgres: &Postgres,
    ) -> Result<Provenance> {
        self.refuse_other_version(environment, image).await?;
        Ok(Provenance::of_image(image))
    }

    /// Podman cannot ask.
    async fn find_in_registry(&self, image: &str) -> Result<()> {
        if connect::is_podman(&self.about) {
            return Ok(());
        }
        image::find_in_registry(&self.client, image, &self.folder).await
    }

    async fn holder(&self, port: PortNumber) -> Option<String> {
        container::holder(&self.client, port).await
    }

    fn tunnel(&self, ports: &[SocketAddr]) -> Option<String> {
        if ports.iter().any(|port| self.hides(*port)) {
            return Some("ratesdev port --forward".to_owned());
        }
        self.reach.tunnel(ports)
    }

    async fn reached(&self, published: SocketAddr) -> Result<SocketAddr> {
        match self.reach.reached_at(published).await? {
            Some(reached) => Ok(reached),
            None => self.tunnel.port(published).await,
        }
    }

    fn is_far(&self, observed: &Observed) -> bool {
        let mut published = observed
            .instances
            .iter()
            .filter_map(|found| found.published);
        published.any(|port| self.hides(port))
    }

    async fn open_way(&self, observed: &Observed) -> Result<()> {
        if self.is_far(observed) {
            self.tunnel.open().await?;
        }
        Ok(())
    }

    async fn password(&self, database: &Found) -> Result<Password> {
        self.read_password(&database.id).await
    }

    async fn observe(&self, environment: &EnvironmentName) -> Result<Observed> {
        self.reach.wake().await?;
        let (networks, ids, volumes) = futures_util::try_join!(
            self.networks(environment),
            observe::ids(&self.client, environment),
            volume::list(&self.client, environment),
        )?;
        let network = networks.first().map(String::as_str);
        let mut instances = observe::instances(&self.client, &ids, environment, network).await?;
        for found in &mut instances {
            self.locate(found).await?;
        }
        Ok(Observed {
            instances,
            network: match networks.len() {
                0 => Network::Missing,
                1 => Network::Right,
                _ => Network::Broken,
            },
            volumes,
            unattended: None,
        })
    }

    async fn presence(&self, environment: &EnvironmentName) -> Result<Presence> {
        self.reach.wake().await?;
        let (containers, volumes) = futures_util::try_join!(
            observe::presence(&self.client, environment),
            volume::list(&self.client, environment),
        )?;
        let kept = if volumes.is_empty() {
            Presence::Absent
        } else {
            Presence::Kept
        };
        Ok(containers.max(kept))
    }

    async fn environments(&self) -> Result<Vec<EnvironmentName>> {
        observe::environments(&self.client).await
    }

    async fn overview(&self, kept: bool) -> Result<Vec<Overview>> {
        overview::read(&self.client, &self.reach, kept).await
    }

    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        watcher: &dyn Watcher,
    ) -> Result<Remark> {
        match self.act(owner, action, watcher).await {
            Err(error) if error.code == Code::DockerAnswer => Err(self.doubt(error).await),
            result => result,
        }
    }

    fn logs(&self, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
        logs::read(&self.client, id, window)
    }

    async fn note(&self, observed: &Observed) -> Result<Option<Note>, String> {
        let database = observed.find(Instance::first(Role::Database));
        let running = database.and_then(|found| Some((found, found.endpoint?)));
        let (found, endpoint) = running.ok_or("the database does not run")?;
        let password = self.read_password(&found.id).await;
        let password = password.map_err(|error| error.to_string())?;
        note::read(endpoint, DATABASE_NAME, &password).await
    }

    async fn listeners(&self, found: &Found) -> Option<Vec<SocketAddr>> {
        listeners::read(&self.client, &found.id).await
    }

    async fn reading(&self, id: &str) -> Result<Option<Reading>> {
        usage::read(&self.client, id).await
    }

    async fn inspect(&self, found: &Found) -> Result<serde_json::Value> {
        observe::whole(&self.client, &found.id).await
    }

    async fn exec(&self, found: &Found, exec: &Exec) -> Result<i32> {
        exec::run(&self.client, found, exec).await
    }

    fn events(
        &self,
        environment: Option<&EnvironmentName>,
        window: LogWindow,
    ) -> BoxStream<'static, Result<Event>> {
        events::read(&self.client, environment, window)
    }
}

impl Docker {
    async fn act(
        &self,
        owner: &Identity,
        action: &Action,
        watcher: &dyn Watcher,
    ) -> Result<Remark> {
        match action {
            Action::Pull(image) => image::pull(&self.client, &self.folder, image, watcher).await,
            Action::Build(image) => {
                let _building = self.building.lock().await;
                image::build(&self.client, image, watcher).await
            }
            Action::BuildFolder(image) => {
                build::folder(&self.client, &self.folder, image, watcher).await
            }
            Action::CreateNetwork => self.create_network(owner).await.map(|()| None),
            Action::CreateVolumes(names) => {
                volume::create(&self.client, owner, names).await?;
                Ok(None)
            }
            Action::Start(service) => self.start(owner, service).await.map(|()| None),
            Action::Seed(job) => self.seed(owner, job, watcher).await,
            Action::Stop(found, grace) => container::end::stop(&self.client, found, *grace)
                .await
                .map(|()| None),
            Action::Resume(found) => self.resume(found).await.map(|()| None),
            Action::Remove(found, grace) => container::end::remove(&self.client, found, *grace)
                .await
                .map(|()| None),
            Action::RemoveNetwork => self.remove_network(owner).await.map(|()| None),
            Action::RemoveVolumes => volume::remove(&self.client, owner).await.map(|()| None),
        }
    }

    /// An Engine that is being stopped answers all kinds of things before it answers nothing.
    async fn doubt(&self, error: Error) -> Error {
        let deadline = Instant::now() + ENDING;
        while Instant::now() < deadline {
            if self.client.ping().await.is_err() {
                let endpoint = &self.about.endpoint;
                let what = format!("the Docker Engine at {endpoint} has stopped");
                return Error::new(Code::DockerDown, what)
                    .because(error)
                    .hint("start it, then run the command again; it goes on from where it was");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        error
    }
}

/// A name that is not ours to use: hyphens in names may make that of another environment the same.
fn name_taken((kind, name): (&str, &str), owner: Option<&String>, remove: &str) -> Error {
    let another = "choose another name with -e NAME";
    let (whose, hint) = if let Some(other) = owner {
        let whose = format!("belongs to the environment {other}");
        (whose, another.to_owned())
    } else {
        let whose = "exists and is not ratesdev's".to_owned();
        (whose, format!("{another}, or `{remove} {name}`"))
    };
    Error::new(Code::NameTaken, format!("the {kind} {name} {whose}")).hint(hint)
}

/// A short hash of a request. Maps are sorted on the way, so that equal requests have equal hashes.
fn hash(request: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(request).expect("the models of the API are plain data");
    hex(&Sha256::digest(value.to_string()))
        .chars()
        .take(16)
        .collect()
}
