//! Folders among temporary files that are for this user alone.

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Where everything of this user's is, the same folder for every session of the user.
pub fn folder() -> PathBuf {
    #[cfg(unix)]
    let user = rustix::process::getuid().as_raw().to_string();
    #[cfg(not(unix))]
    let user = "user";
    std::env::temp_dir().join(format!("ratesdev-{user}"))
}

/// Makes a folder for this user alone. Among temporary files, one that is there may be somebody else's trap.
#[cfg(unix)]
pub fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    use std::os::unix::fs::MetadataExt;

    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    let found = std::fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == rustix::process::getuid().as_raw() {
        return Ok(());
    }
    let what = format!("{} is not a folder of this user's", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
}

/// Makes a folder for this user alone.
#[cfg(not(unix))]
pub fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// A folder of this process's own, removed when it is dropped. What a killed process left is removed by the next one.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one. Its path is short, because sockets in it may have no long one.
    pub fn new(word: &str) -> io::Result<Self> {
        let parent = folder();
        make(&parent)?;
        forget_killed(&parent, word);
        let chance = getrandom::u32().map_err(io::Error::other)? & 0xffff;
        let own = parent.join(format!("{word}-{}-{chance:04x}", std::process::id()));
        make(&own)?;
        Ok(Self(own))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Removes the folders whose process is no more.
fn forget_killed(parent: &Path, word: &str) {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| owner(name, word));
        if process.is_some_and(|process| !lives(process)) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// The process that a folder of this name belongs to.
fn owner(name: &str, word: &str) -> Option<i32> {
    let (process, _) = name
        .strip_prefix(word)?
        .strip_prefix('-')?
        .split_once('-')?;
    process.parse().ok()
}

/// Whether there is a process of this number, whosever it is.
#[cfg(unix)]
pub fn lives(process: i32) -> bool {
    let process = rustix::process::Pid::from_raw(process);
    let asked = process.map(rustix::process::test_kill_process);
    asked != Some(Err(rustix::io::Errno::SRCH))
}

/// Whether there is a process of this number, as far as can be told.
#[cfg(not(unix))]
pub fn lives(_process: i32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_process() {
        let parent = tempfile::tempdir().unwrap();
        let ours = format!("ssh-{}-0000", std::process::id());
        let killed = {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            child.wait().unwrap();
            format!("ssh-{}-0000", child.id())
        };
        for name in [&ours, &killed, "ssh-x-0", "other"] {
            make(&parent.path().join(name)).unwrap();
        }
        forget_killed(parent.path(), "ssh");
        assert!(!parent.path().join(killed).exists());
        for name in [&ours, "ssh-x-0", "other"] {
            assert!(parent.path().join(name).exists(), "{name}");
        }
    }
}
