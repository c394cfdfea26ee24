//! The team's own services: the table of their keys, and what they must be together.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Bytes;
use super::HealthCheck;
use super::Limits;
use super::ShortName;
use super::TeamService;
use super::kind::Command;
use super::kind::Cores;
use super::kind::Kind;
use super::kind::List;
use super::kind::PORTS;
use super::kind::ROLES;
use super::kind::SECRETS;
use super::kind::SYNC;
use super::kind::Size;
use super::kind::Switch;
use super::kind::Text;
use super::kind::Time;
use super::kind::VOLUMES;
use super::kind::Variables;
use super::kind::Whole;
use super::settings::Absent::IsFine;
use super::settings::Absent::IsWrong;
use super::settings::Absent::Means;
use super::settings::LEAST_OF_DOCKER;
use super::settings::Setting;
use super::settings::image;

/// The table that they are in.
pub const SERVICES: &str = "services";
/// The key that drops a service.
pub const ENABLED: &str = "enabled";
/// The table of a service that says how its health is found out.
pub const HEALTH: &str = "health";

/// The keys of `[services.NAME]`.
pub static SERVICE: &[Setting<TeamService>] = &[
    Setting {
        key: "image",
        doc: "The image it runs from.",
        absent: IsWrong,
        example: "\"redis:7\"",
        place: |s| image(&mut s.image),
    },
    Setting {
        key: ENABLED,
        doc: "Whether the environment has it; false drops one that is inherited.",
        absent: Means("true"),
        example: "false",
        place: |s| Box::new(Switch(&mut s.enabled)),
    },
    Setting {
        key: "entrypoint",
        doc: "The program it is started with in place of the image's ENTRYPOINT, whose CMD is then dropped: a list, or one text that no shell sees.",
        absent: IsFine,
        example: "[\"/usr/local/bin/redis-server\"]",
        place: |s| Box::new(Command(&mut s.entrypoint)),
    },
    Setting {
        key: "command",
        doc: "The program and its arguments in place of the image's own: a list, or one text that no shell sees.",
        absent: IsFine,
        example: "[\"redis-server\", \"--save\", \"\"]",
        place: |s| Box::new(Command(&mut s.command)),
    },
    Setting {
        key: "environment",
        doc: "Environment variables; a profile adds to those it inherits. They are no place for passwords.",
        absent: IsFine,
        example: "{ LOG_LEVEL = \"info\" }",
        place: |s| Box::new(Variables(&mut s.environment)),
    },
    Setting {
        key: "ports",
        doc: "Published ports, the one inside last: 80, \"8080:80\", \"0.0.0.0:8080:80\", \"5353:53/udp\"; on 127.0.0.1 unless said otherwise, \"auto\" for a free one.",
        absent: IsFine,
        example: "[\"8080:80\"]",
        place: |s| {
            Box::new(List {
                place: &mut s.ports,
                item: &PORTS,
            })
        },
    },
    Setting {
        key: "volumes",
        doc: "What is mounted: \"name:/path\" is a volume that `down` keeps, \"./folder:/path:ro\" a folder, relative to the file that says so.",
        absent: IsFine,
        example: "[\"redis-data:/data\"]",
        place: |s| {
            Box::new(List {
                place: &mut s.volumes,
                item: &VOLUMES,
            })
        },
    },
    Setting {
        key: "sync",
        doc: "Code that is mounted, relative to the file that says so; \":rw\" at the end lets the service write to it.",
        absent: IsFine,
        example: "[\"../worker:/app\"]",
        place: |s| {
            Box::new(List {
                place: &mut s.sync,
                item: &SYNC,
            })
        },
    },
    Setting {
        key: "restart_on_change",
        doc: "Whether `up --watch` starts it again when a file of `sync` changes.",
        absent: Means("false"),
        example: "true",
        place: |s| Box::new(Switch(&mut s.restart_on_change)),
    },
    Setting {
        key: "depends_on",
        doc: "The roles that must work before it is started: database, seed (the dump is loaded), api, or other services.",
        absent: IsFine,
        example: "[\"database\"]",
        place: |s| {
            Box::new(List {
                place: &mut s.depends_on,
                item: &ROLES,
            })
        },
    },
    Setting {
        key: "secrets",
        doc: "Secrets it may read: \"database\" mounts the password's file and sets DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD_FILE.",
        absent: IsFine,
        example: "[\"database\"]",
        place: |s| {
            Box::new(List {
                place: &mut s.secrets,
                item: &SECRETS,
            })
        },
    },
    Setting {
        key: "cpus",
        doc: "The most cores it may use; a ceiling, not a reservation.",
        absent: Means("1"),
        example: "0.5",
        place: |s| Box::new(Cores(&mut s.limits.millicpus)),
    },
    Setting {
        key: "memory",
        doc: "The most memory it may use.",
        absent: Means("256 MB"),
        example: "\"256 MB\"",
        place: |s| Box::new(Size(&mut s.limits.memory, LEAST_OF_DOCKER)),
    },
    Setting {
        key: "pids",
        doc: "The most processes and threads of it.",
        absent: Means("200"),
        example: "200",
        place: |s| Box::new(Whole(&mut s.limits.pids, 16, 32_768)),
    },
    Setting {
        key: "health.command",
        doc: "A program inside the service and its arguments; it is healthy while that ends with 0.",
        absent: IsFine,
        example: "[\"redis-cli\", \"ping\"]",
        place: |s| Box::new(Command(&mut s.health.command)),
    },
    Setting {
        key: "health.path",
        doc: "A path that is asked over HTTP; it is healthy while the answer is below 400. The port is published where it is not.",
        absent: IsFine,
        example: "\"/healthz\"",
        place: |s| Box::new(Path(&mut s.health.path)),
    },
    Setting {
        key: "health.port",
        doc: "The port inside that is asked; the first of `ports` that is TCP's where nobody says.",
        absent: IsFine,
        example: "8080",
        place: |s| Box::new(Inside(&mut s.health.port)),
    },
    Setting {
        key: "health.interval",
        doc: "How long after the end of one run of the command the next begins.",
        absent: Means("5s"),
        example: "\"5s\"",
        place: |s| Box::new(Time(&mut s.health.interval, 100, 600_000)),
    },
    Setting {
        key: "health.timeout",
        doc: "How long one run of the command may take.",
        absent: Means("3s"),
        example: "\"3s\"",
        place: |s| Box::new(Time(&mut s.health.timeout, 100, 600_000)),
    },
    Setting {
        key: "health.retries",
        doc: "How many failures of the command in a row mean that it is unhealthy.",
        absent: Means("3"),
        example: "3",
        place: |s| Box::new(Whole(&mut s.health.retries, 1, 1_000)),
    },
];

/// A path of HTTP, or none.
struct Path<'a>(&'a mut Option<String>);

impl Kind for Path<'_> {
    fn expected(&self) -> String {
        "a path that begins with a slash".to_owned()
    }

    fn read(&mut self, raw: &super::kind::Raw, base: &std::path::Path) -> Option<()> {
        let mut text = String::new();
        text_of(&mut text).read(raw, base)?;
        *self.0 = Some(text);
        Some(())
    }

    fn write(&self) -> serde_json::Value {
        self.0.as_deref().into()
    }

    fn schema(&self) -> serde_json::Value {
        text_of(&mut String::new()).schema()
    }
}

fn text_of(place: &mut String) -> Text<'_> {
    Text {
        place,
        expected: "a path that begins with a slash",
        is_valid: |text| text.starts_with('/') && text.chars().all(|c| c.is_ascii_graphic()),
        pattern: r"^/[!-~]*$",
    }
}

/// A port inside a service, or none.
struct Inside<'a>(&'a mut Option<u16>);

impl Kind for Inside<'_> {
    fn expected(&self) -> String {
        Whole(&mut 0_u16, 1, u16::MAX).expected()
    }

    fn read(&mut self, raw: &super::kind::Raw, base: &std::path::Path) -> Option<()> {
        let mut port = 0;
        Whole(&mut port, 1, u16::MAX).read(raw, base)?;
        *self.0 = Some(port);
        Some(())
    }

    fn write(&self) -> serde_json::Value {
        (*self.0).into()
    }

    fn schema(&self) -> serde_json::Value {
        Whole(&mut 0_u16, 1, u16::MAX).schema()
    }
}

/// A service of which nothing is said but its name.
pub fn blank(name: ShortName) -> TeamService {
    TeamService {
        name,
        image: String::new(),
        enabled: false,
        entrypoint: Vec::new(),
        command: Vec::new(),
        environment: BTreeMap::new(),
        ports: Vec::new(),
        volumes: Vec::new(),
        sync: Vec::new(),
        restart_on_change: false,
        depends_on: Vec::new(),
        secrets: Vec::new(),
        health: HealthCheck {
            command: Vec::new(),
            path: None,
            port: None,
            interval: Duration::ZERO,
            timeout: Duration::ZERO,
            retries: 0,
        },
        limits: Limits {
            millicpus: 0,
            memory: Bytes(0),
            pids: 0,
        },
    }
}

/// A service with every default.
pub fn defaults(name: ShortName) -> TeamService {
    let mut service = blank(name);
    for setting in SERVICE {
        if let Means(default) = setting.absent {
            let raw = super::kind::Raw::Word(default.to_owned());
            let stored = setting.store(&mut service, &raw, std::path::Path::new(""));
            debug_assert!(stored.is_ok(), "the default of {} is refused", setting.key);
        }
    }
    service
}

/// The key of a service with this path inside its table: `image`, `health.path`.
pub fn find(key: &str) -> Option<&'static Setting<TeamService>> {
    SERVICE.iter().find(|setting| setting.key == key)
}

/// What is wrong with a service as a whole: the keys to blame, the best one first, the sentence, and the cure.
pub type Objection = (&'static [&'static str], String, &'static str);

/// What is wrong with a service whatever else there is.
pub fn objections(service: &TeamService, is_given: impl Fn(&str) -> bool) -> Vec<Objection> {
    let TeamService { name, health, .. } = service;
    let mut objections: Vec<Objection> = Vec::new();
    if service.image.is_empty() {
        let what = format!("the service `{name}` lacks the key `image`");
        objections.push((&["image"], what, "for example image = \"redis:7\""));
    }
    let (by_command, by_path) = (!health.command.is_empty(), health.path.is_some());
    if by_command && by_path {
        let what = format!("the health of `{name}` is asked by a command and by a path");
        objections.push((&["health.path", "health.command"], what, "keep one of them"));
    }
    if health.port.is_some() && !by_path {
        let what = format!("`services.{name}.health.port` belongs to a path");
        objections.push((
            &["health.port"],
            what,
            "add `health.path`, or leave the port out",
        ));
    }
    if by_path && health.port.is_none() && service.first_tcp().is_none() {
        let what = format!("nothing says at which port the health of `{name}` is asked");
        objections.push((&["health.path"], what, "add `health.port`"));
    }
    for key in ["health.interval", "health.timeout", "health.retries"] {
        if is_given(key) && !by_command {
            let what = format!("`services.{name}.{key}` belongs to a command");
            let key = find(key).map_or(&[][..], |setting| std::slice::from_ref(&setting.key));
            objections.push((key, what, "add `health.command`, or leave it out"));
        }
    }
    objections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::kind::Raw;

    #[test]
    fn every_example_is_accepted_and_every_default_is_written_back() {
        let name = "x".parse().unwrap();
        let mut service = defaults(name);
        for setting in SERVICE {
            if let Means(default) = setting.absent {
                let written = setting.value(&mut service).to_string();
                let written = written.trim_matches('"').trim_end_matches(".0");
                assert_eq!(written, default, "{}", setting.key);
            }
            let raw = Raw::new(toml::de::DeValue::parse(setting.example).unwrap().get_ref());
            let stored = setting.store(&mut blank(name), &raw, std::path::Path::new("/"));
            assert!(stored.is_ok(), "{}", setting.key);
        }
    }
}
