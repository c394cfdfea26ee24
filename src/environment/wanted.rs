//! From a profile to what must exist: pure, so that two equal profiles want the same.

mod own;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::Contract;
use crate::engine::Found;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Publish;
use crate::engine::Role;
use crate::engine::Service;
use crate::image::ApiImage;
use crate::image::folder::FolderImage;
use crate::profile::Api;
use crate::profile::ApiSource;
use crate::profile::Check;
use crate::profile::Durability;
use crate::profile::EnvironmentName;
use crate::profile::Needs;
use crate::profile::Port;
use crate::profile::Postgres;
use crate::profile::Profile;
use crate::profile::ShortName;
use crate::profile::Source;
use crate::profile::order;

/// An environment as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Whose it is.
    pub owner: Identity,
    /// The image of this program, which jobs run from, and the API unless the team has its own.
    pub api_image: ApiImage,
    /// The image of the team's own API, where it is built.
    pub folder_image: Option<FolderImage>,
    /// What must run, in the order in which it starts.
    pub services: Vec<Service>,
    /// What every role needs.
    pub needs: Needs,
    /// What the database must hold.
    pub seed: Seed,
    /// What must be answered.
    pub checks: Vec<Check>,
}

impl Wanted {
    /// Whether an image of this name is built, not pulled.
    pub fn builds(&self, image: &str) -> bool {
        let folder = self.folder_image.as_ref();
        image == self.api_image.tag() || folder.is_some_and(|folder| image == folder.tag())
    }

    /// Whether something that stays runs from the image of this program.
    pub fn serves_from_own_image(&self) -> bool {
        let tag = self.api_image.tag();
        self.services.iter().any(|service| service.image == tag)
    }
}

/// The images that are built for an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    /// That of this program.
    pub ours: ApiImage,
    /// That of the team's own API, where it is built.
    pub folder: Option<FolderImage>,
}

impl From<ApiImage> for Images {
    fn from(ours: ApiImage) -> Self {
        Self { ours, folder: None }
    }
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
    images: impl Into<Images>,
    fingerprint: String,
) -> Wanted {
    let images = images.into();
    let mut services = Vec::new();
    let needs = profile.needs();
    for role in in_order(&needs) {
        match role {
            Role::Database => services.push(database(profile)),
            Role::Seed => {}
            Role::Api => {
                let replicas = 1..=profile.api.replicas;
                services.extend(replicas.map(|number| api(profile, number, &images)));
            }
            Role::Service(_) => {
                let mut all = profile.services.iter();
                services.extend(all.find(|own| own.role() == role).map(own::service));
            }
        }
    }
    Wanted {
        owner: owner(profile, name),
        services,
        needs,
        seed: Seed {
            file: profile.seed.file.clone(),
            fingerprint,
        },
        checks: profile.checks.clone(),
        api_image: images.ours,
        folder_image: images.folder,
    }
}

impl Wanted {
    /// The roles in the order in which they start.
    pub fn roles(&self) -> Vec<Role> {
        in_order(&self.needs)
    }

    /// Whether an instance holds a port that is to be another role's.
    pub fn gives_a_port_of(&self, found: &Found) -> bool {
        let holds = |port| found.ports.iter().any(|held| held.outside() == port);
        let services = self.services.iter();
        let others = services.filter(|service| service.instance.role != found.instance.role);
        others
            .flat_map(Service::fixed_ports)
            .any(|(_, port)| holds(port))
    }

    /// The volumes that services of the team's own keep things in, each once.
    pub fn volumes(&self) -> Vec<ShortName> {
        let mounts = self
            .services
            .iter()
            .flat_map(|service| &service.extras.mounts);
        let names = mounts.filter_map(|mount| match mount.source {
            Source::Volume(name) => Some(name),
            Source::Path(_) => None,
        });
        let names: BTreeSet<_> = names.collect();
        names.into_iter().collect()
    }
}

/// A profile with a circle is never resolved.
fn in_order(needs: &Needs) -> Vec<Role> {
    order(needs).unwrap_or_else(|_circle| needs.keys().copied().collect())
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
        contract: None,
        extras: Box::default(),
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

fn api(profile: &Profile, number: u16, images: &Images) -> Service {
    let api = &profile.api;
    let contract = || Contract {
        port: api.listen,
        health: api.health.clone(),
    };
    let is_ours = api.is_built_in();
    let arguments = if is_ours {
        vec!["serve".to_owned()]
    } else {
        api.command.clone()
    };
    Service {
        instance: Instance {
            role: Role::Api,
            number,
        },
        image: image(api, images),
        postgres: Postgres::Auto,
        limits: api.limits,
        variables: variables(api),
        arguments,
        publish: Some(Publish {
            address: api.bind,
            port: fixed(api.port, number),
        }),
        contract: (!is_ours).then(contract),
        extras: own::extras_of_api(api),
    }
}

/// The name of the image that the API runs from.
fn image(api: &Api, images: &Images) -> String {
    let tag = match (api.source(), &images.folder) {
        (ApiSource::Image(image), _) => image,
        (ApiSource::Folder(_), Some(folder)) => folder.tag(),
        _ => images.ours.tag(),
    };
    tag.to_owned()
}

/// What the API is told besides where its database is; the profile has the last word.
fn variables(api: &Api) -> BTreeMap<String, String> {
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
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let given = api.environment.clone();
    variables.into_iter().chain(given).collect()
}

/// The first replica takes the profile's port, each further one the port after.
fn fixed(port: Port, number: u16) -> Option<u16> {
    match port {
        Port::Auto => None,
        Port::Fixed(first) => Some(first.saturating_add(number - 1)),
    }
}
