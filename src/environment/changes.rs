//! Whose mounted code changes: watches the files of this machine that `sync` mounts.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use notify::EventKind;
use notify::RecommendedWatcher;
use notify::RecursiveMode;
use notify::Watcher;
use notify::event::ModifyKind;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::lacks;
use crate::engine::Role;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::Mount;
use crate::profile::Profile;
use crate::profile::Source;

/// How long nothing more must change until a change counts as whole: editors and `git` write many files at once.
const QUIET: Duration = Duration::from_millis(200);

/// Files that change by themselves, or that no program reads: what version control, caches and editors keep.
const NOISE: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".idea",
    ".vscode",
    ".venv",
    ".tox",
    ".cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".DS_Store",
    "__pycache__",
    "node_modules",
    "4913",
];

/// How the names of such files end.
const NOISY_ENDINGS: &[&str] = &["~", ".pyc", ".pyo", ".swp", ".swo", ".swx", ".tmp"];

/// A path that is watched, and whose code it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watched {
    role: Role,
    path: PathBuf,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Whose code.
    pub roles: BTreeSet<Role>,
    /// The first file of it.
    pub file: PathBuf,
}

/// The files that are watched.
#[derive(Debug)]
pub struct Changes {
    watched: Vec<Watched>,
    /// Tells for as long as it lives.
    _ears: RecommendedWatcher,
    told: mpsc::UnboundedReceiver<PathBuf>,
}

/// No role of the profile is to be started again.
#[derive(Debug, thiserror::Error)]
#[error("the profile {0} has nothing to watch")]
struct NothingToWatch(String);

impl Explain for NothingToWatch {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "give `[api]` or a service `sync = [\"../code:/app\"]` and `restart_on_change = true`"
                .to_owned(),
        )
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Changes {
    /// Begins to watch the code of every role that is to be started again when it changes.
    pub fn watch(profile: &Profile) -> Result<Self> {
        let watched = watched(profile);
        if watched.is_empty() {
            return Err(NothingToWatch(profile.name.clone()).into());
        }
        let (tell, told) = mpsc::unbounded_channel();
        let hear = move |heard: notify::Result<notify::Event>| {
            let paths = heard.ok().filter(|event| is_change(event.kind));
            for path in paths.into_iter().flat_map(|event| event.paths) {
                // Nobody listens any more when the program ends.
                drop(tell.send(path));
            }
        };
        let fail = |error: notify::Error| {
            IoError::new("watch the code that is mounted")(std::io::Error::other(error))
        };
        let mut ears = notify::recommended_watcher(hear).map_err(fail)?;
        for Watched { path, .. } in &watched {
            if !path.exists() {
                return Err(lacks::missing("sync", path).into());
            }
            let (path, mode) = place(path);
            ears.watch(path, mode).map_err(fail)?;
        }
        Ok(Self {
            watched,
            _ears: ears,
            told,
        })
    }

    /// The paths that are watched.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.watched.iter().map(|watched| watched.path.as_path())
    }

    /// Waits until code changes, and then until nothing more does for a moment. None is returned when nothing can be
    /// heard any more.
    pub async fn next(&mut self) -> Option<Changed> {
        let mut changed: Option<Changed> = None;
        loop {
            let told = match &changed {
                None => self.told.recv().await?,
                Some(_) => match timeout(QUIET, self.told.recv()).await {
                    Ok(Some(path)) => path,
                    Ok(None) | Err(_) => return changed,
                },
            };
            let roles = whose(&self.watched, &told);
            if !roles.is_empty() {
                let changed = changed.get_or_insert_with(|| Changed {
                    roles: BTreeSet::new(),
                    file: told,
                });
                changed.roles.extend(roles);
            }
        }
    }
}

/// A file is watched through its folder, because editors put a new file in the place of the old one.
fn place(path: &Path) -> (&Path, RecursiveMode) {
    match path.parent().filter(|_| path.is_file()) {
        Some(folder) => (folder, RecursiveMode::NonRecursive),
        None => (path, RecursiveMode::Recursive),
    }
}

/// Reading a file changes nothing, nor does what is only about the file.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Any => true,
        EventKind::Modify(how) => !matches!(how, ModifyKind::Metadata(_)),
        EventKind::Access(_) | EventKind::Other => false,
    }
}

fn watched(profile: &Profile) -> Vec<Watched> {
    let api = (Role::Api, profile.api.restart_on_change, &profile.api.sync);
    let services = profile.services.iter();
    let services =
        services.map(|service| (service.role(), service.restart_on_change, &service.sync));
    let all = std::iter::once(api).chain(services);
    let wanted = all.filter(|(_, is_wanted, _)| *is_wanted);
    wanted
        .flat_map(|(role, _, sync)| sync.iter().filter_map(move |mount| of_mount(role, mount)))
        .collect()
}

/// The watcher tells paths as they are, behind links.
fn of_mount(role: Role, mount: &Mount) -> Option<Watched> {
    let Source::Path(path) = &mount.source else {
        return None;
    };
    let path = path.canonicalize().unwrap_or_else(|_| path.clone());
    Some(Watched { role, path })
}

/// The roles whose code a path is.
fn whose(watched: &[Watched], path: &Path) -> Vec<Role> {
    let is_code = |watched: &&Watched| {
        let below = path.strip_prefix(&watched.path);
        below.is_ok_and(|below| !is_noise(below))
    };
    let whose = watched.iter().filter(is_code);
    whose.map(|watched| watched.role).collect()
}

fn is_noise(path: &Path) -> bool {
    path.iter().any(|part| {
        let part = part.to_string_lossy();
        NOISE.contains(&&*part) || NOISY_ENDINGS.iter().any(|ending| part.ends_with(ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_and_caches_write_is_nobody_s_code() {
        let own: Role = "worker".parse().unwrap();
        let watched = [(Role::Api, "/code"), (own, "/code/lib"), (own, "/main.py")];
        let watched = watched.map(|(role, path)| Watched {
            role,
            path: path.into(),
        });
        let cases: [(&str, &[Role]); 9] = [
            ("/code/app.py", &[Role::Api]),
            ("/code/lib/a.py", &[Role::Api, own]),
            ("/code", &[Role::Api]),
            ("/main.py", &[own]),
            ("/main.py.new", &[]),
            ("/code/.git/index", &[]),
            ("/code/lib/__pycache__/a.cpython-313.pyc", &[]),
            ("/code/.app.py.swp", &[]),
            ("/code/app.py~", &[]),
        ];
        for (path, roles) in cases {
            assert_eq!(whose(&watched, Path::new(path)), roles, "{path}");
        }
    }
}
