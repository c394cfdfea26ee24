//! What engines tell of instances and of themselves: usage, logs, events, what they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::HealthStatus;
use super::Instance;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;

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
    /// Bytes over the network, where they are told apart from those of others.
    pub network: Option<Flow>,
    /// Bytes from and to disks, where they are counted.
    pub disk: Option<Flow>,
}

/// Bytes in two directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// Received, or read.
    #[serde(rename = "in")]
    pub inward: u64,
    /// Sent, or written.
    #[serde(rename = "out")]
    pub outward: u64,
}

impl std::iter::Sum for Flow {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            inward: sum.inward.saturating_add(one.inward),
            outward: sum.outward.saturating_add(one.outward),
        })
    }
}

impl Flow {
    /// Bytes a second since there were `earlier`.
    fn since(self, earlier: Option<Self>, seconds: f64) -> Self {
        let earlier = earlier.unwrap_or(self);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is shown with three digits"
        )]
        let rate = |now: u64, before: u64| {
            let bytes = now.saturating_sub(before) as f64;
            if seconds > 0.0 {
                (bytes / seconds).round() as u64
            } else {
                0
            }
        };
        Self {
            inward: rate(self.inward, earlier.inward),
            outward: rate(self.outward, earlier.outward),
        }
    }
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
    /// Bytes a second over the network, where they are told apart from those of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Flow>,
    /// Bytes a second from and to disks, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<Flow>,
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
            network: self.network.map(|flow| flow.since(earlier.network, passed)),
            disk: self.disk.map(|flow| flow.since(earlier.disk, passed)),
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

/// A command to run beside an instance: with its files and variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables beyond those of the instance.
    pub variables: BTreeMap<String, String>,
    /// Who runs it, by name or number, with `:` and a group if wanted [default: the instance's user]. Only engines with
    /// containers know others.
    pub user: Option<String>,
    /// Where it begins [default: where the instance works].
    pub folder: Option<String>,
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
    /// Whether containers or processes run there. Which processor containers have may not be known yet, and is empty
    /// then: [`Engine::platform`](super::Engine::platform) finds out.
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
    /// Whether it is there; one that is still to be fetched may turn out to be out of reach.
    pub is_there: bool,
    /// Where it comes from, and why it is this one.
    pub origin: String,
    /// Others that are there and would not be run.
    pub others: Vec<String>,
}

impl Provenance {
    /// An image, which has all that it needs.
    pub fn of_image(image: &str) -> Self {
        Self {
            program: image.to_owned(),
            is_there: true,
            origin: "the image is all it needs".to_owned(),
            others: Vec::new(),
        }
    }
}
