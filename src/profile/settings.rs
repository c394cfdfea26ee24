//! The table of settings: which keys there are. Reading, variables, flags, origins, schema and docs follow from it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use serde_json::Value as Json;
use serde_json::json;

use super::Api;
use super::Build;
use super::Bytes;
use super::Check;
use super::Database;
use super::Durability;
use super::EngineChoice;
use super::Limits;
use super::Port;
use super::Postgres;
use super::Profile;
use super::Seed;
use super::kind::Command;
use super::kind::Cores;
use super::kind::Day;
use super::kind::File;
use super::kind::Folder;
use super::kind::ImageOrOurs;
use super::kind::Installed;
use super::kind::Kind;
use super::kind::Known;
use super::kind::List;
use super::kind::OneOf;
use super::kind::Pairs;
use super::kind::Price;
use super::kind::Prices;
use super::kind::PublishedPort;
use super::kind::ROLES;
use super::kind::Raw;
use super::kind::SYNC;
use super::kind::Size;
use super::kind::Stage;
use super::kind::Switch;
use super::kind::Text;
use super::kind::Time;
use super::kind::Whole;
use crate::rates::DailyAverage;
use crate::rates::Place;

/// One key: what it means, what it is when nobody says, and where in a `T` it is kept.
pub struct Setting<T> {
    /// The path of the key, `api.port`.
    pub key: &'static str,
    /// What it means, in one line.
    pub doc: &'static str,
    /// What happens when nobody says.
    pub absent: Absent,
    /// A value, as written in a profile.
    pub example: &'static str,
    /// The place it fills, which knows what may stand there.
    pub place: for<'a> fn(&'a mut T) -> Box<dyn Kind + 'a>,
}

/// What happens when nobody gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// This value is taken, written as in a flag.
    Means(&'static str),
    /// It stays absent.
    IsFine,
    /// It is a fault.
    IsWrong,
}

use Absent::IsFine;
use Absent::IsWrong;
use Absent::Means;

/// The key that the flag `--engine` sets too.
pub const ENGINE: &str = "engine";

/// The key of a team's own image, which excludes a folder to build one from.
pub const API_IMAGE: &str = "api.image";

/// The table of how an image is built.
pub const API_BUILD: &str = "api.build.";

/// The key of the folder to build from.
pub const API_CONTEXT: &str = "api.build.context";

/// The keys that only a team's own API has: the one that comes with ratesdev knows them itself.
pub const OF_OWN_API: [&str; 4] = ["api.listen", "api.health", "api.entrypoint", "api.command"];

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

/// The keys of one entry of `[[checks]]`.
pub static CHECK: &[Setting<Check>] = &[
    Setting {
        key: "name",
        doc: "What the check is called; a profile replaces a check it inherits by giving one of the same name.",
        absent: IsWrong,
        example: "\"known day\"",
        place: |c| {
            Box::new(Text {
                place: &mut c.name,
                expected: "a text of 1 to 80 characters on one line",
                is_valid: is_label,
                pattern: r"^\S(.{0,78}\S)?$",
            })
        },
    },
    Setting {
        key: "orig",
        doc: "Where from: a port code or a region slug.",
        absent: IsWrong,
        example: "\"CNGGZ\"",
        place: |c| end(&mut c.orig),
    },
    Setting {
        key: "dest",
        doc: "Where to: a port code or a region slug.",
        absent: IsWrong,
        example: "\"EETLL\"",
        place: |c| end(&mut c.dest),
    },
    Setting {
        key: "day",
        doc: "The day asked for.",
        absent: IsWrong,
        example: "\"2021-01-31\"",
        place: |c| Box::new(Day(&mut c.expect.day)),
    },
    Setting {
        key: "count",
        doc: "How many prices the day has.",
        absent: IsWrong,
        example: "3",
        place: |c| Box::new(Prices(&mut c.expect.count)),
    },
    Setting {
        key: "price",
        doc: "The average price of the day; without it, any will do.",
        absent: IsFine,
        example: "1154.33333333333",
        place: |c| Box::new(Price(&mut c.expect.price)),
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

pub fn image(place: &mut String) -> Box<dyn Kind + '_> {
    Box::new(Text {
        place,
        expected: "the name of an image, without spaces",
        is_valid: is_image,
        pattern: r"^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$",
    })
}

fn is_image(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._/:@-".contains(c);
    text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
}

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

fn is_label(text: &str) -> bool {
    let characters = text.chars().count();
    (1..=80).contains(&characters) && text.trim() == text && !text.contains(char::is_control)
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

fn end(place: &mut Place) -> Box<dyn Kind + '_> {
    Box::new(Known {
        place,
        expected: "a port code, like \"CNGGZ\", or a region slug, like \"northern_europe\"",
        schema: || json!({ "type": "string", "pattern": "^([A-Z0-9]{5}|[a-z0-9_-]{1,63})$" }),
    })
}

/// Why a value was not taken.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or an example.
    pub help: String,
}

impl Setting<Profile> {
    /// Whether it takes a table of names that are not known beforehand.
    pub fn takes_pairs(&self) -> bool {
        (self.place)(&mut blank_profile()).takes_pairs()
    }
}

impl<T> Setting<T> {
    /// The table the key is in; empty at the top.
    pub fn table(&self) -> &'static str {
        self.key.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The key inside its table.
    pub fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        let key = self.key.replace('.', "_").to_uppercase();
        format!("RATESDEV_{key}")
    }

    /// The example as a word, where nothing has quotes.
    pub fn word(&self) -> String {
        self.example.replace(['"', '[', ']'], "")
    }

    /// Keeps a value in `target`, or says why not. Paths are relative to `base`.
    pub fn store(&self, target: &mut T, raw: &Raw, base: &Path) -> Result<(), Refusal> {
        let mut place = (self.place)(target);
        place.read(raw, base).ok_or_else(|| Refusal {
            message: format!(
                "`{}` must be {}, not {}",
                self.key,
                place.expected(),
                place.blamed(raw)
            ),
            help: match (place.meant(raw), raw) {
                (Some(meant), _) => format!("did you mean {meant}?"),
                (None, Raw::Word(_)) => format!("for example {}", self.word()),
                (None, _) => format!("for example {} = {}", self.name(), self.example),
            },
        })
    }

    /// The value kept in `target`, as written in a profile; null where it is absent.
    pub fn value(&self, target: &mut T) -> Json {
        (self.place)(target).write()
    }
}

/// The setting with this path.
pub fn find(key: &str) -> Option<&'static Setting<Profile>> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The tables, in the order of the settings.
pub fn tables() -> Vec<&'static str> {
    let mut tables: Vec<_> = SETTINGS.iter().map(Setting::table).collect();
    tables.dedup();
    tables.retain(|table| !table.is_empty());
    tables
}

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

/// A profile with every default; its paths are relative to `profiles/`.
pub fn defaults() -> Profile {
    let mut profile = blank_profile();
    for setting in SETTINGS {
        if let Means(default) = setting.absent {
            let stored = setting.store(&mut profile, &Raw::Word(default.to_owned()), Path::new(""));
            debug_assert!(stored.is_ok(), "the default of {} is refused", setting.key);
        }
    }
    profile
}

/// A check to be filled.
pub fn blank_check() -> Check {
    Check {
        name: String::new(),
        orig: Place::Port(String::new()),
        dest: Place::Port(String::new()),
        expect: DailyAverage {
            count: None,
            day: Date::ZERO,
            price: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_has_a_default_that_it_accepts_and_writes_back() {
        let base = Path::new("/checkout/profiles");
        let mut profile = blank_profile();
        for setting in SETTINGS {
            let Means(default) = setting.absent else {
                assert!(setting.value(&mut profile).is_null(), "{}", setting.key);
                continue;
            };
            let raw = Raw::Word(default.to_owned());
            setting
                .store(&mut profile, &raw, base)
                .unwrap_or_else(|refusal| panic!("{}", refusal.message));
        }
        assert_eq!(profile.seed.file, Path::new("/checkout/db/rates.sql"));
        assert_eq!(find("database.port").unwrap().value(&mut profile), "auto");
        assert_eq!(find("api.pool_wait").unwrap().value(&mut profile), "1s");
    }

    #[test]
    fn every_example_is_accepted() {
        let base = Path::new("/");
        let raw = |example: &str| Raw::new(toml::de::DeValue::parse(example).unwrap().get_ref());
        for setting in SETTINGS {
            let stored = setting.store(&mut blank_profile(), &raw(setting.example), base);
            assert!(stored.is_ok(), "{}", setting.key);
        }
        for setting in CHECK {
            let stored = setting.store(&mut blank_check(), &raw(setting.example), base);
            assert!(stored.is_ok(), "{}", setting.key);
        }
    }

    #[test]
    fn no_two_settings_share_a_key_or_a_variable() {
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let variables: BTreeSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        assert_eq!(
            (keys.len(), variables.len()),
            (SETTINGS.len(), SETTINGS.len())
        );
        assert!(variables.contains("RATESDEV_API_POOL_WAIT"));
        assert_eq!(tables(), ["database", "seed", "api", "api.build"]);
    }

    /// What is said about a value of a profile: the message after `must be `, and the help.
    fn refusal(key: &str, raw: &Raw) -> (String, String) {
        let stored = find(key)
            .unwrap()
            .store(&mut blank_profile(), raw, Path::new("/"));
        let Refusal { message, help } = stored.unwrap_err();
        let must = format!("`{key}` must be ");
        (message.strip_prefix(&must).unwrap().to_owned(), help)
    }

    #[test]
    fn a_refused_value_is_named_with_what_is_expected_and_what_was_meant() {
        #[rustfmt::skip]
        let cases = [
            ("api.replicas", "17", "a whole number from 1 to 16, not 17", "for example replicas = 2"),
            ("api.replicas", "'2'", "a whole number from 1 to 16, not \"2\"", "did you mean 2?"),
            ("api.replicas", "2.0", "a whole number from 1 to 16, not 2.0", "for example replicas = 2"),
            ("api.port", "'atuo'", "a port from 1 to 65535, or \"auto\" for a free one, not \"atuo\"", "did you mean \"auto\"?"),
            ("api.port", "0", "a port from 1 to 65535, or \"auto\" for a free one, not 0", "did you mean \"auto\"?"),
            ("database.memory", "'512 mb'", "a size of at least 64 MB, as a text with its unit (B, KiB, kB, MiB, MB, GiB or GB), not \"512 mb\"", "did you mean \"512 MB\"?"),
            ("api.memory", "'6 MB'", "a size of at least 6 MiB, as a text with its unit (B, KiB, kB, MiB, MB, GiB or GB), not \"6 MB\"", "for example memory = \"64 MB\""),
            ("database.durability", "'fats'", "\"safe\" or \"fast\", not \"fats\"", "did you mean \"fast\"?"),
            ("database.cpus", "0", "a number of cores from 0.01 to 512 with at most three decimals, not 0", "for example cpus = 1.5"),
            ("engine", "'embeded'", "\"auto\", \"docker\" or \"embedded\", not \"embeded\"", "did you mean \"embedded\"?"),
            ("protected", "'True'", "true or false, not \"True\"", "did you mean true?"),
            ("api.pool_wait", "'1 sec'", "a time from 1ms to 10m, as a text with its unit (ms, s or m), not \"1 sec\"", "did you mean \"1s\"?"),
            ("seed.file", "''", "the path of a file, not an empty text", "for example file = \"../db/rates.sql\""),
            ("database.postgres", "''", "the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one, not an empty text", "for example postgres = \"/opt/postgresql-13\""),
            ("database.postgres", "'atuo'", "the folder of an installed PostgreSQL, or \"auto\" to find one or fetch one, not \"atuo\"", "did you mean \"auto\"?"),
            ("api.health", "'health'", "a path that begins with a slash, without spaces, not \"health\"", "for example health = \"/health/ready\""),
            ("api.build.dockerfile", "'../Dockerfile'", "the path of a file inside the folder, not \"../Dockerfile\"", "for example dockerfile = \"Dockerfile\""),
            ("api.bind", "[]", "an IP address, not a list", "for example bind = \"127.0.0.1\""),
        ];
        for (key, value, message, help) in cases {
            let raw = Raw::new(toml::de::DeValue::parse(value).unwrap().get_ref());
            assert_eq!(refusal(key, &raw), (message.to_owned(), help.to_owned()));
        }
    }

    #[test]
    fn what_is_said_about_a_word_has_no_quotes_to_copy() {
        let cases = [
            ("api.port", "80000", "for example 15000"),
            ("database.memory", "512Mib", "did you mean 512 MiB?"),
            ("api.bind", "localhost", "for example 127.0.0.1"),
            ("database.durability", "sage", "did you mean safe?"),
        ];
        for (key, word, help) in cases {
            let (_, said) = refusal(key, &Raw::Word(word.to_owned()));
            assert_eq!(said, help);
        }
    }
}
