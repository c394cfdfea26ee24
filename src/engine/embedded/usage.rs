//! What a process and all it has started use.

use std::time::Duration;

use jiff::Timestamp;

use super::process::Process;
use crate::engine::Flow;
use crate::engine::Reading;
use crate::profile::Bytes;

/// What one process uses.
#[derive(Debug, Clone, Copy)]
struct Used {
    pid: u32,
    parent: u32,
    cpu: Duration,
    memory: u64,
}

/// What a process and its descendants use; none when it has gone.
pub fn read(process: &Process) -> Option<Reading> {
    let all = processes();
    if !process.lives() {
        return None;
    }
    let family = family(process.pid, &all);
    Some(Reading {
        at: Timestamp::now(),
        cpu: family.iter().map(|used| used.cpu).sum(),
        memory: Bytes(
            family
                .iter()
                .map(|used| used.memory.max(memory(used.pid)))
                .sum(),
        ),
        memory_limit: None,
        // Processes share the network of their machine.
        network: None,
        disk: family.iter().map(|used| disk(used.pid)).sum(),
    })
}

/// A process and its descendants: PostgreSQL's processes leave its group, so parents are walked.
fn family(root: u32, all: &[Used]) -> Vec<Used> {
    let mut family: Vec<Used> = all
        .iter()
        .filter(|used| used.pid == root)
        .copied()
        .collect();
    let mut seen = 0;
    while let Some(parent) = family.get(seen).map(|used| used.pid) {
        let children = all
            .iter()
            .filter(|used| used.parent == parent && used.pid != root);
        family.extend(children.copied().collect::<Vec<_>>());
        seen += 1;
    }
    family
}

#[cfg(target_os = "linux")]
fn processes() -> Vec<Used> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let tick = 1.0 / precise(rustix::param::clock_ticks_per_second().max(1));
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| used(pid, tick)).collect()
}

#[cfg(target_os = "linux")]
fn precise(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

/// The time of children that have ended counts too; `tick` is in seconds (proc(5)).
#[cfg(target_os = "linux")]
fn used(pid: u32, tick: f64) -> Option<Used> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let ticks = fields.skip(9).take(4);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Used {
        pid,
        parent,
        cpu: Duration::try_from_secs_f64(precise(ticks) * tick).ok()?,
        memory: 0,
    })
}

/// The share of a process in the memory it uses with others; where that may not be read, all of it.
#[cfg(target_os = "linux")]
fn memory(pid: u32) -> u64 {
    let share = || {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        let kilobytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
        Some(kilobytes * 1024)
    };
    let resident = || {
        let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    };
    share().or_else(resident).unwrap_or(0)
}

/// Bytes from and to disks, by itself and by children that have ended (proc(5)); none where that may not be read.
#[cfg(target_os = "linux")]
fn disk(pid: u32) -> Option<Flow> {
    carried(&std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?)
}

#[cfg(not(target_os = "linux"))]
fn disk(_pid: u32) -> Option<Flow> {
    None
}

#[cfg(any(test, target_os = "linux"))]
fn carried(text: &str) -> Option<Flow> {
    let value = |name| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    Some(Flow {
        inward: value("read_bytes:")?,
        outward: value("write_bytes:")?,
    })
}

#[cfg(not(target_os = "linux"))]
fn memory(_pid: u32) -> u64 {
    0
}

#[cfg(not(target_os = "linux"))]
fn processes() -> Vec<Used> {
    let mut ps = std::process::Command::new("ps");
    let table = super::process::output(ps.args(["-axo", "pid=,ppid=,rss=,time="]));
    table.unwrap_or_default().lines().filter_map(row).collect()
}

#[cfg(not(target_os = "linux"))]
fn row(line: &str) -> Option<Used> {
    let mut fields = line.split_ascii_whitespace();
    let mut number = || fields.next()?.parse::<u32>().ok();
    let (pid, parent, kilobytes) = (number()?, number()?, number()?);
    Some(Used {
        pid,
        parent,
        memory: u64::from(kilobytes) * 1024,
        cpu: clock(fields.next()?)?,
    })
}

/// A time as `ps` writes it: `[[dd-]hh:]mm:ss[.cc]`.
#[cfg(any(test, not(target_os = "linux")))]
fn clock(text: &str) -> Option<Duration> {
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let days: f64 = days.parse().ok()?;
    let mut parts = rest.split(':').map(|part| part.parse::<f64>().ok());
    let seconds = parts.try_fold(0.0, |sum, part| Some(sum * 60.0 + part?))?;
    Duration::try_from_secs_f64(days * 86_400.0 + seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_process_and_all_it_has_started() {
        let used = |pid, parent| Used {
            pid,
            parent,
            cpu: Duration::from_secs(1),
            memory: 0,
        };
        let all = [used(1, 0), used(7, 1), used(8, 7), used(9, 8), used(10, 1)];
        let pids: Vec<_> = family(7, &all).iter().map(|used| used.pid).collect();
        assert_eq!(pids, [7, 8, 9]);
        assert!(family(4, &all).is_empty());
    }

    #[test]
    fn this_process_uses_something() {
        let reading = read(&Process::find(std::process::id()).unwrap()).unwrap();
        assert!(reading.memory.0 > 100_000, "{reading:?}");
    }

    #[test]
    fn what_a_process_read_and_wrote_is_found_among_its_figures() {
        let text =
            "rchar: 9\nwchar: 8\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 1\n";
        let flow = Flow {
            inward: 4096,
            outward: 512,
        };
        assert_eq!(carried(text), Some(flow));
        assert_eq!(carried("rchar: 9"), None);
    }

    #[test]
    fn times_of_ps_are_read() {
        let table = [
            ("0:01.50", 1500),
            ("12:03", 723_000),
            ("1-02:03:04", 93_784_000),
        ];
        for (text, milliseconds) in table {
            assert_eq!(
                clock(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        assert_eq!(clock("soon"), None);
    }
}
