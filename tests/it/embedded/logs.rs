//! What roles write, and what remains of it.

use std::process::Stdio;

use crate::support::environment::QUESTION;
use crate::support::eventually;
use crate::support::home::kill;

use super::ready;

#[test]
fn logs_are_merged_searched_and_followed_across_a_death() {
    let (logged, home) = ready("logged");
    let count = |arguments: &[&str]| {
        let logs = logged.run(&[&["logs"], arguments].concat()).exits(0);
        logs.stdout.lines().count()
    };
    assert_eq!(count(&["--tail", "2"]), 4, "two of each role");
    assert_eq!(count(&["--since", "2100-01-01T00:00:00Z"]), 0);
    assert_eq!(count(&["--until", "2001-01-01T00:00:00Z"]), 0);
    assert!(count(&["--since", "1h"]) > 4);
    let follower = logged.start(&["logs", "--follow", "api"]);
    follower.wait_for("listening");
    kill(home.pid(&logged.name, "api"));
    eventually("the API answers again", || {
        let asked = logged.run(&[&["query"], QUESTION.as_slice()].concat());
        (asked.code == Some(0)).then_some(())
    });
    eventually("its new life is followed", || {
        (follower.said().matches("\"listening\"").count() == 2).then_some(())
    });
    follower.interrupt();
    follower.finish().exits(0);
}

#[test]
fn a_reader_of_a_log_that_goes_is_no_error() {
    let (logged, _home) = ready("read");
    let mut logs = logged.command(&["logs"]);
    let mut child = logs
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_follower_sees_every_start_once_however_quickly_a_role_is_replaced() {
    let (logged, home) = ready("quick");
    let follower = logged.start(&["logs", "--follow", "api"]);
    follower.wait_for("listening");
    let mut starts = 1;
    let mut seen = |what: &str| {
        starts += 1;
        eventually(&format!("start {starts}, after {what}, is seen"), || {
            let lines = follower.said().matches("\"listening\"").count();
            assert!(lines <= starts, "{}", follower.said());
            (lines == starts).then_some(())
        });
    };
    for _ in 0..4 {
        logged.run(&["up", "--recreate"]).exits(0);
        seen("a replacement");
        logged.run(&["restart", "api"]).exits(0);
        seen("a restart");
        kill(home.pid(&logged.name, "api"));
        seen("a death");
    }
    let said = follower.said();
    let mut lines: Vec<_> = said.lines().collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "a line was shown twice: {said}");
}
