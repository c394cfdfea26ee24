//! What an instance is and what became of it, as it stands on the disk: written by its supervisor, read by everybody.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::disk;
use super::home::Place;
use super::postgres::account::Account;
use super::process::Process;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Role;

/// An instance as it was wanted and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which one.
    pub instance: Instance,
    /// What tells it from an earlier one of its name.
    pub token: String,
    /// The image it stands for.
    pub image: String,
    /// What it was made from.
    pub config_hash: String,
    /// Whose it is.
    pub owner: Owner,
    /// How its process is started.
    pub launch: Launch,
    /// Where its port can be reached.
    pub endpoint: Option<SocketAddr>,
    /// What became of it.
    pub life: Life,
}

/// Whose something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The profile it was made from.
    pub profile: String,
    /// The file of that profile.
    pub profile_file: PathBuf,
    /// The checkout it belongs to.
    pub root: PathBuf,
    /// Whether taking its data away needs its name typed.
    pub protected: bool,
    /// The version of this program that made it.
    pub version: String,
}

impl From<&Identity> for Owner {
    fn from(identity: &Identity) -> Self {
        Self {
            profile: identity.profile.clone(),
            profile_file: identity.profile_file.clone(),
            root: identity.root.clone(),
            protected: identity.protected,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// How a process is started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The program's file.
    pub program: PathBuf,
    /// What tells that file from another that takes its place.
    pub mark: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its variables; never a secret.
    pub variables: BTreeMap<String, String>,
    /// The folder in which it runs.
    pub folder: PathBuf,
    /// As whom it runs, where that is not the user who asks for it.
    pub account: Option<Account>,
    /// The socket that it is handed as its standard input.
    pub socket: Option<Socket>,
    /// Whether it is started again when it ends.
    pub restarts: bool,
}

/// A listening socket that the supervisor opens and keeps for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// The address it is bound to.
    pub address: SocketAddr,
    /// Whether another port will do where this one is taken.
    pub may_move: bool,
}

/// What became of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub enum Life {
    /// It was never started.
    Made {
        /// Why the last start failed, when one did.
        error: Option<String>,
    },
    /// It runs, if its process is still there.
    Running {
        /// As which process.
        process: Process,
        /// Since when.
        since: Timestamp,
    },
    /// It died and waits to be started again.
    Waiting {
        /// How it ended.
        code: i64,
    },
    /// It has ended, and stays so.
    Ended {
        /// How it ended.
        code: i64,
    },
}

impl Record {
    /// What is known of an instance whose record another version of this program wrote in its own way.
    fn unreadable(instance: Instance) -> Self {
        Self {
            instance,
            token: String::new(),
            image: String::new(),
            config_hash: String::new(),
            owner: Owner::default(),
            launch: Launch::default(),
            endpoint: None,
            life: Life::Made {
                error: Some("its record cannot be understood".to_owned()),
            },
        }
    }

    /// Writes it down.
    pub fn save(&self, place: &Place) -> io::Result<()> {
        disk::save(&place.record(self.instance), self)
    }

    /// Whether another port will do where the one it had is taken.
    pub fn may_move(&self) -> bool {
        self.launch.socket.is_some_and(|socket| socket.may_move)
    }

    /// The process that it runs as, if that is still there.
    pub fn process(&self) -> Option<&Process> {
        match &self.life {
            Life::Running { process, .. } => Some(process).filter(|process| process.lives()),
            _ => None,
        }
    }
}

/// The record of one instance, where there is one.
pub fn read(place: &Place, instance: Instance) -> io::Result<Option<Record>> {
    let path = place.record(instance);
    let record = disk::load(&path)?;
    Ok(record.or_else(|| path.exists().then(|| Record::unreadable(instance))))
}

/// The records of all instances, in the order of their roles.
pub fn all(place: &Place) -> io::Result<Vec<Record>> {
    let entries = match std::fs::read_dir(place.records()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut records = Vec::new();
    for entry in entries {
        if let Some(instance) = instance(&entry?.path()) {
            records.extend(read(place, instance)?);
        }
    }
    records.sort_by_key(|record| record.instance);
    Ok(records)
}

/// The instance that a record is named after.
fn instance(path: &Path) -> Option<Instance> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let (role, number) = match name.rsplit_once('-') {
        Some((role, number)) => (role, number.parse().ok()?),
        None => (name, 1),
    };
    let role: Role = role.parse().ok()?;
    // Only Docker runs services of the team's own.
    (!role.is_own()).then_some(Instance { role, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_cannot_be_understood_is_still_there() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::at(&folder.path().join("dev"));
        place.make().unwrap();
        for name in ["api-2.json", "database.json", "api.json.new", "other.json"] {
            std::fs::write(place.records().join(name), "{}").unwrap();
        }
        let names: Vec<_> = all(&place)
            .unwrap()
            .iter()
            .map(|one| one.instance.to_string())
            .collect();
        assert_eq!(names, ["database", "api-2"]);
    }
}
