//! What goes into a build: the files of a folder that its `.dockerignore` leaves in, in the order of their names.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::ignore::Ignore;
use super::ignore::Matched;

/// The file that says what is left out.
pub const IGNORE: &str = ".dockerignore";

/// One thing that goes into a build.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its path below the folder.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its permissions.
    pub mode: u32,
    /// What the system says of it.
    pub metadata: Metadata,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link, which is never followed.
    Link(PathBuf),
}

/// A file or folder that cannot be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct Unreadable {
    /// Which.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Unreadable {
    /// For `map_err`.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self {
            path: path.to_owned(),
            source,
        }
    }
}

/// Everything below `root` that is left in. Sockets, pipes and devices are no part of a build.
pub fn walk(root: &Path, ignore: &Ignore) -> Result<Vec<Entry>, Unreadable> {
    let mut entries = Vec::new();
    look_into(root, Path::new(""), None, ignore, &mut entries)?;
    Ok(entries)
}

fn look_into(
    root: &Path,
    folder: &Path,
    matched: Option<&Matched>,
    ignore: &Ignore,
    entries: &mut Vec<Entry>,
) -> Result<(), Unreadable> {
    for name in names(&root.join(folder))? {
        let path = folder.join(name);
        let full = root.join(&path);
        let metadata = std::fs::symlink_metadata(&full).map_err(Unreadable::at(&full))?;
        let is_folder = metadata.is_dir();
        let shown = slashed(&path);
        let (is_out, matched) = ignore.leaves_out(&shown, matched);
        if is_out && (!is_folder || ignore.ends_at(&shown)) {
            continue;
        }
        if !is_out && let Some(kind) = kind(&full, &metadata)? {
            entries.push(Entry {
                path: path.clone(),
                kind,
                mode: mode(&metadata),
                metadata,
            });
        }
        if is_folder {
            look_into(root, &path, Some(&matched), ignore, entries)?;
        }
    }
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, Unreadable> {
    let list = || {
        let entries = std::fs::read_dir(folder)?;
        let names = entries.map(|entry| Ok(entry?.file_name()));
        names.collect::<io::Result<Vec<_>>>()
    };
    let mut names = list().map_err(Unreadable::at(folder))?;
    names.sort_unstable();
    Ok(names)
}

fn kind(path: &Path, metadata: &Metadata) -> Result<Option<Kind>, Unreadable> {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        let target = std::fs::read_link(path).map_err(Unreadable::at(path))?;
        return Ok(Some(Kind::Link(target)));
    }
    let plain = kind.is_file().then_some(Kind::File);
    Ok(plain.or_else(|| kind.is_dir().then_some(Kind::Folder)))
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}

/// Where files have no permissions, Docker lets everything be run.
#[cfg(not(unix))]
fn mode(_metadata: &Metadata) -> u32 {
    0o755
}

/// A path as patterns see it.
pub fn slashed(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
