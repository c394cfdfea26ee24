//! Odd surroundings: locales, terminals, homes, and readers that have gone. Every command that prints does as it always
//! does, or says in its own words why not.

use std::io;
use std::process::Command;
use std::process::Stdio;
use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::run::Run;
use crate::support::run::Running;

/// Commands that print, and end.
const COMMANDS: [&[&str]; 24] = [
    &["status"],
    &["status", "--json"],
    &["ls"],
    &["ls", "--json"],
    &["logs"],
    &["logs", "--raw"],
    &["events"],
    &["events", "--json"],
    &["query", "CNGGZ", "EETLL", "2021-01-31"],
    &["query", "CNGGZ", "EETLL", "2021-01-31", "--json"],
    &["config"],
    &["config", "--json"],
    &["profile", "list"],
    &["profile", "show", "dev"],
    &["profile", "validate"],
    &["port"],
    &["explain"],
    &["explain", "E-IO"],
    &["completions", "bash"],
    &["doctor"],
    &["up", "--dry-run"],
    &["up"],
    &["--help"],
    &["--version"],
];

/// What a developer's shell may say, and a machine's.
const SURROUNDINGS: [(&str, Option<&str>); 11] = [
    ("LC_ALL", Some("tr_TR.UTF-8")),
    ("LC_ALL", Some("C")),
    ("LC_ALL", Some("POSIX")),
    ("LC_ALL", Some("no such locale ü")),
    ("LANG", None),
    ("TERM", Some("dumb")),
    ("TERM", Some("nonsense")),
    ("TERM", None),
    ("HOME", None),
    ("HOME", Some("")),
    // Nobody can make a file there, root neither.
    ("HOME", Some("/proc")),
];

#[test]
fn every_command_does_the_same_whatever_the_locale_the_terminal_and_the_home() {
    let environment = environment("odd");
    for command in COMMANDS {
        let usual = environment.run(command);
        for (name, value) in SURROUNDINGS {
            let mut odd = environment.command(command);
            match value {
                Some(value) => odd.env(name, value),
                None => odd.env_remove(name),
            };
            let odd = Running::start(&mut odd).finish();
            let context = format!("{name}={value:?} {odd}");
            assert_eq!(odd.code, usual.code, "{context}");
            is_sane(&odd, &context);
            if command.contains(&"query") && command.contains(&"--json") {
                assert_eq!(odd.json()["rates"], usual.json()["rates"], "{context}");
            }
        }
    }
}

/// As with `| head`, but sooner: the reader has gone before the first word, so that every write fails.
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let environment = environment("gone");
    for command in COMMANDS {
        let mut command = environment.command(command);
        is_sane(&without_reader(&mut command), &format!("{command:?}"));
    }
    for follow in [
        &["logs", "-f"][..],
        &["events", "-f"],
        &["query", "CNGGZ", "EETLL", "2021-01-31", "--watch", "1"],
    ] {
        let mut command = environment.command(follow);
        is_sane(&without_reader(&mut command), &format!("{command:?}"));
    }
}

#[test]
fn what_was_begun_is_finished_although_nobody_reads_of_it() {
    let environment =
        Environment::on(Kind::Embedded, "unread", &Rc::new(Checkout::small())).unwrap();
    is_sane(
        &without_reader(&mut environment.command(&["up", "--json"])),
        "up",
    );
    environment.run(&["status"]).exits(0);
    is_sane(
        &without_reader(&mut environment.command(&["down", "--json"])),
        "down",
    );
    environment.run(&["status"]).exits(3);
}

/// A terminal of which nothing is known but that it is one: no colour, no line that is drawn again.
#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let environment = environment("dumb");
    for command in COMMANDS {
        let run = on_a_dumb_terminal(&environment, command);
        assert!(!run.stdout.contains('\u{1b}'), "{command:?}: {run}");
        is_sane(&run, &format!("{command:?}"));
    }
    environment.run(&["down"]).exits(0);
    let up = on_a_dumb_terminal(&environment, &["up"]).exits(0);
    assert!(!up.stdout.contains('\u{1b}'), "{up}");
    assert!(up.stdout.contains("is ready in"), "{up}");
}

/// `script` gives the command a terminal of its own and passes on what it writes there.
fn on_a_dumb_terminal(environment: &Environment, arguments: &[&str]) -> Run {
    let inside = environment.command(arguments);
    let mut script = Command::new("script");
    let line = std::iter::once(inside.get_program()).chain(inside.get_args());
    let line: Vec<_> = line
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    script.args(["-qec", &line.join(" "), "/dev/null"]);
    if let Some(folder) = inside.get_current_dir() {
        script.current_dir(folder);
    }
    for (name, value) in inside.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script.env("TERM", "dumb");
    Running::start(&mut script).finish()
}

fn without_reader(command: &mut Command) -> Run {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    Running::start_to(command, Stdio::null(), writer.into())
        .finish()
        .exits(0)
}

/// No panic, no trace, and nothing about a pipe.
fn is_sane(run: &Run, context: &str) {
    for word in ["panicked", "RUST_BACKTRACE", "Broken pipe", "src/"] {
        assert!(!run.stderr.contains(word), "{word:?} for {context}");
    }
}

fn environment(word: &str) -> Environment {
    let environment = Environment::on(Kind::Embedded, word, &Rc::new(Checkout::small())).unwrap();
    environment.run(&["up"]).exits(0);
    environment
}
