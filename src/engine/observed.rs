//! What exists of an environment, as an engine reports it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use serde::Serializer;

use super::Contract;
use super::Error;
use super::Instance;
use super::Role;
use crate::error::chain;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::Protocol;
use crate::profile::ShortName;

/// What exists of one environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Its instances, in the order of their roles.
    pub instances: Vec<Found>,
    /// Over what they reach each other.
    pub network: Network,
    /// Its volumes by name.
    pub volumes: Vec<Volume>,
    /// Why nobody looks after its instances although they may run. What is known of them may be old, and a change to any
    /// of them ends them all first.
    pub unattended: Option<String>,
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

    /// Whether there is a volume of the team's own of this name.
    pub fn has_volume(&self, name: ShortName) -> bool {
        let mut volumes = self.volumes.iter();
        volumes.any(|volume| volume.contents == Contents::Named(name))
    }

    /// Its roles, each once.
    pub fn roles(&self) -> Vec<Role> {
        let mut roles: Vec<_> = self
            .instances
            .iter()
            .map(|found| found.instance.role)
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
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
    /// What services of the team's own keep.
    Named(ShortName),
    /// A dump, for as long as it is being loaded.
    Dump,
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
    /// What is wrong with the environment as a whole, so that nothing else here is certain.
    pub trouble: Option<String>,
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
    /// Where its port is published, for people, the first that takes connections; it differs from the endpoint where that
    /// is the end of a tunnel, which goes when this process ends.
    pub published: Option<SocketAddr>,
    /// Since when it runs.
    pub started_at: Option<Timestamp>,
    /// Every published port of it, for people; that of [`Self::published`] is the first.
    pub ports: Vec<FoundPort>,
    /// How often the engine has started it again.
    pub restarts: u64,
    /// What a team's own API promises; absent for what is ratesdev's own, and for the database.
    pub contract: Option<Contract>,
    /// The roles that must work before it is started.
    pub needs: Vec<Role>,
    /// The path at its endpoint that an HTTP client asks for its health, where it has one.
    pub probe: Option<String>,
}

/// A port of an instance that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPort {
    /// The port inside; without containers, the one that it has in one.
    pub inside: PortNumber,
    /// Where it is published.
    pub address: SocketAddr,
}

impl FoundPort {
    /// Whether it takes connections, which everything here but `port` is about.
    pub fn connects(&self) -> bool {
        self.inside.protocol == Protocol::Tcp
    }

    /// The port that it takes on its machine.
    pub fn outside(&self) -> PortNumber {
        PortNumber {
            number: self.address.port(),
            ..self.inside
        }
    }
}

impl fmt::Display for FoundPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        match self.inside.protocol {
            Protocol::Tcp => Ok(()),
            Protocol::Udp => f.write_str("/udp"),
        }
    }
}

impl Serialize for FoundPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
    /// It is being stopped or removed.
    Ending,
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
            Self::Ending => f.pad("ending"),
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

impl Overview {
    /// A glance at what was observed.
    pub fn of(environment: EnvironmentName, observed: &Observed) -> Self {
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
            trouble: observed.unattended.clone(),
        }
    }

    /// One that could not be looked at.
    pub fn unknown(environment: EnvironmentName, error: &Error) -> Self {
        let words: Vec<_> = chain(error).map(ToString::to_string).collect();
        Self {
            environment,
            profile: String::new(),
            root: PathBuf::new(),
            instances: Vec::new(),
            trouble: Some(words.join(": ")),
        }
    }
}
