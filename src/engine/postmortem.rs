//! Why an instance failed, as its engine and its last lines tell.

use futures_util::StreamExt;

use super::Engine;
use super::Error;
use super::EventKind;
use super::Found;
use super::Instance;
use super::LogWindow;
use super::Role;
use super::State;
use crate::error::Code;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;

/// How many of an instance's last lines may tell why it failed.
const LAST_LINES: u64 = 50;

/// A reason that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The system ended a process of it that wanted more memory than the instance may use.
    Memory,
    /// Its disk is full.
    Disk,
    /// Its image was made for another processor.
    Processor,
    /// The data was made by another major version of PostgreSQL.
    Version,
}

/// What programs say of each reason, on every system.
const WORDS: [(&str, Reason); 5] = [
    ("No space left on device", Reason::Disk),
    ("Check free disk space", Reason::Disk),
    ("exec format error", Reason::Processor),
    ("Exec format error", Reason::Processor),
    (
        "database files are incompatible with server",
        Reason::Version,
    ),
];

/// Why an instance failed, if that is known, and the lines that say so.
pub async fn find(
    engine: &dyn Engine,
    environment: &EnvironmentName,
    found: &Found,
) -> Option<(Reason, Vec<String>)> {
    if ended_by_memory(&found.state) || lacked_memory(engine, environment, found.instance).await {
        return Some((Reason::Memory, Vec::new()));
    }
    // On a full disk its last words may not have been kept.
    let full = || (!engine.has_room()).then_some((Reason::Disk, Vec::new()));
    told(&last_lines(engine, found, LAST_LINES).await).or_else(full)
}

fn ended_by_memory(state: &State) -> bool {
    let State::Exited { out_of_memory, .. } = state else {
        return false;
    };
    *out_of_memory
}

/// An instance that is started again no longer shows why it ended; its engine remembers. Its clock may be another one,
/// so the events are told apart by their order.
async fn lacked_memory(
    engine: &dyn Engine,
    environment: &EnvironmentName,
    instance: Instance,
) -> bool {
    let mut lacked = false;
    let mut events = engine.events(Some(environment), LogWindow::default());
    while let Some(Ok(event)) = events.next().await {
        match event.kind {
            _ if event.instance != instance => {}
            EventKind::Created => lacked = false,
            EventKind::OutOfMemory => lacked = true,
            _ => {}
        }
    }
    lacked
}

/// The end of an instance for a reason that is known; `memory` is what it may use, where that is known.
pub fn explained(found: &Found, reason: Reason, memory: Option<Bytes>) -> Error {
    let Found {
        instance, image, ..
    } = found;
    match reason {
        Reason::Memory => {
            let key = format!("{}.memory", instance.role.table());
            let limit = memory.map_or_else(|| "it may".to_owned(), |memory| memory.to_string());
            let what = format!("{instance} was killed: it used more memory than {limit} (`{key}`)");
            Error::new(Code::RoleDied, what).hint(format!(
                "raise `{key}` in the profile, or for once with `--set {key}=SIZE`"
            ))
        }
        Reason::Disk => {
            let what = format!("{instance} ended because its disk is full");
            Error::new(Code::DiskFull, what)
                .hint("make space, then run the command again; it goes on from where it was")
        }
        Reason::Processor => {
            let what =
                format!("the image {image} is not for the processor of this Engine's machine");
            Error::new(Code::ImagePlatform, what)
                .hint("pull or build the image for that processor, or name another in the profile")
        }
        Reason::Version => other_version(instance.role, image),
    }
}

/// An image that cannot open the data that is there.
pub fn other_version(role: Role, image: &str) -> Error {
    let what =
        format!("{image} cannot open the data, which another major version of PostgreSQL made");
    let table = role.table();
    let instead = if role.is_own() {
        format!("another volume (`{table}.volumes`)")
    } else {
        "give the data up with `ratesdev down -v`".to_owned()
    };
    Error::new(Code::PostgresVersion, what).hint(format!(
        "name an image of that version (`{table}.image`), or {instead}; until then it is kept"
    ))
}

/// The first reason that lines tell of.
fn told(lines: &[String]) -> Option<(Reason, Vec<String>)> {
    let (words, reason) = WORDS
        .into_iter()
        .find(|(words, _)| lines.iter().any(|line| line.contains(words)))?;
    let said = lines.iter().filter(|line| line.contains(words));
    Some((reason, said.cloned().collect()))
}

/// What an instance wrote last.
pub async fn last_lines(engine: &dyn Engine, found: &Found, tail: u64) -> Vec<String> {
    let window = LogWindow {
        tail: Some(tail),
        ..LogWindow::default()
    };
    let lines = engine.logs(&found.id, window);
    lines
        .filter_map(|line| std::future::ready(line.ok().map(|line| line.text)))
        .collect()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_with_the_lines_that_say_so() {
        let full = "PANIC:  could not write to file \"pg_wal/xlogtemp.9\": No space left on device";
        let lines = ["starting", full, "aborting"].map(str::to_owned);
        let said = vec![full.to_owned()];
        assert_eq!(told(&lines), Some((Reason::Disk, said)));
        assert_eq!(told(&["starting".to_owned()]), None);
    }
}
