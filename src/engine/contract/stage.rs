//! An engine for one scene, with what can be started on it; nothing of it is left afterwards.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use futures_util::FutureExt;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::engine::Action;
use crate::engine::Engine;
use crate::engine::Found;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Overview;
use crate::engine::Progress;
use crate::engine::Publish;
use crate::engine::Role;
use crate::engine::Service;
use crate::engine::State;
use crate::engine::Watcher;
use crate::engine::choice::Presence;
use crate::engine::docker::Asked;
use crate::engine::docker::Docker;
use crate::engine::embedded::Embedded;
use crate::engine::fake::Fake;
use crate::engine::probe;
use crate::image::ApiImage;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::Limits;
use crate::profile::Postgres;

/// The stand-in that `scripts/postgres-image` builds.
const STAND_IN: &str = "ratesdev-test/postgres:13";

/// How long a database may take to answer, and how often it is asked.
const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Where Debian has the programs of PostgreSQL, by major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Which engine.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Fake,
    Embedded,
    Docker,
}

/// Nobody watches.
struct Unwatched;

impl Watcher for Unwatched {
    fn progress(&self, _progress: Progress) {}
    fn line(&self, _line: String) {}
    fn notice(&self, _text: String) {}
}

/// An engine and an environment on it that is not there yet.
pub struct Stage {
    pub engine: Arc<dyn Engine>,
    pub owner: Identity,
    pub database: Service,
    pub api: Service,
    /// When it was opened, a little earlier because not every engine has the time to the nanosecond.
    pub begun: Timestamp,
    home: Option<Arc<TempDir>>,
    /// Whether there is somebody to answer where a port is published.
    has_programs: bool,
}

/// Plays a scene, and takes away what it made however it ends.
pub async fn on<F>(kind: Kind, scene: F)
where
    F: for<'a> FnOnce(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
{
    let Some(stage) = Stage::open(kind).await else {
        return;
    };
    let played = AssertUnwindSafe(scene(&stage)).catch_unwind().await;
    stage.clear().await;
    if let Err(panic) = played {
        std::panic::resume_unwind(panic);
    }
}

impl Stage {
    async fn open(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Fake => Some(Self::of(Arc::new(Fake::new()), "any", "any")),
            Kind::Embedded => Some(embedded().await),
            Kind::Docker => docker().await,
        }
    }

    fn of(engine: Arc<dyn Engine>, database: &str, api: &str) -> Self {
        let root = PathBuf::from("/nowhere/rates");
        let chance = getrandom::u32().unwrap();
        let owner = Identity {
            environment: format!("contract-{chance:08x}").parse().unwrap(),
            profile: "dev".to_owned(),
            profile_file: root.join("profiles/dev.toml"),
            root,
            protected: true,
        };
        Self {
            owner,
            database: service(Role::Database, database, &[]),
            api: service(Role::Api, api, &["serve"]),
            begun: Timestamp::now() - Duration::from_millis(1),
            has_programs: engine.about().engine != "fake",
            engine,
            home: None,
        }
    }

    /// Another environment on the same engine.
    pub fn beside(&self) -> Self {
        let (database, api) = (&self.database.image, &self.api.image);
        let mut other = Self::of(Arc::clone(&self.engine), database, api);
        other.home.clone_from(&self.home);
        other.api.arguments.clone_from(&self.api.arguments);
        other
    }

    pub async fn perform(&self, action: &Action) {
        let performed = self.engine.perform(&self.owner, action, &Unwatched).await;
        performed.unwrap_or_else(|error| panic!("{action:?}: {error:?}"));
    }

    pub async fn observe(&self) -> Observed {
        let observed = self.engine.observe(&self.owner.environment).await;
        observed.unwrap()
    }

    pub async fn presence(&self) -> Presence {
        let presence = self.engine.presence(&self.owner.environment).await;
        presence.unwrap()
    }

    pub async fn overview(&self, kept: bool) -> Option<Overview> {
        let all = self.engine.overview(kept).await.unwrap();
        let mut ours = all.into_iter();
        ours.find(|one| one.environment == self.owner.environment)
    }

    pub async fn is_listed(&self, kept: bool) -> bool {
        self.overview(kept).await.is_some()
    }

    pub async fn lay_the_ground(&self) {
        self.perform(&Action::CreateNetwork).await;
        self.perform(&Action::CreateVolumes(Vec::new())).await;
    }

    pub async fn start(&self, service: &Service) {
        self.perform(&Action::Start(service.clone())).await;
    }

    /// Starts the database where nothing was before, and waits until it answers: one that is stopped while it makes its
    /// cluster is none of what is shown here.
    pub async fn ready(&self) -> Found {
        self.lay_the_ground().await;
        self.start(&self.database).await;
        let found = self.running(Role::Database).await;
        let deadline = Instant::now() + PATIENCE;
        while self.has_programs && !answers(&found).await {
            assert!(Instant::now() < deadline, "the database does not answer");
            tokio::time::sleep(PAUSE).await;
        }
        self.running(Role::Database).await
    }

    pub async fn found(&self, role: Role) -> Option<Found> {
        let observed = self.observe().await;
        observed.find(Instance::first(role)).cloned()
    }

    pub async fn running(&self, role: Role) -> Found {
        let found = self.found(role).await.unwrap();
        assert_eq!(found.state, State::Running);
        found
    }

    /// Takes everything away, what asks before what answers.
    pub async fn clear(&self) {
        for found in self.observe().await.instances.into_iter().rev() {
            self.perform(&Action::Remove(found, None)).await;
        }
        self.perform(&Action::RemoveNetwork).await;
        self.perform(&Action::RemoveVolumes).await;
    }
}

async fn answers(found: &Found) -> bool {
    let endpoint = found.endpoint.unwrap();
    probe::ask(found.instance.role, endpoint).await.is_ok()
}

fn service(role: Role, image: &str, arguments: &[&str]) -> Service {
    Service {
        instance: Instance::first(role),
        image: image.to_owned(),
        postgres: Postgres::Auto,
        limits: Limits {
            memory: Bytes(256 << 20),
            millicpus: 1000,
            pids: 100,
        },
        variables: BTreeMap::new(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        publish: Some(Publish {
            address: Ipv4Addr::LOCALHOST.into(),
            port: None,
        }),
        contract: None,
        extras: Box::default(),
    }
}

/// Containers. What runs as the API needs nothing but to run until it is stopped.
async fn docker() -> Option<Stage> {
    if std::env::var("RATESDEV_TEST_SKIP_DOCKER").is_ok_and(|value| value == "1") {
        eprintln!(
            "!!! RATESDEV_TEST_SKIP_DOCKER=1: THIS TEST DID NOT RUN, it needs a Docker Engine"
        );
        return None;
    }
    let variable = |name: &str| std::env::var(name).ok();
    let connected = Docker::connect(&Asked::default(), variable, Duration::from_mins(1)).await;
    let image = variable("RATESDEV_TEST_POSTGRES").unwrap_or_else(|| STAND_IN.to_owned());
    let mut stage = Stage::of(Arc::new(connected.unwrap()), &image, &image);
    let there = stage.engine.has_image(&image).await.unwrap();
    assert!(there, "{image} is not there: scripts/postgres-image");
    stage.api.arguments = ["sleep", "1000000"].map(str::to_owned).to_vec();
    Some(stage)
}

/// Processes of this machine, with a PostgreSQL that is installed and the program that was built beside this test.
async fn embedded() -> Stage {
    let home = tempfile::tempdir().unwrap();
    open_to_roles(home.path());
    let named = home.path().canonicalize().unwrap().join("home");
    let named = named.to_str().unwrap().to_owned();
    let engine = Embedded::open(|_| Some(named.clone())).unwrap();
    let image = ApiImage::locate(&program(), Path::new("/"), &Platform::Process, None).unwrap();
    let majors = std::fs::read_dir(DEBIAN).unwrap().flatten();
    let majors = majors.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let postgres = format!("postgres:{}", majors.max().unwrap());
    let mut stage = Stage::of(Arc::new(engine), &postgres, image.tag());
    stage.home = Some(Arc::new(home));
    stage.perform(&Action::Build(image)).await;
    stage
}

/// Roles are another user where this one is root.
fn open_to_roles(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

/// The program itself, which supervisors and roles run from. Cargo builds it for the tests that drive it, into the folder
/// above this test's own; it must not be of an earlier day.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().with_file_name("ratesdev");
    let built = std::fs::metadata(&program).and_then(|found| found.modified());
    let built = built.expect("the program is built too: cargo build");
    let source = newest(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(built >= source, "{} is old: cargo build", program.display());
    program
}

/// When the youngest file in a folder was written.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let times = entries.map(|entry| {
        if entry.file_type().unwrap().is_dir() {
            newest(&entry.path())
        } else {
            entry.metadata().unwrap().modified().unwrap()
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
