//! A folder for environments without Docker, and what is in it: read as any program could, so that ratesdev is not its
//! own witness.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use serde_json::Value;
use tempfile::TempDir;

use super::eventually;

/// Programs of PostgreSQL where Debian has them; elsewhere they must be on the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder for environments; several environments may share it.
#[derive(Clone)]
pub struct Home {
    _folder: Option<Rc<TempDir>>,
    path: PathBuf,
}

impl Home {
    /// A new one that the user of roles can reach.
    pub fn new() -> Self {
        Self::named("home")
    }

    /// A new one with this name.
    pub fn named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Self {
            path: folder.path().canonicalize().unwrap().join(name),
            _folder: Some(Rc::new(folder)),
        }
    }

    /// At a path below a folder that somebody else removes.
    pub fn at(path: PathBuf) -> Self {
        Self {
            _folder: None,
            path,
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has a command use it, and a PostgreSQL of this machine.
    pub fn apply(&self, command: &mut Command) {
        command
            .env_remove("DOCKER_HOST")
            .env("RATESDEV_ENGINE", "embedded")
            .env("RATESDEV_HOME", &self.path)
            .env("RATESDEV_DATABASE_IMAGE", format!("postgres:{}", major()));
    }

    /// The folder of an environment.
    pub fn place(&self, environment: &str) -> PathBuf {
        self.path.join("environments").join(environment)
    }

    /// What is written down of an instance.
    pub fn record(&self, environment: &str, instance: &str) -> Value {
        serde_json::from_str(
            &std::fs::read_to_string(self.record_path(environment, instance)).unwrap(),
        )
        .unwrap()
    }

    fn record_path(&self, environment: &str, instance: &str) -> PathBuf {
        self.place(environment)
            .join(format!("roles/{instance}.json"))
    }

    /// Changes what is written down of an instance.
    pub fn rewrite(&self, environment: &str, instance: &str, change: impl FnOnce(&mut Value)) {
        let mut record = self.record(environment, instance);
        change(&mut record);
        std::fs::write(self.record_path(environment, instance), record.to_string()).unwrap();
    }

    /// The process of an instance that runs.
    pub fn pid(&self, environment: &str, instance: &str) -> u32 {
        eventually(&format!("{instance} runs"), || {
            let record = self.record(environment, instance);
            let pid = record["life"]["process"]["pid"].as_u64()?;
            Some(u32::try_from(pid).unwrap())
        })
    }

    /// The supervisor of an environment, if it has one.
    pub fn supervisor(&self, environment: &str) -> Option<u32> {
        let place = self.place(environment);
        let mut all = processes().into_iter();
        let found = all.find(|(_, words)| {
            words.get(1).is_some_and(|word| word == "supervise")
                && words.get(2).is_some_and(|word| Path::new(word) == place)
        });
        found.map(|(pid, _)| pid)
    }

    /// Every process that has something of an environment in its command line or works in its folder.
    pub fn processes(&self, environment: &str) -> Vec<String> {
        let lines = self.command_lines(environment).into_iter();
        lines
            .map(|(pid, words)| format!("{pid} {}", words.join(" ")))
            .collect()
    }

    /// Makes sure that nothing of an environment runs any more. The supervisor ends after its last answer.
    pub fn is_quiet(&self, environment: &str) {
        eventually("nothing of it runs", || {
            self.processes(environment).is_empty().then_some(())
        });
    }

    /// The programs of an environment that run and are not the server's own children, by their file names.
    pub fn programs(&self, environment: &str) -> Vec<String> {
        let lines = self.command_lines(environment).into_iter();
        let programs = lines.filter_map(|(_, words)| {
            let name = Path::new(&words[0]).file_name()?.to_str()?.to_owned();
            (words.len() > 2 || words[0].starts_with('/')).then_some(name)
        });
        let mut programs: Vec<_> = programs
            .filter(|name| !name.starts_with("postgres:"))
            .collect();
        programs.sort_unstable();
        programs
    }

    fn command_lines(&self, environment: &str) -> Vec<(u32, Vec<String>)> {
        let place = self.place(environment);
        let name = place.to_str().unwrap();
        let mut all = processes();
        all.retain(|(pid, words)| {
            let folder = std::fs::read_link(format!("/proc/{pid}/cwd"));
            words.iter().any(|word| word.contains(name))
                || folder.is_ok_and(|folder| folder.starts_with(&place))
        });
        all
    }

    /// Runs a statement and returns what `psql` prints.
    pub fn sql(&self, environment: &str, database: &str, sql: &str) -> String {
        let output = self.psql(environment, database, sql).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql {sql:?}: {stderr}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// The same where the server may not be able to answer yet.
    pub fn try_sql(&self, environment: &str, database: &str, sql: &str) -> Option<String> {
        if !self.record_path(environment, "database").exists() {
            return None;
        }
        let output = self.psql(environment, database, sql).output().unwrap();
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned();
        output.status.success().then_some(text)
    }

    /// `psql` about to run a statement.
    pub fn psql(&self, environment: &str, database: &str, sql: &str) -> Command {
        let endpoint = self.record(environment, "database")["endpoint"].clone();
        let (host, port) = endpoint.as_str().unwrap().rsplit_once(':').unwrap();
        let password =
            std::fs::read_to_string(self.place(environment).join("secrets/database_password"));
        let mut psql = Command::new(program("psql"));
        psql.args([
            "-h", host, "-p", port, "-U", "rates", "-d", database, "-Atc", sql,
        ])
        .env("PGPASSWORD", password.unwrap());
        psql
    }
}

/// The newest PostgreSQL that Debian has here.
fn installed() -> Option<(u32, PathBuf)> {
    let entries = std::fs::read_dir(DEBIAN).ok()?.flatten();
    let numbered = entries.filter_map(|entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((number, entry.path().join("bin")))
    });
    numbered.max()
}

/// The folder of the PostgreSQL that environments use here, where it is known.
pub fn postgres() -> Option<PathBuf> {
    installed().map(|(_, bin)| bin)
}

fn major() -> String {
    installed().map_or_else(|| "latest".to_owned(), |(major, _)| major.to_string())
}

fn program(name: &str) -> PathBuf {
    installed().map_or_else(|| name.into(), |(_, bin)| bin.join(name))
}

/// Every process of the machine with its command line.
fn processes() -> Vec<(u32, Vec<String>)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all = pids.filter_map(|pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = String::from_utf8_lossy(&line).into_owned();
        Some((pid, words.split('\0').map(str::to_owned).collect()))
    });
    all.collect()
}

/// Ends a process without letting it do anything about it.
pub fn kill(pid: u32) {
    send("KILL", pid);
}

/// Sends a signal to a process.
pub fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .status();
    assert!(sent.unwrap().success(), "kill -s {signal} {pid}");
}
