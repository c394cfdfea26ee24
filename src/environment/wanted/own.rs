//! What a profile wants of the team's own services, and adds to the API.

use std::net::Ipv4Addr;

use crate::engine::Extras;
use crate::engine::Instance;
use crate::engine::Probe;
use crate::engine::Publish;
use crate::engine::PublishedPort;
use crate::engine::Service;
use crate::profile::Api;
use crate::profile::HealthCheck;
use crate::profile::PortMapping;
use crate::profile::PortNumber;
use crate::profile::Postgres;
use crate::profile::TeamService;

/// A service of the team's own as it should run.
pub fn service(own: &TeamService) -> Service {
    let probe = probe(own);
    Service {
        instance: Instance::first(own.role()),
        image: own.image.clone(),
        postgres: Postgres::Auto,
        limits: own.limits,
        variables: own.environment.clone(),
        arguments: own.command.clone(),
        publish: None,
        contract: None,
        extras: Box::new(Extras {
            needs: own.depends_on.clone(),
            mounts: [own.volumes.as_slice(), &own.sync].concat(),
            ports: ports(own, probe.as_ref()),
            probe,
            entrypoint: own.entrypoint.clone(),
            knows_database: !own.secrets.is_empty(),
        }),
    }
}

/// What the profile adds to the API.
pub fn extras_of_api(api: &Api) -> Box<Extras> {
    Box::new(Extras {
        needs: api.depends_on.clone(),
        mounts: api.sync.clone(),
        entrypoint: api.entrypoint.clone(),
        ..Extras::default()
    })
}

fn probe(own: &TeamService) -> Option<Probe> {
    let HealthCheck { command, path, .. } = &own.health;
    if let Some(path) = path {
        return Some(Probe::Http {
            port: own.health.port.or_else(|| own.first_tcp())?,
            path: path.clone(),
        });
    }
    (!command.is_empty()).then(|| Probe::Command {
        command: command.clone(),
        interval: own.health.interval,
        timeout: own.health.timeout,
        retries: own.health.retries,
    })
}

/// Its published ports, the one among them that its health is asked at.
fn ports(own: &TeamService, probe: Option<&Probe>) -> Vec<PublishedPort> {
    let mut ports: Vec<_> = own.ports.iter().map(published).collect();
    if let Some(Probe::Http { port, .. }) = probe
        && let inside = PortNumber::from(*port)
        && !ports.iter().any(|published| published.inside == inside)
    {
        let publish = Publish {
            address: Ipv4Addr::LOCALHOST.into(),
            port: None,
        };
        ports.push(PublishedPort { inside, publish });
    }
    ports
}

fn published(mapping: &PortMapping) -> PublishedPort {
    PublishedPort {
        inside: mapping.inside,
        publish: Publish {
            address: mapping.address,
            port: mapping.fixed().map(|port| port.number),
        },
    }
}
