//! A profile to be filled.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use crate::profile::Api;
use crate::profile::Build;
use crate::profile::Bytes;
use crate::profile::Database;
use crate::profile::Durability;
use crate::profile::EngineChoice;
use crate::profile::Limits;
use crate::profile::Port;
use crate::profile::Postgres;
use crate::profile::Profile;
use crate::profile::Seed;

/// A profile to be filled. Every setting that is not absent has a default, so that none of these values stays (a test sees to it).
pub fn blank_profile() -> Profile {
    let (address, port, time) = (Ipv4Addr::LOCALHOST.into(), Port::Auto, Duration::ZERO);
    let limits = Limits {
        millicpus: 0,
        memory: Bytes(0),
        pids: 0,
    };
    Profile {
        name: String::new(),
        file: PathBuf::new(),
        root: PathBuf::new(),
        protected: false,
        engine: EngineChoice::Auto,
        database: Database {
            image: String::new(),
            postgres: Postgres::Auto,
            bind: address,
            port,
            durability: Durability::Safe,
            limits,
        },
        seed: Seed {
            file: PathBuf::new(),
        },
        api: Api {
            bind: address,
            port,
            replicas: 0,
            pool: 0,
            pool_wait: time,
            statement_timeout: time,
            request_timeout: time,
            max_span_days: 0,
            // Not 0, which is a value that a profile may have.
            cache: Bytes(u64::MAX),
            limits,
            image: None,
            build: Build {
                context: None,
                dockerfile: String::new(),
                target: None,
                args: BTreeMap::new(),
            },
            environment: BTreeMap::new(),
            entrypoint: Vec::new(),
            command: Vec::new(),
            listen: 0,
            health: String::new(),
            depends_on: Vec::new(),
            sync: Vec::new(),
            restart_on_change: false,
        },
        services: Vec::new(),
        checks: Vec::new(),
    }
}
