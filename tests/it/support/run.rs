//! A command that was run or is running: its exit code and everything it said.

use std::ffi::OsStr;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;

use serde_json::Value;

use super::eventually;
use super::process::signal;

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Run {
    command: String,
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Run {
    /// Makes sure how it ended.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code of {self}");
        self
    }

    /// Makes sure that it said all of this, on either stream.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for words in words {
            let said = self.stdout.contains(words) || self.stderr.contains(words);
            assert!(said, "{words:?} is not in what was said by {self}");
        }
        self
    }

    /// Makes sure that it did not say this.
    #[track_caller]
    pub fn never_says(self, words: &str) -> Self {
        let said = self.stdout.contains(words) || self.stderr.contains(words);
        assert!(!said, "{words:?} is in what was said by {self}");
        self
    }

    /// Its standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|error| panic!("{error} in the output of {self}"))
    }

    /// Its standard output as JSON documents, one a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            let parsed = serde_json::from_str(line);
            parsed.unwrap_or_else(|error| panic!("{error} in {line:?}, a line of {self}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "{command} (exit code {code:?})\n--- stdout\n{stdout}--- stderr\n{stderr}---"
        )
    }
}

/// A command that runs; killed when dropped.
pub struct Running {
    command: String,
    child: Child,
    stdout: Captured,
    stderr: Captured,
}

/// What a stream has brought so far, and the thread that reads it.
struct Captured {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Captured {
    fn new(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                kept.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}

impl Running {
    /// Starts a command; nobody answers its questions.
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// Starts a command that reads from here.
    pub fn start_with(command: &mut Command, stdin: Stdio) -> Self {
        Self::start_to(command, stdin, Stdio::piped())
    }

    /// Starts a command that writes there, which is not kept unless it is a pipe of its own.
    pub fn start_to(command: &mut Command, stdin: Stdio, stdout: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // What is handed over would stay open here as long as the command.
        command.stdout(Stdio::null());
        let stdout: Box<dyn Read + Send> = match child.stdout.take() {
            Some(stdout) => Box::new(stdout),
            None => Box::new(std::io::empty()),
        };
        Self {
            command: words(command),
            stdout: Captured::new(stdout),
            stderr: Captured::new(child.stderr.take().unwrap()),
            child,
        }
    }

    /// What it has said so far, on both streams.
    pub fn said(&self) -> String {
        self.stdout.so_far() + &self.stderr.so_far()
    }

    /// Waits until it has said this.
    pub fn wait_for(&self, words: &str) {
        eventually(&format!("{words:?} from {}", self.command), || {
            self.said().contains(words).then_some(())
        });
    }

    /// The most memory it has had, in KiB, while it still runs.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> Option<u64> {
        super::process::peak_memory(&self.child)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        signal("INT", &self.child);
    }

    /// Ends it without letting it do anything about it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its end.
    pub fn finish(mut self) -> Run {
        let status = self.child.wait().unwrap();
        Run {
            command: self.command.clone(),
            code: status.code(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        }
    }
}

/// Runs a command with this on its standard input.
pub fn fed(mut command: Command, bytes: &[u8]) -> Run {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let bytes = bytes.to_vec();
    let feeding = std::thread::spawn(move || writer.write_all(&bytes));
    let run = Running::start_with(&mut command, reader.into()).finish();
    // The other end is closed here too, so that what a command did not read does not keep its writer waiting.
    drop(command);
    drop(feeding.join().unwrap());
    run
}

/// A command as it would be typed, without the folders and variables of the tests.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
