//! Folders and files as this engine keeps them: with exact rights, and never half written.

use std::fs::DirBuilder;
use std::fs::File;
use std::fs::Permissions;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::home;
use crate::private;

/// The rights of a folder for this user alone.
pub const PRIVATE: u32 = 0o700;

/// The rights of a folder on the way to something of the roles, who are another user where this one is root.
pub fn way() -> u32 {
    if home::is_root() { 0o711 } else { PRIVATE }
}

/// Makes a folder unless it is there, with these rights whatever the umask says.
pub fn folder(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes an empty file for this user alone unless one is there that can be written.
pub fn file(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    let file = options.append(true).create(true).mode(0o600).open(path);
    file.map(drop)
}

/// Replaces a file as a whole: whoever reads it finds the old contents or the new, even after a crash.
pub fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    replace_with(path, mode, |file| file.write_all(contents))
}

/// The same with contents that `write` writes.
pub fn replace_with(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    forget_unfinished(path);
    let new = beside(path);
    let written = make(&new, mode, write).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        // What was begun must not go on filling a disk that is full.
        drop(remove(&new));
    }
    written.and_then(|()| sync_folder(path))
}

fn make(path: &Path, mode: u32, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    remove(path)?;
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    write(&mut file)?;
    file.sync_all()
}

/// Less than this is no room: PostgreSQL takes its log 16 MB at a time, and ends where it cannot.
const SCARCE: u64 = 16 << 20;

/// Whether the disk of a folder has no room for anybody but root, as far as the system tells.
pub fn is_full(folder: &Path) -> bool {
    let found = rustix::fs::statvfs(folder);
    found.is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) < SCARCE)
}

/// The name under which something is made before it takes its place; two processes may make the same at the same time.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

/// Removes what processes that were killed have begun beside a file. What another is at work on stays.
pub fn forget_unfinished(path: &Path) {
    let entries = path.parent().map(std::fs::read_dir);
    for entry in entries.into_iter().flatten().flatten().flatten() {
        let maker = maker(&entry.path(), path);
        if maker.is_some_and(|maker| !private::lives(maker)) {
            drop(remove(&entry.path()));
        }
    }
}

/// The process that makes this, where it is to take the place of `path`.
fn maker(new: &Path, path: &Path) -> Option<i32> {
    let rest = new.to_str()?.strip_prefix(path.to_str()?)?;
    rest.strip_prefix('.')?.strip_suffix(".new")?.parse().ok()
}

/// Makes sure that a crash does not undo what was done to the names in a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Writes a document as JSON.
pub fn save(path: &Path, document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(document)?;
    replace(path, &text, 0o600)
}

/// Reads a document that may not be there. One that cannot be understood counts as not there.
pub fn load<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What tells a file from another that takes its place; empty where there is none.
pub fn mark(path: &Path) -> String {
    std::fs::metadata(path).map_or_else(
        |_| String::new(),
        |found| format!("{} {} {}", found.ino(), found.len(), found.mtime()),
    )
}

/// Removes a file that may not be there.
pub fn remove(path: &Path) -> io::Result<()> {
    absent(std::fs::remove_file(path))
}

/// How often a folder that somebody fills is emptied again.
const ATTEMPTS: usize = 1000;

/// Removes a folder with all that is in it, or nothing of it: it is out of its place first.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    let mut away = path.as_os_str().to_owned();
    away.push(".removed");
    let away = PathBuf::from(away);
    remove_tree(&away)?;
    match std::fs::rename(path, &away) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed?,
    }
    remove_tree(&away)
}

/// Removes a folder that may not be there, with all that is in it. A program that a killed command has left, `initdb` for
/// one, may still be making files in there; what it makes goes too, until it has no folder left to make any in.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let mut removed = std::fs::remove_dir_all(path);
    for _ in 1..ATTEMPTS {
        match &removed {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                removed = std::fs::remove_dir_all(path);
            }
            _ => break,
        }
    }
    absent(removed)
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_while_somebody_still_makes_files_in_it() {
        let scene = tempfile::tempdir().unwrap();
        let folder = scene.path().join("data");
        for turn in 0..20 {
            let inner = folder.join("base");
            std::fs::create_dir_all(&inner).unwrap();
            std::fs::write(inner.join("first"), "").unwrap();
            let make =
                move |number: u32| std::fs::write(inner.join(number.to_string()), "").is_ok();
            let maker = std::thread::spawn(move || {
                (0..u32::MAX).take_while(|number| make(*number)).count()
            });
            std::thread::yield_now();
            remove_tree(&folder).unwrap();
            assert!(!folder.exists(), "in turn {turn}");
            maker.join().unwrap();
        }
        remove_tree(&folder).unwrap();
    }

    #[test]
    fn what_a_killed_process_has_begun_goes_with_the_next_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.json");
        let mut killed = std::process::Command::new("true").spawn().unwrap();
        killed.wait().unwrap();
        let begun = |name: &str, process| folder.path().join(format!("{name}.{process}.new"));
        let stays = [
            begun("record.json", std::os::unix::process::parent_id()),
            begun("other.json", killed.id()),
        ];
        let goes = begun("record.json", killed.id());
        for path in stays.iter().chain([&goes]) {
            std::fs::write(path, "half").unwrap();
        }
        replace(&file, b"whole", 0o600).unwrap();
        assert!(!goes.exists());
        assert!(stays.iter().all(|path| path.exists()));
    }
}
