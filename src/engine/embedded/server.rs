//! PostgreSQL as the role `database`: which one, its cluster, and how it is started.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::account::Account;
use super::disk;
use super::home::Place;
use super::home::is_root;
use crate::engine::DATABASE_NAME;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;

/// A PostgreSQL of this machine.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Where its programs are.
    pub bin: PathBuf,
    /// Its version.
    pub version: String,
}

impl Installation {
    /// The newest that is installed.
    pub fn find() -> Result<Self> {
        let folders = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten();
        let numbered = folders.filter_map(|entry| {
            let entry = entry.ok()?;
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        });
        let newest = numbered.max();
        let (number, bin) =
            newest.ok_or_else(|| Error::new(Code::RoleDied, "no PostgreSQL is installed"))?;
        Ok(Self {
            bin,
            version: number.to_string(),
        })
    }

    /// The server's program.
    pub fn program(&self) -> PathBuf {
        self.bin.join("postgres")
    }
}

/// As whom roles run: nobody in particular, unless this is root.
pub fn account() -> Option<Account> {
    if !is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let find = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some(Account {
            name: name.to_owned(),
            uid: numbers.next()?.ok()?,
            gid: numbers.next()?.ok()?,
        })
    };
    find("postgres").or_else(|| find("nobody"))
}

/// Makes the cluster unless it is there.
pub fn prepare(
    installation: &Installation,
    place: &Place,
    account: Option<&Account>,
) -> Result<()> {
    let data = place.data();
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    let beside = data.with_extension("new");
    let failed = |error: io::Error| Error::new(Code::Io, "cannot make the cluster").because(error);
    disk::remove_folder(&beside).map_err(failed)?;
    disk::folder(&beside, disk::PRIVATE).map_err(failed)?;
    give(&beside, account).map_err(failed)?;
    let mut initdb = Command::new(installation.bin.join("initdb"));
    initdb
        .arg("-D")
        .arg(&beside)
        .arg(format!("--username={DATABASE_NAME}"))
        .arg(format!("--pwfile={}", place.password().display()))
        .args([
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ])
        .current_dir(place.workplaces());
    if let Some(account) = account {
        initdb.uid(account.uid).gid(account.gid);
    }
    let made = initdb.output().map_err(failed)?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        let lines = said.lines().map(str::to_owned).collect();
        return Err(Error::new(Code::Io, "cannot make the cluster").detail(lines));
    }
    std::fs::rename(&beside, &data).map_err(failed)
}

/// Gives a file or folder to the user of roles.
pub fn give(path: &Path, account: Option<&Account>) -> io::Result<()> {
    match account {
        Some(account) => chown(path, Some(account.uid), Some(account.gid)),
        None => Ok(()),
    }
}

/// A secret that only the roles may read.
pub fn secret(path: &Path, text: &str, account: Option<&Account>) -> io::Result<()> {
    disk::replace(path, text.as_bytes(), 0o600)?;
    give(path, account)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
}

/// The arguments of `postgres`.
pub fn arguments(place: &Place, address: &str, port: u16, extra: &[String]) -> Vec<String> {
    let mut arguments = vec!["-D".to_owned(), place.data().display().to_string()];
    let settings = [
        format!("listen_addresses={address}"),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "logging_collector=off".to_owned(),
    ];
    for setting in settings {
        arguments.extend(["-c".to_owned(), setting]);
    }
    arguments.extend(extra.iter().cloned());
    arguments
}
