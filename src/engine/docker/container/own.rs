//! How a service of the team's own becomes a container: what its profile says, and for the rest what its image expects.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::HealthConfig;
use bollard::models::HostConfig;
use bollard::models::Mount as Mounted;
use bollard::models::MountType;

use super::body::log_config;
use super::body::nanoseconds;
use super::body::port_bindings;
use super::body::restart_policy;
use super::label;
use crate::engine::Contents;
use crate::engine::Probe;
use crate::engine::Role;
use crate::engine::Service;
use crate::profile::Mount;
use crate::profile::Protocol;
use crate::profile::Source;

/// Its limits and ports. It keeps the user, the capabilities and the writable root that Docker gives any container,
/// because its image was made for them; only new privileges are out of reach.
pub fn host_config(service: &Service) -> HostConfig {
    let memory = i64::try_from(service.limits.memory.0).unwrap_or(i64::MAX);
    HostConfig {
        restart_policy: Some(restart_policy(service.instance.role)),
        nano_cpus: Some(i64::from(service.limits.millicpus) * 1_000_000),
        memory: Some(memory),
        memory_swap: Some(memory),
        pids_limit: Some(i64::from(service.limits.pids)),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        port_bindings: port_bindings(service),
        mounts: mounts(service),
        log_config: Some(log_config()),
        ..Default::default()
    }
}

/// What is mounted. Volumes still go by the names that the profile gives them.
pub fn mounts(service: &Service) -> Option<Vec<Mounted>> {
    let mounts = service.extras.mounts.iter().map(mounted);
    let mounts: Vec<_> = mounts.collect();
    (!mounts.is_empty()).then_some(mounts)
}

fn mounted(mount: &Mount) -> Mounted {
    let (typ, source) = match &mount.source {
        Source::Volume(name) => (MountType::VOLUME, name.to_string()),
        Source::Path(path) => (MountType::BIND, path.display().to_string()),
    };
    Mounted {
        typ: Some(typ),
        source: Some(source),
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..Default::default()
    }
}

/// The program it is started with, where the profile names another than the image does.
pub fn entrypoint(service: &Service) -> Option<Vec<String>> {
    let entrypoint = &service.extras.entrypoint;
    (!entrypoint.is_empty()).then(|| entrypoint.clone())
}

/// What a volume holds that goes by this name in a profile.
pub fn contents(name: &str) -> Contents {
    name.parse().map_or(Contents::Dump, Contents::Named)
}

/// The health check that the Engine makes.
pub fn health(service: &Service) -> Option<HealthConfig> {
    let Some(Probe::Command {
        command,
        interval,
        timeout,
        retries,
    }) = &service.extras.probe
    else {
        return None;
    };
    let test = std::iter::once("CMD".to_owned()).chain(command.iter().cloned());
    Some(HealthConfig {
        test: Some(test.collect()),
        interval: Some(nanoseconds(*interval)),
        timeout: Some(nanoseconds(*timeout)),
        start_period: Some(nanoseconds(Duration::from_mins(1))),
        start_interval: Some(nanoseconds(Duration::from_millis(500))),
        retries: Some(i64::from(*retries)),
    })
}

/// What its labels say of its place among the others.
pub fn labels(service: &Service) -> HashMap<String, String> {
    let extras = &service.extras;
    let mut labels = HashMap::new();
    if !extras.needs.is_empty() {
        let needs: Vec<_> = extras.needs.iter().map(Role::as_str).collect();
        labels.insert(label::NEEDS.to_owned(), needs.join(","));
    }
    let mut inside = extras.ports.iter().map(|port| port.inside);
    let mut port = inside.find(|port| port.protocol == Protocol::Tcp);
    if let Some(Probe::Http { port: asked, path }) = &extras.probe {
        port = Some((*asked).into());
        labels.insert(label::PROBE.to_owned(), path.clone());
    }
    if let Some(port) = port {
        labels.insert(label::PORT.to_owned(), port.to_string());
    }
    labels
}
