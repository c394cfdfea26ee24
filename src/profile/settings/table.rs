//! The keys of a profile but `extends` and `checks`, which say how profiles are put together.

use std::net::IpAddr;
use std::path::Component;
use std::path::Path;

use serde_json::json;

use super::Absent::IsFine;
use super::Absent::Means;
use super::ENGINE;
use super::Setting;
use super::image;
use super::is_image;
use crate::profile::Bytes;
use crate::profile::Durability;
use crate::profile::EngineChoice;
use crate::profile::Profile;
use crate::profile::kind::Command;
use crate::profile::kind::Cores;
use crate::profile::kind::File;
use crate::profile::kind::Folder;
use crate::profile::kind::ImageOrOurs;
use crate::profile::kind::Installed;
use crate::profile::kind::Kind;
use crate::profile::kind::Known;
use crate::profile::kind::List;
use crate::profile::kind::OneOf;
use crate::profile::kind::Pairs;
use crate::profile::kind::PublishedPort;
use crate::profile::kind::ROLES;
use crate::profile::kind::SYNC;
use crate::profile::kind::Size;
use crate::profile::kind::Stage;
use crate::profile::kind::Switch;
use crate::profile::kind::Text;
use crate::profile::kind::Time;
use crate::profile::kind::Whole;

/// Every key of a profile but `extends` and `checks`, which say how profiles are put together.
pub static SETTINGS: &[Setting<Profile>] = &[
    Setting {
        key: "protected",
        doc: "Whether taking data away needs the environment's name typed.",
        absent: Means("false"),
        example: "true",
        place: |p| Box::new(Switch(&mut p.protected)),
    },
    Setting {
        key: ENGINE,
        doc: "Where a new environment is made: a Docker Engine, processes of this machine without one (\"embedded\"), or \"auto\": Docker where it can be used.",
        absent: Means("auto"),
        example: "\"docker\"",
        place: |p| {
            Box::new(OneOf {
                place: &mut p.engine,
                words: ENGINES,
            })
        },
    },
    Setting {
        key: "database.image",
        doc: "The image of PostgreSQL, or one that honours the contract of the official one.",
        absent: Means("postgres:13.5"),
        example: "\"postgres:13.5\"",
        place: |p| image(&mut p.database.image),
    },
    Setting {
        key: "database.postgres",
        doc: "Without Docker: the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one.",
        absent: Means("auto"),
        example: "\"/opt/postgresql-13\"",
        place: |p| Box::new(Installed(&mut p.database.postgres)),
    },
    Setting {
        key: "database.bind",
        doc: "The address the published port is bound to.",
        absent: Means("127.0.0.1"),
        example: "\"127.0.0.1\"",
        place: |p| address(&mut p.database.bind),
    },
    Setting {
        key: "database.port",
        doc: "The published port, or \"auto\" for whichever is free.",
        absent: Means("auto"),
        example: "15432",
        place: |p| Box::new(PublishedPort(&mut p.database.port)),
    },
    Setting {
        key: "database.durability",
        doc: "What a crash of the machine may cost: nothing (\"safe\") or the database, which is then seeded again (\"fast\").",
        absent: Means("safe"),
        example: "\"fast\"",
        place: |p| {
            Box::new(OneOf {
                place: &mut p.database.durability,
                words: &[("safe", Durability::Safe), ("fast", Durability::Fast)],
            })
        },
    },
    Setting {
        key: "database.cpus",
        doc: "The most cores the database may use; a ceiling, not a reservation.",
        absent: Means("1"),
        example: "1.5",
        place: |p| Box::new(Cores(&mut p.database.limits.millicpus)),
    },
    Setting {
        key: "database.memory",
        doc: "The most memory the database may use.",
        absent: Means("512 MB"),
        example: "\"512 MB\"",
        place: |p| Box::new(Size(&mut p.database.limits.memory, LEAST_FOR_POSTGRES)),
    },
    Setting {
        key: "database.pids",
        doc: "The most processes of the database; every connection is one.",
        absent: Means("200"),
        example: "200",
        place: |p| Box::new(Whole(&mut p.database.limits.pids, 32, 32_768)),
    },
    Setting {
        key: "seed.file",
        doc: "The dump a fresh database is loaded with, relative to the file that says so.",
        // Relative to `profiles/`, as in every profile there.
        absent: Means("../db/rates.sql"),
        example: "\"../db/rates.sql\"",
        place: |p| Box::new(File(&mut p.seed.file)),
    },
    Setting {
        key: "api.bind",
        doc: "The address the published port is bound to.",
        absent: Means("127.0.0.1"),
        example: "\"127.0.0.1\"",
        place: |p| address(&mut p.api.bind),
    },
    Setting {
        key: "api.port",
        doc: "The published port of the first replica, or \"auto\"; further replicas take the ports after it.",
        absent: Means("auto"),
        example: "15000",
        place: |p| Box::new(PublishedPort(&mut p.api.port)),
    },
    Setting {
        key: "api.replicas",
        doc: "How many run side by side.",
        absent: Means("1"),
        example: "2",
        place: |p| Box::new(Whole(&mut p.api.replicas, 1, 16)),
    },
    Setting {
        key: "api.pool",
        doc: "Database connections of each replica.",
        absent: Means("8"),
        example: "8",
        place: |p| Box::new(Whole(&mut p.api.pool, 1, 1_000)),
    },
    Setting {
        key: "api.pool_wait",
        doc: "How long a request waits for a connection before it is answered 503.",
        absent: Means("1s"),
        example: "\"1s\"",
        place: |p| Box::new(Time(&mut p.api.pool_wait, 1, MINUTES)),
    },
    Setting {
        key: "api.statement_timeout",
        doc: "How long one statement may run.",
        absent: Means("2s"),
        example: "\"2s\"",
        place: |p| Box::new(Time(&mut p.api.statement_timeout, 1, MINUTES)),
    },
    Setting {
        key: "api.request_timeout",
        doc: "How long one request may take.",
        absent: Means("10s"),
        example: "\"10s\"",
        place: |p| Box::new(Time(&mut p.api.request_timeout, 1, MINUTES)),
    },
    Setting {
        key: "api.max_span_days",
        doc: "The longest span one question may cover, in days.",
        absent: Means("366"),
        example: "366",
        place: |p| Box::new(Whole(&mut p.api.max_span_days, 1, 36_600)),
    },
    Setting {
        key: "api.cache",
        doc: "Memory of each replica for answers that are given again until the rates change; \"0 B\" keeps none.",
        absent: Means("8 MB"),
        example: "\"8 MB\"",
        place: |p| Box::new(Size(&mut p.api.cache, Bytes(0))),
    },
    Setting {
        key: "api.cpus",
        doc: "The most cores each replica may use; a ceiling, not a reservation.",
        absent: Means("1"),
        example: "0.5",
        place: |p| Box::new(Cores(&mut p.api.limits.millicpus)),
    },
    Setting {
        key: "api.memory",
        doc: "The most memory each replica may use.",
        absent: Means("64 MB"),
        example: "\"64 MB\"",
        place: |p| Box::new(Size(&mut p.api.limits.memory, LEAST_OF_DOCKER)),
    },
    Setting {
        key: "api.pids",
        doc: "The most processes and threads of each replica.",
        absent: Means("64"),
        example: "64",
        place: |p| Box::new(Whole(&mut p.api.limits.pids, 16, 32_768)),
    },
    Setting {
        key: "api.image",
        doc: "The image of a team's own API (docs/API.md), which needs Docker; \"built-in\" is the API that comes with ratesdev.",
        absent: Means("built-in"),
        example: "\"registry.example/team/rates-api:1\"",
        place: |p| {
            Box::new(ImageOrOurs {
                place: &mut p.api.image,
                is_valid: is_image,
            })
        },
    },
    Setting {
        key: "api.environment",
        doc: "More variables of the API. ${DB_HOST}, ${DB_PORT}, ${DB_NAME}, ${DB_USER} and ${DB_PASSWORD_FILE} stand for the environment's own values; the password is only ever in that file.",
        absent: Means(""),
        example: "{ PGHOST = \"${DB_HOST}\" }",
        place: |p| {
            Box::new(Pairs {
                place: &mut p.api.environment,
                has_placeholders: true,
            })
        },
    },
    Setting {
        key: "api.entrypoint",
        doc: "The program that a team's own API is started with, in place of its image's ENTRYPOINT: a list, or one text that no shell sees.",
        absent: Means(""),
        example: "[\"/app/start\"]",
        place: |p| Box::new(Command(&mut p.api.entrypoint)),
    },
    Setting {
        key: "api.command",
        doc: "The arguments of a team's own API in place of its image's CMD; a program and its arguments where the image has no ENTRYPOINT.",
        absent: Means(""),
        example: "[\"python3\", \"rates.py\"]",
        place: |p| Box::new(Command(&mut p.api.command)),
    },
    Setting {
        key: "api.listen",
        doc: "The port on which a team's own API listens inside its container; the built-in one needs no telling.",
        absent: Means("8000"),
        example: "8000",
        place: |p| Box::new(Whole(&mut p.api.listen, 1, 65_535)),
    },
    Setting {
        key: "api.health",
        doc: "The path at which a team's own API answers 200 when it can answer questions; the built-in one needs no telling.",
        absent: Means("/health/ready"),
        example: "\"/health/ready\"",
        place: |p| {
            Box::new(Text {
                place: &mut p.api.health,
                expected: "a path that begins with a slash, without spaces",
                is_valid: is_path,
                pattern: r"^/[!-~]{0,254}$",
            })
        },
    },
    Setting {
        key: "api.depends_on",
        doc: "Services of the profile that must work before the API is started.",
        absent: Means(""),
        example: "[\"redis\"]",
        place: |p| {
            Box::new(List {
                place: &mut p.api.depends_on,
                item: &ROLES,
            })
        },
    },
    Setting {
        key: "api.sync",
        doc: "Code that is mounted into the API, relative to the file that says so; \":rw\" at the end lets the API write to it.",
        absent: Means(""),
        example: "[\"../rates:/app\"]",
        place: |p| {
            Box::new(List {
                place: &mut p.api.sync,
                item: &SYNC,
            })
        },
    },
    Setting {
        key: "api.restart_on_change",
        doc: "Whether `up --watch` starts the API again when a file of `sync` changes.",
        absent: Means("false"),
        example: "true",
        place: |p| Box::new(Switch(&mut p.api.restart_on_change)),
    },
    Setting {
        key: "api.build.context",
        doc: "The folder that the image of a team's own API is built from, relative to the file that says so; its .dockerignore is honoured.",
        absent: IsFine,
        example: "\"../../rates-api\"",
        place: |p| Box::new(Folder(&mut p.api.build.context)),
    },
    Setting {
        key: "api.build.dockerfile",
        doc: "The Dockerfile, relative to the folder and inside it.",
        absent: Means("Dockerfile"),
        example: "\"Dockerfile\"",
        place: |p| {
            Box::new(Text {
                place: &mut p.api.build.dockerfile,
                expected: "the path of a file inside the folder",
                is_valid: is_inside,
                pattern: r"^[^/]",
            })
        },
    },
    Setting {
        key: "api.build.target",
        doc: "The stage of the Dockerfile to build; the last one when absent.",
        absent: IsFine,
        example: "\"production\"",
        place: |p| Box::new(Stage(&mut p.api.build.target)),
    },
    Setting {
        key: "api.build.args",
        doc: "The arguments (ARG) of the Dockerfile. An image's history shows them: no secrets here.",
        absent: Means(""),
        example: "{ PYTHON = \"3.13\" }",
        place: |p| {
            Box::new(Pairs {
                place: &mut p.api.build.args,
                has_placeholders: false,
            })
        },
    },
];

/// The engines by their words.
const ENGINES: &[(&str, EngineChoice)] = &[
    ("auto", EngineChoice::Auto),
    ("docker", EngineChoice::Docker),
    ("embedded", EngineChoice::Embedded),
];
/// What PostgreSQL needs to start and answer; below, its first load is killed.
const LEAST_FOR_POSTGRES: Bytes = Bytes(64_000_000);
/// Docker refuses less, and counts in powers of two.
pub const LEAST_OF_DOCKER: Bytes = Bytes(6 << 20);
/// Ten minutes, in milliseconds: beyond that nobody waits.
const MINUTES: u64 = 600_000;

/// Of the characters that a path in a request may have.
fn is_path(text: &str) -> bool {
    text.len() <= 255 && text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic())
}

/// A relative path that does not lead out of its folder.
fn is_inside(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    let is_inside = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    !text.is_empty() && !text.contains(char::is_control) && is_inside
}

fn address(place: &mut IpAddr) -> Box<dyn Kind + '_> {
    Box::new(Known {
        place,
        expected: "an IP address",
        schema: || {
            let [v4, v6] = ["ipv4", "ipv6"].map(|format| json!({ "format": format }));
            json!({ "type": "string", "anyOf": [v4, v6] })
        },
    })
}
