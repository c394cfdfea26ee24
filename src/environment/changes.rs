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
use tokio::time::Instant;
use tokio::time::timeout_at;

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

/// How long such a change is waited for at most: something may go on writing for ever.
const LONGEST: Duration = Duration::from_secs(2);

/// How often it is seen whether what went away has come back.
const RETRY: Duration = Duration::from_millis(200);

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
    /// What the system is asked to watch for it.
    place: PathBuf,
}

impl Watched {
    /// A file is watched through its folder, because editors put a new file in the place of the old one.
    fn new(role: Role, path: PathBuf) -> Self {
        let folder = path.parent().filter(|_| path.is_file());
        let place = folder.unwrap_or(&path).to_owned();
        Self { role, path, place }
    }
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
    ears: RecommendedWatcher,
    told: mpsc::UnboundedReceiver<PathBuf>,
    /// Places that went away, as folders do when another branch is checked out; they are watched again when they are back.
    lost: BTreeSet<PathBuf>,
}

/// What has changed so far, until that is quiet.
struct Gathered {
    changed: Changed,
    quiet: Instant,
    longest: Instant,
}

/// What was heard.
enum Heard {
    Path(PathBuf),
    Nothing,
    /// Nothing can be heard any more.
    End,
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
        Self::of(watched)
    }

    fn of(watched: Vec<Watched>) -> Result<Self> {
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
        for Watched { path, place, .. } in &watched {
            if !path.exists() {
                return Err(lacks::missing("sync", path).into());
            }
            ears.watch(place, mode(path, place)).map_err(fail)?;
        }
        Ok(Self {
            watched,
            ears,
            told,
            lost: BTreeSet::new(),
        })
    }

    /// The paths that are watched.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.watched.iter().map(|watched| watched.path.as_path())
    }

    /// Waits until code changes, and then until no more of it does for a moment. None is returned when nothing can be
    /// heard any more.
    pub async fn next(&mut self) -> Option<Changed> {
        let mut gathered = None;
        loop {
            for path in self.returned() {
                self.gather(&mut gathered, path);
            }
            let deadline = gathered.as_ref().map(Gathered::deadline);
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                break;
            }
            match self.hear(deadline).await {
                Heard::Path(path) => {
                    self.miss(&path);
                    self.gather(&mut gathered, path);
                }
                Heard::Nothing => {}
                Heard::End => break,
            }
        }
        gathered.map(|gathered| gathered.changed)
    }

    async fn hear(&mut self, deadline: Option<Instant>) -> Heard {
        let retry = (!self.lost.is_empty()).then(|| Instant::now() + RETRY);
        let heard = match [deadline, retry].into_iter().flatten().min() {
            Some(until) => timeout_at(until, self.told.recv()).await,
            None => Ok(self.told.recv().await),
        };
        match heard {
            Ok(path) => path.map_or(Heard::End, Heard::Path),
            Err(_) => Heard::Nothing,
        }
    }

    /// Only what is somebody's code puts the end off.
    fn gather(&self, gathered: &mut Option<Gathered>, path: PathBuf) {
        let roles = whose(&self.watched, &path);
        if roles.is_empty() {
            return;
        }
        let now = Instant::now();
        let gathered = gathered.get_or_insert_with(|| Gathered::new(path, now));
        gathered.changed.roles.extend(roles);
        gathered.quiet = now + QUIET;
    }

    /// A place of which something itself is told is no longer the one that is watched.
    fn miss(&mut self, path: &Path) {
        if self.watched.iter().any(|watched| watched.place == path) {
            drop(self.ears.unwatch(path));
            self.lost.insert(path.to_owned());
        }
    }

    /// The watched paths whose places are back, and watched from now on.
    fn returned(&mut self) -> Vec<PathBuf> {
        let mut returned = Vec::new();
        for Watched { path, place, .. } in &self.watched {
            let is_back = self.lost.contains(place) && place.exists();
            if is_back && self.ears.watch(place, mode(path, place)).is_ok() {
                returned.push((path.clone(), place.clone()));
            }
        }
        let path = |(path, place): (PathBuf, PathBuf)| {
            self.lost.remove(&place);
            path
        };
        returned.into_iter().map(path).collect()
    }
}

impl Gathered {
    fn new(file: PathBuf, now: Instant) -> Self {
        Self {
            changed: Changed {
                roles: BTreeSet::new(),
                file,
            },
            quiet: now,
            longest: now + LONGEST,
        }
    }

    fn deadline(&self) -> Instant {
        self.quiet.min(self.longest)
    }
}

fn mode(path: &Path, place: &Path) -> RecursiveMode {
    if path == place {
        RecursiveMode::Recursive
    } else {
        RecursiveMode::NonRecursive
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
    Some(Watched::new(role, path))
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
        let watched = watched.map(|(role, path)| Watched::new(role, path.into()));
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

    /// A change of the folder that is watched, within a time that is more than enough.
    async fn next(changes: &mut Changes) -> Changed {
        let patience = Duration::from_secs(20);
        let next = tokio::time::timeout(patience, changes.next()).await;
        next.expect("a change within 20 s").unwrap()
    }

    fn watch(folder: &tempfile::TempDir) -> (PathBuf, Changes) {
        let code = folder.path().canonicalize().unwrap().join("code");
        std::fs::create_dir(&code).unwrap();
        let changes = Changes::of(vec![Watched::new(Role::Api, code.clone())]).unwrap();
        (code, changes)
    }

    #[tokio::test]
    async fn code_that_never_comes_to_rest_and_noise_hold_no_restart_up() {
        let folder = tempfile::tempdir().unwrap();
        for busy in ["code/node_modules", "code/app.py"] {
            let (tell, told) = mpsc::unbounded_channel();
            let code = Watched::new(Role::Api, folder.path().join("code"));
            let mut changes = Changes::of(Vec::new()).unwrap();
            (changes.watched, changes.told) = (vec![code.clone()], told);
            tell.send(code.path.join("main.py")).unwrap();
            let busy = folder.path().join(busy);
            let writing = async {
                let mut every = tokio::time::interval(QUIET / 10);
                while tell.send(busy.clone()).is_ok() {
                    every.tick().await;
                }
            };
            tokio::select! {
                told = next(&mut changes) => assert_eq!(told.file, code.path.join("main.py")),
                () = writing => unreachable!("somebody listens"),
            }
        }
    }

    #[tokio::test]
    async fn a_folder_that_goes_away_and_comes_back_is_watched_again() {
        let folder = tempfile::tempdir().unwrap();
        let (code, mut changes) = watch(&folder);
        std::fs::remove_dir(&code).unwrap();
        assert_eq!(next(&mut changes).await.file, code);
        std::fs::create_dir(&code).unwrap();
        assert_eq!(next(&mut changes).await.file, code, "it is back");
        std::fs::write(code.join("app.py"), "new").unwrap();
        assert_eq!(next(&mut changes).await.file, code.join("app.py"));
    }

    #[tokio::test]
    async fn another_folder_in_the_place_of_the_old_one_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let (code, mut changes) = watch(&folder);
        let old = folder.path().join("old");
        std::fs::rename(&code, &old).unwrap();
        std::fs::create_dir(&code).unwrap();
        assert_eq!(next(&mut changes).await.file, code);
        std::fs::write(old.join("app.py"), "old").unwrap();
        std::fs::write(code.join("main.py"), "new").unwrap();
        assert_eq!(next(&mut changes).await.file, code.join("main.py"));
    }
}
