//! Where roles run: the one trait every engine fulfils, and the words it is spoken to in.

pub mod choice;
pub mod docker;
#[cfg(unix)]
pub mod embedded;
#[cfg(test)]
pub mod fake;
pub mod load;
pub mod probe;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::image::ApiImage;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;
use crate::profile::Limits;
use crate::profile::Postgres;
use crate::text::hex;
use crate::text::thousands;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The name of the database, and of the user that owns it, in every environment.
pub const DATABASE_NAME: &str = "rates";

/// What a service of an environment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// PostgreSQL.
    Database,
    /// The job that loads the dump; it ends when it is done.
    Seed,
    /// The rates API.
    Api,
}

impl Role {
    /// Every role there is, in the order in which they start.
    pub const ALL: [Self; 3] = [Self::Database, Self::Seed, Self::Api];

    /// The word for it, in names, labels, logs and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Seed => "seed",
            Self::Api => "api",
        }
    }

    /// Whether it runs until it is stopped; the others are jobs.
    pub fn is_service(self) -> bool {
        self != Self::Seed
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One of the replicas of a role. Most roles have one, which then goes by the role's own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instance {
    /// What it does.
    pub role: Role,
    /// Its number, from 1.
    pub number: u16,
}

impl Instance {
    /// The first instance of a role.
    pub fn first(role: Role) -> Self {
        Self { role, number: 1 }
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => f.pad(self.role.as_str()),
            number => f.pad(&format!("{}-{number}", self.role)),
        }
    }
}

/// Whose an environment is; everything that is made for it says so in its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name, unique on an engine.
    pub environment: EnvironmentName,
    /// The profile it was made from.
    pub profile: String,
    /// The file of that profile.
    pub profile_file: PathBuf,
    /// The checkout it belongs to.
    pub root: PathBuf,
    /// Whether taking its data away needs its name typed.
    pub protected: bool,
}

/// One instance as it is wanted. How it finds the others, and where its data and secrets are, is the engine's to add.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Which one.
    pub instance: Instance,
    /// The image it runs from; where there are no images, what it stands for: PostgreSQL of that version, this program.
    pub image: String,
    /// Which PostgreSQL the database is, where there are no images.
    pub postgres: Postgres,
    /// What it may use, where the engine can see to that.
    pub limits: Limits,
    /// Environment variables of the program.
    pub variables: BTreeMap<String, String>,
    /// Arguments of the program.
    pub arguments: Vec<String>,
    /// Where its port is published, where it has one.
    pub publish: Option<Publish>,
}

/// Where a port is published on the machine that runs the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// The address it is bound to.
    pub address: IpAddr,
    /// The port; absent means whichever is free.
    pub port: Option<u16>,
}

/// A load of a dump, run beside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedJob {
    /// The API image, which holds this program.
    pub image: String,
    /// The dump.
    pub file: PathBuf,
    /// Its fingerprint in hexadecimal.
    pub fingerprint: String,
    /// Whether another seed may be replaced.
    pub reset: bool,
}

/// A change to an environment. Every engine carries out every one of them, each in its own way.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Fetch an image from its registry.
    Pull(String),
    /// Build the API image.
    Build(ApiImage),
    /// Make the network over which the roles reach each other.
    CreateNetwork,
    /// Make the places where data and secrets live.
    CreateVolumes,
    /// Make sure this instance exists as described, and start it.
    Start(Service),
    /// Run the load to its end.
    Seed(SeedJob),
    /// Stop an instance gracefully; it stays what it is, and does not start again by itself.
    Stop(Found),
    /// Start an instance that was stopped, as it was made.
    Resume(Found),
    /// Stop an instance gracefully and remove it.
    Remove(Found),
    /// Remove the network.
    RemoveNetwork,
    /// Remove data and secrets.
    RemoveVolumes,
}

/// What an action has to say for itself when it is done.
pub type Remark = Option<String>;

/// Receives what an action tells while it runs.
pub trait Watcher: Send + Sync {
    /// How far it is; only the latest matters.
    fn progress(&self, progress: Progress);
    /// A line of output that is worth keeping, such as a build's.
    fn line(&self, line: String);
    /// Something that the user should know, although nothing failed.
    fn notice(&self, text: String);
}

/// How far an action is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Bytes that are done.
    pub bytes: u64,
    /// Bytes there are, where that is known.
    pub total_bytes: Option<u64>,
    /// What the bytes amount to so far, where they are counted in something else too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total_bytes {
            Some(total) => write!(f, "{} of {}", Bytes(self.bytes), Bytes(total))?,
            None => write!(f, "{}", Bytes(self.bytes))?,
        }
        match self.parts {
            Some(Parts::Rows(rows)) => write!(f, " · {} rows", thousands(rows)),
            Some(Parts::Layers { done, total }) => write!(f, " · {done} of {total} layers"),
            None => Ok(()),
        }
    }
}

/// What bytes amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Parts {
    /// Rows of a dump.
    Rows(u64),
    /// Layers of an image.
    Layers {
        /// Those that are there.
        done: usize,
        /// All that the image has.
        total: usize,
    },
}

/// What exists of one environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Its instances, in the order of their roles.
    pub instances: Vec<Found>,
    /// Over what they reach each other.
    pub network: Network,
    /// Its volumes by name.
    pub volumes: Vec<Volume>,
}

/// The network over which the roles of an environment reach each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// It is not there.
    #[default]
    Missing,
    /// It is there, and not as it must be.
    Broken,
    /// It is there and right.
    Right,
    /// The roles reach each other on this machine without one.
    Needless,
}

impl Observed {
    /// The instance that plays this part, if it exists.
    pub fn find(&self, instance: Instance) -> Option<&Found> {
        self.instances
            .iter()
            .find(|found| found.instance == instance)
    }

    /// The checkout that made what is there.
    pub fn root(&self) -> Option<&PathBuf> {
        let instances = self.instances.iter().map(|found| &found.root);
        instances
            .chain(self.volumes.iter().map(|volume| &volume.root))
            .next()
    }

    /// Whether data and secrets have their places.
    pub fn has_all_volumes(&self) -> bool {
        let has = |contents| {
            let mut volumes = self.volumes.iter();
            volumes.any(|volume| volume.contents == contents)
        };
        has(Contents::Data) && has(Contents::Secrets)
    }

    /// Whether taking its data away needs its name typed.
    pub fn is_protected(&self) -> bool {
        self.volumes.iter().any(|volume| volume.protected)
    }
}

/// What a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// The database cluster.
    Data,
    /// The password, which lives and dies with the data it protects.
    Secrets,
}

/// A volume that exists: a place that outlives the instances that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name on the engine.
    pub name: String,
    /// What it holds.
    pub contents: Contents,
    /// The checkout that made it.
    pub root: PathBuf,
    /// Whether its removal needs the environment's name typed.
    pub protected: bool,
}

/// What there is of an environment, at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Its name.
    pub environment: EnvironmentName,
    /// The profile it was made from.
    pub profile: String,
    /// The checkout that made it.
    pub root: PathBuf,
    /// Its instances in the order of their roles; none where only its data is kept.
    pub instances: Vec<Glimpse>,
}

/// An instance, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glimpse {
    /// Which one.
    pub instance: Instance,
    /// Whether it runs.
    pub runs: bool,
    /// Where its port can be reached, while it runs.
    pub endpoint: Option<SocketAddr>,
}

/// An instance that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Which one.
    pub instance: Instance,
    /// What the engine calls it.
    pub id: String,
    /// The name under which people find it on the engine.
    pub name: String,
    /// What it does now.
    pub state: State,
    /// What its health check says, where it has one.
    pub health: Option<Health>,
    /// The image it was made from, as it was named.
    pub image: String,
    /// Whether that name means another image by now.
    pub image_is_stale: bool,
    /// Whether it is not on the environment's network, so that the others cannot reach it.
    pub is_cut_off: bool,
    /// What it was made from; another hash means that it must be replaced.
    pub config_hash: String,
    /// The checkout that made it.
    pub root: PathBuf,
    /// The profile it was made from.
    pub profile: String,
    /// The file of that profile.
    pub profile_file: PathBuf,
    /// Where this process can reach its port, while it runs.
    pub endpoint: Option<SocketAddr>,
    /// Where its port is published, for people; it differs from the endpoint where that is the end of a tunnel, which
    /// goes when this process ends.
    pub published: Option<SocketAddr>,
    /// Since when it runs.
    pub started_at: Option<Timestamp>,
    /// How often the engine has started it again.
    pub restarts: u64,
}

/// What an instance does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum State {
    /// It was made and never started.
    Created {
        /// Why the last start failed, when one did.
        error: Option<String>,
    },
    /// It runs.
    Running,
    /// It died and waits to be started again.
    Restarting,
    /// It is frozen.
    Paused,
    /// It is on its way out.
    Removing,
    /// It has ended.
    Exited {
        /// Its exit code.
        code: i64,
        /// Whether it was killed for using more memory than it may.
        out_of_memory: bool,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created { .. } => f.pad("created"),
            Self::Running => f.pad("running"),
            Self::Restarting => f.pad("restarting"),
            Self::Paused => f.pad("paused"),
            Self::Removing => f.pad("being removed"),
            Self::Exited {
                out_of_memory: true,
                ..
            } => f.pad("OOM killed"),
            Self::Exited { code: 0, .. } => f.pad("stopped"),
            Self::Exited { code, .. } => f.pad(&format!("exited {code}")),
        }
    }
}

/// What a health check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The verdict.
    pub status: HealthStatus,
    /// The last probe's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// The verdict of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Not known yet.
    Starting,
    /// Well.
    Healthy,
    /// Failed several times in a row.
    Unhealthy,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        })
    }
}

/// What an instance has used so far, and holds at this instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When it was read.
    pub at: Timestamp,
    /// CPU time since the instance was started.
    pub cpu: Duration,
    /// Memory in use, without the page cache.
    pub memory: Bytes,
    /// Memory it may use, where the engine sees to that.
    pub memory_limit: Option<Bytes>,
}

/// What an instance uses at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usage {
    /// CPU time in per cent of one core.
    pub cpu_percent: f64,
    /// Memory in use, without the page cache.
    pub memory: Bytes,
    /// Memory it may use, where the engine sees to that.
    pub memory_limit: Option<Bytes>,
}

impl Reading {
    /// What was used between an earlier reading and this one.
    pub fn since(&self, earlier: &Self) -> Usage {
        let passed = self.at.duration_since(earlier.at).as_secs_f64();
        let used = self.cpu.saturating_sub(earlier.cpu).as_secs_f64();
        let cpu_percent = if passed > 0.0 {
            used / passed * 100.0
        } else {
            0.0
        };
        Usage {
            cpu_percent,
            memory: self.memory,
            memory_limit: self.memory_limit,
        }
    }
}

/// Which part of a log is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogWindow {
    /// Nothing before this instant.
    pub since: Option<Timestamp>,
    /// Nothing from this instant on.
    pub until: Option<Timestamp>,
    /// At most so many of the last lines.
    pub tail: Option<u64>,
    /// Whether to go on with what is yet to be written.
    pub follow: bool,
}

/// One line that an instance wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub time: Timestamp,
    /// What it says, without the line ending; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// A command to run beside an instance: with its files and variables, as its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beyond those of the instance.
    pub variables: BTreeMap<String, String>,
    /// Whether it gets a terminal, with every key as it is pressed; otherwise its streams are plain ones.
    pub terminal: bool,
}

/// Something that happened to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// In which environment.
    pub environment: EnvironmentName,
    /// To whom.
    pub instance: Instance,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happens to instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventKind {
    /// It was made.
    Created,
    /// It was started, by a command or by its engine.
    Started,
    /// It ended, whatever the reason.
    Exited {
        /// Its exit code; 128 and the number of the signal that ended it.
        code: i64,
    },
    /// It used more memory than it may.
    OutOfMemory,
    /// Its health check changed its mind.
    Health {
        /// What it says now.
        status: HealthStatus,
    },
    /// It was frozen.
    Paused,
    /// It goes on after it was frozen.
    Unpaused,
    /// It was removed.
    Removed,
}

/// What an engine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// `docker` or `embedded`.
    pub engine: &'static str,
    /// Its version.
    pub version: String,
    /// Where it answers.
    pub endpoint: String,
    /// Whether its published ports are ports of this machine.
    #[serde(skip)]
    pub local: bool,
    /// What programs must be like to run there.
    #[serde(skip)]
    pub platform: Platform,
}

/// What the machine of an engine has to offer, as far as the engine tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Memory of all programs together.
    pub memory: Option<Bytes>,
    /// Cores.
    pub cores: Option<u32>,
    /// The folder that holds images and data.
    pub folder: Option<PathBuf>,
}

/// The program that an image of PostgreSQL comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What it is.
    pub program: String,
    /// Where it comes from, and why it is this one.
    pub origin: String,
    /// Others that are there and would not be run.
    pub others: Vec<String>,
}

/// Where roles run. The truth about an environment is what this reports; nothing is remembered elsewhere.
#[async_trait]
pub trait Engine: fmt::Debug + Send + Sync {
    /// What it is and where.
    fn about(&self) -> &About;

    /// What its machine has to offer; an engine that knows no better than its user tells nothing.
    async fn machine(&self) -> Result<Machine> {
        Ok(Machine::default())
    }

    /// What an instance that is made from `service` will carry as its `config_hash`.
    fn config_hash(&self, service: &Service) -> String;

    /// Whether an image is there, so that nothing needs to be pulled or built.
    async fn has_image(&self, image: &str) -> Result<bool>;

    /// Which program an image of PostgreSQL, and the setting `database.postgres`, come to for an environment. Nothing is
    /// fetched.
    async fn provenance(
        &self,
        _environment: &EnvironmentName,
        image: &str,
        _postgres: &Postgres,
    ) -> Result<Provenance> {
        Ok(Provenance {
            program: image.to_owned(),
            origin: "the image is all it needs".to_owned(),
            others: Vec::new(),
        })
    }

    /// Who holds a published port, where this engine knows.
    async fn holder(&self, port: u16) -> Option<String>;

    /// Whether a port that is published at this address can be reached from here.
    fn reaches(&self, bound: IpAddr) -> bool {
        let _ = bound;
        true
    }

    /// The command that makes these published ports ports of this machine, where they are not and need not stay so.
    fn tunnel(&self, ports: &[SocketAddr]) -> Option<String> {
        let _ = ports;
        None
    }

    /// Everything that exists of an environment.
    async fn observe(&self, environment: &EnvironmentName) -> Result<Observed>;

    /// The names of all environments.
    async fn environments(&self) -> Result<Vec<EnvironmentName>>;

    /// All environments at a glance, by name; with `kept`, those too of which only data is left. An engine that can tell
    /// them all at once does.
    async fn overview(&self, kept: bool) -> Result<Vec<Overview>> {
        let names = self.environments().await?;
        let observed = try_join_all(names.iter().map(|name| self.observe(name))).await?;
        let all = names.into_iter().zip(observed);
        Ok(all
            .filter(|(_, observed)| kept || !observed.instances.is_empty())
            .map(|(name, observed)| Overview::of(name, &observed))
            .collect())
    }

    /// Carries out one change. Doing it again, or going on with one that was cut off, is no error.
    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        watcher: &dyn Watcher,
    ) -> Result<Remark>;

    /// The lines an instance wrote, oldest first. A followed log ends when the instance does.
    fn logs(&self, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>>;

    /// What an instance has used so far; absent when it does not run.
    async fn reading(&self, id: &str) -> Result<Option<Reading>>;

    /// Runs a command beside an instance, on the streams of this process, and returns its exit code.
    async fn exec(&self, found: &Found, exec: &Exec) -> Result<i32>;

    /// What happened to the instances of an environment, or of all, oldest first, as far back as the engine remembers.
    fn events(
        &self,
        environment: Option<&EnvironmentName>,
        window: LogWindow,
    ) -> BoxStream<'static, Result<Event>>;
}

impl Overview {
    fn of(environment: EnvironmentName, observed: &Observed) -> Self {
        let glimpse = |found: &Found| Glimpse {
            instance: found.instance,
            runs: found.state == State::Running,
            endpoint: found.endpoint,
        };
        let first = observed.instances.first();
        Self {
            environment,
            profile: first.map_or_else(String::new, |found| found.profile.clone()),
            root: observed.root().cloned().unwrap_or_default(),
            instances: observed.instances.iter().map(glimpse).collect(),
        }
    }
}

/// How long a role may take to end before it is killed.
pub fn stop_grace(role: Role) -> Duration {
    match role {
        Role::Database => Duration::from_secs(30),
        Role::Seed | Role::Api => Duration::from_secs(15),
    }
}

/// The password of a database: 64 hexadecimal digits.
pub fn random_password() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Code::Io, "cannot get random bytes for a password").because(error.to_string())
    })?;
    Ok(hex(&bytes))
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// What failed.
    pub what: String,
    /// Why, in the engine's words.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Lines to show as they are.
    pub detail: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Error {
    /// A failure with nothing but a code and a sentence.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            source: None,
            detail: Vec::new(),
            hint: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds lines to show as they are.
    #[must_use]
    pub fn detail(mut self, lines: Vec<String>) -> Self {
        self.detail = lines;
        self
    }
}

impl Explain for Error {
    fn code(&self) -> Code {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn detail(&self) -> Vec<String> {
        self.detail.clone()
    }

    /// A command that could not be run ends as in a shell.
    fn exit(&self) -> Exit {
        match self.code {
            Code::ProgramRefused => Exit::Of(126),
            Code::ProgramMissing => Exit::Of(127),
            _ => Exit::Failed,
        }
    }
}

/// A published port that something else holds. `holder` is who the engine knows to hold it; otherwise this machine's
/// processes are asked.
pub fn port_taken(port: u16, wanted: Instance, holder: Option<String>) -> Error {
    let process = || {
        let process = listeners::get_process_by_port(port, listeners::Protocol::TCP).ok()?;
        Some(format!("{} (process {})", process.name, process.pid))
    };
    let holder = holder
        .or_else(process)
        .unwrap_or_else(|| "another program".to_owned());
    let role = wanted.role;
    Error::new(
        Code::PortTaken,
        format!("port {port}, which {wanted} should publish, is taken by {holder}"),
    )
    .hint(format!(
        "stop it, or choose another port: add `--set {role}.port=auto` to the command, which takes a free one"
    ))
}
