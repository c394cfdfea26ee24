//! What is wanted: a profile, complete and valid. Nobody after this module sees a missing value.
//!
//! | module | what belongs there |
//! |---|---|
//! | [`settings`], [`team`] | the tables that say which keys there are; all else is derived from them |
//! | [`kind`] | what a value may be: how it is read, written, described |
//! | [`file`](mod@file), [`words`] | the inputs as written: TOML files, variables and flags |
//! | [`name`](mod@name), [`role`](mod@role), [`port`](mod@port) | names of environments, roles and services, numbers of ports |
//! | [`locate`] | where profiles are |
//! | [`resolve`], [`draft`], [`rules`], [`order`](mod@order) | layers of inputs become one [`Profile`] |
//! | [`show`], [`schema`](mod@schema) | the way back: TOML, JSON, JSON Schema |
//! | [`fault`] | what is wrong with an input, and where |

mod draft;
mod fault;
mod file;
mod kind;
mod locate;
mod name;
mod order;
mod origin;
mod port;
mod quantity;
mod resolve;
mod role;
mod rules;
mod schema;
mod settings;
mod show;
mod team;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde::Serializer;

use crate::rates::DailyAverage;
use crate::rates::Place;

pub use fault::Error;
pub use fault::Fault;
pub use fault::Spot;
pub use fault::count;
pub use fault::did_you_mean;
pub use file::GivenKeys;
pub use file::OwnDashboard;
pub use locate::Listed;
pub use locate::list;
pub use name::EnvironmentName;
pub use order::Needs;
pub use order::all_needs;
pub use order::order;
pub use port::PortNumber;
pub use port::Protocol;
pub use resolve::Request;
pub use resolve::Resolved;
pub use resolve::load;
pub use resolve::own_dashboard;
#[cfg(test)]
pub use resolve::own_dashboard_in;
pub use role::Role;
pub use role::ShortName;
pub use schema::schema;
pub use show::Row;
pub use words::POSTGRES_MIRROR;
#[cfg(test)]
pub use words::RESERVED;
pub use words::engine;

/// Where the faults of a profile's text begin.
#[cfg(fuzzing)]
pub fn fault_positions(text: &str) -> Vec<usize> {
    let source = fault::Source {
        name: "fuzz.toml".to_owned(),
        is_file: true,
        text: text.to_owned(),
    };
    let layer = file::read(&source.into());
    let spots = layer.faults.into_iter().filter_map(|fault| fault.spot);
    spots.map(|spot| spot.start()).collect()
}

/// Everything an environment is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name: that of its file, without the ending.
    pub name: String,
    /// The file it was read from.
    pub file: PathBuf,
    /// The checkout it belongs to: the folder that holds `profiles/`.
    pub root: PathBuf,
    /// Whether taking data away needs the environment's name typed.
    pub protected: bool,
    /// Where it is made, when it is not there yet.
    pub engine: EngineChoice,
    /// The role `database`.
    pub database: Database,
    /// What the database is loaded with.
    pub seed: Seed,
    /// The role `api`.
    pub api: Api,
    /// The team's own services, by name.
    pub services: Vec<TeamService>,
    /// Questions with known answers.
    pub checks: Vec<Check>,
}

impl Profile {
    /// What every role needs.
    pub fn needs(&self) -> Needs {
        needs(&self.api, &self.services)
    }
}

/// What every role needs: those of every environment what they always do and what the profile says, the others what
/// the profile says.
fn needs<'a>(api: &Api, services: impl IntoIterator<Item = &'a TeamService>) -> Needs {
    let mut always = BTreeMap::from([
        (Role::Database, vec![]),
        (Role::Seed, vec![Role::Database]),
        (Role::Api, vec![Role::Database, Role::Seed]),
    ]);
    always.entry(Role::Api).or_default().extend(&api.depends_on);
    let services = services.into_iter();
    always.extend(services.map(|service| (service.role(), service.depends_on.clone())));
    always
}

/// Which engine an environment is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineChoice {
    /// A Docker Engine where one can be used, else embedded.
    Auto,
    /// A Docker Engine.
    Docker,
    /// Processes of this machine, without Docker.
    Embedded,
}

impl EngineChoice {
    /// As `--set` takes it.
    pub fn as_flag(self) -> String {
        let word = match self {
            Self::Auto => "auto",
            Self::Docker => "docker",
            Self::Embedded => "embedded",
        };
        format!("{}={word}", settings::ENGINE)
    }
}

/// The role `database`.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// The image, `postgres:13.5` or one that honours its contract.
    pub image: String,
    /// Which PostgreSQL is run where there is no Docker.
    pub postgres: Postgres,
    /// Where the published port is bound.
    pub bind: IpAddr,
    /// The published port.
    pub port: Port,
    /// What a crash of the machine may cost.
    pub durability: Durability,
    /// What it may use.
    pub limits: Limits,
}

/// What the database is loaded with.
#[derive(Debug, Clone, PartialEq)]
pub struct Seed {
    /// The dump, as an absolute path.
    pub file: PathBuf,
}

/// The role `api`.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Where the published port is bound.
    pub bind: IpAddr,
    /// The published port of the first replica; further ones take the ports after it.
    pub port: Port,
    /// How many run side by side.
    pub replicas: u16,
    /// Database connections of each replica.
    pub pool: u16,
    /// How long a request waits for a connection before it is answered 503.
    pub pool_wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// The longest span one question may cover.
    pub max_span_days: u16,
    /// Memory of each replica for answers that are given again until the rates change; 0 keeps none.
    pub cache: Bytes,
    /// What each replica may use.
    pub limits: Limits,
    /// The image of a team's own API; absent means the one that comes with this program, or one that is built.
    pub image: Option<String>,
    /// How the image of a team's own API is built.
    pub build: Build,
    /// Variables of the API beyond those that it is given anyway, by name; they may hold placeholders.
    pub environment: BTreeMap<String, String>,
    /// The program a team's own API is started with in place of its image's; none means the image's own.
    pub entrypoint: Vec<String>,
    /// The arguments of a team's own API in place of its image's; none means the image's own.
    pub command: Vec<String>,
    /// The port on which a team's own API listens inside its container.
    pub listen: u16,
    /// The path at which a team's own API says whether it is healthy.
    pub health: String,
    /// The team's own services that must work before it is started.
    pub depends_on: Vec<Role>,
    /// Code that is mounted into it.
    pub sync: Vec<Mount>,
    /// Whether it is started again when such code changes while that is watched.
    pub restart_on_change: bool,
}

/// How the image of a team's own API is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The folder it is built from; absent means that nothing is built.
    pub context: Option<PathBuf>,
    /// The Dockerfile, relative to the folder.
    pub dockerfile: String,
    /// The stage to build; absent means the last.
    pub target: Option<String>,
    /// The arguments of the Dockerfile, by name.
    pub args: BTreeMap<String, String>,
}

/// What the API runs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiSource<'a> {
    /// This very program.
    BuiltIn,
    /// An image of that name.
    Image(&'a str),
    /// An image that is built from that folder.
    Folder(&'a Path),
}

impl Api {
    /// What it runs from.
    pub fn source(&self) -> ApiSource<'_> {
        match (&self.image, &self.build.context) {
            (Some(image), _) => ApiSource::Image(image),
            (None, Some(context)) => ApiSource::Folder(context),
            (None, None) => ApiSource::BuiltIn,
        }
    }

    /// Whether it is this very program.
    pub fn is_built_in(&self) -> bool {
        self.source() == ApiSource::BuiltIn
    }
}

/// A service of the team's own, `[services.NAME]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamService {
    /// Its name, which is its role too.
    pub name: ShortName,
    /// The image it runs from.
    pub image: String,
    /// Whether it is one of the environment's; false only until the profile is resolved, which drops the others.
    pub enabled: bool,
    /// The program it is started with in place of the image's; none means the image's own.
    pub entrypoint: Vec<String>,
    /// The program and its arguments in place of the image's; none means the image's own.
    pub command: Vec<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Where its ports are published.
    pub ports: Vec<PortMapping>,
    /// Volumes and folders that are mounted into it.
    pub volumes: Vec<Mount>,
    /// Code that is mounted into it.
    pub sync: Vec<Mount>,
    /// Whether it is started again when such code changes while that is watched.
    pub restart_on_change: bool,
    /// The roles that must work before it is started.
    pub depends_on: Vec<Role>,
    /// Whose passwords it may read.
    pub secrets: Vec<Role>,
    /// How its health is found out.
    pub health: HealthCheck,
    /// What it may use.
    pub limits: Limits,
}

impl TeamService {
    /// What it is.
    pub fn role(&self) -> Role {
        Role::Service(self.name)
    }

    /// The first of its published ports, inside, that HTTP can be spoken at.
    pub fn first_tcp(&self) -> Option<u16> {
        let mut inside = self.ports.iter().map(|mapping| mapping.inside);
        let first = inside.find(|port| port.protocol == Protocol::Tcp);
        first.map(|port| port.number)
    }
}

/// How the health of a service is found out: by a command inside it, or by an HTTP request; by neither where both are
/// absent.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The path that is asked over HTTP.
    pub path: Option<String>,
    /// The port inside the service that is asked.
    pub port: Option<u16>,
    /// How long after the end of one run of the command the next begins.
    pub interval: Duration,
    /// How long one run of the command may take.
    pub timeout: Duration,
    /// How many failures of the command in a row mean that the service is unhealthy.
    pub retries: u16,
}

/// A port inside a service and where it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortMapping {
    /// The address the published port is bound to.
    pub address: IpAddr,
    /// The published port.
    pub port: Port,
    /// The port inside; what it carries, the published one carries too.
    pub inside: PortNumber,
}

impl PortMapping {
    /// The published port, where it is a fixed one.
    pub fn fixed(&self) -> Option<PortNumber> {
        match self.port {
            Port::Auto => None,
            Port::Fixed(number) => Some(PortNumber {
                number,
                ..self.inside
            }),
        }
    }
}

/// Something that is mounted into a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What.
    pub source: Source,
    /// Where: an absolute path inside.
    pub target: String,
    /// Whether it can only be read there.
    pub read_only: bool,
}

/// What can be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A volume of the environment's own, which several services may share.
    Volume(ShortName),
    /// A file or folder of this machine, as an absolute path.
    Path(PathBuf),
}

/// A question with a known answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What the check is called.
    pub name: String,
    /// Where from.
    pub orig: Place,
    /// Where to.
    pub dest: Place,
    /// The day asked for and what it must be. Where `count` allows an average and `price` is absent, any will do.
    pub expect: DailyAverage,
}

/// What a role may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// CPU time in thousandths of one core: 1500 is one core and a half.
    pub millicpus: u32,
    /// Memory.
    pub memory: Bytes,
    /// Processes and threads.
    pub pids: u32,
}

/// A published port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Whichever is free.
    Auto,
    /// This one.
    Fixed(u16),
}

impl Serialize for Port {
    /// As in a profile: a number or `"auto"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fixed(port) => serializer.serialize_u16(*port),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(port) => write!(f, "{port}"),
        }
    }
}

/// Which PostgreSQL is run where there is no Docker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Postgres {
    /// One that is found or fetched.
    Auto,
    /// The one in this folder, which is its prefix or holds its programs.
    Folder(PathBuf),
}

/// What a crash of the machine may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Safe,
    /// The whole database, which is then seeded again; faster on slow disks.
    Fast,
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    /// As people write it: `48 MB`, with decimal units as Docker prints them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1000.0;
            unit += 1;
        }
        let digits = usize::from(unit > 0 && value < 99.95);
        write!(f, "{value:.digits$} {}", UNITS.get(unit).unwrap_or(&"B"))
    }
}
