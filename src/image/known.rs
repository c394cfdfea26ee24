//! What files held when they were last read, so that a folder of gigabytes is not read again to find that nothing changed.
//!
//! A file is taken for what it was while its inode, its size and both its times are the same; one that changed within the
//! last seconds before it was read is not remembered, because it could change again within one tick of the clock. What is
//! remembered lies among the user's caches and may be lost at any time.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use crate::text::hex;

/// Times of files may be as coarse as this.
const COARSEST: Duration = Duration::from_secs(3);

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    inode: u64,
    size: u64,
    /// When its contents changed, in nanoseconds since 1970.
    modified: i128,
    /// When anything about it changed, in nanoseconds since 1970; programs cannot set it.
    changed: i128,
}

impl Stamp {
    #[cfg(unix)]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "other systems have no such numbers"
    )]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        Some(Self {
            inode: metadata.ino(),
            size: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Option<Self> {
        None
    }

    /// Whether it will differ if the file is changed from now on.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let latest = self.modified.max(self.changed);
        i128::try_from(now.saturating_sub(COARSEST).as_nanos()).is_ok_and(|limit| latest < limit)
    }
}

/// What is remembered of the files of one folder.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known(BTreeMap<String, (Stamp, String)>);

impl Known {
    /// What was kept of `folder` in `cache`; nothing where that cannot be read.
    pub fn read(cache: &Path, folder: &Path) -> Self {
        let text = std::fs::read(file(cache, folder)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// What the file at `path` holds, as its SHA-256, where it is what it was.
    pub fn digest(&self, path: &str, metadata: &Metadata) -> Option<&str> {
        let (stamp, digest) = self.0.get(path)?;
        (Stamp::of(metadata) == Some(*stamp)).then_some(digest.as_str())
    }

    /// Remembers what a file holds that was looked at `now`, before it was read.
    pub fn remember(&mut self, path: &str, metadata: &Metadata, digest: &str, now: SystemTime) {
        let stamp = Stamp::of(metadata).filter(|stamp| stamp.is_settled(now));
        if let Some(stamp) = stamp {
            self.0.insert(path.to_owned(), (stamp, digest.to_owned()));
        }
    }

    /// Keeps it for the next time. That it cannot be kept costs time, nothing else, and so does what two commands make of it
    /// at the same time.
    pub fn write(&self, cache: &Path, folder: &Path) {
        let file = file(cache, folder);
        let write = || {
            std::fs::create_dir_all(cache)?;
            let new = file.with_extension("new");
            std::fs::write(&new, serde_json::to_vec(self)?)?;
            std::fs::rename(new, &file)
        };
        drop(write());
    }
}

/// The folder of the user's caches where this is kept.
pub fn cache() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ratesdev")?;
    Some(folders.cache_dir().join("builds"))
}

fn file(cache: &Path, folder: &Path) -> PathBuf {
    let digest = hex(&Sha256::digest(folder.as_os_str().as_encoded_bytes()));
    let name: String = digest.chars().take(16).collect();
    cache.join(name).with_extension("json")
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn now() -> SystemTime {
        Timestamp::now().into()
    }

    #[test]
    fn a_file_is_known_until_anything_about_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let look = || std::fs::metadata(&path).unwrap();
        let later = now() + Duration::from_mins(1);
        let mut known = Known::default();
        known.remember("a", &look(), "digest", later);
        known.write(folder.path(), &path);
        let known = Known::read(folder.path(), &path);
        assert_eq!(known.digest("a", &look()), Some("digest"));
        std::fs::write(&path, "two").unwrap();
        let old = std::fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_times(old)
            .unwrap();
        assert_eq!(known.digest("a", &look()), None);
        assert_eq!(known.digest("b", &look()), None);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let mut known = Known::default();
        known.remember("a", &std::fs::metadata(&path).unwrap(), "digest", now());
        assert_eq!(known, Known::default());
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(file(folder.path(), Path::new("/x")), "no JSON").unwrap();
        assert_eq!(
            Known::read(folder.path(), Path::new("/x")),
            Known::default()
        );
    }
}
