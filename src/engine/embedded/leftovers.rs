//! What a supervisor that was killed left running. It must end before anything is started or removed, and nothing else
//! may be touched: a process is known by more than its number, or by the folder it works in.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;
use tokio::time::sleep;

use super::home::Place;
use super::process::Process;
use super::record;
use super::record::Life;
use super::record::Record;
use super::stopping;
use crate::engine::Role;

/// The code of an instance whose end nobody saw, as the Docker Engine has it after it was killed.
pub const UNSEEN: i64 = 255;

/// Ends whatever is left of an environment. Whoever calls it holds the supervisor's lock.
pub async fn end(place: &Place) {
    let records = record::all(place).unwrap_or_default();
    let mut left: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record.instance.role, record.process()?.clone())))
        .collect();
    for (role, process) in unrecorded(place, &records) {
        if !left.iter().any(|(_, known)| *known == process) {
            left.push((role, process));
        }
    }
    // What asks goes before what answers.
    left.sort_by_key(|(role, _)| std::cmp::Reverse(*role));
    for (role, process) in left {
        stop(role, &process).await;
    }
    for record in records {
        note(place, record);
    }
}

async fn stop(role: Role, process: &Process) {
    for (signal, grace) in stopping(role) {
        if signal == Signal::KILL {
            process.kill_group();
        } else {
            process.signal(signal);
        }
        let deadline = Instant::now() + grace;
        while process.lives() && Instant::now() < deadline {
            sleep(Duration::from_millis(5)).await;
        }
        if !process.lives() {
            return;
        }
    }
}

fn note(place: &Place, mut record: Record) {
    if matches!(record.life, Life::Running { .. } | Life::Waiting { .. }) {
        record.life = Life::Ended { code: UNSEEN };
        // Where this cannot be written, the next command finds the same and does the same.
        drop(record.save(place));
    }
}

/// Processes that were started just before their supervisor was killed, which had no time to write them down: they run
/// a role's program in that role's folder.
#[cfg(target_os = "linux")]
fn unrecorded(place: &Place, records: &[Record]) -> Vec<(Role, Process)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let found = pids.filter_map(|pid| Some((role_of(place, records, pid)?, Process::find(pid)?)));
    found.collect()
}

#[cfg(not(target_os = "linux"))]
fn unrecorded(_place: &Place, _records: &[Record]) -> Vec<(Role, Process)> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn role_of(place: &Place, records: &[Record], pid: u32) -> Option<Role> {
    let link = |name: &str| std::fs::read_link(format!("/proc/{pid}/{name}")).ok();
    let folder = link("cwd")?;
    if !folder.starts_with(place.path()) || parent_is(pid, &folder) {
        return None;
    }
    let record = records
        .iter()
        .find(|record| record.launch.folder == folder)?;
    let program = link("exe")?;
    // A program that was replaced meanwhile is shown with this word behind its name.
    let program = program.to_string_lossy();
    let program = program.strip_suffix(" (deleted)").unwrap_or(&program);
    let same = std::fs::canonicalize(&record.launch.program)
        .is_ok_and(|own| own == std::path::Path::new(program));
    (same || record.launch.program == std::path::Path::new(program)).then_some(record.instance.role)
}

/// Whether a process was started by another that works in the same folder: PostgreSQL's own children are its to end.
#[cfg(target_os = "linux")]
fn parent_is(pid: u32, folder: &std::path::Path) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent = stat
        .rsplit_once(')')
        .and_then(|(_, fields)| fields.split_ascii_whitespace().nth(1));
    let parent = parent.and_then(|parent| std::fs::read_link(format!("/proc/{parent}/cwd")).ok());
    parent.is_some_and(|parent| parent == folder)
}
