//! What the containers of an Engine on this machine use, read from the kernel itself.
//!
//! The Engine answers the same question, but gathers its numbers once a second and lets whoever comes earlier wait.
//! A folder is a container's when its name holds the container's id, which is unique among all machines: so nobody needs
//! to know whether the Engine is on this machine; where it is not, nothing is found.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::Flow;
use crate::engine::Reading;
use crate::profile::Bytes;

/// Where the system shows its control groups.
pub const ROOT: &str = "/sys/fs/cgroup";

/// What the container has used so far; absent where the kernel does not show it here.
pub fn read(root: &Path, id: &str) -> Option<Reading> {
    let used = unified(root, id).or_else(|| split(root, id))?;
    Some(Reading {
        at: Timestamp::now(),
        cpu: used.cpu,
        memory: Bytes(without_page_cache(used.memory, used.inactive)),
        memory_limit: used.limit.map(Bytes),
        network: used.process.and_then(network),
        disk: used.disk,
    })
}

/// Page cache that is not in use can be taken back at any time, so Docker's own client does not count it.
pub fn without_page_cache(memory: u64, inactive: Option<u64>) -> u64 {
    memory - inactive.filter(|inactive| *inactive < memory).unwrap_or(0)
}

/// The numbers of one container as the kernel counts them.
struct Used {
    cpu: Duration,
    memory: u64,
    inactive: Option<u64>,
    limit: Option<u64>,
    disk: Option<Flow>,
    /// One of its processes, as it is numbered here.
    process: Option<u64>,
}

/// Version 2: one folder for everything.
fn unified(root: &Path, id: &str) -> Option<Used> {
    let folder = folder(root, id)?;
    let micros = field(&folder.join("cpu.stat"), "usage_usec")?;
    Some(Used {
        cpu: Duration::from_micros(micros),
        memory: number(&folder.join("memory.current"))?,
        inactive: field(&folder.join("memory.stat"), "inactive_file"),
        // Without a limit the file says `max`.
        limit: number(&folder.join("memory.max")),
        disk: text(&folder.join("io.stat")).map(|text| unified_disk(&text)),
        process: process(&folder),
    })
}

/// Version 1: one folder for each controller.
fn split(root: &Path, id: &str) -> Option<Used> {
    /// What the file says without a limit is about 2^63, rounded down to a page.
    const UNLIMITED: u64 = 1 << 62;
    let cpu = folder(&root.join("cpuacct"), id)?;
    let memory = folder(&root.join("memory"), id)?;
    Some(Used {
        cpu: Duration::from_nanos(number(&cpu.join("cpuacct.usage"))?),
        memory: number(&memory.join("memory.usage_in_bytes"))?,
        inactive: field(&memory.join("memory.stat"), "total_inactive_file"),
        limit: number(&memory.join("memory.limit_in_bytes")).filter(|limit| *limit < UNLIMITED),
        disk: folder(&root.join("blkio"), id)
            .and_then(|folder| text(&folder.join("blkio.throttle.io_service_bytes")))
            .map(|text| split_disk(&text)),
        process: process(&cpu),
    })
}

/// Where the Engine puts a container, by itself or through systemd.
fn folder(hierarchy: &Path, id: &str) -> Option<PathBuf> {
    let own = hierarchy.join("docker").join(id);
    let systemd = hierarchy
        .join("system.slice")
        .join(format!("docker-{id}.scope"));
    [own, systemd].into_iter().find(|folder| folder.is_dir())
}

/// `8:0 rbytes=1 wbytes=2 rios=…`, a line for each device.
fn unified_disk(text: &str) -> Flow {
    let value = |line: &str, name: &str| {
        let mut words = line.split_ascii_whitespace();
        let value = words.find_map(|word| word.strip_prefix(name)?.parse().ok());
        value.unwrap_or(0)
    };
    let devices = text.lines().map(|line| Flow {
        inward: value(line, "rbytes="),
        outward: value(line, "wbytes="),
    });
    devices.sum()
}

/// `8:0 Read 1`, a line for each device and direction.
fn split_disk(text: &str) -> Flow {
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (direction, bytes) = (words.next()?, words.next()?.parse().ok()?);
        match direction {
            "Read" => Some(Flow {
                inward: bytes,
                outward: 0,
            }),
            "Write" => Some(Flow {
                inward: 0,
                outward: bytes,
            }),
            _ => None,
        }
    });
    lines.sum()
}

/// Processes of other namespaces have the number 0.
fn process(folder: &Path) -> Option<u64> {
    let first = text(&folder.join("cgroup.procs"))?;
    let first = first.lines().next()?.parse().ok();
    first.filter(|number| *number > 0)
}

/// What went through the network that a process is on.
fn network(process: u64) -> Option<Flow> {
    Some(interfaces(&text(Path::new(&format!(
        "/proc/{process}/net/dev"
    )))?))
}

/// Two lines of titles, then a name and its figures: bytes first, and those that were sent ninth. What a container says to
/// itself is no traffic.
fn interfaces(text: &str) -> Flow {
    let interfaces = text.lines().skip(2).filter_map(|line| {
        let (name, figures) = line.split_once(':')?;
        let mut figures = figures.split_ascii_whitespace();
        let inward = figures.next()?.parse().ok()?;
        let outward = figures.nth(7)?.parse().ok()?;
        (name.trim() != "lo").then_some(Flow { inward, outward })
    });
    interfaces.sum()
}

fn text(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

fn number(file: &Path) -> Option<u64> {
    text(file)?.trim().parse().ok()
}

/// The number behind a name, in a file that has a name and a number in every line.
fn field(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = lines.find(|(key, _)| *key == name)?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const ID: &str = "4c07a2a1f3b0";

    fn hierarchy(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn numbers(root: &TempDir) -> Option<(Duration, u64, Option<u64>)> {
        let reading = read(root.path(), ID)?;
        let limit = reading.memory_limit.map(|limit| limit.0);
        Some((reading.cpu, reading.memory.0, limit))
    }

    #[test]
    fn version_one_keeps_a_folder_for_each_controller() {
        let root = hierarchy(&[
            ("cpuacct/docker/4c07a2a1f3b0/cpuacct.usage", "1500000000\n"),
            (
                "memory/docker/4c07a2a1f3b0/memory.usage_in_bytes",
                "5000000\n",
            ),
            (
                "memory/docker/4c07a2a1f3b0/memory.stat",
                "inactive_file 1\ntotal_cache 4\ntotal_inactive_file 1000000\n",
            ),
            (
                "memory/docker/4c07a2a1f3b0/memory.limit_in_bytes",
                "64000000\n",
            ),
        ]);
        let expected = (Duration::from_millis(1500), 4_000_000, Some(64_000_000));
        assert_eq!(numbers(&root), Some(expected));
        let limit = root
            .path()
            .join("memory/docker/4c07a2a1f3b0/memory.limit_in_bytes");
        fs::write(limit, "9223372036854771712\n").unwrap();
        assert_eq!(numbers(&root).unwrap().2, None);
    }

    #[test]
    fn version_two_keeps_one_folder_which_systemd_may_have_named() {
        let folders = [
            "docker/4c07a2a1f3b0",
            "system.slice/docker-4c07a2a1f3b0.scope",
        ];
        for folder in folders {
            let file = |name: &str| format!("{folder}/{name}");
            let root = hierarchy(&[
                (&file("cpu.stat"), "usage_usec 1500000\nuser_usec 1\n"),
                (&file("memory.current"), "5000000\n"),
                (&file("memory.stat"), "file 2\ninactive_file 1000000\n"),
                (&file("memory.max"), "max\n"),
            ]);
            let expected = (Duration::from_millis(1500), 4_000_000, None);
            assert_eq!(numbers(&root), Some(expected), "{folder}");
        }
    }

    #[test]
    fn what_disks_and_networks_carried_is_summed_without_what_stays_inside() {
        let flow = |inward, outward| Flow { inward, outward };
        let split = "8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:16 Read 1\nTotal 36\n";
        assert_eq!(split_disk(split), flow(11, 20));
        let unified = "8:0 rbytes=10 wbytes=20 rios=3\n8:16 rbytes=1 wbytes=2\n\n";
        assert_eq!(unified_disk(unified), flow(11, 22));
        let devices = "Inter-| Receive | Transmit\n face |bytes packets\n    lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n  eth0: 120 2 0 0 0 0 0 0 340 3 0 0 0 0 0 0\n";
        assert_eq!(interfaces(devices), flow(120, 340));
        assert_eq!(interfaces(""), Flow::default());
    }

    #[test]
    fn disks_are_read_from_the_container_s_own_folders() {
        let root = hierarchy(&[
            ("docker/4c07a2a1f3b0/cpu.stat", "usage_usec 1\n"),
            ("docker/4c07a2a1f3b0/memory.current", "1\n"),
            ("docker/4c07a2a1f3b0/io.stat", "8:0 rbytes=10 wbytes=20\n"),
            ("docker/4c07a2a1f3b0/cgroup.procs", "0\n"),
        ]);
        let reading = read(root.path(), ID).unwrap();
        assert_eq!(
            reading.disk,
            Some(Flow {
                inward: 10,
                outward: 20
            })
        );
        assert_eq!(reading.network, None, "a process that has no number here");
    }

    #[test]
    fn a_container_of_another_machine_is_not_found() {
        let root = hierarchy(&[("docker/another/cpu.stat", "usage_usec 1\n")]);
        assert_eq!(numbers(&root), None);
    }

    #[test]
    fn page_cache_is_not_counted_unless_it_is_said_to_be_more_than_there_is() {
        assert_eq!(without_page_cache(10, Some(4)), 6);
        assert_eq!(without_page_cache(10, Some(10)), 10);
        assert_eq!(without_page_cache(10, None), 10);
    }
}
