//! Containers: made unless they are there, started, stopped, removed.

mod body;
pub mod end;
mod own;

use std::collections::HashMap;

use bollard::Docker as Client;
use bollard::models::ContainerCreateBody;
use bollard::models::ContainerSummary;
use bollard::models::EndpointSettings;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::models::MountVolumeOptions;
use bollard::models::NetworkingConfig;
use bollard::models::PortSummaryTypeEnum;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use bollard::query_parameters::InspectContainerOptions;
use bollard::query_parameters::RemoveContainerOptionsBuilder;

use super::Docker;
use super::explain;
use super::explain::Explained;
use super::hash;
use super::label;
use super::label::labels;
use super::name_taken;
use super::volume;
use crate::engine::Contents;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::Service;
use crate::engine::State;
use crate::engine::port_taken;
use crate::error::Code;
use crate::profile::PortNumber;
use crate::profile::Protocol;
pub use body::body;
pub use body::job_body;

/// The user of our own roles, `nobody`.
pub const NOBODY: &str = "65534:65534";

/// Where the data is mounted.
pub const DATA: &str = "/var/lib/postgresql/data";

/// Where secrets are mounted.
pub const SECRETS: &str = "/run/secrets";

/// The file that holds the database's password.
pub const PASSWORD_FILE: &str = "database_password";

impl Docker {
    /// Creates the container unless it is there, and starts it unless it runs.
    pub(super) async fn start(&self, owner: &Identity, service: &Service) -> Result<()> {
        let name = name(owner, service.instance);
        let is_new = !self.is_ours(&name, owner).await?;
        if is_new {
            self.create_or_adopt(owner, service, &name).await?;
        }
        if service.instance.role == Role::Database {
            self.ensure_password(&name).await?;
        } else if service.contract.is_some() {
            self.open_password(owner).await?;
        }
        match self.client.start_container(&name, None).await {
            Ok(()) => Ok(()),
            Err(cause) => {
                if is_new {
                    discard(&self.client, &name).await;
                }
                Err(self.start_failure(&cause, service).await)
            }
        }
    }

    /// A manager that was killed may have left a request with the Engine, which makes the container meanwhile.
    async fn create_or_adopt(&self, owner: &Identity, service: &Service, name: &str) -> Result<()> {
        match self.create(owner, service, name).await {
            Err(error) if error.code == Code::NameTaken && self.is_ours(name, owner).await? => {
                Ok(())
            }
            created => created.map(|_| ()),
        }
    }

    async fn create(&self, owner: &Identity, service: &Service, name: &str) -> Result<String> {
        self.create_from(owner, service, body(service), name).await
    }

    /// A job is made like any other container; what sets it apart is the volume of its own.
    pub(super) async fn create_job(
        &self,
        owner: &Identity,
        service: &Service,
        folder: &str,
    ) -> Result<String> {
        let name = name(owner, service.instance);
        let make = || self.create_from(owner, service, job_body(service, folder), &name);
        match make().await {
            // What a request of an earlier manager made meanwhile has no dump, and nobody starts it.
            Err(error) if error.code == Code::NameTaken && self.is_ours(&name, owner).await? => {
                discard(&self.client, &name).await;
                make().await
            }
            created => created,
        }
    }

    async fn create_from(
        &self,
        owner: &Identity,
        service: &Service,
        mut body: ContainerCreateBody,
        name: &str,
    ) -> Result<String> {
        let config_hash = hash(&body);
        let network = self.network(&owner.environment).await?;
        let network = network.ok_or_else(|| {
            Error::new(
                Code::DockerAnswer,
                "the network of the environment has gone",
            )
        })?;
        attach(&mut body, service.instance.role, network);
        mount(&mut body, owner, service);
        let labels = container_labels(owner, service.instance, config_hash);
        body.labels.get_or_insert_default().extend(labels);
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let created = self.client.create_container(Some(options), body).await;
        Ok(created.explain(format!("create the container {name}"))?.id)
    }

    /// Whether a container of that name is there and belongs to this environment. Another's is left alone.
    async fn is_ours(&self, name: &str, owner: &Identity) -> Result<bool> {
        let container = match self
            .client
            .inspect_container(name, None::<InspectContainerOptions>)
            .await
        {
            Ok(container) => container,
            Err(cause) if explain::is_missing(&cause) => return Ok(false),
            Err(cause) => {
                return Err(explain::error(
                    &cause,
                    &format!("inspect the container {name}"),
                ));
            }
        };
        let labels = container
            .config
            .and_then(|config| config.labels)
            .unwrap_or_default();
        match labels.get(label::ENVIRONMENT) {
            Some(other) if *other == *owner.environment.as_str() => Ok(true),
            other => Err(name_taken(("container", name), other, "docker rm")),
        }
    }

    /// Starts a container that was stopped, or lets one go on that was frozen.
    pub(super) async fn resume(&self, found: &Found) -> Result<()> {
        let started = if found.state == State::Paused {
            self.client.unpause_container(&found.id).await
        } else {
            self.client.start_container(&found.id, None).await
        };
        let Err(cause) = started else { return Ok(()) };
        let error = explain::error(&cause, &format!("start {}", found.instance));
        match explain::port(&cause) {
            Some(port) if error.code == Code::PortTaken => {
                let holder = holder(&self.client, port).await;
                Err(port_taken(port, found.instance, holder))
            }
            _ => Err(error),
        }
    }

    async fn start_failure(&self, cause: &bollard::errors::Error, service: &Service) -> Error {
        let error = explain::error(cause, &format!("start {}", service.instance));
        match (error.code, refused_port(cause, service)) {
            (Code::PortTaken, Some(port)) => {
                // Only the processes of this machine can be asked whose a port is.
                let there = || format!("another program at {}", self.about.endpoint);
                let unknown = (!self.about.local).then(there);
                let holder = holder(&self.client, port).await;
                port_taken(port, service.instance, holder.or(unknown))
            }
            _ => error,
        }
    }
}

/// A container that was made and cannot be started would keep its name; the next attempt begins afresh.
pub async fn discard(client: &Client, name: &str) {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    drop(client.remove_container(name, Some(options)).await);
}

/// The port that could not be published. The Engine does not always say what it carries, and not always which it is.
fn refused_port(cause: &bollard::errors::Error, service: &Service) -> Option<PortNumber> {
    let named = explain::port(cause);
    let mut fixed = service.fixed_ports().map(|(_, port)| port);
    let Some(named) = named else {
        return fixed.next();
    };
    let of_number = fixed.filter(|port| port.number == named.number);
    Some(of_number.min_by_key(|port| *port != named).unwrap_or(named))
}

/// The container that holds a port. The holder may also be no container at all.
pub async fn holder(client: &Client, port: PortNumber) -> Option<String> {
    let listed = client.list_containers(None).await.ok()?;
    let carries = match port.protocol {
        Protocol::Tcp => PortSummaryTypeEnum::TCP,
        Protocol::Udp => PortSummaryTypeEnum::UDP,
    };
    let holds = |container: &ContainerSummary| {
        let ports = container.ports.iter().flatten();
        let mut alike = ports.filter(|published| published.typ == Some(carries));
        alike.any(|published| published.public_port == Some(port.number))
    };
    let name = listed.into_iter().find(holds)?.names?.into_iter().next()?;
    Some(format!("the container {}", name.trim_start_matches('/')))
}

/// The name of a container; people see it, the program finds containers by their labels.
pub fn name(owner: &Identity, instance: Instance) -> String {
    format!("ratesdev-{}-{instance}", owner.environment)
}

/// Other roles find this one by its role's name.
fn attach(body: &mut ContainerCreateBody, role: Role, network: String) {
    let settings = EndpointSettings {
        aliases: Some(vec![role.to_string()]),
        ..Default::default()
    };
    body.networking_config = Some(NetworkingConfig {
        endpoints_config: Some(HashMap::from([(network.clone(), settings)])),
    });
    if let Some(host) = &mut body.host_config {
        host.network_mode = Some(network);
    }
}

fn mount(body: &mut ContainerCreateBody, owner: &Identity, service: &Service) {
    let role = service.instance.role;
    let volume = |kind, target: &str, read_only| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume::name(&owner.environment, kind)),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Default::default()
    };
    let is_database = role == Role::Database;
    let labels = labels(owner);
    let mounts = body.host_config.iter_mut();
    let mounts = mounts.flat_map(|host| host.mounts.iter_mut()).flatten();
    for mount in mounts {
        if mount.typ == Some(MountType::BIND) {
            continue;
        }
        // The name of a volume is the profile's until here.
        if let Some(source) = &mut mount.source {
            *source = volume::name(&owner.environment, own::contents(source));
            continue;
        }
        mount.volume_options = Some(MountVolumeOptions {
            labels: Some(labels.clone()),
            ..Default::default()
        });
    }
    let mut mounts = Vec::new();
    if !role.is_own() || service.extras.knows_database {
        mounts.push(volume(Contents::Secrets, SECRETS, !is_database));
    }
    if is_database {
        mounts.push(volume(Contents::Data, DATA, false));
    }
    if let Some(host) = &mut body.host_config {
        host.mounts.get_or_insert_default().extend(mounts);
    }
}

/// What every container says of itself.
pub fn container_labels(
    owner: &Identity,
    instance: Instance,
    config_hash: String,
) -> HashMap<String, String> {
    let mut labels = labels(owner);
    labels.extend([
        (label::ROLE.to_owned(), instance.role.to_string()),
        (label::NUMBER.to_owned(), instance.number.to_string()),
        (label::CONFIG_HASH.to_owned(), config_hash),
    ]);
    labels
}
