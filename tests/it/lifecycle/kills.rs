//! Commands that are killed at any instant of their work: the same command again brings exactly what was wanted, and in
//! the end nothing is left anywhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use crate::support::checkout::small_dump;
use crate::support::docker::docker;
use crate::support::docker::lines;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::random::Random;
use crate::support::run::Running;

/// How often each command is killed, unless `RATESDEV_TEST_KILLS` says otherwise.
const KILLS: u32 = 6;

/// How much an Engine of the test's own may keep.
const DISK_MEGABYTES: u32 = 2000;

/// What stays in the folder of a test, which is that of its checkout, of its user and of temporary files.
fn may_stay(path: &str) -> bool {
    let of_checkout = ["db/", "profiles/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    let is_program = path.starts_with("home/programs/") && path.ends_with("/ratesdev");
    let is_lock = Path::new(path).extension().is_some_and(|end| end == "lock");
    let is_lock_of_user = path.starts_with("ratesdev-") && is_lock;
    let is_lock_of_home = path.starts_with("home/") && is_lock;
    let is_history = path == ".local/state/ratesdev/questions";
    let is_known_hash = path.starts_with(".cache/ratesdev/builds/");
    let of_user = is_history || is_known_hash;
    of_checkout || is_program || is_lock_of_user || is_lock_of_home || of_user
}

/// Two seeds whose average is the same, so that the check of the profile passes with either.
const SEEDS: [[u32; 3]; 2] = [[1000, 1200, 1263], [1100, 1100, 1263]];

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
        &begin.map(|begin| Scene {
            begin,
            arguments: &["up"],
            meanwhile: |_| {},
            verify: |victim| victim.environment.is_whole(),
        }),
    );
}

fn a_seed_that_is_killed_at_any_instant_is_gone_on_with_by_the_next(kind: Kind) {
    let seed = |begin, verify| Scene {
        begin,
        arguments: &["seed", "--reset"],
        meanwhile: |victim| victim.environment.answers(),
        verify,
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
    let scene = |arguments, verify| Scene {
        begin: Victim::is_up,
        arguments,
        meanwhile: |_| {},
        verify,
    };
    killed_often(
        kind,
        "kill-down",
        &[
            scene(&["down"], |victim| victim.environment.is_down()),
            scene(&["down", "-v", "--yes"], |victim| {
                victim.environment.is_gone();
            }),
        ],
    );
}

/// A command, what there is when it begins, and what there must be when it has ended.
struct Scene {
    begin: fn(&Victim),
    arguments: &'static [&'static str],
    /// What holds even before the command is run again.
    meanwhile: fn(&Victim),
    verify: fn(&Victim),
}

/// Kills the command of each scene in turn, at instants spread over the time that it takes undisturbed.
fn killed_often(kind: Kind, word: &str, scenes: &[Scene]) {
    let Some(victim) = Victim::new(kind, word) else {
        return;
    };
    let spans: Vec<_> = scenes.iter().map(|scene| victim.plays(scene)).collect();
    let mut random = Random::new();
    let mut kills = 0;
    let wanted = kills_wanted();
    for (scene, span) in scenes.iter().zip(&spans).cycle() {
        if kills >= wanted {
            break;
        }
        (scene.begin)(&victim);
        // Every third time the command that goes on is killed too.
        for _ in 0..=u32::from(kills % 3 == 2) {
            let command = victim.environment.start(scene.arguments);
            kills += u32::from(kill_after(command, random.below(*span)));
            (scene.meanwhile)(&victim);
        }
        victim.environment.run(scene.arguments).exits(0);
        (scene.verify)(&victim);
    }
    eprintln!(
        "killed {kills} times: {:?}",
        scenes
            .iter()
            .map(|scene| scene.arguments)
            .collect::<Vec<_>>()
    );
    victim.leaves_nothing();
}

fn kills_wanted() -> u32 {
    std::env::var("RATESDEV_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap())
}

/// Whether it was still at work.
fn kill_after(mut command: Running, after: Duration) -> bool {
    let instant = Instant::now() + after;
    while Instant::now() < instant {
        if command.has_ended() {
            eprintln!("ended before {after:?}");
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    eprintln!(
        "killed after {after:?}, when it had said: {}",
        command.said()
    );
    command.kill();
    true
}

/// An environment whose commands are killed. With Docker it has an Engine of its own, so that all that is left there can
/// be seen, whoever's it is.
struct Victim {
    environment: Environment,
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
        Some(Self {
            environment: Environment::small_on(kind, word)?,
            before: engine
                .as_ref()
                .map(PrivateEngine::contents)
                .unwrap_or_default(),
            engine,
        })
    }

    /// Plays a scene undisturbed; how long its command takes.
    fn plays(&self, scene: &Scene) -> Duration {
        (scene.begin)(self);
        let begun = Instant::now();
        self.environment.run(scene.arguments).exits(0);
        let span = begun.elapsed();
        eprintln!("{:?} takes {span:?}", scene.arguments);
        (scene.verify)(self);
        span
    }

    fn is_nothing(&self) {
        self.environment.run(&["down", "-v", "--yes"]).exits(0);
        self.environment.is_gone();
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
        self.environment.is_whole();
    }

    /// Removes the images of the API, and makes sure that no build has left any other.
    fn forget_images(&self) {
        let Some(engine) = &self.engine else { return };
        for image in lines(&["images", "--quiet", "ratesdev/api"]) {
            docker(&["rmi", &image]);
        }
        assert_eq!(engine.contents(), self.before);
    }

    /// Takes everything down and looks for what is left: on the Engine, in files, among processes.
    fn leaves_nothing(&self) {
        self.is_nothing();
        self.forget_images();
        let folder = self.environment.checkout.path();
        let processes = processes_of(&folder);
        assert!(processes.is_empty(), "{processes:#?}");
        let mut files = files_of(&folder, &folder);
        files.retain(|path| !may_stay(path));
        assert!(files.is_empty(), "{files:#?}");
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
