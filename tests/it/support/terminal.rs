//! A real terminal: the program runs in tmux, keys are typed, the screen is read.

use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use super::eventually;
use super::random::token;

/// What the shell asks for a line with.
const PROMPT: &str = "outer>";

/// A terminal with a shell in it; it goes when dropped.
pub struct Terminal {
    /// The name of a tmux server of its own.
    server: String,
}

impl Terminal {
    /// Opens one of this size, in the folder and with the variables of a command that is not run.
    pub fn open(command: &Command, (columns, lines): (u16, u16)) -> Self {
        let terminal = Self {
            server: format!("ratesdev-it-{}", token()),
        };
        let mut tmux = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"]);
        tmux.args(["-x", &columns.to_string(), "-y", &lines.to_string()]);
        for (name, value) in command.get_envs() {
            let value = value.unwrap_or_default().to_str().unwrap();
            tmux.args(["-e", &format!("{}={value}", name.to_str().unwrap())]);
        }
        if let Some(folder) = command.get_current_dir() {
            tmux.arg("-c").arg(folder);
        }
        let program = env!("CARGO_BIN_EXE_ratesdev");
        let shell = format!("PS1='{PROMPT} ' R={program} exec bash --norc --noprofile");
        assert!(tmux.arg(shell).status().unwrap().success());
        terminal.prompts(1);
        terminal
    }

    /// Types a line.
    pub fn line(&self, text: &str) {
        // A semicolon at the end of an argument would end tmux's own command.
        let text = match text.strip_suffix(';') {
            Some(text) => format!("{text}\\;"),
            None => text.to_owned(),
        };
        self.send(&["-l", &text]);
        self.key("Enter");
    }

    /// Presses a key, by tmux's name for it.
    pub fn key(&self, key: &str) {
        self.send(&[key]);
    }

    fn send(&self, keys: &[&str]) {
        let sent = self.tmux(&["send-keys"]).args(keys).status();
        assert!(sent.unwrap().success());
    }

    /// Gives it another size.
    pub fn resize(&self, columns: u16, lines: u16) {
        let mut tmux = self.tmux(&["resize-window"]);
        tmux.args(["-x", &columns.to_string(), "-y", &lines.to_string()]);
        assert!(tmux.status().unwrap().success());
    }

    /// What is on the screen, and what has left it at its top.
    pub fn screen(&self) -> String {
        let output = self
            .tmux(&["capture-pane", "-p", "-S", "-"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What was copied last, once there is anything.
    pub fn copied(&self) -> String {
        eventually("something that was copied", || {
            let buffer = self.tmux(&["show-buffer"]).output().unwrap();
            let text = String::from_utf8_lossy(&buffer.stdout).into_owned();
            (!text.is_empty()).then_some(text)
        })
    }

    /// The screen with its colours.
    pub fn painted(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p", "-e"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What tmux knows of it, by tmux's name.
    pub fn ask(&self, format: &str) -> String {
        let output = self.tmux(&["display-message", "-p", format]).output();
        let text = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        text.trim_end().to_owned()
    }

    /// Pastes text, as a terminal does that says so.
    pub fn paste(&self, text: &str) {
        let mut load = self.tmux(&["load-buffer", "-"]);
        let mut load = load.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = load.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(load.wait().unwrap().success());
        let pasted = self.tmux(&["paste-buffer", "-p"]).status();
        assert!(pasted.unwrap().success());
    }

    /// Waits until this is on the screen.
    pub fn shows(&self, words: &str) {
        eventually(&format!("{words:?} on the screen"), || {
            self.screen().contains(words).then_some(())
        });
    }

    /// Waits until this is not on the screen any more.
    pub fn hides(&self, words: &str) {
        eventually(&format!("no {words:?} on the screen"), || {
            (!self.screen().contains(words)).then_some(())
        });
    }

    /// Waits until its shell has asked for a line so many times: what is typed earlier goes to what runs.
    pub fn prompts(&self, times: usize) {
        eventually(&format!("{times} prompts on the screen"), || {
            (self.screen().matches(PROMPT).count() >= times).then_some(())
        });
    }

    /// The process that its shell runs at the moment.
    pub fn child_of_shell(&self) -> String {
        let mut shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let shell = String::from_utf8(shell.output().unwrap().stdout).unwrap();
        eventually("a child of the shell", || {
            let mut children = Command::new("ps");
            children.args(["-o", "pid=", "--ppid", shell.trim()]);
            let children = String::from_utf8(children.output().unwrap().stdout).unwrap();
            children.split_whitespace().next().map(str::to_owned)
        })
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.server]).args(arguments);
        tmux.env_remove("TMUX");
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the screen was:\n{}", self.screen());
        }
        drop(self.tmux(&["kill-server"]).status());
    }
}
