//! What a command is about goes while it runs: a role, or the whole Engine.

use crate::support::environment::Environment;
use crate::support::front::Door;
use crate::support::run::Running;
use crate::support::terminal::Terminal;

/// The modes of a terminal that a shell needs.
fn is_as_it_was(terminal: &Terminal) {
    terminal.line("stty -a | tr ' ;' '\\n' | grep -xE -e '-?(icanon|echo|isig)' | xargs echo =");
    terminal.shows("= isig icanon echo");
}

#[test]
fn a_role_that_ends_takes_its_commands_with_it_which_is_said() {
    let Some(environment) = Environment::ready("gone-role") else {
        return;
    };
    let script = "echo be''gun; sleep 1000";
    let exec = environment.start(&["exec", "-T", "database", "--", "sh", "-c", script]);
    exec.wait_for("begun");
    environment.kill("database");
    exec.finish().exits(137).says(&[
        "database ended, and the command in it",
        "ratesdev logs database",
    ]);
    // Who is killed alone says nothing of its role.
    environment.run(&["up"]).exits(0);
    let alone = environment.run(&["exec", "database", "--", "sh", "-c", "kill -9 $$"]);
    alone.exits(137).never_says("ended");
    let terminal = Terminal::open(&environment.command(&[]), (100, 24));
    terminal.line("$R psql");
    terminal.shows("rates=#");
    environment.kill("database");
    terminal.prompts(2);
    terminal.shows("database ended, and the command in it");
    terminal.line("echo it ended with $?");
    terminal.shows("it ended with 137");
    is_as_it_was(&terminal);
}

#[test]
fn an_engine_that_goes_ends_what_follows_it_with_a_reason() {
    let Some(environment) = Environment::ready("gone-engine") else {
        return;
    };
    let mut door = Door::closed();
    door.open();
    let host = door.engine();
    let command = |arguments: &[&str]| {
        let mut command = environment.command(arguments);
        command.env("DOCKER_HOST", &host);
        command
    };
    let commands: [(&[&str], &str); 3] = [
        (&["logs", "--follow"], "listening"),
        (&["events", "--follow"], "is healthy"),
        (
            &[
                "exec",
                "-T",
                "database",
                "--",
                "sh",
                "-c",
                "echo be''gun; sleep 1000",
            ],
            "begun",
        ),
    ];
    let running: Vec<_> = commands
        .into_iter()
        .map(|(arguments, words)| {
            let running = Running::start(&mut command(arguments));
            running.wait_for(words);
            running
        })
        .collect();
    let terminal = Terminal::open(&command(&[]), (100, 24));
    terminal.line("$R psql");
    terminal.shows("rates=#");
    door.close();
    for running in running {
        running.finish().exits(1).says(&["E-DOCKER-DOWN", "hint:"]);
    }
    terminal.prompts(2);
    terminal.shows("E-DOCKER-DOWN");
    is_as_it_was(&terminal);
    environment.answers();
}
