//! Environments in every state that matters, made by the messages that would make them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::StatusCode;
use jiff::SignedDuration;
use jiff::Timestamp;
use ratatui::layout::Size;

use super::message::Message;
use super::state::Key;
use super::state::State;
use super::state::charts::Metrics;
use super::state::charts::Sample;
use super::state::known::Look;
use super::state::query::Answered;
use super::state::tree::Tree;
use super::theme::Name;
use super::theme::Theme;
use super::update;
use crate::database::console::Activity;
use crate::database::console::Count;
use crate::database::console::Held;
use crate::database::console::Page;
use crate::database::console::Pulse;
use crate::database::console::Survey;
use crate::database::console::Table;
use crate::database::note::Note;
use crate::engine::About;
use crate::engine::Contents;
use crate::engine::Flow;
use crate::engine::Found;
use crate::engine::FoundPort;
use crate::engine::HealthStatus;
use crate::engine::Instance;
use crate::engine::LogLine;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Progress;
use crate::engine::Role;
use crate::engine::State as Doing;
use crate::engine::Usage;
use crate::engine::Volume;
use crate::engine::usual_needs;
use crate::environment::event::Event;
use crate::environment::event::Planned;
use crate::environment::logs::Line;
use crate::environment::status::CheckStatus;
use crate::environment::status::Readings;
use crate::environment::status::RoleStatus;
use crate::environment::status::SeedStatus;
use crate::environment::status::Status;
use crate::error::Code;
use crate::error::Report;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::Row;
use crate::query::Load;
use crate::query::Response;
use crate::query::Timing;
use crate::rates::Atlas;
use crate::rates::Port;
use crate::rates::Region;
use crate::text::Charset;

/// The time of the first message.
pub fn noon() -> Timestamp {
    "2021-01-31T12:00:00Z".parse().unwrap()
}

pub fn dev() -> Key {
    Key {
        engine: 0,
        name: "dev".parse().unwrap(),
    }
}

/// What an engine is.
pub fn about() -> About {
    About {
        engine: "docker",
        version: "20.10.24".to_owned(),
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        local: true,
        platform: Platform::Process,
    }
}

/// A dashboard that has the profiles and nothing else.
pub fn state(width: u16, height: u16) -> State {
    let theme = Theme::new(Name::Dark, Charset::Unicode);
    let mut state = State::new(noon(), Size::new(width, height), theme, vec![about()]);
    let profiles = ["dev", "staging", "prod"];
    let profiles =
        profiles.map(|name| (name.parse().unwrap(), PathBuf::from(format!("{name}.toml"))));
    tell(&mut state, Message::Profiles(profiles.into()));
    state
}

/// Gives a message to a dashboard, a second after the one before.
pub fn tell(state: &mut State, message: Message) {
    let now = state.now.checked_add(SignedDuration::from_secs(1)).unwrap();
    update::update(state, message, now);
}

/// An instance that runs, or does not.
pub fn found(role: Role, doing: Doing) -> Found {
    let port = if role == Role::Api { 15000 } else { 15432 };
    Found {
        instance: Instance::first(role),
        id: format!("id-{role}"),
        name: format!("ratesdev-dev-{role}"),
        state: doing,
        health: None,
        image: "postgres:13.5".to_owned(),
        image_is_stale: false,
        is_cut_off: false,
        config_hash: String::new(),
        root: PathBuf::from("/rates"),
        profile: "dev".to_owned(),
        profile_file: PathBuf::from("/rates/profiles/dev.toml"),
        published: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        endpoint: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        started_at: Some("2021-01-31T09:55:00Z".parse().unwrap()),
        restarts: 0,
        contract: None,
        ports: vec![FoundPort {
            inside: 80.into(),
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }],
        needs: usual_needs(role).to_vec(),
        probe: None,
    }
}

fn role(found: &Found, health: Option<HealthStatus>) -> RoleStatus {
    RoleStatus {
        name: found.instance.to_string(),
        role: found.instance.role,
        state: found.state.clone(),
        health,
        probe: None,
        image: found.image.clone(),
        endpoint: found.endpoint,
        ports: Vec::new(),
        usage: None,
        started_at: found.started_at,
        restarts: found.restarts,
    }
}

/// A look at an environment with these instances, and whether its checks pass.
pub fn look(instances: Vec<(Found, Option<HealthStatus>)>, passed: bool) -> Look {
    let roles: Vec<_> = instances
        .iter()
        .map(|(found, health)| role(found, *health))
        .collect();
    let ready = passed && !roles.is_empty();
    let check = CheckStatus {
        name: "known day".to_owned(),
        passed,
        answer: passed.then(|| "1154.33".to_owned()),
        error: (!passed).then(|| failure("the API answered 503: no database")),
        milliseconds: 3,
    };
    let seed = SeedStatus {
        fingerprint: "8e120108".repeat(8),
        file: "rates.sql".to_owned(),
        rows: 56_852,
    };
    let here = !roles.is_empty();
    let volume = |contents, name: &str| Volume {
        name: name.to_owned(),
        contents,
        root: PathBuf::from("/rates"),
        protected: false,
    };
    Look {
        status: Status {
            environment: "dev".to_owned(),
            engine: about(),
            profile: here.then(|| "dev".to_owned()),
            root: here.then(|| "/rates".to_owned()),
            ready,
            trouble: None,
            missing: 0,
            roles,
            seed: ready.then_some(seed),
            checks: if here { vec![check] } else { Vec::new() },
            readings: Readings::new(),
        },
        observed: Observed {
            instances: instances.into_iter().map(|(found, _)| found).collect(),
            network: Network::Right,
            volumes: if here {
                vec![
                    volume(Contents::Data, "ratesdev-dev-data"),
                    volume(Contents::Secrets, "ratesdev-dev-secrets"),
                ]
            } else {
                Vec::new()
            },
            unattended: None,
        },
        protected: false,
        checked: true,
    }
}

pub fn looked(look: Look) -> Message {
    Message::Looked {
        key: dev(),
        result: Box::new(Ok(look)),
    }
}

/// A failure with everything that one can have.
pub fn failure(message: &str) -> Report {
    Report {
        code: Code::RoleDied,
        message: message.to_owned(),
        causes: vec!["the container ended with 1".to_owned()],
        detail: vec![
            "PANIC: could not write to file \"pg_wal/xlogtemp.30\": No space left on device"
                .to_owned(),
        ],
        hint: Some("free some space: `docker system df` tells what takes it".to_owned()),
    }
}

/// What a role wrote, so many seconds after noon.
pub fn line(second: i64, role: Role, text: &str) -> Line {
    Line {
        instance: Instance::first(role),
        id: String::new(),
        line: LogLine {
            time: noon()
                .checked_add(SignedDuration::from_secs(second))
                .unwrap(),
            text: text.to_owned(),
        },
    }
}

/// What two roles wrote, as the reader that counts tells it.
pub fn lines(state: &State) -> Message {
    let request = |status: u16, ms: f64| {
        format!(
            r#"{{"level":"{}","method":"GET","path":"/rates","status":{status},"duration_ms":{ms},"orig":"CNGGZ","dest":"EETLL","days":31}}"#,
            if status < 500 { "info" } else { "error" }
        )
    };
    let mut lines = vec![
        line(
            0,
            Role::Database,
            "2021-01-31 12:00:00.000 UTC [1] LOG:  checkpoint complete: wrote 3 buffers",
        ),
        line(
            1,
            Role::Database,
            "\x1b[31mcoloured\x1b[0m \x1b[2Jand harmless",
        ),
        line(2, Role::Api, &format!("long {}", "word ".repeat(60))),
        line(3, Role::Api, "港 广州 e\u{301} wide and combining"),
    ];
    lines.extend((4..64).map(|second| {
        let status = if second % 20 == 0 { 503 } else { 200 };
        line(second, Role::Api, &request(status, 3.1))
    }));
    Message::Lines {
        key: dev(),
        reader: reader(state),
        lines,
        lost: 0,
    }
}

fn reader(state: &State) -> u64 {
    let dev = state.environments.iter().find(|known| known.key == dev());
    dev.map_or(0, |known| known.logs.reader)
}

/// An hour of figures that grow.
pub fn samples() -> impl Iterator<Item = Message> {
    (0u32..40).map(|at| {
        let text = format!(
            "rates_http_requests_total{{route=\"/rates\"}} {}\nrates_pool_size 8\nrates_pool_in_use {}\n\
             rates_http_request_duration_seconds_bucket{{le=\"0.005\",route=\"/rates\"}} {1}\n\
             rates_http_request_duration_seconds_bucket{{le=\"+Inf\",route=\"/rates\"}} {1}\n",
            at * at,
            at * 20
        );
        let usage = |role, cpu, memory| {
            let usage = Usage {
                cpu_percent: cpu,
                memory: Bytes(memory),
                memory_limit: Some(Bytes(512_000_000)),
                network: (role == Role::Api).then_some(Flow {
                    inward: u64::from(at % 10) * 1200,
                    outward: u64::from(at % 7) * 5400,
                }),
                disk: Some(Flow {
                    inward: 0,
                    outward: u64::from(at % 5) * 81_920,
                }),
            };
            (Instance::first(role), usage)
        };
        let cpu = f64::from(at % 10) * 3.0;
        Message::Sampled {
            key: dev(),
            sample: Sample {
                at: noon().checked_add(SignedDuration::from_secs(i64::from(at) * 2)).unwrap(),
                usage: vec![usage(Role::Database, cpu, 48_300_000), usage(Role::Api, 1.5, 12_100_000)],
                metrics: Load::read(&text).map_or(Metrics::Lacking, Metrics::Told),
                pulse: Some(Ok(pulse(at))),
            },
            readings: Readings::new(),
        }
    })
}

/// What a server did at the instant with this number.
fn pulse(at: u32) -> Pulse {
    let slow = Activity {
        pid: 61,
        began: 1_612_094_400_000_000,
        database: "rates".to_owned(),
        user: "rates".to_owned(),
        application: "psql".to_owned(),
        seconds: 12.5,
        state: "active".to_owned(),
        wait: None,
        sql: "select day, count(*)\n  from prices\n group by day".to_owned(),
    };
    let waits = Activity {
        seconds: 1.5,
        wait: Some("Lock: relation".to_owned()),
        sql: "update prices set price = price + 1 where orig_code = 'CNGGZ'".to_owned(),
        ..slow.clone()
    };
    Pulse {
        active: u64::from(2 + at % 3),
        idle: 8,
        in_transaction: u64::from(at % 10 / 8),
        most: 100,
        waiting: 1,
        transactions: u64::from(at * at),
        hits: u64::from(at * 1000),
        reads: u64::from(at * at),
        slowest: vec![slow, waits],
    }
}

/// The last figures once more, with something else in them.
pub fn sampled(state: &State, change: impl FnOnce(&mut Sample)) -> Message {
    let known = state.environments.iter().find(|known| known.key == dev());
    let mut sample = known.unwrap().charts.last().unwrap().clone();
    sample.at = sample.at.checked_add(SignedDuration::from_secs(2)).unwrap();
    change(&mut sample);
    Message::Sampled {
        key: dev(),
        sample,
        readings: Readings::new(),
    }
}

/// An environment in which everything works.
pub fn healthy(width: u16, height: u16) -> State {
    let mut state = state(width, height);
    let running = |role| (found(role, Doing::Running), Some(HealthStatus::Healthy));
    let look = look(vec![running(Role::Database), running(Role::Api)], true);
    tell(&mut state, looked(look));
    let lines = lines(&state);
    tell(&mut state, lines);
    samples().for_each(|sample| tell(&mut state, sample));
    state.known_mut(&dev()).unwrap().happenings.clear();
    state
}

/// An environment whose API died and whose check does not pass.
pub fn failing(width: u16, height: u16) -> State {
    let mut state = state(width, height);
    let died = Doing::Exited {
        code: 137,
        out_of_memory: true,
    };
    let instances = vec![
        (
            found(Role::Database, Doing::Running),
            Some(HealthStatus::Unhealthy),
        ),
        (found(Role::Api, died), None),
    ];
    tell(&mut state, looked(look(instances, false)));
    let lines = lines(&state);
    tell(&mut state, lines);
    state
}

/// An environment that is being brought up, or could not be.
pub fn going_up(width: u16, height: u16, failed: bool) -> State {
    let mut state = state(width, height);
    tell(&mut state, looked(look(Vec::new(), true)));
    update::begin_doing(&mut state, super::state::operation::Doing::Up);
    let planned = |title: &str, after: &[usize]| Planned {
        title: title.to_owned(),
        reason: None,
        after: after.to_vec(),
    };
    let steps = vec![
        planned("network", &[]),
        planned("image postgres:13.5", &[]),
        planned("image ratesdev/api:5c1e2f0a9b", &[]),
        planned("database", &[0, 1]),
        planned("seed rates.sql", &[2, 3]),
        planned("api", &[2, 4]),
    ];
    let told = |event| Message::Told { key: dev(), event };
    let finished = |step, remark: Option<&str>| Event::Finished {
        step,
        remark: remark.map(str::to_owned),
        elapsed: Duration::from_millis(127),
    };
    for event in [
        Event::Planned { steps },
        Event::Started { step: 0 },
        finished(0, None),
        finished(1, Some("14 layers")),
        Event::Started { step: 2 },
        Event::Started { step: 3 },
    ] {
        tell(&mut state, told(event));
    }
    let progress = Progress {
        bytes: 11_200_000,
        total_bytes: Some(14_000_000),
        parts: None,
    };
    let latest = vec![None, None, Some(progress), None, None, None];
    tell(&mut state, Message::Progressed { key: dev(), latest });
    if failed {
        let error = failure("the database ended although it should run");
        let elapsed = Duration::from_secs(3);
        let event = Event::Failed {
            step: 3,
            error: error.clone(),
            elapsed,
        };
        tell(&mut state, told(event));
        tell(&mut state, told(Event::Cancelled { step: 2 }));
        let result = Err(error);
        tell(&mut state, Message::Ended { key: dev(), result });
    }
    state
}

/// An answer with a day of every kind.
pub fn answered(status: u16, body: &str) -> Answered {
    let response = Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::from_iter([(
            hyper::header::CONTENT_TYPE,
            "application/json".parse().unwrap(),
        )]),
        body: body.to_owned().into(),
        timing: Timing {
            connect: Duration::from_micros(200),
            first_byte: Duration::from_micros(2300),
            total: Duration::from_micros(2800),
        },
    };
    Answered {
        rates: response
            .answer()
            .map_err(|error| crate::error::Error::from(error).report()),
        body: body.lines().map(str::to_owned).collect(),
        tree: Tree::read(body.as_bytes(), 1),
        response,
    }
}

pub const RATES: &str = r#"{"rates":[
{"count":3,"day":"2021-01-31","price":1154.33333333333},
{"count":2,"day":"2021-01-30","price":null},
{"count":null,"day":"2021-01-29","price":null},
{"count":4,"day":"2021-01-28","price":1398.0},
{"count":4,"day":"2021-01-27","price":1250.5}]}"#;

/// A question that was asked, with what came back.
pub fn asked(state: &mut State, answered: Answered) {
    let known = state.known_mut(&dev()).unwrap();
    let number = known.query.ask(noon());
    let result = Box::new(Ok(answered));
    tell(
        state,
        Message::Answered {
            key: dev(),
            number,
            result,
        },
    );
}

/// Everything there is to know of a role.
pub fn described(role: Role) -> Message {
    let value = serde_json::json!({
        "docker": {
            "Config": {"Env": ["POSTGRES_PASSWORD_FILE=/run/secrets/password", "POSTGRES_USER=rates"], "Image": "postgres:13.5"},
            "HostConfig": {"Memory": 512_000_000, "RestartPolicy": {"Name": "unless-stopped"}},
            "Id": "4c07a2a1f3b0",
        },
        "settings": {"database.memory": "\"512 MB\"  (default)", "database.port": "15432  (profiles/dev.toml:6)"},
        "state": {"endpoint": "127.0.0.1:15432", "health": "healthy", "restarts": 0},
    });
    Message::Described {
        key: dev(),
        instance: Instance::first(role),
        result: Box::new(Ok(Tree::new(&value, 1))),
    }
}

/// Some settings.
pub fn settings() -> Message {
    let row = |key: &str, value: &str, origin: &str| Row {
        key: key.to_owned(),
        value: value.to_owned(),
        origin: origin.to_owned(),
    };
    Message::Configured {
        key: dev(),
        result: Ok(vec![
            row("protected", "false", "default"),
            row("database.port", "15432", "profiles/dev.toml:6"),
            row("api.memory", "\"64 MB\"", "--set"),
        ]),
    }
}

/// What `up` would do to what runs.
pub fn compared(result: Result<Vec<Planned>, Report>) -> Message {
    let key = dev();
    Message::Compared { key, result }
}

/// What a server does and holds.
pub fn surveyed() -> Message {
    let table = |schema: &str, name: &str, rows, bytes| Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        sql: format!("{schema}.{name}"),
        rows,
        bytes,
        index_bytes: bytes / 3,
    };
    let activity = |pid, state: &str, wait: Option<&str>, sql: &str| Activity {
        pid,
        began: 1_612_094_400_000_000,
        database: "rates".to_owned(),
        user: "rates".to_owned(),
        application: "ratesdev-api/0.1.0".to_owned(),
        seconds: f64::from(pid),
        state: state.to_owned(),
        wait: wait.map(str::to_owned),
        sql: sql.to_owned(),
    };
    let held = Held {
        bytes: 14_200_000,
        tables: vec![
            table("public", "ports", Count::Exact(143), 16_384),
            table("public", "prices", Count::Exact(56_689), 3_200_000),
            table("public", "regions", Count::About(20), 8192),
            table("ratesdev", "seed", Count::Exact(1), 8192),
        ],
        seed: Some(Note {
            fingerprint: "8e120108".repeat(8),
            file: "rates.sql".to_owned(),
            rows: 56_852,
        }),
    };
    let survey = Survey {
        server: "13.5 (Debian 13.5-1.pgdg110+1)".to_owned(),
        activities: vec![
            activity(
                61,
                "active",
                None,
                "select day, count(*)\n  from prices\n group by day",
            ),
            activity(
                31,
                "active",
                Some("Lock: relation"),
                "update prices set price = price + 1",
            ),
            activity(7300, "idle in transaction", None, "lock table prices"),
        ],
        idle: 3,
        held: Some(held),
    };
    Message::Surveyed {
        key: dev(),
        result: Box::new(Ok(survey)),
    }
}

/// What came of the statement with this number.
pub fn rows(number: u64, result: Result<Page, Report>) -> Message {
    Message::Rows {
        key: dev(),
        number,
        took: Duration::from_micros(2800),
        result: Box::new(result),
    }
}

/// Rows with values of every kind, and more of them to fetch.
pub fn page(more: bool) -> Page {
    let row = |number: usize| {
        vec![
            Some(format!("CN{number:03}")),
            Some("Guangzhou 广州\u{202e}".to_owned()),
            (!number.is_multiple_of(3)).then(|| "long ".repeat(30)),
            Some((number * number).to_string()),
        ]
    };
    Page {
        columns: ["code", "name", "remark", "price"]
            .map(str::to_owned)
            .into(),
        rows: (1..=200).map(row).collect(),
        more,
        ..Page::default()
    }
}

/// What PostgreSQL says of a statement that is wrong.
pub fn refused() -> Report {
    Report {
        code: Code::StatementRefused,
        message: "42P01 relation \"port\" does not exist".to_owned(),
        causes: Vec::new(),
        detail: vec![
            "select * from port".to_owned(),
            "              ^".to_owned(),
        ],
        hint: None,
    }
}

/// What there is to ask about.
pub fn places() -> Message {
    let port = |code: &str, name: &str| Port {
        code: code.to_owned(),
        name: name.to_owned(),
        region: None,
    };
    let region = |slug: &str, name: &str| Region {
        slug: slug.to_owned(),
        name: name.to_owned(),
        parent: None,
    };
    Message::Places {
        key: dev(),
        atlas: Atlas {
            ports: vec![
                port("CNGGZ", "Guangzhou"),
                port("CNSGH", "Shanghai \u{202e}上海"),
                port("EETLL", "Tallinn"),
            ],
            regions: vec![
                region("china_main", "China Main"),
                region("northern_europe", "Northern Europe"),
            ],
            truncated: false,
        },
    }
}
