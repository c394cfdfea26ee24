//! Where everything of this engine is: one folder for all environments, and below it one for each.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::disk;
use crate::engine::Error;
use crate::engine::Instance;
use crate::engine::Result;
use crate::error::Code;
use crate::profile::EnvironmentName;

/// The variable that names the folder.
pub const VARIABLE: &str = "RATESDEV_HOME";

/// The folder of root, which belongs to the machine and not to a person.
const OF_ROOT: &str = "/var/lib/ratesdev";

/// The name of the folder with the copies of this program.
const PROGRAMS: &str = "programs";

/// The folder of all environments.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// The folder that the variable names, else the usual one of this user.
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let named = variable(VARIABLE).filter(|text| !text.is_empty());
        let path = match named {
            Some(named) => {
                std::path::absolute(named).map_err(|error| unusable(Path::new("."), error))?
            }
            None if is_root() => PathBuf::from(OF_ROOT),
            None => of_user()?,
        };
        if path.to_str().is_none() {
            let what = io::Error::new(io::ErrorKind::InvalidInput, "its name is no UTF-8");
            return Err(unusable(&path, what));
        }
        Ok(Self(path))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the copies of this program are that roles run from.
    pub fn programs(&self) -> PathBuf {
        self.0.join(PROGRAMS)
    }

    /// Where the environments are.
    pub fn environments(&self) -> PathBuf {
        self.0.join("environments")
    }

    /// The folder of one environment.
    pub fn place(&self, environment: &EnvironmentName) -> Place {
        Place(self.environments().join(environment.as_str()))
    }

    /// The file that is locked by whoever changes an environment. It stays when the environment goes: somebody may wait
    /// for it.
    pub fn lock(&self, environment: &EnvironmentName) -> Result<PathBuf> {
        self.make()?;
        let folder = self.0.join("locks");
        let path = folder.join(format!("{environment}.lock"));
        let make = || {
            disk::folder(&folder, disk::PRIVATE)?;
            disk::file(&path)
        };
        make().map_err(|error| unusable(&self.0, error))?;
        Ok(path)
    }

    /// The names of those that have a folder, sorted.
    pub fn names(&self) -> Result<Vec<EnvironmentName>> {
        let entries = match std::fs::read_dir(self.environments()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&self.0, error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Makes the folders that all environments share.
    pub fn make(&self) -> Result<()> {
        let make = || {
            if let Some(parent) = self.0.parent() {
                std::fs::create_dir_all(parent)?;
            }
            if !self.0.is_dir() {
                disk::folder(&self.0, disk::way())?;
            }
            disk::folder(&self.environments(), disk::way())?;
            disk::folder(&self.programs(), disk::way())
        };
        make().map_err(|error| unusable(&self.0, error))
    }
}

/// Whether roles must give up rights before they run.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn of_user() -> Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ratesdev");
    let folders = folders.ok_or_else(|| {
        let error = Error::new(Code::HomeUnusable, "this user has no home folder");
        error.hint(format!("set {VARIABLE} to a folder for the environments"))
    })?;
    Ok(folders.data_local_dir().to_owned())
}

/// The folder of the environments cannot be used.
pub fn unusable(path: &Path, error: io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::StorageFull => Code::DiskFull,
        _ => Code::HomeUnusable,
    };
    let what = format!("cannot keep environments in {}", path.display());
    Error::new(code, what).because(error).hint(format!(
        "set {VARIABLE} to a folder that this user may write to, on a disk with room"
    ))
}

/// The folder of one environment, and where things are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// The place at a folder.
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the copies of this program are, seen from here.
    #[cfg(target_os = "linux")]
    pub fn programs(&self) -> Option<PathBuf> {
        Some(self.0.parent()?.parent()?.join(PROGRAMS))
    }

    /// The environment's name.
    pub fn name(&self) -> &str {
        self.0
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
    }

    /// Whose the environment is.
    pub fn identity(&self) -> PathBuf {
        self.0.join("environment.json")
    }

    /// The database cluster.
    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// What only the roles may read.
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// The file that holds the database's password.
    pub fn password(&self) -> PathBuf {
        self.secrets().join("database_password")
    }

    /// The same password as the clients of PostgreSQL look for it.
    pub fn pgpass(&self) -> PathBuf {
        self.secrets().join("pgpass")
    }

    /// What the instances are.
    pub fn records(&self) -> PathBuf {
        self.0.join("roles")
    }

    /// What one instance is.
    pub fn record(&self, instance: Instance) -> PathBuf {
        self.records().join(format!("{instance}.json"))
    }

    /// The folders in which roles run.
    pub fn workplaces(&self) -> PathBuf {
        self.0.join("run")
    }

    /// The folder in which one instance runs, unless it has data of its own.
    pub fn workplace(&self, instance: Instance) -> PathBuf {
        self.workplaces().join(instance.to_string())
    }

    /// What the roles wrote.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// What one instance wrote; older parts are beside it.
    pub fn log(&self, instance: Instance) -> PathBuf {
        self.logs().join(format!("{instance}.log"))
    }

    /// What happened.
    pub fn events(&self) -> PathBuf {
        self.0.join("events.jsonl")
    }

    /// Held by the supervisor while it lives, and by whoever cleans up after one that was killed.
    pub fn lock(&self) -> PathBuf {
        self.0.join("supervisor.lock")
    }

    /// What the supervisor itself has to say.
    pub fn supervisor_log(&self) -> PathBuf {
        self.0.join("supervisor.log")
    }

    /// Makes the folders that every environment has.
    pub fn make(&self) -> Result<()> {
        let make = || {
            disk::folder(&self.0, disk::way())?;
            disk::folder(&self.workplaces(), disk::way())?;
            disk::folder(&self.records(), disk::PRIVATE)?;
            disk::folder(&self.logs(), disk::PRIVATE)
        };
        make().map_err(|error| unusable(&self.0, error))
    }
}

/// The name of the supervisor's socket in an environment's folder.
pub const SOCKET: &str = "supervisor.sock";
