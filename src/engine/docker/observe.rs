//! What exists: containers by label, with what the Engine knows about each.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use bollard::Docker as Client;
use bollard::errors::Error as Cause;
use bollard::models::ContainerInspectResponse;
use bollard::models::ContainerState;
use bollard::models::ContainerStateStatusEnum as Status;
use bollard::models::ContainerSummary;
use bollard::models::ContainerSummaryStateEnum as Listed;
use bollard::models::HealthStatusEnum;
use bollard::models::PortBinding;
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::explain;
use super::explain::Explained;
use super::image;
use super::label;
use super::label::of_any_environment;
use super::label::of_environment;
use super::network::network_name;
use crate::engine::Contract;
use crate::engine::Found;
use crate::engine::FoundPort;
use crate::engine::Health;
use crate::engine::HealthStatus;
use crate::engine::Instance;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::State;
use crate::engine::choice::Presence;
use crate::engine::usual_needs;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;

/// How long a container that has just ended may be in no state that Docker knows.
const SETTLING: Duration = Duration::from_secs(5);

/// The ids of every container of an environment.
pub async fn ids(client: &Client, environment: &EnvironmentName) -> Result<Vec<String>> {
    let listed = containers(client, of_environment(environment)).await?;
    Ok(listed.into_iter().map(|(id, _)| id).collect())
}

/// These containers of an environment, in the order of their roles.
///
/// `network` is the id of the environment's network, where it has one.
pub async fn instances(
    client: &Client,
    ids: &[String],
    environment: &EnvironmentName,
    network: Option<&str>,
) -> Result<Vec<Found>> {
    let name = network_name(environment);
    let network = network.map(|id| NetworkNames { id, name: &name });
    let inspected = try_join_all(ids.iter().map(|id| inspect(client, id))).await?;
    let ours = inspected.into_iter().flatten();
    let ours = ours.filter_map(|container| found(container, network));
    let mut instances = mark_stale(client, ours.collect()).await?;
    instances.sort_by_key(|found| found.instance);
    Ok(instances)
}

/// How much of an environment its containers are, from their list alone.
pub async fn presence(client: &Client, environment: &EnvironmentName) -> Result<Presence> {
    let listed = list(client, of_environment(environment)).await?;
    let ours =
        |container: &&ContainerSummary| container.labels.as_ref().and_then(instance).is_some();
    let presence = |container: &ContainerSummary| match container.state {
        Some(Listed::CREATED | Listed::EXITED) => Presence::Kept,
        _ => Presence::Running,
    };
    let all = listed.iter().filter(ours).map(presence);
    Ok(all.max().unwrap_or(Presence::Absent))
}

/// The names of all environments, each once.
pub async fn environments(client: &Client) -> Result<Vec<EnvironmentName>> {
    let labels = containers(client, of_any_environment()).await?;
    let names = labels
        .iter()
        .filter_map(|(_, labels)| labels.get(label::ENVIRONMENT)?.parse().ok());
    let mut names: Vec<EnvironmentName> = names.collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// What a network is called: by Docker's id, and by its name, which Podman uses for an id.
#[derive(Clone, Copy)]
struct NetworkNames<'a> {
    id: &'a str,
    name: &'a str,
}

type Labelled = (String, HashMap<String, String>);

async fn containers(
    client: &Client,
    filters: HashMap<String, Vec<String>>,
) -> Result<Vec<Labelled>> {
    let labelled =
        |container: ContainerSummary| Some((container.id?, container.labels.unwrap_or_default()));
    let listed = list(client, filters).await?;
    Ok(listed.into_iter().filter_map(labelled).collect())
}

async fn list(
    client: &Client,
    filters: HashMap<String, Vec<String>>,
) -> Result<Vec<ContainerSummary>> {
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let listed = settled(|| client.list_containers(Some(options.clone()))).await;
    listed.explain("list the containers")
}

/// The id of the image that a container was made from.
type ImageId = String;

/// One container; none when it has gone in the meantime.
async fn inspect(client: &Client, id: &str) -> Result<Option<ContainerInspectResponse>> {
    match settled(|| client.inspect_container(id, None)).await {
        Ok(container) => Ok(Some(container)),
        Err(cause) if explain::is_missing(&cause) => Ok(None),
        Err(cause) => Err(explain::error(&cause, "inspect a container")),
    }
}

/// All that the Engine says of the containers of an environment.
pub async fn inspected(
    client: &Client,
    environment: &EnvironmentName,
) -> Result<Vec<ContainerInspectResponse>> {
    let ids = ids(client, environment).await?;
    let inspected = try_join_all(ids.iter().map(|id| inspect(client, id))).await?;
    Ok(inspected.into_iter().flatten().collect())
}

/// All that the Engine says of a container.
pub async fn whole(client: &Client, id: &str) -> Result<serde_json::Value> {
    let container = settled(|| client.inspect_container(id, None)).await;
    let container = container.explain("inspect a container")?;
    Ok(serde_json::to_value(container).expect("the models of the API are plain data"))
}

/// Asks again while the answer has a word that only Podman knows: it calls a container that has just ended `stopped`.
pub async fn settled<T, F>(ask: impl Fn() -> F) -> Result<T, Cause>
where
    F: Future<Output = Result<T, Cause>>,
{
    let deadline = Instant::now() + SETTLING;
    loop {
        match ask().await {
            Err(Cause::JsonDataError { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            answer => return answer,
        }
    }
}

fn found(
    container: ContainerInspectResponse,
    network: Option<NetworkNames<'_>>,
) -> Option<(Found, ImageId)> {
    let bindings = bindings(&container);
    let is_cut_off = !is_on(&container, network);
    let config = container.config?;
    let mut labels = config.labels?;
    let instance = instance(&labels)?;
    let mut label = |name: &str| labels.remove(name);
    let state = container.state?;
    let told = label(label::PORT).and_then(|port| port.parse().ok());
    let ports = in_order(bindings, told);
    let published = ports.iter().find(|port| port.connects());
    let published = published.map(|port| port.address);
    let found = Found {
        instance,
        id: container.id?,
        name: container
            .name
            .unwrap_or_default()
            .trim_start_matches('/')
            .to_owned(),
        health: health(&state),
        started_at: started_at(&state),
        state: meaning(state),
        image: config.image.unwrap_or_default(),
        image_is_stale: false,
        is_cut_off,
        config_hash: label(label::CONFIG_HASH).unwrap_or_default(),
        contract: contract(label(label::HEALTH), label(label::LISTEN)),
        root: label(label::ROOT).unwrap_or_default().into(),
        profile: label(label::PROFILE).unwrap_or_default(),
        profile_file: label(label::PROFILE_FILE).unwrap_or_default().into(),
        endpoint: None,
        published,
        restarts: container
            .restart_count
            .and_then(|count| count.try_into().ok())
            .unwrap_or(0),
        needs: needs(instance.role, label(label::NEEDS)),
        probe: label(label::PROBE),
        ports,
    };
    Some((found, container.image.unwrap_or_default()))
}

/// What a container's labels say of the program in it.
fn contract(health: Option<String>, port: Option<String>) -> Option<Contract> {
    let (health, port) = (health?, port?.parse().ok()?);
    Some(Contract { port, health })
}

/// The part that a container with these labels plays.
pub fn instance(labels: &HashMap<String, String>) -> Option<Instance> {
    let role = labels.get(label::ROLE)?;
    let role = role.parse().ok()?;
    let number = labels.get(label::NUMBER);
    let number = number.and_then(|number| number.parse().ok()).unwrap_or(1);
    Some(Instance { role, number })
}

/// Whether a container is on this network, or will be once it runs: by then it is known by the id it was made with.
fn is_on(container: &ContainerInspectResponse, network: Option<NetworkNames<'_>>) -> bool {
    let Some(network) = network else {
        return false;
    };
    let made_with = container
        .host_config
        .as_ref()
        .and_then(|host| host.network_mode.as_deref());
    let runs = container
        .state
        .as_ref()
        .is_some_and(|state| state.running == Some(true));
    let by_id = made_with == Some(network.id) && (!runs || has_joined(container, network.id));
    by_id || has_joined(container, network.name)
}

fn has_joined(container: &ContainerInspectResponse, network: &str) -> bool {
    let settings = container.network_settings.as_ref();
    let joined = settings.and_then(|settings| settings.networks.as_ref());
    let mut joined = joined.into_iter().flat_map(HashMap::values);
    joined.any(|joined| joined.network_id.as_deref() == Some(network))
}

/// Compares the image each container was made from with the one that goes by that name today.
async fn mark_stale(client: &Client, instances: Vec<(Found, ImageId)>) -> Result<Vec<Found>> {
    let names: BTreeSet<_> = instances
        .iter()
        .map(|(found, _)| found.image.clone())
        .collect();
    let today = try_join_all(names.iter().map(|name| image::id(client, name))).await?;
    let today: BTreeMap<_, _> = names.iter().zip(today).collect();
    let compare = |(mut found, made_from): (Found, ImageId)| {
        let current = today.get(&found.image).and_then(Option::as_deref);
        found.image_is_stale = current.is_some_and(|current| current != made_from);
        found
    };
    Ok(instances.into_iter().map(compare).collect())
}

fn meaning(state: ContainerState) -> State {
    let error = state.error.filter(|error| !error.is_empty());
    match state.status {
        Some(Status::RUNNING) => State::Running,
        Some(Status::RESTARTING) => State::Restarting,
        Some(Status::PAUSED) => State::Paused,
        Some(Status::REMOVING | Status::DEAD) => State::Ending,
        Some(Status::CREATED) => State::Created { error },
        _ => State::Exited {
            code: state.exit_code.unwrap_or(-1),
            out_of_memory: state.oom_killed.unwrap_or(false),
        },
    }
}

fn health(state: &ContainerState) -> Option<Health> {
    let health = state.health.as_ref()?;
    let status = match health.status? {
        HealthStatusEnum::HEALTHY => HealthStatus::Healthy,
        HealthStatusEnum::UNHEALTHY => HealthStatus::Unhealthy,
        HealthStatusEnum::STARTING => HealthStatus::Starting,
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => return None,
    };
    let last = health
        .log
        .as_ref()
        .and_then(|log| log.last())
        .and_then(|probe| probe.output.as_ref());
    let last = last
        .map(|output| output.trim().to_owned())
        .filter(|output| !output.is_empty());
    Some(Health { status, last })
}

fn started_at(state: &ContainerState) -> Option<Timestamp> {
    let text = state
        .running
        .unwrap_or(false)
        .then_some(state.started_at.as_ref()?)?;
    text.parse().ok()
}

/// The roles that a container needs: what its role always does, and what its label says.
fn needs(role: Role, label: Option<String>) -> Vec<Role> {
    let label = label.unwrap_or_default();
    let said = label.split(',').filter_map(|role| role.parse().ok());
    usual_needs(role).iter().copied().chain(said).collect()
}

/// The ports inside a container and where each is published on the machine of the Engine.
fn bindings(container: &ContainerInspectResponse) -> Vec<FoundPort> {
    let settings = container.network_settings.as_ref();
    let ports = settings.and_then(|settings| settings.ports.as_ref());
    let mut bindings = Vec::new();
    for (inside, bound) in ports.into_iter().flatten() {
        let Ok(inside) = inside.parse() else { continue };
        let bound = bound.iter().flatten().filter_map(address);
        bindings.extend(bound.map(|address| FoundPort { inside, address }));
    }
    bindings
}

fn address(binding: &PortBinding) -> Option<SocketAddr> {
    let address: IpAddr = binding.host_ip.as_ref()?.parse().ok()?;
    let port = binding.host_port.as_ref()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

/// The one first that people are told of.
fn in_order(mut bindings: Vec<FoundPort>, told: Option<PortNumber>) -> Vec<FoundPort> {
    let place = |port: &FoundPort| (Some(port.inside) != told, port.inside, port.address);
    bindings.sort_by_key(place);
    bindings
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn container(mode: &str, joined: &str, running: bool) -> ContainerInspectResponse {
        let text = serde_json::json!({
            "HostConfig": {"NetworkMode": mode},
            "State": {"Status": "running", "Running": running},
            "NetworkSettings": {"Networks": {"any": {"NetworkID": joined}}},
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_container_is_on_its_network_by_docker_s_words_and_by_podman_s() {
        let network = Some(NetworkNames {
            id: "f00d",
            name: "ratesdev-dev",
        });
        let cases = [
            ("f00d", "f00d", true, true),
            ("f00d", "", false, true),
            ("f00d", "", true, false),
            ("beef", "beef", true, false),
            ("bridge", "ratesdev-dev", true, true),
            ("bridge", "podman", true, false),
        ];
        for (mode, joined, running, expected) in cases {
            let container = container(mode, joined, running);
            assert_eq!(
                is_on(&container, network),
                expected,
                "{mode} {joined} {running}"
            );
            assert!(!is_on(&container, None));
        }
    }

    #[tokio::test]
    async fn a_word_that_only_podman_knows_is_waited_out() {
        let asked = Cell::new(0);
        let answer = settled(async || {
            asked.set(asked.get() + 1);
            match asked.get() {
                1 => Err(Cause::JsonDataError {
                    message: "unknown variant `stopped`".to_owned(),
                    column: 1,
                }),
                _ => Ok("exited"),
            }
        });
        assert_eq!(answer.await.unwrap(), "exited");
        assert_eq!(asked.get(), 2);
    }
}
