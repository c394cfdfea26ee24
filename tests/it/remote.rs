//! Engines that are not behind the socket of this machine: over ssh, over TCP with and without TLS, by a context, and how
//! their ports are reached.

mod address;
mod login;
mod ssh;
mod tcp;
mod tunnel;

use std::process::Command;

use crate::support::run::fed;

/// Commands beside a role, with streams that end one after the other.
fn commands_have_the_streams_and_end_as_they_end(command: &dyn Fn(&[&str]) -> Command) {
    let bytes: Vec<u8> = (b' '..=b'~').cycle().take(1 << 20).collect();
    let script = "cat; echo complaint >&2; exit 3";
    let run = fed(
        command(&["exec", "-T", "database", "--", "sh", "-c", script]),
        &bytes,
    );
    let run = run.exits(3);
    assert_eq!(run.stdout.len(), bytes.len());
    assert_eq!(run.stdout.as_bytes(), bytes);
    assert_eq!(run.stderr, "complaint\n");
    let answer = fed(command(&["psql", "-At"]), b"select 1;\nselect 2;\n");
    assert_eq!(answer.exits(0).stdout, "1\n2\n");
    let stops = command(&["psql", "-v", "ON_ERROR_STOP=1"]);
    fed(stops, b"select 1/0;")
        .exits(3)
        .says(&["division by zero"]);
}
