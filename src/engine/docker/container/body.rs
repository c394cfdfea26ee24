//! How a role becomes a container: its image's contract, its limits, and as few rights as it can work with.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use bollard::models::ContainerCreateBody;
use bollard::models::HealthConfig;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::models::PortBinding;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;

use super::NOBODY;
use super::PASSWORD_FILE;
use super::SECRETS;
use super::own;
use crate::engine::API_PORT;
use crate::engine::Contract;
use crate::engine::DATABASE_NAME;
use crate::engine::DATABASE_PORT;
use crate::engine::PublishedPort;
use crate::engine::Role;
use crate::engine::Service;
use crate::engine::docker::label;
use crate::engine::stop_grace;
use crate::engine::variables::fill;
use crate::profile::PortNumber;

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
pub fn log_config() -> HostConfigLogConfig {
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

pub fn restart_policy(role: Role) -> RestartPolicy {
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

pub fn port_bindings(service: &Service) -> Option<HashMap<String, Option<Vec<PortBinding>>>> {
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
