//! What several settings must be together.

use std::ops::RangeInclusive;

use super::Port;
use super::Profile;
use super::quantity;
use super::settings;
use super::settings::OF_OWN_API;

/// A rule over several settings.
pub struct Rule {
    /// The settings it looks at, the one to blame first.
    pub keys: &'static [&'static str],
    /// What is wrong, if it is broken.
    pub broken: fn(&Profile) -> Option<String>,
    /// What to do about it.
    pub cure: &'static str,
}

/// Connections PostgreSQL takes when nobody says otherwise.
const MAX_CONNECTIONS: u32 = 100;
/// Connections the API must leave to superusers, the worker, migrations and people.
const RESERVE: u32 = 10;

/// All rules.
pub static RULES: &[Rule] = &[
    Rule {
        keys: &["api.statement_timeout", "api.request_timeout"],
        broken: statement_outlasts_request,
        cure: "a statement must not outlast its request",
    },
    Rule {
        keys: &["api.replicas", "api.port"],
        broken: ports_run_out,
        cure: "each replica takes the port after the one before; choose a lower port",
    },
    Rule {
        keys: &["database.port", "api.port", "api.replicas"],
        broken: ports_collide,
        cure: "give each a port of its own, or \"auto\"",
    },
    Rule {
        keys: &["api.pool", "api.replicas"],
        broken: too_many_connections,
        cure: "lower `api.pool` or `api.replicas`",
    },
    Rule {
        keys: &["api.cache", "api.memory"],
        broken: cache_fills_memory,
        cure: "lower `api.cache`, or raise `api.memory`",
    },
    Rule {
        keys: &["api.image", "api.build.context"],
        broken: two_sources,
        cure: "keep one of them",
    },
    Rule {
        keys: &OF_OWN_API,
        broken: built_in_is_told_how,
        cure: "leave it out, or name your own API: `api.image` or `api.build.context`",
    },
    Rule {
        keys: &[
            "api.build.context",
            "api.build.dockerfile",
            "api.build.target",
            "api.build.args",
        ],
        broken: nothing_to_build,
        cure: "name the folder to build from: `api.build.context`",
    },
];

fn statement_outlasts_request(profile: &Profile) -> Option<String> {
    let (statement, request) = (profile.api.statement_timeout, profile.api.request_timeout);
    (statement > request).then(|| {
        let [statement, request] = [statement, request].map(quantity::time);
        format!(
            "`api.statement_timeout` ({statement}) is longer than `api.request_timeout` ({request})"
        )
    })
}

/// The ports of all replicas, which may go beyond the last there is.
fn api_ports(profile: &Profile) -> Option<RangeInclusive<u32>> {
    match profile.api.port {
        Port::Auto => None,
        Port::Fixed(first) => {
            let first = u32::from(first);
            Some(first..=first + u32::from(profile.api.replicas).saturating_sub(1))
        }
    }
}

fn ports_run_out(profile: &Profile) -> Option<String> {
    let ports = api_ports(profile)?;
    let replicas = profile.api.replicas;
    (*ports.end() > u32::from(u16::MAX)).then(|| {
        format!(
            "{replicas} replicas from port {} on go beyond port 65535",
            ports.start()
        )
    })
}

fn ports_collide(profile: &Profile) -> Option<String> {
    let Port::Fixed(database) = profile.database.port else {
        return None;
    };
    let ports = api_ports(profile)?;
    ports.contains(&u32::from(database)).then(|| {
        if profile.api.replicas == 1 {
            return format!("`database.port` and `api.port` are both {database}");
        }
        let (first, last) = ports.into_inner();
        format!("`database.port` is {database}, but the replicas of the API take {first} to {last}")
    })
}

fn too_many_connections(profile: &Profile) -> Option<String> {
    let (replicas, pool) = (u32::from(profile.api.replicas), u32::from(profile.api.pool));
    let listens = u32::from(profile.api.cache.0 > 0);
    let (wanted, most) = (replicas * (pool + listens), MAX_CONNECTIONS - RESERVE);
    let to_listen = if listens > 0 {
        " and one to listen"
    } else {
        ""
    };
    (wanted > most).then(|| {
        format!(
            "{replicas} replicas with {pool} connections{to_listen} each want {wanted}, but PostgreSQL has {most} for \
             them ({MAX_CONNECTIONS} less {RESERVE} in reserve)"
        )
    })
}

/// Half of the memory is left for everything else that a replica does.
fn cache_fills_memory(profile: &Profile) -> Option<String> {
    let (cache, memory) = (profile.api.cache.0, profile.api.limits.memory.0);
    (profile.api.is_built_in() && cache > memory / 2).then(|| {
        let [cache, memory] =
            [cache, memory].map(|size| quantity::write(size, quantity::SIZES, " "));
        format!("`api.cache` ({cache}) is more than half of `api.memory` ({memory})")
    })
}

fn two_sources(profile: &Profile) -> Option<String> {
    let is_both = profile.api.image.is_some() && profile.api.build.context.is_some();
    is_both.then(|| "`api.image` and `api.build` are two images for one API".to_owned())
}

/// The one to blame is the one that differs, which the others may not.
fn built_in_is_told_how(profile: &Profile) -> Option<String> {
    let (mut said, mut usual) = (profile.clone(), settings::defaults());
    let mut differs = |key: &&str| {
        let setting = settings::find(key);
        setting.is_some_and(|setting| setting.value(&mut said) != setting.value(&mut usual))
    };
    let key = OF_OWN_API.into_iter().find(|key| differs(key))?;
    profile.api.is_built_in().then(|| {
        format!("`{key}` is for a team's own API, and this is the one that comes with ratesdev")
    })
}

fn nothing_to_build(profile: &Profile) -> Option<String> {
    let build = &profile.api.build;
    let says = build.target.is_some() || !build.args.is_empty() || build.dockerfile != "Dockerfile";
    let is_empty = build.context.is_none() && profile.api.image.is_none();
    (says && is_empty).then(|| "`api.build` says how to build, but not what".to_owned())
}
