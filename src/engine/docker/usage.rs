//! What containers use, as Docker's own client counts it.

use std::time::Duration;

use bollard::Docker as Client;
use bollard::models::ContainerMemoryStats;
use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::explain;
use crate::engine::Reading;
use crate::engine::Result;
use crate::profile::Bytes;

/// One reading. The Engine would take two seconds to compare two of its own, so the comparison is left to the caller.
pub async fn read(client: &Client, id: &str) -> Result<Option<Reading>> {
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
    })
}

/// Page cache can be taken back at any time; cgroup v1 and v2 name it differently.
fn without_page_cache(memory: &ContainerMemoryStats) -> Option<u64> {
    let usage = memory.usage?;
    let details = memory.stats.as_ref();
    let inactive = details.and_then(|details| {
        details
            .get("total_inactive_file")
            .or_else(|| details.get("inactive_file"))
            .copied()
    });
    Some(
        inactive
            .filter(|inactive| *inactive < usage)
            .map_or(usage, |inactive| usage - inactive),
    )
}
