//! The everyday commands, where roles are processes.

use std::io::Write;
use std::process::Stdio;

use super::ready;
use super::small;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::home::Home;
use crate::support::home::postgres;
use crate::support::home::send;
use crate::support::run::Running;
use crate::support::terminal::Terminal;

#[test]
fn psql_and_exec_run_beside_a_role_with_plain_streams_and_their_own_exit_code() {
    let (beside, _home) = ready("beside");
    let count = beside.run(&["psql", "-Atc", "select count(*) > 0 from prices"]);
    assert_eq!(count.exits(0).stdout, "t\n");
    assert_eq!(piped(&beside, "select 6 * 7;\n"), "42\n");
    beside
        .run(&["psql", "-v", "ON_ERROR_STOP=1", "-c", "select nonsense"])
        .exits(1);
    let port = beside
        .run(&["exec", "api", "sh", "-c", "echo $DB_PORT"])
        .exits(0);
    assert_eq!(
        format!("127.0.0.1:{}", port.stdout.trim()),
        beside.run(&["port", "database"]).exits(0).stdout.trim()
    );
    // The number that it has in a container, so that a script works on every engine.
    assert_eq!(
        beside.run(&["port", "database", "5432"]).exits(0).stdout,
        beside.run(&["port", "database"]).exits(0).stdout
    );
    beside
        .run(&["exec", "database", "sh", "-c", "exit 7"])
        .exits(7);
    beside
        .run(&["exec", "database", "no-such-program"])
        .exits(127);
    beside.run(&["exec", "api-2", "true"]).exits(3);
    let folder = beside.run(&["exec", "-w", "/tmp", "api", "pwd"]).exits(0);
    assert_eq!(folder.stdout, "/tmp\n");
    let user = beside.run(&["exec", "--user", "root", "api", "true"]);
    user.exits(1)
        .says(&["E-ENGINE-LACKS", "as root", "leave --user out"]);
}

/// What `psql` answers to what it reads.
fn piped(environment: &Environment, sql: &str) -> String {
    let mut psql = environment
        .command(&["psql", "-At"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = psql.stdin.take().unwrap();
    stdin.write_all(sql.as_bytes()).unwrap();
    drop(stdin);
    let ended = psql.wait_with_output().unwrap();
    assert!(ended.status.success());
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn a_role_that_is_stopped_stays_stopped_until_it_is_started() {
    let (halted, home) = ready("halted");
    halted.run(&["stop", "api"]).exits(0);
    halted.run(&["status"]).exits(3).says(&["stopped"]);
    assert_eq!(
        home.processes(&halted.name).len(),
        of_the_database(&home, &halted)
    );
    halted.run(&["start", "api"]).exits(0);
    halted.answers();
    let before = home.pid(&halted.name, "database");
    halted.run(&["restart"]).exits(0);
    assert_ne!(home.pid(&halted.name, "database"), before);
    halted.answers();
    halted.run(&["stop"]).exits(0);
    home.is_quiet(&halted.name);
    halted.run(&["up"]).exits(0);
    halted.is_whole();
}

/// How many processes there are that are neither the supervisor's nor the API's own program.
fn of_the_database(home: &Home, environment: &Environment) -> usize {
    let processes = home.processes(&environment.name);
    let api = processes.iter().filter(|process| process.contains("serve"));
    assert_eq!(api.count(), 0, "{processes:?}");
    processes.len()
}

#[test]
fn what_happened_is_told_and_everything_is_found() {
    let (told, _home) = ready("told");
    told.run(&["stop", "api"]).exits(0);
    told.run(&["start", "api"]).exits(0);
    let events = told.run(&["events", "--json"]).exits(0).json_lines();
    let api = events
        .iter()
        .filter(|event| event["instance"]["role"] == "api" || event["role"] == "api");
    let api: Vec<_> = api.map(|event| event["event"].as_str().unwrap()).collect();
    for kind in ["created", "started", "exited"] {
        assert!(api.contains(&kind), "{kind} is not in {events:?}");
    }
    let listed = told.run(&["ls", "--json"]).exits(0).json();
    let ours = listed["environments"].as_array().unwrap().iter();
    let ours: Vec<_> = ours
        .filter(|one| one["environment"] == told.name.as_str())
        .collect();
    assert_eq!(
        (&ours[0]["engine"], &ours[0]["running"]),
        (&"embedded".into(), &2.into())
    );
    told.run(&["down"]).exits(0);
    assert!(!told.run(&["ls"]).exits(0).stdout.contains(&told.name));
    told.run(&["ls", "--all"])
        .exits(0)
        .says(&[&told.name, "down"]);
}

#[test]
fn doctor_names_the_postgres_that_would_run_and_why() {
    let (well, _home) = ready("well");
    let findings = well.run(&["doctor", "--json"]).exits(0).json();
    let findings = findings["findings"].as_array().unwrap().clone();
    let what = |topic: &str| {
        let found = findings.iter().find(|finding| finding["topic"] == topic);
        found.unwrap()["what"].as_str().unwrap().to_owned()
    };
    assert!(what("engine").starts_with("embedded"), "{}", what("engine"));
    assert!(
        what("postgres").starts_with("PostgreSQL ")
            && what("postgres").contains("the data belongs"),
        "{}",
        what("postgres")
    );
}

#[test]
fn docker_and_embedded_answer_the_same() {
    let Some(docker) = Environment::ready("same") else {
        return;
    };
    let home = Home::new();
    let embedded = Environment::embedded("same", &docker.checkout, home);
    docker.checkout.open();
    embedded.run(&["up"]).exits(0);
    let left = format!("{}@docker", docker.name);
    let right = format!("{}@embedded", embedded.name);
    let parity = embedded.run(&["parity", "--left", &left, "--right", &right]);
    parity.exits(0).says(&["answers are equal"]);
}

#[test]
fn a_log_is_followed_while_a_role_is_started_again() {
    let (followed, _home) = ready("followed");
    let follow = followed.start(&["logs", "--follow", "api"]);
    follow.wait_for("listening");
    followed.run(&["restart", "api"]).exits(0);
    eventually("the new start is read too", || {
        (follow.said().matches("listening").count() > 1).then_some(())
    });
    follow.kill();
}

#[test]
fn ctrl_c_belongs_to_the_command_that_has_the_terminal() {
    let (cut, home) = ready("cut");
    let terminal = Terminal::open(&cut.command(&[]), (100, 30));
    terminal.line("$R psql");
    terminal.shows("rates=#");
    terminal.line("select pg_sleep(1000);");
    let asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    eventually("the statement runs", || {
        (home.sql(&cut.name, "rates", asleep) == "1").then_some(())
    });
    terminal.key("C-c");
    terminal.shows("canceling statement");
    terminal.line("select 'a'||'wake';");
    terminal.shows("awake");
    terminal.line("\\q");
    terminal.prompts(2);
    terminal.line("$R exec -T api sleep 1000");
    let program = terminal.child_of_shell();
    eventually("the command runs", || child(&program));
    terminal.key("C-c");
    terminal.prompts(3);
    terminal.line("echo it ended with $?");
    terminal.shows("it ended with 130");
}

#[test]
fn a_command_does_not_outlive_the_program_that_was_asked_to_end() {
    let (orphan, _home) = ready("orphan");
    let terminal = Terminal::open(&orphan.command(&[]), (100, 30));
    terminal.line("$R psql");
    terminal.shows("rates=#");
    let program = terminal.child_of_shell();
    let psql = eventually("psql runs", || child(&program));
    send("TERM", program.parse().unwrap());
    terminal.prompts(2);
    eventually("psql has gone", || {
        let there = std::path::Path::new("/proc").join(&psql).exists();
        (!there).then_some(())
    });
}

#[test]
fn a_postgres_that_the_profile_names_is_kept_by_seed() {
    let Some(folder) = postgres() else {
        eprintln!("CANNOT RUN HERE: there is no PostgreSQL in Debian's folders");
        return;
    };
    let (named, home) = small("named");
    let command = |words: &[&str]| {
        let mut command = named.command(words);
        command.env("RATESDEV_DATABASE_POSTGRES", &folder);
        command
    };
    Running::start(&mut command(&["up"])).finish().exits(0);
    let before = home.record(&named.name, "database");
    Running::start(&mut command(&["seed"])).finish().exits(0);
    assert_eq!(home.record(&named.name, "database"), before);
}

#[test]
fn a_postgres_that_is_named_is_the_one_that_the_dashboard_brings_up_and_keeps() {
    let Some(folder) = postgres() else {
        eprintln!("CANNOT RUN HERE: there is no PostgreSQL in Debian's folders");
        return;
    };
    let (named, home) = small("named-board");
    let mut command = named.command(&[]);
    command.env("RATESDEV_DATABASE_POSTGRES", &folder);
    let terminal = Terminal::open(&command, (120, 36));
    terminal.line("$R");
    terminal.shows("so there is nothing to read");
    terminal.key("u");
    terminal.shows("is ready in");
    let before = home.record(&named.name, "database");
    assert!(
        before.to_string().contains(folder.to_str().unwrap()),
        "{before}"
    );
    terminal.key("u");
    terminal.shows("nothing had to change");
    assert_eq!(home.record(&named.name, "database"), before);
    terminal.key("q");
    terminal.prompts(2);
}

/// A process that another one has started.
fn child(parent: &str) -> Option<String> {
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(children).ok()?;
    children.split_whitespace().next().map(str::to_owned)
}
