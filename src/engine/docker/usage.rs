//! What containers use, as Docker's own client counts it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::models::ContainerBlkioStats;
use bollard::models::ContainerMemoryStats;
use bollard::models::ContainerNetworkStats;
use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::cgroup;
use super::explain;
use crate::engine::Flow;
use crate::engine::Reading;
use crate::engine::Result;
use crate::profile::Bytes;

/// One reading: from the kernel where it can be had, because an Engine makes whoever asks twice within a second wait.
pub async fn read(client: &Client, id: &str) -> Result<Option<Reading>> {
    match cgroup::read(Path::new(cgroup::ROOT), id) {
        Some(reading) => Ok(Some(reading)),
        None => ask(client, id).await,
    }
}

/// What the Engine says. It would take two seconds to compare two readings of its own, so the comparison is left to
/// the caller.
async fn ask(client: &Client, id: &str) -> Result<Option<Reading>> {
    let options = StatsOptionsBuilder::default()
        .stream(false)
        .one_shot(true)
        .build();
    match client.stats(id, Some(options)).next().await {
        Some(Ok(stats)) => Ok(reading(&stats)),
        Some(Err(cause)) if explain::is_missing(&cause) => Ok(None),
        Some(Err(cause)) => Err(explain::error(&cause, "read what a container uses")),
        None => Ok(None),
    }
}

/// A container that does not run is read at the beginning of time.
fn reading(stats: &ContainerStatsResponse) -> Option<Reading> {
    let at: Timestamp = stats.read.as_ref()?.parse().ok()?;
    let cpu = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = stats.memory_stats.as_ref()?;
    Some(Reading {
        at: Some(at).filter(|at| at.as_second() > 0)?,
        cpu: Duration::from_nanos(cpu),
        memory: Bytes(without_page_cache(memory)?),
        memory_limit: memory.limit.map(Bytes),
        network: stats.networks.as_ref().map(network),
        disk: stats.blkio_stats.as_ref().and_then(disk),
    })
}

fn network(interfaces: &HashMap<String, ContainerNetworkStats>) -> Flow {
    let flows = interfaces.values().map(|interface| Flow {
        inward: interface.rx_bytes.unwrap_or(0),
        outward: interface.tx_bytes.unwrap_or(0),
    });
    flows.sum()
}

/// The versions of control groups write the directions differently.
fn disk(stats: &ContainerBlkioStats) -> Option<Flow> {
    let entries = stats.io_service_bytes_recursive.as_ref()?.iter();
    let flows = entries.filter_map(|entry| {
        let bytes = entry.value?;
        match entry.op.as_deref()?.to_ascii_lowercase().as_str() {
            "read" => Some(Flow {
                inward: bytes,
                outward: 0,
            }),
            "write" => Some(Flow {
                inward: 0,
                outward: bytes,
            }),
            _ => None,
        }
    });
    Some(flows.sum())
}

/// The versions of control groups name the page cache differently.
fn without_page_cache(memory: &ContainerMemoryStats) -> Option<u64> {
    let details = memory.stats.as_ref();
    let inactive = details.and_then(|details| {
        details
            .get("total_inactive_file")
            .or_else(|| details.get("inactive_file"))
            .copied()
    });
    Some(cgroup::without_page_cache(memory.usage?, inactive))
}
