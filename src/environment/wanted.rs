//! From a profile to what must exist: pure, so that two equal profiles want the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Publish;
use crate::engine::Role;
use crate::engine::Service;
use crate::image::ApiImage;
use crate::profile::Check;
use crate::profile::Durability;
use crate::profile::EnvironmentName;
use crate::profile::Port;
use crate::profile::Postgres;
use crate::profile::Profile;

/// An environment as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Whose it is.
    pub owner: Identity,
    /// The image that the API and the jobs run from.
    pub api_image: ApiImage,
    /// What must run, in the order in which it starts.
    pub services: Vec<Service>,
    /// What the database must hold.
    pub seed: Seed,
    /// What must be answered.
    pub checks: Vec<Check>,
}

/// What a database must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The dump.
    pub file: PathBuf,
    /// Its fingerprint in hexadecimal.
    pub fingerprint: String,
}

/// What `profile` wants of the environment `name`.
pub fn wanted(
    profile: &Profile,
    name: EnvironmentName,
    api_image: ApiImage,
    fingerprint: String,
) -> Wanted {
    let mut services = vec![database(profile)];
    services.extend((1..=profile.api.replicas).map(|number| api(profile, number, &api_image)));
    Wanted {
        owner: owner(profile, name),
        services,
        seed: Seed {
            file: profile.seed.file.clone(),
            fingerprint,
        },
        checks: profile.checks.clone(),
        api_image,
    }
}

/// Whose the environment `name` is when it is made from `profile`.
pub fn owner(profile: &Profile, name: EnvironmentName) -> Identity {
    Identity {
        environment: name,
        profile: profile.name.clone(),
        profile_file: profile.file.clone(),
        root: profile.root.clone(),
        protected: profile.protected,
    }
}

fn database(profile: &Profile) -> Service {
    let database = &profile.database;
    Service {
        instance: Instance::first(Role::Database),
        image: database.image.clone(),
        postgres: database.postgres.clone(),
        limits: database.limits,
        variables: BTreeMap::new(),
        arguments: server_settings(database.durability),
        publish: Some(Publish {
            address: database.bind,
            port: fixed(database.port, 1),
        }),
    }
}

/// Settings of the server, as arguments of `postgres`. `Fast` gives up what a crash of the machine could otherwise not
/// take; the index-only scans of the API need a visibility map that autovacuum keeps fresh after each batch.
fn server_settings(durability: Durability) -> Vec<String> {
    let mut settings = vec![
        "max_wal_size=4GB",
        "autovacuum_vacuum_insert_scale_factor=0.05",
    ];
    if durability == Durability::Fast {
        settings.extend([
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ]);
    }
    settings
        .into_iter()
        .flat_map(|setting| ["-c".to_owned(), setting.to_owned()])
        .collect()
}

fn api(profile: &Profile, number: u16, image: &ApiImage) -> Service {
    let api = &profile.api;
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    let variables = [
        ("API_POOL", api.pool.to_string()),
        ("API_POOL_WAIT_MS", milliseconds(api.pool_wait)),
        (
            "API_STATEMENT_TIMEOUT_MS",
            milliseconds(api.statement_timeout),
        ),
        ("API_REQUEST_TIMEOUT_MS", milliseconds(api.request_timeout)),
        ("API_MAX_SPAN_DAYS", api.max_span_days.to_string()),
        ("API_CACHE_BYTES", api.cache.0.to_string()),
    ];
    Service {
        instance: Instance {
            role: Role::Api,
            number,
        },
        image: image.tag().to_owned(),
        postgres: Postgres::Auto,
        limits: api.limits,
        variables: variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        arguments: vec!["serve".to_owned()],
        publish: Some(Publish {
            address: api.bind,
            port: fixed(api.port, number),
        }),
    }
}

/// The first replica takes the profile's port, each further one the port after.
fn fixed(port: Port, number: u16) -> Option<u16> {
    match port {
        Port::Auto => None,
        Port::Fixed(first) => Some(first.saturating_add(number - 1)),
    }
}
