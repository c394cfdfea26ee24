//! PostgreSQL without Docker: which one is run, who runs it, and its cluster.
//!
//! | module | what belongs there |
//! |---|---|
//! | [`version`] | versions, and the one that an image's name asks for |
//! | [`choose`](mod@choose) | the decision, pure |
//! | [`places`] | installations of this machine |
//! | [`fetch`](mod@fetch) | binaries from a Maven repository |
//! | [`system`] | what runs on this machine, and how PostgreSQL is installed on it |
//! | [`account`] | the user that roles run as |
//! | [`cluster`] | the folder of the data |

#[cfg(unix)]
pub mod account;
mod choose;
#[cfg(unix)]
pub mod cluster;
mod fetch;
mod places;
mod system;
mod version;

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use crate::engine::Error;
use crate::engine::Result;
use crate::engine::Watcher;
use crate::error::Explain;
use crate::profile::POSTGRES_MIRROR;
use crate::profile::Postgres;
pub use choose::Choice;
use choose::Fetching;
pub use choose::Installation;
use choose::Question;
pub use choose::Reason;
pub use choose::Use;
use fetch::FetchError;
use fetch::Mirror;
use fetch::Patience;
use fetch::Release;
use places::Candidate;
use system::System;
pub use version::Version;
use version::Wanted;

/// The machine, as far as the search depends on it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Where fetched releases are kept.
    pub cache: PathBuf,
    /// The folders of programs, as in `PATH`.
    pub path: Option<OsString>,
    /// Where its files begin: `/`.
    pub root: PathBuf,
    /// Where releases are fetched from: `http:`, `https:` or `file:`.
    pub mirror: String,
    /// What is waited for.
    pub patience: Patience,
}

impl Machine {
    /// This one, with this process's variables.
    pub fn this(cache: PathBuf) -> Self {
        let mirror = std::env::var(POSTGRES_MIRROR).ok();
        let mirror = mirror.filter(|mirror| !mirror.is_empty());
        Self {
            cache,
            path: std::env::var_os("PATH"),
            root: PathBuf::from("/"),
            mirror: mirror.unwrap_or_else(|| fetch::MAVEN_CENTRAL.to_owned()),
            patience: Patience::default(),
        }
    }
}

/// What is wanted of the search.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The image of the profile, whose name tells a version.
    pub image: &'a str,
    /// The setting `database.postgres`.
    pub setting: &'a Postgres,
    /// The major version of the cluster that is there already, by [`cluster::major`].
    pub cluster: Option<u16>,
}

/// Finds the PostgreSQL to run, or fetches it. No more programs are asked for their version than the answer needs.
pub async fn find(request: Request<'_>, machine: &Machine, watcher: &dyn Watcher) -> Result<Use> {
    let search = Search::begin(request, machine).await?;
    match search.choose(Fetching::Possible)? {
        Choice::Use(used) => Ok(used),
        Choice::Fetch(version) => match search.fetch(version, watcher).await {
            Ok(installation) => Ok(Use {
                installation,
                reason: Reason::Fetched,
                remark: None,
            }),
            Err(error) => search.without(&error),
        },
    }
}

/// Everything that was found, and what would be run; nothing is fetched.
#[derive(Debug)]
pub struct Candidates {
    /// What was found, in the order in which it was looked for; without a version where it does not start.
    pub found: Vec<(PathBuf, Option<Version>)>,
    /// What the profile wants.
    pub wanted: Wanted,
    /// What would be run, or the release that would be fetched, or why there is none.
    pub choice: Result<Choice>,
}

/// Looks at every installation of the machine, for a report.
pub async fn candidates(request: Request<'_>, machine: &Machine) -> Candidates {
    let mut found = Vec::new();
    for candidate in machine.candidates() {
        let version = places::ask(&candidate).await.map(|one| one.version);
        found.push((candidate.programs, version));
    }
    let choice = match Search::begin(request, machine).await {
        Ok(search) => search.choose(Fetching::Possible),
        Err(error) => Err(error),
    };
    Candidates {
        found,
        wanted: Wanted::of_image(request.image),
        choice,
    }
}

/// The folders below `root` in which clients of PostgreSQL are looked for besides those of `PATH`.
pub fn clients(root: &Path) -> Vec<PathBuf> {
    places::clients(root)
}

/// How clients of PostgreSQL are installed on the machine whose files begin at `root`.
pub fn how_to_install_clients(root: &Path) -> String {
    System::of_this_machine(root).how_to_install_clients()
}

impl Machine {
    fn candidates(&self) -> Vec<Candidate> {
        places::candidates(&self.cache, self.path.as_deref(), &self.root)
    }
}

/// What is known while a PostgreSQL is looked for.
struct Search<'a> {
    machine: &'a Machine,
    system: System,
    wanted: Wanted,
    cluster: Option<u16>,
    named: Option<Installation>,
    found: Vec<Installation>,
}

impl<'a> Search<'a> {
    /// Asks those that may have the right major version; the others only where none of them has.
    async fn begin(request: Request<'_>, machine: &'a Machine) -> Result<Self> {
        let mut search = Self {
            machine,
            system: System::of_this_machine(&machine.root),
            wanted: Wanted::of_image(request.image),
            cluster: request.cluster,
            named: named(request.setting).await?,
            found: Vec::new(),
        };
        if search.named.is_none() {
            search.look().await;
        }
        Ok(search)
    }

    async fn look(&mut self) {
        let major = self.cluster.or_else(|| self.wanted.major());
        let candidates = self.machine.candidates().into_iter();
        let (likely, others): (Vec<_>, Vec<_>) = candidates
            .partition(|one| major.is_none() || one.major.is_none() || one.major == major);
        self.ask(&likely).await;
        if !self
            .found
            .iter()
            .any(|one| Some(one.version.major) == major)
        {
            self.ask(&others).await;
        }
    }

    async fn ask(&mut self, candidates: &[Candidate]) {
        for candidate in candidates {
            self.found.extend(places::ask(candidate).await);
        }
    }

    fn choose(&self, fetching: Fetching<'_>) -> Result<Choice> {
        choose::choose(&Question {
            wanted: self.wanted,
            cluster: self.cluster,
            named: self.named.as_ref(),
            found: &self.found,
            fetching,
            system: &self.system,
        })
    }

    async fn fetch(
        &self,
        version: Version,
        watcher: &dyn Watcher,
    ) -> Result<Installation, FetchError> {
        let platform = self.system.platform().ok_or_else(|| {
            let System {
                kind, processor, ..
            } = &self.system;
            FetchError::Platform(format!("{kind} on {processor}"))
        })?;
        let machine = self.machine;
        let mirror = Mirror::new(&machine.mirror)?;
        let release = Release { version, platform };
        fetch::fetch(&release, &mirror, machine.patience, &machine.cache, watcher).await
    }

    /// What is run where the wanted release could not be fetched.
    fn without(&self, error: &FetchError) -> Result<Use> {
        if !error.may_be_passed_over() {
            return Err(failed(error));
        }
        match self.choose(Fetching::Impossible(&error.to_string()))? {
            Choice::Use(used) => Ok(used),
            Choice::Fetch(_) => Err(failed(error)),
        }
    }
}

async fn named(setting: &Postgres) -> Result<Option<Installation>> {
    match setting {
        Postgres::Auto => Ok(None),
        Postgres::Folder(folder) => places::named(folder).await.map(Some),
    }
}

fn failed(error: &FetchError) -> Error {
    let failed = Error::new(error.code(), "PostgreSQL cannot be fetched");
    let failed = failed.because(error.to_string()).detail(error.detail());
    match error.hint() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

#[cfg(test)]
mod tests;
