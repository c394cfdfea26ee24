//! Which engine an environment is made on, and on which one it is found again.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use tempfile::TempDir;

use crate::support::environment::Environment;
use crate::support::registry::Registry;
use crate::support::run::Run;
use crate::support::run::Running;
use crate::support::terminal::Terminal;

/// A socket where nobody listens.
const DEAD: &str = "unix:///nowhere/docker.sock";
/// A decision takes five seconds at the very most; so many are given to a busy machine.
const AT_MOST: Duration = Duration::from_secs(15);

/// An environment whose engine nobody names, with a folder of its own for what is embedded.
struct Anywhere {
    environment: Environment,
    home: TempDir,
}

impl Anywhere {
    fn new(word: &str) -> Option<Self> {
        let environment = Environment::small(word)?;
        let home = tempfile::tempdir().unwrap();
        // Where tests run as root, roles run as somebody else, who must come through.
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        Some(Self { environment, home })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.environment.command(arguments);
        command.env_remove("RATESDEV_ENGINE");
        command.env("RATESDEV_HOME", self.home.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Running::start(&mut self.command(arguments)).finish()
    }

    /// Runs the program where Docker is to be found at `host`.
    fn run_with(&self, host: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        Running::start(command.env("DOCKER_HOST", host)).finish()
    }

    /// The engine that `status` finds it on.
    #[track_caller]
    fn engine(&self) -> String {
        let status = self.run(&["status", "--json"]).exits(0).json();
        status["engine"]["engine"].as_str().unwrap().to_owned()
    }
}

impl Drop for Anywhere {
    fn drop(&mut self) {
        let down = ["down", "-v", "--yes", "--engine", "embedded"];
        let ended = self.run(&down);
        if !std::thread::panicking() {
            ended.exits(0);
        }
    }
}

#[test]
fn where_no_engine_answers_a_new_environment_is_embedded_and_is_found_there_by_every_command() {
    let Some(anywhere) = Anywhere::new("embedded") else {
        return;
    };
    let up = anywhere.run_with(DEAD, &["up"]).exits(0);
    up.says(&["no Docker Engine answers", DEAD, "; using embedded"]);
    assert_eq!(anywhere.engine(), "embedded");
    let again = anywhere.run(&["up"]).exits(0);
    again
        .says(&["nothing had to change", "embedded"])
        .never_says("using embedded");
    let query = ["query", "CNGGZ", "EETLL", "2021-01-31"];
    anywhere.run(&query).exits(0).says(&["154.33"]);
    anywhere.run(&["logs", "api"]).exits(0);
    anywhere
        .run(&["seed"])
        .exits(0)
        .says(&["nothing had to change"]);
    anywhere.run(&["down"]).exits(0).says(&["its data is kept"]);
    let kept = anywhere.run(&["up", "--dry-run"]).exits(0);
    kept.says(&["database", "api"]).never_says("network");
    anywhere.environment.is_gone();
}

#[test]
fn one_name_on_both_engines_means_the_one_that_runs_unless_an_engine_is_named() {
    let Some(anywhere) = Anywhere::new("both") else {
        return;
    };
    anywhere.run(&["up"]).exits(0).never_says("using embedded");
    assert_eq!(anywhere.engine(), "docker");
    anywhere.run(&["up", "--engine", "embedded"]).exits(0);
    let name = &anywhere.environment.name;
    let (docker, embedded) = (format!("{name}@docker"), format!("{name}@embedded"));
    let parity = ["parity", "--left", &docker, "--right", &embedded];
    anywhere.run(&parity).exits(0).says(&["answers are equal"]);
    anywhere.run(&["down", "--engine", "docker"]).exits(0);
    assert_eq!(anywhere.engine(), "embedded");
    let elsewhere = anywhere.run(&["status", "--engine", "docker"]).exits(3);
    elsewhere.says(&["E-NOT-RUNNING", &format!("{name} --engine embedded")]);
    anywhere.run(&["up", "--engine", "docker"]).exits(0);
    anywhere.run(&["down", "--engine", "embedded"]).exits(0);
    assert_eq!(anywhere.engine(), "docker");
}

#[test]
fn a_decision_comes_soon_and_is_told_before_the_plan_whatever_does_not_answer() {
    let Some(anywhere) = Anywhere::new("silent") else {
        return;
    };
    let registry = Registry::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let _socket = UnixListener::bind(&path).unwrap();
    let mute = format!("unix://{}", path.display());
    let image = |name: &str| format!("database.image={name}");
    let cases = [
        (DEAD, String::new(), "there is no socket"),
        ("tcp://127.0.0.1:9", String::new(), "127.0.0.1:9"),
        (&mute, String::new(), "does not answer within"),
        (
            "",
            image(&registry.image("postgres:none")),
            "cannot be pulled",
        ),
        ("", image("127.0.0.1:9/postgres:13.5"), "connection refused"),
        (
            "",
            image(&format!("{silent}/postgres:13.5")),
            "does not answer within",
        ),
    ];
    for (host, set, reason) in cases {
        let mut arguments = vec!["up", "--dry-run", "--json"];
        if !set.is_empty() {
            arguments.extend(["--set", &set]);
        }
        let begun = Instant::now();
        let planned = anywhere.run_with(host, &arguments).exits(0);
        assert!(
            begun.elapsed() < AT_MOST,
            "{:?} for {planned}",
            begun.elapsed()
        );
        let events = planned.json_lines();
        assert_eq!(
            (&events[0]["event"], &events[1]["event"]),
            (&"engine".into(), &"planned".into())
        );
        assert_eq!(events[0]["engine"], "embedded");
        let because = events[0]["because"].as_str().unwrap();
        assert!(because.contains(reason), "{because}");
        planned.says(&["; using embedded"]);
    }
}

#[test]
fn the_dashboard_places_what_is_nowhere_as_up_does() {
    let Some(anywhere) = Anywhere::new("board") else {
        return;
    };
    // Docker answers, and its registry does not have the image.
    let mut command = anywhere.command(&[]);
    command.env("RATESDEV_DATABASE_IMAGE", "127.0.0.1:9/postgres:15");
    let terminal = Terminal::open(&command, (140, 36));
    terminal.line("$R");
    terminal.shows("so there is nothing to read");
    terminal.key("u");
    terminal.shows("using embedded");
    terminal.shows("is ready in");
    terminal.shows("healthy");
    terminal.key("q");
    terminal.prompts(2);
    assert_eq!(anywhere.engine(), "embedded");
    anywhere.environment.is_gone();
}

#[test]
fn an_engine_that_is_named_is_not_replaced_and_says_what_would_do_without_it() {
    let Some(anywhere) = Anywhere::new("named") else {
        return;
    };
    let up = ["up", "--engine", "docker"];
    let down = anywhere.run_with(DEAD, &up).exits(1);
    down.says(&["E-DOCKER-DOWN", DEAD, "hint:", "--engine embedded"]);
    let by_variable = Running::start(
        anywhere
            .command(&["up"])
            .envs([("RATESDEV_ENGINE", "docker"), ("DOCKER_HOST", DEAD)]),
    );
    by_variable.finish().exits(1).says(&["E-DOCKER-DOWN"]);
    let set = "database.image=127.0.0.1:9/postgres:13.5";
    let missing = anywhere.run(&[&up[..], &["--set", set]].concat()).exits(1);
    missing.says(&["E-REGISTRY-UNREACHABLE", "--engine embedded"]);
    let typed = anywhere.run(&["status", "--engine", "embeded"]).exits(2);
    typed.says(&["auto, docker, embedded", "similar value"]);
}

#[test]
fn what_is_nowhere_is_told_of_both_engines() {
    let Some(anywhere) = Anywhere::new("nowhere") else {
        return;
    };
    for command in ["status", "seed", "logs"] {
        let told = anywhere.run_with(DEAD, &[command]).exits(3);
        told.says(&["E-NOT-RUNNING", "nothing of it is embedded", DEAD]);
    }
    let down = anywhere.run_with(DEAD, &["down"]).exits(0);
    down.says(&["nothing of", "Docker cannot be asked", DEAD]);
}

#[test]
fn an_image_that_may_not_be_pulled_is_a_reason_to_do_without_docker() {
    let Some(anywhere) = Anywhere::new("never") else {
        return;
    };
    let set = "database.image=127.0.0.1:9/postgres:13.5";
    let up = ["up", "--dry-run", "--pull", "never"];
    let without = anywhere.run(&[&up[..], &["--set", set]].concat()).exits(0);
    without.says(&["--pull never forbids", "using embedded"]);
    anywhere.run(&up).exits(0).never_says("using embedded");
}
