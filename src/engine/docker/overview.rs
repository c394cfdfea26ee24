//! All environments at a glance, in one request however many there are.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::net::IpAddr;
use std::net::SocketAddr;

use bollard::Docker as Client;
use bollard::models::ContainerSummary;
use bollard::models::ContainerSummaryStateEnum as State;
use bollard::models::PortSummaryTypeEnum;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::ListVolumesOptionsBuilder;

use super::explain::Explained;
use super::label;
use super::label::of_any_environment;
use super::observe;
use super::reach::Reach;
use crate::engine::Glimpse;
use crate::engine::Overview;
use crate::engine::Result;
use crate::profile::EnvironmentName;

type All = BTreeMap<EnvironmentName, Overview>;

/// Every environment that has a container; with `kept`, those too that have a volume, which takes a second request.
pub async fn read(client: &Client, reach: &Reach, kept: bool) -> Result<Vec<Overview>> {
    let mut all = All::new();
    if kept {
        add_volumes(client, &mut all).await?;
    }
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&of_any_environment())
        .build();
    let containers = observe::settled(|| client.list_containers(Some(options.clone()))).await;
    for container in containers.explain("list the containers")? {
        add(&mut all, reach, &container);
    }
    let mut all: Vec<_> = all.into_values().collect();
    for one in &mut all {
        one.instances.sort_unstable();
    }
    Ok(all)
}

async fn add_volumes(client: &Client, all: &mut All) -> Result<()> {
    let options = ListVolumesOptionsBuilder::default()
        .filters(&of_any_environment())
        .build();
    let volumes = client.list_volumes(Some(options)).await;
    let volumes = volumes.explain("list the volumes")?.volumes;
    for volume in volumes.unwrap_or_default() {
        entry(all, &volume.labels);
    }
    Ok(())
}

fn add(all: &mut All, reach: &Reach, container: &ContainerSummary) -> Option<()> {
    let labels = container.labels.as_ref()?;
    let glimpse = Glimpse {
        instance: observe::instance(labels)?,
        runs: container.state == Some(State::RUNNING),
        endpoint: published(container).map(|published| reach.lasting(published)),
    };
    entry(all, labels)?.instances.push(glimpse);
    Some(())
}

/// The environment that things with these labels belong to.
fn entry<'a>(all: &'a mut All, labels: &HashMap<String, String>) -> Option<&'a mut Overview> {
    let name: EnvironmentName = labels.get(label::ENVIRONMENT)?.parse().ok()?;
    let label = |name| labels.get(name).cloned().unwrap_or_default();
    Some(all.entry(name.clone()).or_insert_with(|| Overview {
        environment: name,
        profile: label(label::PROFILE),
        root: label(label::ROOT).into(),
        instances: Vec::new(),
        trouble: None,
    }))
}

fn published(container: &ContainerSummary) -> Option<SocketAddr> {
    let ports = container.ports.iter().flatten();
    let mut connected = ports.filter(|port| port.typ == Some(PortSummaryTypeEnum::TCP));
    connected.find_map(|port| {
        let address: IpAddr = port.ip.as_ref()?.parse().ok()?;
        Some(SocketAddr::new(address, port.public_port?))
    })
}
