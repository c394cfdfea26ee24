//! Commands that are killed at any instant of their work: the same command again, or another one, brings exactly what was
//! wanted, and in the end nothing is left anywhere.

mod halts;
mod images;
mod others;
mod services;

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

use crate::support::checkout::Checkout;
use crate::support::checkout::small_dump;
use crate::support::docker::docker;
use crate::support::docker::lines;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::eventually;
use crate::support::random::Random;
use crate::support::run::Running;

/// How often each command is killed, unless `RATESDEV_TEST_KILLS` says otherwise.
const KILLS: u32 = 3;

/// How much an Engine of the test's own may keep.
const DISK_MEGABYTES: u32 = 2000;

/// What a build of this program leaves that was cut off is known by this.
const LABEL_OF_IMAGES: &str = "label=dev.ratesdev.role=api";

/// Any image without a name. The steps of a team's own Dockerfile are no more than that where their build is cut off: the
/// Engine's cache, for which nothing can be said of whose it is.
const ANY_STEP: &str = "dangling=true";

/// How long an Engine may still be at work for a command that was killed.
const BUSY: Duration = Duration::from_millis(500);

/// What stays in the folder of a test, which is that of its checkout, of its user and of temporary files.
fn may_stay(path: &str) -> bool {
    let of_checkout = ["db/", "profiles/", "api/", "code/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    let is_program = path.starts_with("home/programs/") && path.ends_with("/ratesdev");
    let ends_with = |word: &str| Path::new(path).extension().is_some_and(|end| end == word);
    let is_lock = ends_with("lock");
    let is_lock_of_user = path.starts_with("ratesdev-") && is_lock;
    let is_lock_of_home = path.starts_with("home/") && is_lock;
    let is_history = [".local/state/ratesdev/questions", ".bash_history"].contains(&path);
    let is_known_hash = path.starts_with(".cache/ratesdev/builds/") && ends_with("json");
    let of_user = is_history || is_known_hash;
    of_checkout || is_program || is_lock_of_user || is_lock_of_home || of_user
}

/// Two seeds whose average is the same, so that the check of the profile passes with either.
const SEEDS: [[u32; 3]; 2] = [[1000, 1200, 1263], [1100, 1100, 1263]];

const SEED: &[&str] = &["seed", "--reset"];

const DOWN_WITH_DATA: &[&str] = &["down", "-v", "--yes"];

on_every_engine! {
    an_up_that_is_killed_at_any_instant_is_gone_on_with_by_the_next,
    a_seed_that_is_killed_at_any_instant_is_gone_on_with_by_the_next,
    a_down_that_is_killed_at_any_instant_is_gone_on_with_by_the_next,
}

fn an_up_that_is_killed_at_any_instant_is_gone_on_with_by_the_next(kind: Kind) {
    let begin: [fn(&Victim); 3] = [
        Victim::is_nothing,
        Victim::is_nothing_without_an_image,
        Victim::is_its_data,
    ];
    killed_often(
        kind,
        "kill-up",
        &begin.map(|begin| Scene::again(begin, &["up"], Victim::is_whole)),
    );
}

fn a_seed_that_is_killed_at_any_instant_is_gone_on_with_by_the_next(kind: Kind) {
    let seed = |begin, verify| Scene {
        meanwhile: |victim| victim.environment.answers(),
        ..Scene::again(begin, SEED, verify)
    };
    killed_often(
        kind,
        "kill-seed",
        &[
            seed(
                |victim| victim.wants(SEEDS[1]),
                |victim| victim.holds(SEEDS[1]),
            ),
            seed(
                |victim| victim.wants(SEEDS[0]),
                |victim| victim.holds(SEEDS[0]),
            ),
        ],
    );
}

fn a_down_that_is_killed_at_any_instant_is_gone_on_with_by_the_next(kind: Kind) {
    killed_often(
        kind,
        "kill-down",
        &[
            Scene::again(Victim::is_up, &["down"], |victim| {
                victim.environment.is_down();
            }),
            Scene::again(Victim::is_up, DOWN_WITH_DATA, |victim| {
                victim.environment.is_gone();
            }),
        ],
    );
}

/// A command that is killed, what there is when it begins, and what there must be when the next command has ended.
struct Scene {
    begin: fn(&Victim),
    arguments: &'static [&'static str],
    /// What holds even before the next command is run.
    meanwhile: fn(&Victim),
    next: &'static [&'static str],
    verify: fn(&Victim),
}

impl Scene {
    /// One whose next command is the same.
    fn again(begin: fn(&Victim), arguments: &'static [&'static str], verify: fn(&Victim)) -> Self {
        Self {
            begin,
            arguments,
            meanwhile: |_| {},
            next: arguments,
            verify,
        }
    }
}

/// Kills the command of each scene in turn, on an environment of no services.
fn killed_often(kind: Kind, word: &str, scenes: &[Scene]) {
    if let Some(victim) = Victim::new(kind, word) {
        victim.is_killed_often(scenes);
        victim.leaves_nothing();
    }
}

fn kills_wanted() -> u32 {
    std::env::var("RATESDEV_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap())
}

/// Whether it was still at work.
fn kill_after(mut command: Running, after: Duration) -> bool {
    if passes(after, || command.has_ended()) {
        eprintln!("ended before {after:?}");
        return false;
    }
    eprintln!(
        "killed after {after:?}, when it had said: {}",
        command.said()
    );
    command.kill();
    true
}

/// Lets this time pass, unless something happens; whether that has happened.
fn passes(time: Duration, mut happens: impl FnMut() -> bool) -> bool {
    let instant = Instant::now() + time;
    while Instant::now() < instant {
        if happens() {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    false
}

/// An environment whose commands are killed. With Docker it has an Engine of its own, so that all that is left there can
/// be seen, whoever's it is.
struct Victim {
    environment: Environment,
    /// Services of the team's own, and how many volumes they have.
    services: (&'static [&'static str], usize),
    /// Which images a build may leave that is cut off.
    steps: &'static str,
    /// What the Engine had before.
    before: BTreeSet<String>,
    engine: Option<PrivateEngine>,
}

impl Victim {
    fn new(kind: Kind, word: &str) -> Option<Self> {
        let engine = match kind {
            Kind::Docker => Some(PrivateEngine::start(DISK_MEGABYTES)?),
            Kind::Embedded => None,
        };
        Self::from(kind, engine, word, &Rc::new(Checkout::small()))
    }

    /// The same from this checkout and on this engine.
    fn from(
        kind: Kind,
        engine: Option<PrivateEngine>,
        word: &str,
        checkout: &Rc<Checkout>,
    ) -> Option<Self> {
        Some(Self {
            environment: Environment::on(kind, word, checkout)?,
            services: (&[], 0),
            steps: LABEL_OF_IMAGES,
            before: engine
                .as_ref()
                .map(PrivateEngine::contents)
                .unwrap_or_default(),
            engine,
        })
    }

    /// Kills the command of each scene in turn, at instants spread over the time that it takes undisturbed.
    fn is_killed_often(&self, scenes: &[Scene]) {
        let mut spans: Vec<_> = scenes.iter().map(|scene| self.plays(scene)).collect();
        let mut random = Random::new();
        let mut kills = 0;
        let wanted = kills_wanted().max(u32::try_from(scenes.len()).unwrap());
        for number in (0..scenes.len()).cycle() {
            if kills >= wanted {
                break;
            }
            let (scene, span) = (&scenes[number], &mut spans[number]);
            (scene.begin)(self);
            // Every third time the command that goes on is killed too.
            let further = (kills % 3 == 2).then_some(scene.next);
            for arguments in [scene.arguments].into_iter().chain(further) {
                let after = random.below(*span);
                if kill_after(self.environment.start(arguments), after) {
                    kills += 1;
                } else {
                    // It takes no longer than this by now.
                    *span = after;
                }
                (scene.meanwhile)(self);
            }
            self.environment.run(scene.next).exits(0);
            (scene.verify)(self);
        }
        let killed: Vec<_> = scenes.iter().map(|scene| scene.arguments).collect();
        eprintln!("killed {kills} times: {killed:?}");
    }

    /// Plays a scene undisturbed; how long its first command takes.
    fn plays(&self, scene: &Scene) -> Duration {
        (scene.begin)(self);
        let span = self.takes(scene.arguments);
        if scene.next != scene.arguments {
            self.environment.run(scene.next).exits(0);
        }
        (scene.verify)(self);
        span
    }

    /// Runs a command to its end; how long that takes.
    fn takes(&self, arguments: &[&str]) -> Duration {
        let begun = Instant::now();
        self.environment.run(arguments).exits(0);
        let span = begun.elapsed();
        eprintln!("{arguments:?} takes {span:?}");
        span
    }

    fn is_whole(&self) {
        let (services, volumes) = self.services;
        self.environment.is_whole_with(services, volumes);
    }

    /// Is gone, and nothing comes that a killed command had asked for.
    fn stays_gone(&self) {
        self.environment.is_gone();
        passes(BUSY, || {
            self.environment.is_gone();
            false
        });
    }

    fn is_nothing(&self) {
        self.environment.run(DOWN_WITH_DATA).exits(0);
        self.environment.is_gone();
        let folder = self.environment.checkout.path();
        let mut files = files_of(&folder, &folder);
        files.retain(|path| !may_stay(path));
        assert!(files.is_empty(), "{files:#?}");
    }

    fn is_nothing_without_an_image(&self) {
        self.is_nothing();
        self.forget_images();
    }

    fn is_up(&self) {
        self.environment.run(&["up"]).exits(0);
    }

    fn is_its_data(&self) {
        self.is_up();
        self.environment.run(&["down"]).exits(0);
    }

    /// Is up, and is to have another seed.
    fn wants(&self, prices: [u32; 3]) {
        self.is_up();
        self.environment
            .checkout
            .write("db/rates.sql", small_dump(prices));
    }

    fn holds(&self, prices: [u32; 3]) {
        let held = "select string_agg(price::text, ' ' order by price) from prices";
        let [low, middle, high] = prices;
        assert_eq!(
            self.environment.sql("rates", held),
            format!("{low} {middle} {high}")
        );
        self.is_whole();
    }

    /// Removes the images that were made or pulled, and makes sure that no build and no pull has left anything that is
    /// not known as ratesdev's.
    fn forget_images(&self) {
        let Some(engine) = &self.engine else {
            let programs = self.environment.checkout.path().join("home/programs");
            return std::fs::remove_dir_all(programs).unwrap_or_default();
        };
        for image in lines(&["images", "--format", "{{.Repository}}:{{.Tag}}"]) {
            let is_older = |line: &String| line.starts_with(&format!("image {image} "));
            if !self.before.iter().any(is_older) && image != "<none>:<none>" {
                docker(&["rmi", &image]);
            }
        }
        docker(&["image", "prune", "--force", "--filter", self.steps]);
        assert_eq!(engine.contents(), self.before);
        let scratch = engine.disk().join("tmp");
        eventually("no download and no context is left", || {
            files_of(&scratch, &scratch).is_empty().then_some(())
        });
    }

    /// Takes everything down and looks for what is left: on the Engine, in files, among processes.
    fn leaves_nothing(&self) {
        self.is_nothing();
        self.forget_images();
        let folder = self.environment.checkout.path();
        let processes = processes_of(&folder);
        assert!(processes.is_empty(), "{processes:#?}");
    }
}

/// Every file below a folder, by its path from another.
fn files_of(folder: &Path, from: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(files_of(&path, from));
        } else {
            let path = path.strip_prefix(from).unwrap();
            files.insert(path.display().to_string());
        }
    }
    files
}

/// Every process that names a folder in its command line or works in it.
fn processes_of(folder: &Path) -> Vec<String> {
    let name = folder.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let process = entry.unwrap().path();
        let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        let works_there =
            std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        if works_there || words.contains(&name) {
            found.push(words);
        }
    }
    found
}
