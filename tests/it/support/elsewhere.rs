//! A machine that is not the Engine's: its loopback is another one, and the Engine is reached at an address alone.
//!
//! It is a network namespace, which the thread of the test enters, and with it every program that the test starts and
//! every connection that it makes. A socket with a path leads out of it, so that there is a way to the Engine.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use super::docker;
use super::engine::go_to;
use super::engine::may_have;
use super::engine::network_of;
use super::engine::own_network;

/// Where the Engine can be reached from there.
pub const ADDRESS: &str = "10.77.0.1";

/// Sets the network up, then waits for the end of its standard input, which comes with the end of the test.
const FIRST: &str =
    "ip link set lo up && ip address add $ADDRESS/32 dev lo && echo ready && read -r";

/// The test is elsewhere until this is dropped.
pub struct Elsewhere {
    first: Child,
    before: File,
}

impl Elsewhere {
    /// Goes there. None where the test may not: it takes root.
    pub fn enter() -> Option<Self> {
        if !docker::is_there() || !may_have("a network of its own") {
            return None;
        }
        let elsewhere = Self {
            first: first(),
            before: own_network(),
        };
        go_to(&network_of(&elsewhere.first));
        Some(elsewhere)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        go_to(&self.before);
        self.first.kill().ok();
        self.first.wait().ok();
    }
}

/// The process that keeps the network.
fn first() -> Child {
    let mut first = Command::new("unshare")
        .args(["--net", "bash", "-c", FIRST])
        .env("ADDRESS", ADDRESS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(first.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "a network of the test's own");
    first
}
