//! Why PostgreSQL could not be fetched.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::super::version::Version;
use crate::error::Code;
use crate::error::Explain;
use crate::profile::POSTGRES_MIRROR;

/// Why PostgreSQL could not be fetched. The texts tell the reason alone; they are also read after a colon.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The mirror's name cannot be one.
    #[error("{0:?} is not a place that PostgreSQL can be fetched from")]
    Mirror(String),
    /// Nothing is published for this machine.
    #[error("no binaries of PostgreSQL are published for {0}")]
    Platform(String),
    /// The mirror does not have it.
    #[error("{mirror} has no PostgreSQL {version} for {platform} with a checksum")]
    Unpublished {
        /// The mirror's name.
        mirror: String,
        /// What was asked for.
        version: Version,
        /// The machine it is for.
        platform: String,
    },
    /// A file is not there.
    #[error("{place} does not exist")]
    Absent {
        /// The URL or the path.
        place: String,
    },
    /// The mirror said nothing in time.
    #[error("{mirror} does not answer within {} s", .after.as_secs())]
    Silent {
        /// The mirror's name.
        mirror: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The mirror stopped in the middle.
    #[error("{mirror} sent nothing more for {} s", .after.as_secs_f64())]
    Stalled {
        /// The mirror's name.
        mirror: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// No connection could be made, or it broke.
    #[error("{mirror} cannot be reached ({cause})")]
    Unreachable {
        /// The mirror's name.
        mirror: String,
        /// What went wrong, innermost.
        cause: String,
    },
    /// The mirror answered something else.
    #[error("{place} is answered with {status}")]
    Status {
        /// The URL.
        place: String,
        /// The status.
        status: String,
    },
    /// The archive is not what its publisher made.
    #[error("{place} has the wrong {algorithm} checksum")]
    Checksum {
        /// The URL or the path.
        place: String,
        /// Which checksum.
        algorithm: &'static str,
        /// As it should be.
        published: String,
        /// As it is.
        found: String,
    },
    /// The archive is not in Zonky's form.
    #[error("the archive cannot be unpacked: {0}")]
    Archive(String),
    /// What was fetched does not run here.
    #[error("the PostgreSQL that was fetched cannot be used: {0}")]
    Unusable(String),
    /// The cache cannot be used.
    #[error("cannot {action}: {cause}")]
    Cache {
        /// What was tried.
        action: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

impl FetchError {
    /// An adapter for `map_err` where a file of the cache is used.
    pub fn at(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let action = format!("{verb} {}", path.display());
        move |cause| Self::Cache { action, cause }
    }

    /// A thread that did not come back.
    pub fn broken_off(cause: &tokio::task::JoinError) -> Self {
        Self::Archive(cause.to_string())
    }

    /// Whether another PostgreSQL may be run instead: this one cannot be had here or now. Otherwise something is wrong
    /// that the user should know before anything is run.
    pub fn may_be_passed_over(&self) -> bool {
        match self {
            Self::Platform(_)
            | Self::Unpublished { .. }
            | Self::Absent { .. }
            | Self::Silent { .. }
            | Self::Stalled { .. }
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Unusable(_) => true,
            Self::Mirror(_) | Self::Checksum { .. } | Self::Archive(_) | Self::Cache { .. } => {
                false
            }
        }
    }
}

impl Explain for FetchError {
    fn code(&self) -> Code {
        match self {
            Self::Cache { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => {
                Code::DiskFull
            }
            _ => Code::PostgresFetch,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Mirror(_) => format!(
                "{POSTGRES_MIRROR} is the URL of a Maven repository, like https://repository.example/maven2, \
                 or file:/a/folder"
            ),
            Self::Checksum { .. } | Self::Archive(_) => format!(
                "nothing was unpacked; name another mirror in {POSTGRES_MIRROR}, \
                 or an installed PostgreSQL in `database.postgres`"
            ),
            Self::Cache { .. } => {
                "make room or give this user the folder, then run the command again".to_owned()
            }
            _ => format!(
                "check the network, name a mirror in {POSTGRES_MIRROR}, \
                 or an installed PostgreSQL in `database.postgres`"
            ),
        })
    }

    fn detail(&self) -> Vec<String> {
        match self {
            Self::Checksum {
                published, found, ..
            } => vec![
                format!("published: {published}"),
                format!("found:     {found}"),
            ],
            _ => Vec::new(),
        }
    }
}
