//! What exists of an environment: what its supervisor says, and where there is none what the records say, each looked
//! after against the processes there are.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;

use super::client;
use super::client::Listed;
use super::disk;
use super::home::Home;
use super::home::Place;
use super::home::unusable;
use super::leftovers::UNSEEN;
use super::process::Doing;
use super::record;
use super::record::Launch;
use super::record::Life;
use super::record::Record;
use super::service::DB_PORT;
use super::volume;
use crate::engine::API_PORT;
use crate::engine::DATABASE_PORT;
use crate::engine::Found;
use crate::engine::FoundPort;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Overview;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::State;
use crate::engine::usual_needs;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;

/// Why nothing is known for certain of what a supervisor looks after that does not answer.
const SILENT: &str = "its supervisor does not answer";

/// Everything that exists of an environment, whose supervisor may take so long to say what runs.
pub async fn environment(
    home: &Home,
    name: &EnvironmentName,
    patience: Duration,
) -> Result<Observed> {
    let place = home.place(name);
    let listed = client::list(&place, patience).await;
    // Records are read after the supervisor was asked: what has ended meanwhile stands there.
    let records = record::all(&place).map_err(|error| unusable(place.path(), error))?;
    let mut instances: Vec<_> = records
        .into_iter()
        .map(|record| found(&place, record, &listed))
        .collect();
    cut_off(&mut instances);
    Ok(Observed {
        instances: instances.into_iter().map(|(found, _)| found).collect(),
        network: Network::Needless,
        volumes: volume::list(&place)?,
        unattended: matches!(listed, Listed::Silent).then(|| SILENT.to_owned()),
    })
}

/// All environments at a glance, looked at side by side; one that cannot be looked at is listed with the reason.
pub async fn overview(home: &Home, kept: bool) -> Result<Vec<Overview>> {
    let glances = home.names()?.into_iter().map(|name| async {
        let observed = environment(home, &name, client::GLANCE).await;
        (name, observed)
    });
    let seen = join_all(glances).await.into_iter();
    let listed = seen.filter_map(|(name, observed)| match observed {
        Ok(observed) => {
            let is_there = observed.unattended.is_some()
                || !observed.instances.is_empty()
                || (kept && !observed.volumes.is_empty());
            is_there.then(|| Overview::of(name, &observed))
        }
        Err(error) => Some(Overview::unknown(name, &error)),
    });
    Ok(listed.collect())
}

/// The names of those that have instances.
pub fn environments(home: &Home) -> Result<Vec<EnvironmentName>> {
    let mut names = home.names()?;
    names.retain(|name| record::all(&home.place(name)).is_ok_and(|records| !records.is_empty()));
    Ok(names)
}

/// Who holds a port, if an instance of an environment does.
pub fn holder(home: &Home, port: PortNumber) -> Option<String> {
    let names = home.names().ok()?;
    names.iter().find_map(|name| {
        let records = record::all(&home.place(name)).ok()?;
        let holds = |record: &Record| {
            let endpoint = record
                .endpoint
                .is_some_and(|endpoint| port == endpoint.port().into());
            endpoint && matches!(record.life, Life::Running { .. } | Life::Waiting { .. })
        };
        let holder = records.into_iter().find(holds)?;
        Some(format!("{} of the environment {name}", holder.instance))
    })
}

/// The engine's name for an instance; another one of the same name has another.
pub fn id(place: &Place, record: &Record) -> String {
    format!("{}/{}/{}", place.name(), record.instance, record.token)
}

/// An instance, and the port at which it looks for the database.
fn found(place: &Place, record: Record, listed: &Listed) -> (Found, Option<String>) {
    let live = match listed {
        Listed::Roles(roles) => roles.iter().find(|live| live.record.token == record.token),
        Listed::Nobody | Listed::Foreign | Listed::Silent => None,
    };
    let is_foreign = matches!(listed, Listed::Foreign | Listed::Silent);
    let record = live.map_or(record, |live| live.record.clone());
    // Of a supervisor that does not answer it is not known whether it starts again what has died.
    let is_looked_after = match listed {
        Listed::Foreign => true,
        Listed::Silent => record.process().is_some(),
        Listed::Roles(_) | Listed::Nobody => live.is_some(),
    };
    let state = match live {
        Some(live) if live.is_ending => State::Ending,
        _ => state(&record, is_looked_after),
    };
    let holds_port = live.is_some() || record.process().is_some();
    let database = record.launch.variables.get(DB_PORT).cloned();
    let found = Found {
        id: id(place, &record),
        name: format!("{}/{}", place.name(), record.instance),
        health: live.and_then(|live| live.health.clone()),
        started_at: match &record.life {
            Life::Running { since, .. } if state == State::Running => Some(*since),
            _ => None,
        },
        restarts: live.map_or(0, |live| live.restarts),
        published: record.endpoint.filter(|_| holds_port),
        ports: record
            .endpoint
            .filter(|_| holds_port)
            .map(|address| port(record.instance.role, address))
            .into_iter()
            .collect(),
        needs: usual_needs(record.instance.role).to_vec(),
        probe: None,
        endpoint: record.endpoint.filter(|_| holds_port),
        state,
        // What a supervisor looks after that is of another version, or silent, cannot be asked about and is replaced.
        image_is_stale: is_foreign || is_stale(&record.launch),
        is_cut_off: false,
        instance: record.instance,
        image: record.image,
        config_hash: record.config_hash,
        root: record.owner.root,
        profile: record.owner.profile,
        profile_file: record.owner.profile_file,
        contract: None,
    };
    (found, database)
}

/// A port by the number that its role has in a container, so that the same is asked for on every engine.
fn port(role: Role, address: SocketAddr) -> FoundPort {
    let inside = match role {
        Role::Database => DATABASE_PORT,
        Role::Seed | Role::Api | Role::Service(_) => API_PORT,
    };
    FoundPort {
        inside: inside.into(),
        address,
    }
}

/// What an instance does. Without somebody who looks after it, it counts as ended even where its process still lives:
/// the next change ends that.
fn state(record: &Record, is_looked_after: bool) -> State {
    let exited = |code| State::Exited {
        code,
        out_of_memory: false,
    };
    match &record.life {
        Life::Made { error } => State::Created {
            error: error.clone(),
        },
        Life::Ended { code } => exited(*code),
        Life::Running { .. } | Life::Waiting { .. } if !is_looked_after => exited(UNSEEN),
        Life::Waiting { .. } => State::Restarting,
        Life::Running { process, .. } if process.doing() == Doing::Frozen => State::Paused,
        Life::Running { .. } => State::Running,
    }
}

/// Whether the program that an instance was started from is another by now: PostgreSQL was updated, or has gone.
fn is_stale(launch: &Launch) -> bool {
    !launch.mark.is_empty() && launch.mark != disk::mark(&launch.program)
}

/// Marks those that look for the database where it is not any more.
fn cut_off(instances: &mut [(Found, Option<String>)]) {
    let database = instances
        .iter()
        .find(|(found, _)| found.instance.role == Role::Database)
        .and_then(|(found, _)| found.endpoint);
    let Some(database) = database else { return };
    let right = database.port().to_string();
    for (found, looks_at) in instances {
        found.is_cut_off = looks_at.as_ref().is_some_and(|port| *port != right);
    }
}

/// The instance that the supervisor reports or the record describes, by the engine's name for it.
pub fn record_of(home: &Home, id: &str) -> Option<(Place, Record)> {
    let mut words = id.split('/');
    let (environment, instance, token) = (words.next()?, words.next()?, words.next()?);
    let place = home.place(&environment.parse().ok()?);
    let records = record::all(&place).ok()?;
    let mut records = records.into_iter();
    let record =
        records.find(|record| record.token == token && record.instance.to_string() == instance)?;
    Some((place, record))
}
