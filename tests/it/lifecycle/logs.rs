//! The logs of all roles as one.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Stdio;

use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::eventually;

on_every_engine! {
    the_logs_of_all_roles_are_one_log_that_can_be_searched_and_followed,
}

fn the_logs_of_all_roles_are_one_log_that_can_be_searched_and_followed(kind: Kind) {
    let Some(logged) = Environment::ready_on(kind, "logged") else {
        return;
    };
    logged.answers();
    lines_of_all_roles_are_in_the_order_of_time(&logged);
    one_role_can_be_searched(&logged);
    the_window_can_be_narrowed(&logged);
    a_reader_that_goes_is_no_error(&logged);
    a_followed_log_goes_on_after_a_restart(&logged);
}

fn lines_of_all_roles_are_in_the_order_of_time(environment: &Environment) {
    let logs = environment.run(&["logs", "--timestamps"]).exits(0).stdout;
    let times: Vec<_> = logs
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert!(times.is_sorted(), "{logs}");
    assert!(times.iter().all(|time| time.ends_with('Z')), "{logs}");
    for role in ["database", "api"] {
        let of = |line: &str| line.split_whitespace().nth(1) == Some(role);
        assert!(logs.lines().any(of), "{role} in {logs}");
    }
}

fn one_role_can_be_searched(environment: &Environment) {
    let logs = environment.run(&["logs", "api", "--grep", "/rates", "--timestamps"]);
    let logs = logs.exits(0).stdout;
    assert!(!logs.is_empty());
    for line in logs.lines() {
        assert!(line.contains("/rates") && line.contains(" api "), "{line}");
    }
}

fn the_window_can_be_narrowed(environment: &Environment) {
    let count = |arguments: &[&str]| {
        let logs = environment.run(&[&["logs"], arguments].concat()).exits(0);
        logs.stdout.lines().count()
    };
    assert_eq!(count(&["--tail", "2"]), 4, "two of each role");
    assert_eq!(count(&["api", "--tail", "1"]), 1);
    assert_eq!(count(&["--since", "2100-01-01T00:00:00Z"]), 0);
    assert_eq!(count(&["--until", "2001-01-01T00:00:00Z"]), 0);
    assert!(count(&["--since", "1h"]) > 4);
    assert_eq!(count(&["api", "--level", "error"]), 0);
    assert!(count(&["api", "--level", "info"]) > 0);
    environment.run(&["logs", "seed"]).exits(3);
    environment
        .run(&["logs", "apy"])
        .exits(2)
        .says(&["did you mean api"]);
}

fn a_reader_that_goes_is_no_error(environment: &Environment) {
    let mut logs = environment
        .command(&["logs", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(logs.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let status = eventually("the end of a log that nobody reads", || {
        environment.answers();
        logs.try_wait().unwrap()
    });
    let mut said = String::new();
    std::io::Read::read_to_string(&mut logs.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

fn a_followed_log_goes_on_after_a_restart(environment: &Environment) {
    let logs = environment.start(&["logs", "--follow", "--tail", "0"]);
    let asked = |day: &str| {
        let _answer = environment.run(&["query", "CNGGZ", "EETLL", day]);
    };
    eventually("the log is followed", || {
        asked("2021-01-07");
        logs.said().contains("date_from=2021-01-07").then_some(())
    });
    environment.restart("api");
    logs.wait_for("\"message\":\"listening\"");
    eventually("the API answers again", || {
        asked("2021-01-08");
        logs.said().contains("date_from=2021-01-08").then_some(())
    });
    logs.interrupt();
    let ended = logs.finish().exits(0);
    let mut lines: Vec<_> = ended
        .stdout
        .lines()
        .filter(|line| line.contains("request_id"))
        .collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "no line comes twice: {ended}");
}
