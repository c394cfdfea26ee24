//! What managers and supervisors say to each other: a line of JSON each way.
//!
//! [`Request::Hello`] and [`Request::End`], with the numbers beside them, never change: a newer manager asks an older
//! supervisor to end, and starts one of its own.

use serde::Deserialize;
use serde::Serialize;

use super::record::Record;
use crate::engine::Grace;
use crate::engine::Health;
use crate::engine::Instance;

/// The version of everything here; another one is another language.
pub const PROTOCOL: u32 = 1;

/// The longest line either side reads.
pub const LONGEST: u64 = 16 << 20;

/// A request and the language it is in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// [`PROTOCOL`] of who asks.
    pub protocol: u32,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// What a manager asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum Request {
    /// Who is there.
    Hello,
    /// Stop every instance, and end.
    End,
    /// What runs.
    List,
    /// Start an instance unless it runs.
    Start {
        /// Everything about it.
        record: Box<Record>,
    },
    /// Stop an instance, if it runs.
    Stop {
        /// Which one.
        instance: Instance,
        /// How long it has; earlier managers do not say.
        #[serde(default)]
        grace: Grace,
    },
}

/// An answer and the language it is in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    /// [`PROTOCOL`] of who answers.
    pub protocol: u32,
    /// What is answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What a supervisor answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// It is done, or there was nothing to do.
    Done,
    /// What runs, or waits to be started again.
    Roles {
        /// Each instance.
        roles: Vec<Live>,
    },
    /// It was not done.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// An instance that is looked after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// What it is.
    pub record: Record,
    /// What its health check says, while it runs.
    pub health: Option<Health>,
    /// How often it was started again.
    pub restarts: u64,
    /// Whether it was told to stop, and does; earlier supervisors do not tell.
    #[serde(default)]
    pub is_ending: bool,
}

/// Why a supervisor did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Refusal {
    /// Something else listens there.
    PortTaken {
        /// On which port.
        port: u16,
    },
    /// The system did not let it.
    Failed {
        /// What failed.
        what: String,
        /// Why.
        cause: String,
        /// Whether that is a disk without space; earlier supervisors do not tell.
        #[serde(default)]
        is_full: bool,
    },
    /// The request is in another language.
    Foreign,
}

impl Refusal {
    /// An adapter for `map_err`.
    pub fn failed(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Failed {
            what,
            is_full: error.kind() == std::io::ErrorKind::StorageFull,
            cause: error.to_string(),
        }
    }
}
