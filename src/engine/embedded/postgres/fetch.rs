//! Fetches a release of PostgreSQL: the binaries that Zonky publishes in Maven's layout, verified, and unpacked whole.

mod error;
mod mirror;
mod unpack;

use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::time::Duration;

use sha1::Sha1;
use sha2::Digest;
use sha2::Sha256;
use sha2::Sha512;

use super::choose::Installation;
use super::places;
use super::version::Version;
use crate::engine::Progress;
use crate::engine::Watcher;
use crate::text::hex;
pub use error::FetchError;
pub use mirror::Mirror;

/// Where binaries are published, unless a mirror is named.
pub const MAVEN_CENTRAL: &str = "https://repo1.maven.org/maven2";

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the mirror answers: connection and headers.
    pub answer: Duration,
    /// Between two pieces of a download.
    pub stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(3),
            stall: Duration::from_secs(30),
        }
    }
}

/// A release for a machine, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The machine it is for: `linux-amd64`.
    pub platform: String,
}

impl Release {
    /// What the publisher appends to a version counts his own corrections; the first edition has none.
    fn edition(&self) -> String {
        format!("{}.0", self.version)
    }

    /// The name of its folder in the cache.
    fn folder(&self) -> String {
        format!("{}-{}", self.edition(), self.platform)
    }

    /// Where its archive is below the root of a Maven repository.
    pub fn path(&self) -> String {
        let artifact = format!("embedded-postgres-binaries-{}", self.platform);
        let edition = self.edition();
        format!("io/zonky/test/postgres/{artifact}/{edition}/{artifact}-{edition}.jar")
    }
}

/// Fetches a release into `cache`, unless it is there. Killed at any instant it leaves nothing that looks whole and is
/// not; of two at once, one waits for the other.
pub async fn fetch(
    release: &Release,
    mirror: &Mirror,
    patience: Patience,
    cache: &Path,
    watcher: &dyn Watcher,
) -> Result<Installation, FetchError> {
    let lock = lock(release, cache, watcher).await?;
    let folder = cache.join(release.folder());
    if let Ok(installation) = places::named(&folder).await {
        return Ok(installation);
    }
    let archive = verified(release, mirror, patience, watcher).await?;
    let partial = cache.join(format!(".{}.partial", release.folder()));
    // The thread cannot be stopped half-way, so it holds the lock itself.
    let unpacked = tokio::task::spawn_blocking({
        let partial = partial.clone();
        move || unpack::unpack(&archive, &partial).map(|()| lock)
    });
    let _lock = unpacked
        .await
        .map_err(|cause| FetchError::broken_off(&cause))??;
    let started = check(release, &partial).await;
    if started.is_err() {
        unpack::discard(&partial);
    }
    started?;
    unpack::put_in_place(&partial, &folder)?;
    let installation = places::named(&folder).await;
    installation.map_err(|error| FetchError::Unusable(error.to_string()))
}

/// Makes the cache and takes the release's lock, which the system frees when this process ends in any way.
async fn lock(release: &Release, cache: &Path, watcher: &dyn Watcher) -> Result<File, FetchError> {
    unpack::make_open_folder(cache)?;
    let path = cache.join(format!(".{}.lock", release.folder()));
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(FetchError::at("open", &path))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(cause)) => return Err(FetchError::at("lock", &path)(cause)),
            Err(TryLockError::WouldBlock) => {}
        }
        if !std::mem::replace(&mut told, true) {
            let version = release.version;
            watcher.notice(format!(
                "another ratesdev fetches PostgreSQL {version}; waiting"
            ));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The archive, which has the strongest checksum that is published.
async fn verified(
    release: &Release,
    mirror: &Mirror,
    patience: Patience,
    watcher: &dyn Watcher,
) -> Result<Vec<u8>, FetchError> {
    let path = release.path();
    let (algorithm, published) = checksum(release, mirror, patience).await?;
    let progress = |bytes, total_bytes| {
        watcher.progress(Progress {
            bytes,
            total_bytes,
            parts: None,
        });
    };
    let archive = mirror.read(&path, patience, &progress).await?;
    let hashed = tokio::task::spawn_blocking(move || ((algorithm.hash)(&archive), archive));
    let (found, archive) = hashed
        .await
        .map_err(|cause| FetchError::broken_off(&cause))?;
    if found == published {
        return Ok(archive);
    }
    Err(FetchError::Checksum {
        place: mirror.place(&path),
        algorithm: algorithm.name,
        published,
        found,
    })
}

/// A way to make a checksum.
#[derive(Debug, Clone, Copy)]
struct Algorithm {
    name: &'static str,
    extension: &'static str,
    hash: fn(&[u8]) -> String,
}

/// Those that Maven repositories publish, strongest first; MD5 proves nothing.
const ALGORITHMS: [Algorithm; 3] = [
    Algorithm {
        name: "SHA-512",
        extension: "sha512",
        hash: |bytes| hex(&Sha512::digest(bytes)),
    },
    Algorithm {
        name: "SHA-256",
        extension: "sha256",
        hash: |bytes| hex(&Sha256::digest(bytes)),
    },
    Algorithm {
        name: "SHA-1",
        extension: "sha1",
        hash: |bytes| hex(&Sha1::digest(bytes)),
    },
];

async fn checksum(
    release: &Release,
    mirror: &Mirror,
    patience: Patience,
) -> Result<(Algorithm, String), FetchError> {
    for algorithm in ALGORITHMS {
        let path = format!("{}.{}", release.path(), algorithm.extension);
        match mirror.read(&path, patience, &|_, _| ()).await {
            Ok(text) => return Ok((algorithm, first_word(&text))),
            Err(FetchError::Absent { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(FetchError::Unpublished {
        mirror: mirror.name(),
        version: release.version,
        platform: release.platform.clone(),
    })
}

/// A checksum file is the checksum, and with some tools the file's name after it.
fn first_word(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let word = text.split_whitespace().next().unwrap_or_default();
    word.to_ascii_lowercase()
}

/// Whether what was unpacked runs here and is what was asked for, while it can still be thrown away.
async fn check(release: &Release, partial: &Path) -> Result<(), FetchError> {
    let found = places::named(partial).await;
    let found = found.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        FetchError::Unusable(source.unwrap_or_else(|| "it is not in the archive".to_owned()))
    })?;
    if found.version == release.version {
        return Ok(());
    }
    Err(FetchError::Unusable(format!(
        "it is PostgreSQL {}",
        found.version
    )))
}

#[cfg(test)]
mod tests;
