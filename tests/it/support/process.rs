//! A role as a child process: started, listened to, asked to stop.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;

use super::eventually;

/// A running `ratesdev` whose standard output is kept line by line.
pub struct Role {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Role {
    /// Starts the program with these arguments, variables and standard input, and nothing else of this environment.
    pub fn start(arguments: &[&str], variables: &[(&str, String)], stdin: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
            .args(arguments)
            .env_clear()
            .envs(variables.iter().cloned())
            .stdin(stdin)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, lines }
    }

    /// Every log line so far.
    pub fn log(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits for the line that says `message`.
    pub fn wait_for(&self, message: &str) -> Value {
        let find = || {
            self.log()
                .into_iter()
                .find(|line| line["message"] == message)
        };
        eventually(message, find)
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        signal("TERM", &self.child);
    }

    /// Holds it, so that what happens meanwhile finds it all at once.
    pub fn hold(&self) {
        signal("STOP", &self.child);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        signal("CONT", &self.child);
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the end of the process", || self.child.try_wait().unwrap())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends a signal to a child.
pub fn signal(name: &str, child: &Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &pid])
        .status()
        .unwrap();
    assert!(sent.success(), "kill -s {name} {pid}");
}

/// The most memory a process has had, in KiB, while it still runs.
#[cfg(target_os = "linux")]
pub fn peak_memory(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
