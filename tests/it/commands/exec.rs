//! Commands beside a role: their streams, their exit codes, their terminal.

use std::process::Command;
use std::process::Stdio;

use crate::support::docker;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::run::fed;
use crate::support::terminal::Terminal;

#[test]
fn a_command_beside_a_role_has_the_streams_and_ends_as_it_ends() {
    let Some(environment) = Environment::ready("exec") else {
        return;
    };
    exit_codes_are_those_of_the_command(&environment);
    what_is_not_there_is_said_clearly(&environment);
    user_folder_and_replica_are_chosen_as_with_compose(&environment);
    streams_are_passed_on_as_they_are(&environment);
    psql_needs_no_password_and_answers_cleanly(&environment);
    a_reader_that_goes_ends_it(&environment);
    the_terminal_is_the_commands_until_it_ends(&environment);
    the_terminal_is_restored_when_the_program_is_ended(&environment);
    what_does_not_run_is_said(&environment);
}

fn exit_codes_are_those_of_the_command(environment: &Environment) {
    let ends = |script: &str, code| {
        let run = environment.run(&["exec", "database", "--", "sh", "-c", script]);
        run.exits(code);
    };
    ends("exit 0", 0);
    ends("exit 7", 7);
    ends("kill -9 $$", 137);
    ends("kill -15 $$", 143);
}

fn what_is_not_there_is_said_clearly(environment: &Environment) {
    let missing = environment.run(&["exec", "database", "nosuch"]).exits(127);
    let missing = missing.says(&["E-PROGRAM-MISSING", "no program nosuch in database"]);
    assert_eq!(missing.stdout, "");
    let refused = environment.run(&["exec", "database", "/etc/passwd"]);
    let refused = refused
        .exits(126)
        .says(&["E-PROGRAM-REFUSED", "permission denied"]);
    assert_eq!(refused.stdout, "");
    let shell = environment.run(&["exec", "api"]).exits(127);
    shell.says(&["api has no shell", "/ratesdev and nothing else"]);
    let version = environment.run(&["exec", "api", "--", "/ratesdev", "--version"]);
    version.exits(0).says(&["ratesdev "]);
}

fn user_folder_and_replica_are_chosen_as_with_compose(environment: &Environment) {
    let script = "id -un; pwd";
    let chosen = ["-u", "postgres", "--workdir", "/tmp", "--index", "1"];
    let command = ["database", "sh", "-c", script];
    let run = environment.run(&[&["exec"][..], &chosen, &command].concat());
    assert_eq!(run.exits(0).stdout, "postgres\n/tmp\n");
    let nobody = environment.run(&["exec", "-u", "nosuch", "database", "true"]);
    nobody.exits(126).says(&["E-PROGRAM-REFUSED", "nosuch"]);
    let nowhere = environment.run(&["exec", "-w", "/no/such", "database", "true"]);
    nowhere.exits(126).says(&["E-PROGRAM-REFUSED", "/no/such"]);
    environment
        .run(&["exec", "--index", "2", "database", "true"])
        .exits(3);
}

fn streams_are_passed_on_as_they_are(environment: &Environment) {
    let script = "sha256sum; echo complaint >&2; exit 3";
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3 << 20).collect();
    let run = fed(
        environment.command(&["exec", "-T", "database", "sh", "-c", script]),
        &bytes,
    );
    let sum = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    let sum = sum
        .iter()
        .fold(String::new(), |sum, byte| format!("{sum}{byte:02x}"));
    let run = run.exits(3);
    assert_eq!(run.stdout, format!("{sum}  -\n"));
    assert_eq!(run.stderr, "complaint\n");
    // Input that nobody reads is no failure.
    fed(environment.command(&["exec", "database", "true"]), &bytes).exits(0);
}

fn psql_needs_no_password_and_answers_cleanly(environment: &Environment) {
    let answer = environment
        .run(&["psql", "-Atc", "select current_user, 42"])
        .exits(0);
    assert_eq!(
        (answer.stdout.as_str(), answer.stderr.as_str()),
        ("rates|42\n", "")
    );
    let piped = fed(
        environment.command(&["psql", "-At"]),
        b"select 1;\nselect 2;\n",
    )
    .exits(0);
    assert_eq!(piped.stdout, "1\n2\n");
    environment
        .run(&["psql", "-c", "select 1/0"])
        .exits(1)
        .says(&["division by zero"]);
    let stops = ["psql", "-v", "ON_ERROR_STOP=1"];
    fed(environment.command(&stops), b"select 1/0;").exits(3);
    environment
        .run(&["psql", "-d", "nosuch", "-c", "select 1"])
        .exits(2);
    let password = environment.run(&["exec", "database", "cat", "/run/secrets/database_password"]);
    let inspected = docker::inspect(&environment.container("database")).to_string();
    assert!(!inspected.contains(password.exits(0).stdout.trim()));
}

fn a_reader_that_goes_ends_it(environment: &Environment) {
    let mut endless = environment
        .command(&["exec", "-T", "database", "yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(endless.stdout.take());
    let status = eventually("the end of a command that nobody reads", || {
        endless.try_wait().unwrap()
    });
    let mut said = String::new();
    std::io::Read::read_to_string(&mut endless.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

fn the_terminal_is_the_commands_until_it_ends(environment: &Environment) {
    let terminal = Terminal::open(&environment.command(&[]), (100, 30));
    terminal.line("$R exec database");
    terminal.shows("root@");
    terminal.line("stty size");
    terminal.shows("30 100");
    terminal.resize(77, 21);
    terminal.line("until [ \"$(stty size)\" = '21 77' ]; do sleep 0.1; done; echo re''sized");
    terminal.shows("resized");
    terminal.line("echo sle''eping; sleep 1000");
    terminal.shows("sleeping");
    terminal.key("C-c");
    terminal.line("exit 5");
    terminal.prompts(2);
    terminal.line("echo it ended with $?");
    terminal.shows("it ended with 5");
    terminal.line("$R psql");
    terminal.shows("rates=#");
    terminal.line("select 40 + 2 as answer;");
    terminal.shows("42");
    terminal.line("\\q");
    terminal.prompts(4);
    terminal.line("echo psql ended with $?");
    terminal.shows("psql ended with 0");
    is_as_it_was(&terminal);
}

fn the_terminal_is_restored_when_the_program_is_ended(environment: &Environment) {
    for signal in ["TERM", "HUP"] {
        let terminal = Terminal::open(&environment.command(&[]), (80, 24));
        terminal.line("$R psql");
        terminal.shows("rates=#");
        let program = terminal.child_of_shell();
        let killed = Command::new("kill").args(["-s", signal, &program]).status();
        assert!(killed.unwrap().success());
        terminal.prompts(2);
        terminal.line("echo it ended with $?");
        terminal.shows("it ended with 130");
        is_as_it_was(&terminal);
    }
}

fn is_as_it_was(terminal: &Terminal) {
    terminal
        .line("stty -a | tr ' ;' '\\n' | grep -xE -e '-?(icanon|echo|isig|opost)' | xargs echo =");
    for mode in ["icanon", "echo", "isig", "opost"] {
        terminal.shows(&format!(" {mode}"));
    }
}

fn what_does_not_run_is_said(environment: &Environment) {
    environment.run(&["stop", "api"]).exits(0);
    let exec = environment.run(&["exec", "api", "--", "/ratesdev", "--version"]);
    exec.exits(3).says(&[
        "api of",
        "does not run: it is stopped",
        "ratesdev start api",
    ]);
    environment
        .run(&["exec", "api-5", "true"])
        .exits(3)
        .says(&["there is no api-5"]);
    environment
        .run(&["exec", "seed", "true"])
        .exits(3)
        .says(&["there is no seed"]);
}
