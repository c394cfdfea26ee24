//! What a supervisor that was killed left running. It must end before anything is started or removed, and nothing else
//! may be touched: a process is known by more than its number, or by the folder it works in.

#[cfg(target_os = "linux")]
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
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
use crate::engine::Grace;
use crate::engine::Role;

/// The code of an instance whose end nobody saw, as the Docker Engine has it after it was killed.
pub const UNSEEN: i64 = 255;

/// Ends whatever is left of an environment. Whoever calls it holds the supervisor's lock.
pub async fn end(place: &Place, grace: Grace) {
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
        stop(role, grace, &process).await;
    }
    free_data(place);
    for record in records {
        note(place, record);
    }
}

async fn stop(role: Role, grace: Grace, process: &Process) {
    for (signal, grace) in stopping(role, grace) {
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
    let place = real(place.path());
    let working = workers().filter(|(_, folder)| folder.starts_with(&place));
    let found = working.filter_map(|(pid, folder)| {
        let record = records
            .iter()
            .find(|record| real(&record.launch.folder) == folder)?;
        let is_it =
            program_of(pid) == Some(real(&record.launch.program)) && !is_child_in(pid, &folder);
        Some((record.instance.role, Process::find(pid).filter(|_| is_it)?))
    });
    found.collect()
}

#[cfg(not(target_os = "linux"))]
fn unrecorded(_place: &Place, _records: &[Record]) -> Vec<(Role, Process)> {
    Vec::new()
}

/// Removes the lock file of a server that has gone. PostgreSQL takes the process of that number for the server even
/// when it is another one by now, or a dead one that nobody has fetched; but every process of a server works in the
/// folder of its data.
#[cfg(target_os = "linux")]
fn free_data(place: &Place) {
    let data = real(&place.data());
    if !workers().any(|(_, folder)| folder == data) {
        // Where it cannot be removed, the server will say so.
        drop(super::disk::remove(&data.join("postmaster.pid")));
    }
}

#[cfg(not(target_os = "linux"))]
fn free_data(_place: &Place) {}

/// Every process whose folder may be looked at, and that folder.
#[cfg(target_os = "linux")]
fn workers() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| Some((pid, link(pid, "cwd")?)))
}

#[cfg(target_os = "linux")]
fn link(pid: u32, name: &str) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/{name}")).ok()
}

/// A path as the system names it.
#[cfg(target_os = "linux")]
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The program that a process runs; one whose file was replaced meanwhile is shown with a word behind its name.
#[cfg(target_os = "linux")]
pub fn program_of(pid: u32) -> Option<PathBuf> {
    let exe = link(pid, "exe")?;
    let exe = exe.to_str()?;
    Some(exe.strip_suffix(" (deleted)").unwrap_or(exe).into())
}

/// The folder that a process works in.
#[cfg(target_os = "linux")]
pub fn folder_of(pid: u32) -> Option<PathBuf> {
    link(pid, "cwd")
}

/// Whether a process was started by another that works in the same folder: PostgreSQL's own children are its to end.
#[cfg(target_os = "linux")]
fn is_child_in(pid: u32, folder: &Path) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let parent = fields.split_ascii_whitespace().nth(1);
    let parent = parent.and_then(|parent| parent.parse().ok());
    parent.is_some_and(|parent| link(parent, "cwd").is_some_and(|cwd| cwd == folder))
}
