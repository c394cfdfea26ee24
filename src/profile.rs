//! What is wanted: a profile, complete and valid. Nobody after this module sees a missing value.
//!
//! | module | what belongs there |
//! |---|---|
//! | [`settings`] | the one table that says which keys there are; all else is derived from it |
//! | [`kind`] | what a value may be: how it is read, written, described |
//! | [`file`](mod@file), [`words`] | the inputs as written: TOML files, variables and flags |
//! | [`locate`] | where profiles are |
//! | [`resolve`], [`draft`], [`rules`] | layers of inputs become one [`Profile`] |
//! | [`show`], [`schema`](mod@schema) | the way back: TOML, JSON, JSON Schema |
//! | [`fault`] | what is wrong with an input, and where |

mod draft;
mod fault;
mod file;
mod kind;
mod locate;
mod name;
mod origin;
mod quantity;
mod resolve;
mod rules;
mod schema;
mod settings;
mod show;
mod words;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde::Serializer;

use crate::rates::DailyAverage;
use crate::rates::Place;

pub use fault::Error;
pub use fault::Fault;
pub use fault::count;
pub use locate::Listed;
pub use locate::list;
pub use name::EnvironmentName;
pub use resolve::Request;
pub use resolve::Resolved;
pub use resolve::load;
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
    /// Questions with known answers.
    pub checks: Vec<Check>,
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
