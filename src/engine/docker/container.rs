//! How a role becomes a container: its image's contract, its limits, and as few rights as it can work with.

pub mod end;
mod own;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::models::ContainerCreateBody;
use bollard::models::ContainerSummary;
use bollard::models::EndpointSettings;
use bollard::models::HealthConfig;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::models::MountVolumeOptions;
use bollard::models::NetworkingConfig;
use bollard::models::PortBinding;
use bollard::models::PortSummaryTypeEnum;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;
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
use crate::engine::API_PORT;
use crate::engine::Contents;
use crate::engine::Contract;
use crate::engine::DATABASE_NAME;
use crate::engine::DATABASE_PORT;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::PublishedPort;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::Service;
use crate::engine::State;
use crate::engine::port_taken;
use crate::engine::stop_grace;
use crate::engine::variables::fill;
use crate::error::Code;
use crate::profile::PortNumber;
use crate::profile::Protocol;

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

/// All of a container that follows from what is wanted. Its hash decides whether a container is still the right one,
/// so nothing belongs here that changes by itself.
pub fn body(service: &Service) -> ContainerCreateBody {
    let role = service.instance.role;
    let is_own = role.is_own();
    ContainerCreateBody {
        image: Some(service.image.clone()),
        entrypoint: own::entrypoint(service),
        cmd: commands(service),
        env: Some(variables(service)),
        user: is_ours(service).then(|| NOBODY.to_owned()),
        exposed_ports: exposed(service),
        stop_timeout: i64::try_from(stop_grace(role).as_secs()).ok(),
        healthcheck: own::health(service).or_else(|| health(service)),
        labels: labels_of(service),
        host_config: Some(if is_own {
            own::host_config(service)
        } else {
            host_config(service)
        }),
        ..Default::default()
    }
}

/// Whether the program is this very one.
fn is_ours(service: &Service) -> bool {
    matches!(service.instance.role, Role::Seed | Role::Api) && service.contract.is_none()
}

/// An image that is not ratesdev's own starts as it was made to, unless the profile says otherwise.
fn commands(service: &Service) -> Option<Vec<String>> {
    let is_foreign = service.contract.is_some() || service.instance.role.is_own();
    let knows_itself = is_foreign && service.arguments.is_empty();
    (!knows_itself).then(|| service.arguments.clone())
}

/// What the container itself must say, because whoever looks at it later has no profile.
fn labels_of(service: &Service) -> Option<HashMap<String, String>> {
    let mut labels = own::labels(service);
    let contract = service.contract.iter().flat_map(contract_labels);
    labels.extend(contract);
    (!labels.is_empty()).then_some(labels)
}

/// What others must know who find the container, and what a container is replaced for when it changes.
fn contract_labels(contract: &Contract) -> HashMap<String, String> {
    HashMap::from([
        (label::HEALTH.to_owned(), contract.health.clone()),
        (label::LISTEN.to_owned(), contract.port.to_string()),
    ])
}

fn variables(service: &Service) -> Vec<String> {
    let password = format!("{SECRETS}/{PASSWORD_FILE}");
    let variables: BTreeMap<&str, String> = match service.instance.role {
        Role::Database => BTreeMap::from([
            // One that is there already: the image need not make what the load would replace at once.
            ("POSTGRES_DB", "postgres".to_owned()),
            ("POSTGRES_USER", DATABASE_NAME.to_owned()),
            ("POSTGRES_PASSWORD_FILE", password),
            // Without it initdb compares the clock with every time zone there is, which takes half a second.
            ("TZ", "UTC".to_owned()),
        ]),
        Role::Seed | Role::Api => database(password),
        Role::Service(_) if service.extras.knows_database => database(password),
        Role::Service(_) => BTreeMap::new(),
    };
    let variables = variables.into_iter();
    let mut variables: BTreeMap<_, _> = variables
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let has = |wanted: &str| service.arguments.iter().any(|argument| argument == wanted);
    if has("fsync=off") {
        // What never waits for the disk need not wait for it when it is made.
        variables.insert("POSTGRES_INITDB_ARGS".to_owned(), "--no-sync".to_owned());
    }
    if let (Role::Api, Some(port)) = (service.instance.role, port(service)) {
        variables.insert("API_LISTEN".to_owned(), format!("0.0.0.0:{port}"));
    }
    variables.extend(fill(&service.variables, &variables));
    variables
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// Where the database is, and the file that holds its password.
fn database(password: String) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("DB_HOST", Role::Database.to_string()),
        ("DB_PORT", DATABASE_PORT.to_string()),
        ("DB_NAME", DATABASE_NAME.to_owned()),
        ("DB_USER", DATABASE_NAME.to_owned()),
        ("DB_PASSWORD_FILE", password),
    ])
}

fn port(service: &Service) -> Option<u16> {
    match (service.instance.role, &service.contract) {
        (_, Some(contract)) => Some(contract.port),
        (Role::Database, None) => Some(DATABASE_PORT),
        (Role::Api, None) => Some(API_PORT),
        (Role::Seed | Role::Service(_), None) => None,
    }
}

fn exposed(service: &Service) -> Option<Vec<String>> {
    let further = service.extras.ports.iter().map(|port| port.inside);
    let usual = port(service).map(PortNumber::from);
    let all: Vec<_> = usual.into_iter().chain(further).map(key).collect();
    (!all.is_empty()).then_some(all)
}

/// A port as the Engine writes it.
fn key(PortNumber { protocol, number }: PortNumber) -> String {
    format!("{number}/{protocol}")
}

/// The database is asked over TCP: while it initialises, the image runs a temporary server on the socket alone.
///
/// A team's own image has nothing that could ask it; where it brings a health check of its own, that is used.
fn health(service: &Service) -> Option<HealthConfig> {
    let role = service.instance.role;
    if service.contract.is_some() {
        return None;
    }
    let url = format!("http://127.0.0.1:{API_PORT}/health/ready");
    let test: &[&str] = match role {
        Role::Database => &[
            "CMD",
            "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            DATABASE_NAME,
            "-d",
            DATABASE_NAME,
        ],
        Role::Api => &["CMD", "/ratesdev", "probe", &url],
        Role::Seed | Role::Service(_) => return None,
    };
    Some(HealthConfig {
        test: Some(test.iter().map(ToString::to_string).collect()),
        interval: Some(nanoseconds(Duration::from_secs(5))),
        timeout: Some(nanoseconds(Duration::from_secs(3))),
        start_period: Some(nanoseconds(Duration::from_mins(1))),
        start_interval: Some(nanoseconds(Duration::from_millis(500))),
        retries: Some(3),
    })
}

pub fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn host_config(service: &Service) -> HostConfig {
    let role = service.instance.role;
    let ours = is_ours(service);
    let is_database = role == Role::Database;
    let memory = i64::try_from(service.limits.memory.0).unwrap_or(i64::MAX);
    HostConfig {
        // PostgreSQL reaps its own children; and an init process that may not signal another user's could not stop it.
        init: Some(!is_database),
        restart_policy: Some(restart_policy(role)),
        nano_cpus: Some(i64::from(service.limits.millicpus) * 1_000_000),
        memory: Some(memory),
        memory_swap: Some(memory),
        pids_limit: Some(i64::from(service.limits.pids)),
        shm_size: is_database.then_some(128 << 20),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: (!ours).then(capabilities),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        readonly_rootfs: Some(ours),
        port_bindings: port_bindings(service),
        mounts: own::mounts(service),
        log_config: Some(log_config()),
        ..Default::default()
    }
}

/// Logs are kept by the Engine, and do not fill its disk.
fn log_config() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([
            ("max-size".to_owned(), "10m".to_owned()),
            ("max-file".to_owned(), "3".to_owned()),
        ])),
    }
}

/// What images need that begin as root, to take folders over and to become another user: PostgreSQL's does so.
fn capabilities() -> Vec<String> {
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
        .map(str::to_owned)
        .to_vec()
}

fn restart_policy(role: Role) -> RestartPolicy {
    let name = if role.is_service() {
        RestartPolicyNameEnum::UNLESS_STOPPED
    } else {
        RestartPolicyNameEnum::NO
    };
    RestartPolicy {
        name: Some(name),
        maximum_retry_count: None,
    }
}

fn port_bindings(service: &Service) -> Option<HashMap<String, Option<Vec<PortBinding>>>> {
    let usual = service.publish.zip(port(service));
    let usual = usual.map(|(publish, inside)| PublishedPort {
        inside: inside.into(),
        publish,
    });
    let further = service.extras.ports.iter().copied();
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for PublishedPort { inside, publish } in usual.into_iter().chain(further) {
        let bound = bindings.entry(key(inside)).or_default();
        bound.get_or_insert_default().push(PortBinding {
            host_ip: Some(publish.address.to_string()),
            host_port: Some(publish.port.unwrap_or(0).to_string()),
        });
    }
    (!bindings.is_empty()).then_some(bindings)
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

/// The same for a job, with a volume at `folder` that has no name and goes when the container goes.
pub fn job_body(service: &Service, folder: &str) -> ContainerCreateBody {
    let mut body = body(service);
    let scratch = Mount {
        typ: Some(MountType::VOLUME),
        target: Some(folder.to_owned()),
        ..Default::default()
    };
    if let Some(host) = &mut body.host_config {
        host.mounts.get_or_insert_default().push(scratch);
    }
    body
}
