//! What engines are asked to do, and what they tell while they do it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Found;
use super::Instance;
use super::Role;
use crate::image::ApiImage;
use crate::image::folder::FolderImage;
use crate::profile::Bytes;
use crate::profile::Limits;
use crate::profile::Mount;
use crate::profile::PortNumber;
use crate::profile::Postgres;
use crate::profile::Protocol;
use crate::profile::ShortName;
use crate::text::thousands;

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
    /// What is known of a program that is not ratesdev's own: a team's API. Only engines with images can run it.
    pub contract: Option<Contract>,
    /// What only some instances have.
    pub extras: Box<Extras>,
}

/// What a team's own API promises, as its profile says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The port on which it listens inside its container.
    pub port: u16,
    /// The path at which it answers 200 when it can answer questions.
    pub health: String,
}

/// What a profile adds to an instance beyond what its role needs. Only engines that run containers can fulfil it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// The roles that must work before it is started, besides those that its own role needs.
    pub needs: Vec<Role>,
    /// Volumes and folders that are mounted into it.
    pub mounts: Vec<Mount>,
    /// Where its ports are published; the first is the one people are told.
    pub ports: Vec<PublishedPort>,
    /// How its health is found out.
    pub probe: Option<Probe>,
    /// The program it is started with in place of its image's; none means the image's own.
    pub entrypoint: Vec<String>,
    /// Whether it is told where the database is, and may read its password.
    pub knows_database: bool,
}

/// A port inside an instance and where it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedPort {
    /// The port inside; what it carries, the published one carries too.
    pub inside: PortNumber,
    /// Where it is published.
    pub publish: Publish,
}

/// How the health of a service is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// The engine runs a command inside, again and again.
    Command {
        /// The program and its arguments; it is healthy while the command ends with 0.
        command: Vec<String>,
        /// How long after the end of one run the next begins.
        interval: Duration,
        /// How long one run may take.
        timeout: Duration,
        /// How many failures in a row mean that it is unhealthy.
        retries: u16,
    },
    /// Whoever wants to know asks over HTTP, at a published port.
    Http {
        /// The port inside.
        port: u16,
        /// The path and query; an answer below 400 is a healthy one.
        path: String,
    },
}

impl Service {
    /// Every fixed port of the engine's machine that it takes, with the address.
    pub fn fixed_ports(&self) -> impl Iterator<Item = (IpAddr, PortNumber)> {
        let further = self.extras.ports.iter();
        let further = further.map(|port| (port.publish, port.inside.protocol));
        let own = self.publish.into_iter();
        let all = own.map(|own| (own, Protocol::Tcp)).chain(further);
        all.filter_map(|(Publish { address, port }, protocol)| {
            let number = port?;
            Some((address, PortNumber { protocol, number }))
        })
    }
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
    /// Build an image from a folder.
    BuildFolder(FolderImage),
    /// Make the network over which the roles reach each other.
    CreateNetwork,
    /// Make the places where data and secrets live, and the volumes of these names.
    CreateVolumes(Vec<ShortName>),
    /// Make sure this instance exists as described, and start it.
    Start(Service),
    /// Run the load to its end.
    Seed(SeedJob),
    /// Stop an instance gracefully; it stays what it is, and does not start again by itself.
    Stop(Found, Grace),
    /// Start an instance that was stopped, as it was made.
    Resume(Found),
    /// Stop an instance gracefully and remove it.
    Remove(Found, Grace),
    /// Remove the network.
    RemoveNetwork,
    /// Remove data, secrets and all other volumes.
    RemoveVolumes,
}

/// How long an instance may take to end before it is killed; none is what its role is given.
pub type Grace = Option<Duration>;

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
