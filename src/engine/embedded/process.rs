//! Processes of this machine, told apart from others that get the same number later.

use std::process::Command;

use rustix::process::Pid;
use rustix::process::Signal;
use serde::Deserialize;
use serde::Serialize;

/// A process that was started once. Numbers are given again; together with these two they are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started, in the system's own words.
    pub started: String,
    /// Which start of the machine that was.
    pub boot: String,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It runs or sleeps.
    Lives,
    /// It was stopped by a signal and does nothing.
    Frozen,
    /// It has ended; at most its exit code is still to be fetched.
    Dead,
}

impl Process {
    /// The process that has this number now, if one does.
    pub fn find(pid: u32) -> Option<Self> {
        let (started, doing) = look(pid)?;
        (doing != Doing::Dead).then(|| Self {
            pid,
            started,
            boot: boot(),
        })
    }

    /// What it does now.
    pub fn doing(&self) -> Doing {
        match look(self.pid) {
            Some((started, doing)) if started == self.started && boot() == self.boot => doing,
            _ => Doing::Dead,
        }
    }

    /// Whether it is still there.
    pub fn lives(&self) -> bool {
        self.doing() != Doing::Dead
    }

    /// Sends a signal, unless the process has gone. One that is frozen is woken, so that it can act on it.
    pub fn signal(&self, signal: Signal) {
        let Some(pid) = self.pid() else { return };
        if self.lives() {
            // It may end at any time; then there is nobody left to be told.
            rustix::process::kill_process(pid, signal).ok();
            rustix::process::kill_process(pid, Signal::CONT).ok();
        }
    }

    /// Ends it and every process of its group at once, unless it has gone.
    pub fn kill_group(&self) {
        let Some(pid) = self.pid() else { return };
        if self.lives() {
            rustix::process::kill_process_group(pid, Signal::KILL).ok();
            rustix::process::kill_process(pid, Signal::KILL).ok();
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.pid).ok()?)
    }
}

/// When a process was started, and what it does.
#[cfg(target_os = "linux")]
fn look(pid: u32) -> Option<(String, Doing)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(&stat)
}

/// The program's name stands in brackets and may hold anything, brackets too (proc(5)).
#[cfg(target_os = "linux")]
fn parse(stat: &str) -> Option<(String, Doing)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let doing = match fields.next()? {
        "Z" | "X" | "x" => Doing::Dead,
        "T" | "t" => Doing::Frozen,
        _ => Doing::Lives,
    };
    Some((fields.nth(18)?.to_owned(), doing))
}

#[cfg(not(target_os = "linux"))]
fn look(pid: u32) -> Option<(String, Doing)> {
    let text = output(Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]))?;
    let (stat, started) = text.trim().split_once(char::is_whitespace)?;
    let doing = match stat.chars().next()? {
        'Z' => Doing::Dead,
        'T' => Doing::Frozen,
        _ => Doing::Lives,
    };
    Some((started.trim().to_owned(), doing))
}

/// Which start of the machine this is.
#[cfg(target_os = "linux")]
pub fn boot() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    read.unwrap_or_default().trim().to_owned()
}

#[cfg(not(target_os = "linux"))]
pub fn boot() -> String {
    // The time of the start would not do: it moves when the clock is set.
    let read = output(Command::new("sysctl").args(["-n", "kern.bootsessionuuid"]));
    read.unwrap_or_default().trim().to_owned()
}

/// What a program of the system prints, where it succeeds.
#[cfg_attr(target_os = "linux", expect(dead_code, reason = "Linux has /proc"))]
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_mistaken_for_another_of_its_number() {
        let this = Process::find(std::process::id()).unwrap();
        assert_eq!(this.doing(), Doing::Lives);
        let earlier = Process {
            started: "1".to_owned(),
            ..this.clone()
        };
        let before_the_reboot = Process {
            boot: "another".to_owned(),
            ..this
        };
        for other in [earlier, before_the_reboot] {
            assert_eq!(other.doing(), Doing::Dead);
            other.kill_group();
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_name_of_a_program_does_not_confuse() {
        let stat = "7 (a) T (b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9";
        assert_eq!(parse(stat), Some(("4711".to_owned(), Doing::Lives)));
        assert_eq!(parse("7 (a"), None);
    }
}
