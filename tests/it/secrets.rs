//! The password of an environment, looked for wherever a whole run leaves words.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::QUESTION;
use crate::support::environment::on_every_engine;
use crate::support::home::Home;

/// How long a spy looks away between two looks.
const PAUSE: Duration = Duration::from_millis(20);

on_every_engine! {
    a_whole_run_shows_the_password_nowhere,
}

fn a_whole_run_shows_the_password_nowhere(kind: Kind) {
    let checkout = Rc::new(Checkout::small());
    let Some(environment) = Environment::on(kind, "secret", &checkout) else {
        return;
    };
    let spy = Spy::begin(kind, &environment.name);
    let mut seen = said_from_up(&environment);
    let password = password(kind, &environment);
    assert_eq!(password.len(), 64, "the password");
    seen.extend(said_meanwhile(&environment));
    seen.extend(kept(kind, &environment));
    seen.extend(said_to_the_end(&environment));
    seen.extend(spy.end());
    let words = ["is ready in", "1154.33", "select 42", "serve", "postgres"];
    for word in words {
        let is_seen = |text: &String| text.contains(word);
        assert!(seen.iter().any(is_seen), "{word} was to be seen");
    }
    for text in seen {
        assert!(!text.contains(&password), "the password is in: {text}");
    }
}

/// Both streams of a command, however it ends.
fn said(environment: &Environment, words: &[&str]) -> String {
    environment.run(words).to_string()
}

fn said_from_up(environment: &Environment) -> Vec<String> {
    let up = environment.run(&["up"]).exits(0);
    let again = environment.run(&["up", "--recreate", "--json"]).exits(0);
    vec![up.to_string(), again.to_string()]
}

fn said_meanwhile(environment: &Environment) -> Vec<String> {
    let query = [&["query"], &QUESTION[..]].concat();
    let query_json = [&query[..], &["--json"]].concat();
    let commands: [&[&str]; 22] = [
        &["up", "--dry-run"],
        &["up", "--dry-run", "--json"],
        &["status"],
        &["status", "--json"],
        &["ls", "--all"],
        &["ls", "--all", "--json"],
        &["config"],
        &["config", "--json"],
        &["profile", "show"],
        &["doctor"],
        &["doctor", "--json"],
        &["events", "--since", "1h"],
        &["events", "--since", "1h", "--json"],
        &["psql", "-c", "select 42"],
        &["psql", "-c", "select * from pg_stat_activity, pg_settings"],
        &["exec", "api", "--", "/ratesdev", "--version"],
        &query,
        &query_json,
        &["port"],
        &["port", "--json"],
        &["logs"],
        &["logs", "--raw", "--timestamps"],
    ];
    commands
        .iter()
        .map(|words| said(environment, words))
        .collect()
}

fn said_to_the_end(environment: &Environment) -> Vec<String> {
    let reset = environment.run(&["seed", "--reset"]).exits(0);
    let reset_json = environment.run(&["seed", "--reset", "--json"]).exits(0);
    let logs = environment.run(&["logs"]).exits(0);
    let restart = environment.run(&["restart"]).exits(0);
    let down = environment.run(&["down", "--json"]).exits(0);
    let commands = [reset, reset_json, logs, restart, down];
    let said = commands.iter().map(ToString::to_string);
    said.chain([self::said(environment, &["down", "-v", "--yes"])])
        .collect()
}

fn password(kind: Kind, environment: &Environment) -> String {
    match kind {
        Kind::Docker => docker::docker(&[
            "exec",
            &environment.container("database"),
            "cat",
            "/run/secrets/database_password",
        ]),
        Kind::Embedded => {
            let file = place(environment).join("secrets/database_password");
            std::fs::read_to_string(file).unwrap()
        }
    }
}

fn place(environment: &Environment) -> std::path::PathBuf {
    Home::at(environment.checkout.path().join("home")).place(&environment.name)
}

/// What the engine has written down of it.
fn kept(kind: Kind, environment: &Environment) -> Vec<String> {
    match kind {
        Kind::Docker => ["database", "api"]
            .iter()
            .flat_map(|role| images_and_logs(&environment.container(role)))
            .collect(),
        Kind::Embedded => files(&place(environment)),
    }
}

fn images_and_logs(container: &str) -> Vec<String> {
    let image = docker::inspect(container)["Image"]
        .as_str()
        .unwrap()
        .to_owned();
    let logs = docker::attempt(&["logs", container]);
    vec![
        docker::docker(&["image", "history", "--no-trunc", &image]),
        docker::docker(&["image", "inspect", &image]),
        String::from_utf8_lossy(&[logs.stdout, logs.stderr].concat()).into_owned(),
    ]
}

/// Every file of an environment but its data and its secrets.
fn files(place: &std::path::Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(place).unwrap().flatten() {
        let is_secret = ["data", "secrets"]
            .iter()
            .any(|name| entry.file_name() == **name);
        if entry.file_type().unwrap().is_dir() && !is_secret {
            texts.extend(files(&entry.path()));
        }
        // Sockets have nothing to read.
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    texts
}

/// Looks again and again at what other users of the machine could see, until it is asked to end.
struct Spy {
    end: Sender<()>,
    looks: JoinHandle<BTreeSet<String>>,
}

impl Spy {
    fn begin(kind: Kind, environment: &str) -> Self {
        let (end, ends) = mpsc::channel();
        let filter = format!("label=dev.ratesdev.environment={environment}");
        let looks = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while ends.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                seen.extend(processes("cmdline"));
                seen.extend(match kind {
                    Kind::Docker => containers(&filter),
                    Kind::Embedded => processes("environ"),
                });
            }
            seen
        });
        Self { end, looks }
    }

    fn end(self) -> BTreeSet<String> {
        self.end.send(()).unwrap();
        let seen = self.looks.join().unwrap();
        assert!(!seen.is_empty());
        seen
    }
}

/// What the kernel tells of every process that there is: its arguments, or its variables. Those of a container are its
/// image's affair: PostgreSQL's own reads the file into a variable while it makes a database.
fn processes(what: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let texts = entries.map(|entry| {
        let bytes = std::fs::read(entry.path().join(what)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    });
    texts.filter(|text| !text.is_empty()).collect()
}

/// Everything the Engine tells of an environment's containers, as it is at this moment.
fn containers(filter: &str) -> Vec<String> {
    let ids = docker::lines(&["container", "ls", "-aq", "--filter", filter]);
    let inspect = |id: String| {
        // It may have gone meanwhile.
        let found = docker::attempt(&["container", "inspect", &id]);
        String::from_utf8_lossy(&found.stdout).into_owned()
    };
    ids.into_iter().map(inspect).collect()
}
