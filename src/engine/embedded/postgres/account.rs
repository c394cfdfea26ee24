//! The user that roles run as: PostgreSQL refuses to be root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::chown;
use std::os::unix::fs::fchown;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;

/// The users that roles may run as where this is root, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// The variable that says where embedded environments are kept.
const HOME: &str = "RATESDEV_HOME";

/// An unprivileged user of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

/// Who roles run as; none means whoever this is.
pub fn of_roles() -> Result<Option<Account>> {
    let is_root = rustix::process::geteuid().is_root();
    let users = if is_root {
        fs::read_to_string("/etc/passwd").unwrap_or_default()
    } else {
        String::new()
    };
    choose(is_root, &users)
}

/// The decision, with `/etc/passwd` as a text.
fn choose(is_root: bool, users: &str) -> Result<Option<Account>> {
    if !is_root {
        return Ok(None);
    }
    let find = |name: &&str| users.lines().find_map(|line| entry(line, name));
    let found = CANDIDATES.iter().find_map(find);
    found.map(Some).ok_or_else(|| {
        let what = "there is no user that roles could run as: PostgreSQL refuses to be root";
        let hint = "run the command as an ordinary user, or add one: `useradd --system postgres`";
        Error::new(Code::PostgresMissing, what).hint(hint)
    })
}

/// A line of `/etc/passwd`, where it is of this user and the user is not root by another name.
fn entry(line: &str, name: &str) -> Option<Account> {
    let mut fields = line.split(':');
    if fields.next() != Some(name) {
        return None;
    }
    let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = fields.next()?.parse().ok()?;
    let name = name.to_owned();
    Some(Account { name, uid, gid })
}

impl Account {
    /// Gives it a file or a folder.
    pub fn own(&self, path: &Path) -> std::io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// The same for a file that is open.
    pub fn own_open(&self, file: &fs::File) -> std::io::Result<()> {
        fchown(file, Some(self.uid), Some(self.gid))
    }

    /// Whether it can reach a folder that exists: it must be let into every folder on the way, and into this one.
    pub fn check_reach(&self, folder: &Path) -> Result<()> {
        let real = folder.canonicalize();
        let real = real.as_deref().unwrap_or(folder);
        let mut way: Vec<_> = real.ancestors().collect();
        way.reverse();
        match way.into_iter().find(|folder| !self.is_let_into(folder)) {
            Some(closed) => Err(self.closed(folder, closed)),
            None => Ok(()),
        }
    }

    fn is_let_into(&self, folder: &Path) -> bool {
        let Ok(found) = fs::metadata(folder) else {
            return false;
        };
        let bit = match found {
            _ if found.uid() == self.uid => 0o100,
            _ if found.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        found.mode() & bit != 0
    }

    fn closed(&self, folder: &Path, closed: &Path) -> Error {
        let (name, folder, closed) = (&self.name, folder.display(), closed.display());
        let what = format!(
            "the user {name}, whom roles run as, cannot reach {folder}: {closed} is closed to it"
        );
        Error::new(Code::FolderClosed, what).hint(format!(
            "keep environments elsewhere: {HOME}=/var/lib/ratesdev; or open the folder: `chmod o+x {closed}`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn root_runs_roles_as_somebody_else_and_others_as_themselves() {
        let postgres =
            "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let nobody = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin";
        let root = "root:x:0:0:root:/root:/bin/bash";
        let cases = [
            (vec![root, nobody, postgres], Some(("postgres", 101, 104))),
            (vec![root, nobody], Some(("nobody", 65534, 65534))),
            (
                vec![root, "postgres:x:0:0::/:/bin/sh", nobody],
                Some(("nobody", 65534, 65534)),
            ),
            (vec![root, "postgresql:x:5:5::/:/bin/sh"], None),
            (vec!["postgres:x:"], None),
            (vec![], None),
        ];
        for (lines, expected) in cases {
            let users = lines.join("\n");
            let chosen = choose(true, &users).ok().flatten();
            let chosen = chosen.as_ref().map(|a| (a.name.as_str(), a.uid, a.gid));
            assert_eq!(chosen, expected, "{users}");
        }
        assert_eq!(choose(false, postgres).unwrap(), None);
        assert_eq!(choose(true, root).unwrap_err().code, Code::PostgresMissing);
    }

    #[test]
    fn a_folder_on_the_way_that_is_closed_is_named() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let folder = root.join("a/b/c");
        fs::create_dir_all(&folder).unwrap();
        let mode = |path: &str, mode| {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        for path in ["", "a", "a/b", "a/b/c"] {
            mode(path, 0o755);
        }
        let stranger = Account {
            name: "stranger".to_owned(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        stranger.check_reach(&folder).unwrap();
        mode("a/b", 0o750);
        let error = stranger.check_reach(&folder).unwrap_err();
        assert_eq!(error.code, Code::FolderClosed);
        let closed = format!("{} is closed to it", root.join("a/b").display());
        assert!(error.what.ends_with(&closed), "{}", error.what);
        assert!(error.hint.unwrap().contains(HOME));
        let found = fs::metadata(root.join("a/b")).unwrap();
        let owner = Account {
            uid: found.uid(),
            gid: found.gid(),
            ..stranger
        };
        owner.check_reach(&folder).unwrap();
    }
}
