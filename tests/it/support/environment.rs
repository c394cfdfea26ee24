//! An environment of a test's own, driven through the built program; nothing of it is left when it is dropped.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use super::checkout::Checkout;
use super::docker;
use super::docker::Image;
use super::docker::docker;
use super::engine;
use super::eventually;
use super::home::Home;
use super::random::token;
use super::run::Run;
use super::run::Running;

/// The label by which everything of an environment is found.
const LABEL: &str = "dev.ratesdev.environment";

/// The question whose answer is known, as arguments of `query`.
pub const QUESTION: [&str; 3] = ["CNGGZ", "EETLL", "2021-01-31"];

/// One environment. Its ports are free ones, its database runs from the image the tests are given, or from a PostgreSQL
/// that is installed.
pub struct Environment {
    /// Its name.
    pub name: String,
    /// The checkout it is made from.
    pub checkout: Rc<Checkout>,
    engine: Engine,
}

/// An engine that a test is told to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Containers.
    Docker,
    /// Processes.
    Embedded,
}

/// Makes a test for every engine of each of these functions, which take the [`Kind`] of engine to use.
macro_rules! on_every_engine {
    ($($name:ident,)*) => {$(
        mod $name {
            use crate::support::environment::Kind;

            #[test]
            fn docker() {
                super::$name(Kind::Docker);
            }

            #[test]
            fn embedded() {
                super::$name(Kind::Embedded);
            }
        }
    )*};
}
pub(crate) use on_every_engine;

/// Where an environment runs.
enum Engine {
    Docker {
        /// Keeps the API image from being removed by a test of another program that runs at the same time; an Engine of
        /// the test's own has no such test.
        _image: Option<Pin>,
        /// Images that were made for it, which go after it.
        images: RefCell<Vec<Image>>,
    },
    Embedded(Home),
}

impl Environment {
    /// A new name in this checkout, on this engine; environments of one checkout share a home. None where no Docker
    /// Engine may be used.
    pub fn on(kind: Kind, word: &str, checkout: &Rc<Checkout>) -> Option<Self> {
        if kind == Kind::Docker {
            return Self::new(word, checkout);
        }
        checkout.open();
        let home = Home::at(checkout.path().join("home"));
        Some(Self::embedded(word, checkout, home))
    }

    /// The same with a small checkout of its own.
    pub fn small_on(kind: Kind, word: &str) -> Option<Self> {
        Self::on(kind, word, &Rc::new(Checkout::small()))
    }

    /// A new environment from the small dump that is ready, on this engine.
    pub fn ready_on(kind: Kind, word: &str) -> Option<Self> {
        let environment = Self::small_on(kind, word)?;
        environment.run(&["up"]).exits(0);
        Some(environment)
    }

    /// A new name in this checkout; nothing is there yet. None where no Engine may be used.
    pub fn new(word: &str, checkout: &Rc<Checkout>) -> Option<Self> {
        if !docker::is_there() {
            return None;
        }
        let name = format!("it-{}-{word}", token());
        let engine = Engine::Docker {
            _image: engine::own_host()
                .is_none()
                .then(|| Pin::new(checkout, &name)),
            images: RefCell::default(),
        };
        Some(Self {
            name,
            checkout: Rc::clone(checkout),
            engine,
        })
    }

    /// A new name without Docker, in this checkout and this home.
    pub fn embedded(word: &str, checkout: &Rc<Checkout>, home: Home) -> Self {
        Self {
            name: format!("it-{}-{word}", token()),
            checkout: Rc::clone(checkout),
            engine: Engine::Embedded(home),
        }
    }

    /// The same with a small checkout of its own.
    pub fn small(word: &str) -> Option<Self> {
        Self::new(word, &Rc::new(Checkout::small()))
    }

    /// A new environment from the small dump that is ready.
    pub fn ready(word: &str) -> Option<Self> {
        let environment = Self::small(word)?;
        environment.run(&["up"]).exits(0);
        Some(environment)
    }

    /// Makes an image of this name for it from the database's and these lines of a Dockerfile.
    pub fn make_image(&self, name: &str, lines: &str) {
        let Engine::Docker { images, .. } = &self.engine else {
            panic!("only Docker has images");
        };
        images.borrow_mut().push(Image::build(name, lines));
    }

    /// The program with these arguments, in the checkout, about this environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&self.checkout.path());
        command.env("RATESDEV_ENV", &self.name).args(arguments);
        if let Engine::Embedded(home) = &self.engine {
            home.apply(&mut command);
        }
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.start(arguments).finish()
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Runs the program in a terminal of its own; what it shows there is its standard output.
    pub fn run_in_terminal(&self, arguments: &[&str]) -> Run {
        let inner = self.command(arguments);
        let words = std::iter::once(inner.get_program()).chain(inner.get_args());
        let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
        let mut script = Command::new("script");
        script
            .args([
                "--quiet",
                "--return",
                "--command",
                &words.join(" "),
                "/dev/null",
            ])
            .env_clear()
            .envs(
                inner
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("TERM", "xterm")
            .current_dir(self.checkout.path());
        Running::start(&mut script).finish()
    }

    /// Asks the question whose answer is known; the answer is the average of the day.
    pub fn price(&self) -> f64 {
        let mut arguments = vec!["query"];
        arguments.extend(QUESTION);
        arguments.push("--json");
        let answer = self.run(&arguments).exits(0).json();
        answer["rates"][0]["price"].as_f64().unwrap()
    }

    /// Makes sure that the answer is the one of the profile's check.
    #[track_caller]
    pub fn answers(&self) {
        let price = self.price();
        assert!((price - 1154.33).abs() < 0.01, "{price}");
    }

    /// The name of the container that plays a role.
    pub fn container(&self, role: &str) -> String {
        format!("ratesdev-{}-{role}", self.name)
    }

    /// What the engine calls the instance that plays a role, which another one of its name does not share.
    pub fn id(&self, role: &str) -> String {
        if let Engine::Embedded(home) = &self.engine {
            return home.record(&self.name, role)["token"]
                .as_str()
                .unwrap()
                .to_owned();
        }
        docker(&[
            "container",
            "inspect",
            "--format",
            "{{.Id}}",
            &self.container(role),
        ])
    }

    /// Runs a statement in a database of the environment and returns what `psql` prints.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        if let Engine::Embedded(home) = &self.engine {
            return home.sql(&self.name, database, sql);
        }
        let container = self.container("database");
        docker(&[
            "exec", "--user", "postgres", &container, "psql", "-U", "rates", "-d", database,
            "-Atc", sql,
        ])
    }

    /// When what the database holds was loaded.
    pub fn loaded_at(&self) -> String {
        self.sql("rates", "select loaded_at from ratesdev.seed")
    }

    /// The databases of its server.
    pub fn databases(&self) -> String {
        self.sql(
            "postgres",
            "select string_agg(datname, ' ' order by datname) from pg_database where not datistemplate",
        )
    }

    /// Everything the Engine has under its label: containers, networks (by id: names need not be unique), volumes.
    pub fn things(&self) -> [Vec<String>; 3] {
        let filter = format!("label={LABEL}={}", self.name);
        let filter = ["--filter", &filter];
        let list = |words: &[&str]| docker::lines(&[words, filter.as_slice()].concat());
        [
            list(&["ps", "--all", "--format", "{{.Names}}"]),
            list(&["network", "ls", "--format", "{{.ID}}"]),
            list(&["volume", "ls", "--format", "{{.Name}}"]),
        ]
    }

    /// Ends the program that plays a role, without letting it do anything about it.
    pub fn kill(&self, role: &str) {
        match &self.engine {
            Engine::Docker { .. } => drop(docker(&["kill", &self.container(role)])),
            Engine::Embedded(home) => super::home::kill(home.pid(&self.name, role)),
        }
    }

    /// Ends the program that plays a role as a crash does: nobody wanted it, so its engine starts it again.
    pub fn crash(&self, role: &str) {
        match &self.engine {
            Engine::Docker { .. } => {
                let pid = docker::inspect(&self.container(role))["State"]["Pid"].to_string();
                let image = docker::postgres_image();
                let kill = format!("kill -s KILL {pid}");
                let kill = ["--entrypoint", "sh", &image, "-c", &kill];
                docker(&[&["run", "--rm", "--pid", "host"][..], &kill].concat());
            }
            Engine::Embedded(home) => super::home::kill(home.pid(&self.name, role)),
        }
    }

    /// Has the program that plays a role end, and start again.
    pub fn restart(&self, role: &str) {
        match &self.engine {
            Engine::Docker { .. } => drop(docker(&["restart", &self.container(role)])),
            Engine::Embedded(home) => super::home::send("TERM", home.pid(&self.name, role)),
        }
    }

    /// The same as [`Self::sql`] where the server may not be able to answer yet.
    pub fn try_sql(&self, database: &str, sql: &str) -> Option<String> {
        match &self.engine {
            Engine::Docker { .. } => self.is_listening().then(|| self.sql(database, sql)),
            Engine::Embedded(home) => home.try_sql(&self.name, database, sql),
        }
    }

    /// A server that starts for the first time has a temporary one before; neither is to be asked too early.
    fn is_listening(&self) -> bool {
        let (container, psql) = (
            self.container("database"),
            "psql -h 127.0.0.1 -U rates -d postgres",
        );
        let words = ["exec", &container].into_iter().chain(psql.split(' '));
        let asked = docker::attempt(&words.chain(["-c", ""]).collect::<Vec<_>>());
        asked.status.success() || String::from_utf8_lossy(&asked.stderr).contains("password")
    }

    /// Makes sure that it has all it should and nothing else, answers, and needs nothing.
    #[track_caller]
    pub fn is_whole(&self) {
        self.is_whole_with(&[], 0);
    }

    /// The same where it has services of the team's own, which keep things in so many volumes.
    #[track_caller]
    pub fn is_whole_with(&self, services: &[&str], volumes: usize) {
        match &self.engine {
            Engine::Docker { .. } => {
                let [containers, networks, all] = self.things();
                let roles = ["api", "database"].iter().chain(services);
                let roles: BTreeSet<_> = roles.map(|role| self.container(role)).collect();
                assert_eq!(BTreeSet::from_iter(containers), roles);
                assert_eq!((networks.len(), all.len()), (1, 2 + volumes));
            }
            Engine::Embedded(home) => {
                // A session of the server goes by the server's own name until it has found its own.
                eventually("nothing but its roles runs", || {
                    let programs = home.programs(&self.name);
                    (programs == ["postgres", "ratesdev", "ratesdev"]).then_some(())
                });
            }
        }
        assert_eq!(self.databases(), "postgres rates");
        self.answers();
        let up = self.run(&["up"]).exits(0);
        up.says(&["nothing had to change"]);
    }

    /// Makes sure that nothing of it runs, and that its roles are there to go on.
    #[track_caller]
    pub fn is_stopped(&self) {
        match &self.engine {
            Engine::Docker { .. } => {
                let filter = format!("label={LABEL}={}", self.name);
                assert_eq!(docker(&["ps", "--quiet", "--filter", &filter]), "");
            }
            Engine::Embedded(home) => home.is_quiet(&self.name),
        }
        let status = self.run(&["status", "--json"]).exits(3).json();
        let mut roles = status["roles"].as_array().unwrap().iter();
        assert!(roles.len() > 1, "{status}");
        assert!(
            roles.all(|role| role["state"]["is"] == "exited"),
            "{status}"
        );
    }

    /// Makes sure that nothing of it runs, and that its data is there.
    #[track_caller]
    pub fn is_down(&self) {
        match &self.engine {
            Engine::Docker { .. } => {
                let [containers, networks, volumes] = self.things();
                assert_eq!((containers.len(), networks.len(), volumes.len()), (0, 0, 2));
            }
            Engine::Embedded(home) => {
                home.is_quiet(&self.name);
                assert!(home.place(&self.name).join("data/PG_VERSION").exists());
            }
        }
    }

    /// Makes sure that its engine has nothing of it.
    #[track_caller]
    pub fn is_gone(&self) {
        if let Engine::Embedded(home) = &self.engine {
            home.is_quiet(&self.name);
            assert!(!home.place(&self.name).exists(), "{}", self.name);
            return;
        }
        assert_eq!(
            self.things(),
            <[Vec<String>; 3]>::default(),
            "{}",
            self.name
        );
    }

    fn remove_everything(&self) {
        if matches!(self.engine, Engine::Embedded(_)) {
            drop(self.run(&["down", "-v", "--yes"]));
            return;
        }
        let [containers, networks, volumes] = self.things();
        let remove = |words: &[&str], names: &[String]| {
            for name in names {
                drop(docker::attempt(&[words, &[name.as_str()]].concat()));
            }
        };
        remove(&["rm", "--force", "--volumes"], &containers);
        remove(&["network", "rm"], &networks);
        remove(&["volume", "rm", "--force"], &volumes);
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if std::env::var("RATESDEV_TEST_KEEP").is_ok_and(|value| value == "1") {
            eprintln!(
                "{} is kept; `ratesdev down -v --yes -e {0}` removes it",
                self.name
            );
        } else {
            self.remove_everything();
        }
    }
}

/// The program in a folder, with as few variables as it can work with, on Docker.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ratesdev"));
    let own = engine::own_host().map(Into::into);
    let host = own.or_else(|| std::env::var_os("DOCKER_HOST"));
    let host = host.map(|host| ("DOCKER_HOST", host));
    let path = std::env::var_os("PATH").map(|path| ("PATH", path));
    command
        .env_clear()
        .envs(host.into_iter().chain(path))
        .envs([("HOME", folder), ("TMPDIR", folder)])
        .env("LANG", "C.UTF-8")
        .env("RATESDEV_ENGINE", "docker")
        .env("RATESDEV_HOME", folder.join("home"))
        .env("RATESDEV_DATABASE_IMAGE", docker::postgres_image())
        .env("RATESDEV_DATABASE_PORT", "auto")
        .env("RATESDEV_API_PORT", "auto")
        .current_dir(folder);
    command
}

/// A container that is never started and holds the API image of this program.
struct Pin(String);

impl Pin {
    /// Makes sure that the image is there, built by one test while the others wait.
    fn new(checkout: &Checkout, name: &str) -> Self {
        let path = std::env::temp_dir().join("ratesdev-it-image.lock");
        let lock = std::fs::File::create(path).unwrap();
        lock.lock().unwrap();
        let image = image(checkout, name);
        if !docker::has_image(&image) {
            build(checkout);
        }
        Self(docker(&["create", &image, "pins", "the", "image"]))
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        drop(docker::attempt(&["rm", "--force", &self.0]));
    }
}

/// The name of the API image that this program makes of itself.
fn image(checkout: &Checkout, name: &str) -> String {
    let arguments = ["up", "--dry-run", "--build", "--json", "-e", name];
    let planned = Running::start(program(&checkout.path()).args(arguments)).finish();
    let planned = planned.exits(0).json();
    let titles = planned["steps"].as_array().unwrap().iter();
    let mut images = titles.filter_map(|step| step["title"].as_str()?.strip_prefix("image "));
    let found = images.find(|image| image.starts_with("ratesdev/api:"));
    found.unwrap().to_owned()
}

/// The image is built on the way to an environment that is of no interest here. It is not cut short: what a killed
/// command has asked of the Engine would be done after the clean-up.
fn build(checkout: &Checkout) {
    let name = format!("it-{}-image", token());
    for arguments in [&["up"][..], &["down", "-v", "--yes"]] {
        let mut command = program(&checkout.path());
        command.env("RATESDEV_ENV", &name).args(arguments);
        Running::start(&mut command).finish().exits(0);
    }
}
