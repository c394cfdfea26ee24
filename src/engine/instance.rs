//! Who is who: roles, their instances, and whose an environment is.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::profile::EnvironmentName;
use crate::profile::Role;

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
