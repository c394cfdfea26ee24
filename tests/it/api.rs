//! `ratesdev serve` against a real PostgreSQL.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::support::eventually;
use crate::support::http::Connection;
use crate::support::http::get;
use crate::support::postgres::Postgres;
use crate::support::process::Role;

const SEED_TABLE: &str = include_str!("../../db/migrations/V1__ratesdev_schema.sql");
const INDEX: &str = include_str!("../../db/migrations/V2__prices_by_ports_and_day.sql");
const BETWEEN_PORTS: &str = include_str!("../../src/api/rates/between_ports.sql");
const BETWEEN_PLACES: &str = include_str!("../../src/api/rates/between_places.sql");

/// Three levels of regions; CNGGZ → EETLL has days with three, two and no prices.
const SCHEMA: &str = "
    create table regions (
        slug text primary key, name text not null, parent_slug text references regions
    );
    create table ports (
        code text primary key, name text not null, parent_slug text not null references regions
    );
    create table prices (
        orig_code text not null references ports (code),
        dest_code text not null references ports (code),
        day date not null,
        price integer not null
    );
    insert into regions values
        ('china_main', 'China', null), ('china_south', 'South', 'china_main'),
        ('europe', 'Europe', null), ('northern_europe', 'North', 'europe'),
        ('baltic', 'Baltic', 'northern_europe'), ('antarctica', 'Nobody', null);
    insert into ports values
        ('CNGGZ', 'Guangzhou', 'china_south'), ('CNSGH', 'Shanghai', 'china_main'),
        ('EETLL', 'Tallinn', 'baltic'), ('SEGOT', 'Gothenburg', 'northern_europe'),
        ('GBFXT', 'Felixstowe', 'europe');
    insert into prices values
        ('CNGGZ', 'EETLL', '2021-01-31', 1000), ('CNGGZ', 'EETLL', '2021-01-31', 1200),
        ('CNGGZ', 'EETLL', '2021-01-31', 1263),
        ('CNGGZ', 'EETLL', '2021-01-30', 1000), ('CNGGZ', 'EETLL', '2021-01-30', 1100),
        ('CNSGH', 'SEGOT', '2021-01-30', 900), ('CNSGH', 'GBFXT', '2021-01-30', 500);
";

/// The rates of a test, in a PostgreSQL of its own.
pub fn rates() -> Postgres {
    let postgres = Postgres::start();
    let mut client = postgres.client("rates");
    client.batch_execute(SCHEMA).unwrap();
    client.batch_execute(INDEX).unwrap();
    postgres
}

/// A running API.
pub struct Api {
    pub role: Role,
    pub address: SocketAddr,
}

impl Api {
    pub fn start(postgres: &Postgres, settings: &[(&str, &str)]) -> Self {
        Self::start_on(postgres, settings, Stdio::null())
    }

    fn start_on(postgres: &Postgres, settings: &[(&str, &str)], stdin: Stdio) -> Self {
        let mut variables = vec![
            ("DB_HOST", "127.0.0.1".to_owned()),
            ("DB_PORT", postgres.port().to_string()),
            ("DB_PASSWORD", "swordfish".to_owned()),
            ("API_LISTEN", "127.0.0.1:0".to_owned()),
        ];
        variables.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let role = Role::start(&["serve"], &variables, stdin);
        let listening = role.wait_for("listening");
        let address = listening["listen"].as_str().unwrap().parse().unwrap();
        Self { role, address }
    }

    /// Status and body of one question.
    fn get(&self, path: &str) -> (u16, Value) {
        let reply = get(self.address, path).unwrap();
        (reply.status, reply.json())
    }

    pub fn rates(&self, orig: &str, dest: &str) -> (u16, Value) {
        self.get(&question(orig, dest))
    }

    /// The metric whose line begins so.
    pub fn metric(&self, name: &str) -> f64 {
        let reply = get(self.address, "/metrics").unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks it to stop and expects that it ends well.
    pub fn stop(mut self) {
        self.role.terminate();
        assert!(self.role.wait().success());
    }
}

pub fn question(orig: &str, dest: &str) -> String {
    format!("/rates?date_from=2021-01-29&date_to=2021-01-31&orig_code={orig}&dest_code={dest}")
}

/// An answer for the last three days of January, newest first.
fn answer(days: [(Value, Value); 3]) -> Value {
    let names = ["2021-01-31", "2021-01-30", "2021-01-29"];
    let day = |(name, (count, price))| json!({ "count": count, "day": name, "price": price });
    let days: Vec<_> = names.into_iter().zip(days).map(day).collect();
    json!({ "rates": days })
}

const NONE: (Value, Value) = (Value::Null, Value::Null);

#[test]
fn the_prices_behind_an_average_are_told() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let ask = |ends: &str| {
        let path = format!("/prices?date_from=2021-01-30&date_to=2021-01-30&{ends}");
        get(api.address, &path).unwrap()
    };
    let price = |orig: &str, dest: &str, price: i32| json!({"orig_code": orig, "dest_code": dest, "day": "2021-01-30", "price": price});
    let between_ports = ask("orig_code=CNGGZ&dest_code=EETLL").json();
    let two = [price("CNGGZ", "EETLL", 1000), price("CNGGZ", "EETLL", 1100)];
    assert_eq!(between_ports, json!({"prices": two, "truncated": false}));
    let between_regions = ask("orig_code=china_main&dest_code=northern_europe").json();
    let [first, second] = two;
    let three = [first, second, price("CNSGH", "SEGOT", 900)];
    assert_eq!(between_regions["prices"], json!(three));
    assert_eq!(
        ask("orig_code=SEGOT&dest_code=CNGGZ").json()["prices"],
        json!([])
    );
    let unknown = ask("orig_code=CNGGX&dest_code=EETLL");
    assert_eq!(
        (unknown.status, unknown.header("content-type")),
        (404, "application/problem+json")
    );
}

#[test]
fn every_port_and_region_is_told_and_who_has_the_list_is_told_that_it_holds() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let reply = get(api.address, "/places").unwrap();
    let places = reply.json();
    assert_eq!((reply.status, &places["truncated"]), (200, &json!(false)));
    assert_eq!(
        places["ports"][0],
        json!({"code": "CNGGZ", "name": "Guangzhou", "region": "china_south"})
    );
    assert_eq!(places["ports"].as_array().unwrap().len(), 5);
    let europe = json!({"slug": "europe", "name": "Europe", "parent": null});
    assert!(
        places["regions"].as_array().unwrap().contains(&europe),
        "{places}"
    );
    postgres.sql("rates", "drop table prices, ports, regions");
    assert_eq!(get(api.address, "/places").unwrap().status, 503);
}

#[test]
fn every_day_is_answered_newest_first_with_an_average_from_three_prices_on() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let expected = answer([
        (json!(3), json!(1_154.333_333_333_33)),
        (json!(2), Value::Null),
        NONE,
    ]);
    assert_eq!(api.rates("CNGGZ", "EETLL"), (200, expected));
    let raw = get(api.address, &question("CNGGZ", "EETLL")).unwrap();
    let text = String::from_utf8(raw.body.clone()).unwrap();
    assert!(
        text.starts_with(r#"{"rates":[{"count":3,"day":"2021-01-31","price":1154.33333333333},"#),
        "{text}"
    );
    assert_eq!(raw.header("content-type"), "application/json");
    assert_eq!(raw.header("cache-control"), "no-cache");
    assert_eq!(
        api.rates("EETLL", "CNGGZ"),
        (200, answer([NONE, NONE, NONE]))
    );
    api.stop();
}

#[test]
fn a_region_stands_for_its_ports_and_those_of_all_regions_below_it() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let three = (json!(3), json!(1_154.333_333_333_33));
    let cases = [
        ("CNGGZ", "baltic", (json!(2), Value::Null)),
        ("china_main", "northern_europe", (json!(3), json!(1000.0))),
        ("china_main", "europe", (json!(4), json!(875.0))),
    ];
    for (orig, dest, thirtieth) in cases {
        let expected = answer([three.clone(), thirtieth, NONE]);
        assert_eq!(api.rates(orig, dest), (200, expected), "{orig} → {dest}");
    }
    let nothing = answer([NONE, NONE, NONE]);
    assert_eq!(
        api.rates("china_main", "antarctica"),
        (200, nothing.clone())
    );
    assert_eq!(api.rates("northern_europe", "GBFXT"), (200, nothing));
    api.stop();
}

#[test]
fn an_unknown_place_is_not_found_and_the_nearest_known_ones_are_named() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let (status, problem) = api.rates("CNGGX", "northern_europa");
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("urn:rates:problem:unknown-place"))
    );
    let details: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["detail"])
        .collect();
    let port = details[0].as_str().unwrap();
    assert!(
        port.starts_with("there is no port CNGGX; the nearest known: CNGGZ"),
        "{port}"
    );
    let region = "there is no region northern_europa; the nearest known: northern_europe";
    assert_eq!(details[1], region);
    let (status, problem) = api.rates("cnggz", "EETLL");
    assert_eq!(status, 404);
    let detail = problem["detail"].as_str().unwrap();
    let begin = "orig_code: there is no region cnggz; the nearest known: CNGGZ";
    assert!(detail.starts_with(begin), "{detail}");
    api.stop();
}

/// The plan that is kept for any question of this statement, among prices of two years between all ports.
fn plan(statement: &str, settings: &str, question: &str) -> String {
    let postgres = rates();
    let mut client = postgres.client("rates");
    client
        .batch_execute(&format!(
            "insert into prices
                 select orig.code, dest.code, date '2020-01-01' + day, 1000 + day
                 from ports orig, ports dest, generate_series(0, 729) day;
             prepare asked (text, text, date, date) as {statement};
             set plan_cache_mode = force_generic_plan; {settings}"
        ))
        .unwrap();
    client.batch_execute("vacuum analyze prices").unwrap();
    let plan = client
        .query(&format!("explain execute asked ({question})"), &[])
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    plan.join("\n")
}

#[test]
fn the_hot_path_reads_the_index_alone() {
    let question = "'CNGGZ', 'EETLL', '2021-01-01', '2021-01-31'";
    let plan = plan(BETWEEN_PORTS, "", question);
    assert!(
        plan.contains("Index Only Scan using prices_by_ports_and_day"),
        "{plan}"
    );
}

#[test]
fn prices_between_regions_are_counted_by_day_and_not_sorted() {
    let question = "'china_main', 'europe', '2021-01-01', '2021-01-31'";
    let plan = plan(
        BETWEEN_PLACES,
        "set enable_sort = off; set jit = off",
        question,
    );
    assert!(plan.starts_with("HashAggregate"), "{plan}");
    assert!(plan.contains("Index Only Scan"), "{plan}");
    assert!(!plan.contains("Sort"), "{plan}");
}

/// The prices are replaced by what the session that reads them has for its settings.
#[test]
fn the_sessions_of_the_api_do_not_sort_nor_compile_and_write_nothing() {
    let postgres = rates();
    let view = "
        alter table prices rename to real_prices;
        create view prices as
        select 'CNGGZ'::text as orig_code, 'EETLL'::text as dest_code, date '2021-01-29' + place as day,
            case setting when expected then 1 else 0 end as price
        from generate_series(1, 3), (values
            (0, current_setting('enable_sort'), 'off'),
            (1, current_setting('jit'), 'off'),
            (2, current_setting('default_transaction_read_only'), 'on')
        ) as settings (place, setting, expected)";
    postgres.client("rates").batch_execute(view).unwrap();
    let api = Api::start(&postgres, &[]);
    let as_expected = || (json!(3), json!(1.0));
    let expected = answer([as_expected(), as_expected(), as_expected()]);
    assert_eq!(api.rates("CNGGZ", "EETLL"), (200, expected));
    api.stop();
}

#[test]
fn ready_tells_what_was_loaded_where_that_is_known() {
    let postgres = rates();
    let api = Api::start(&postgres, &[("API_LOG", "debug")]);
    let (status, ready) = api.get("/health/ready");
    assert_eq!((status, &ready["status"]), (200, &json!("ready")));
    assert_eq!(ready["seed"], Value::Null);

    let mut client = postgres.client("rates");
    client.batch_execute(SEED_TABLE).unwrap();
    client
        .batch_execute(
            "insert into ratesdev.seed (fingerprint, file, bytes, rows, version, loaded_at)
             values ('ab12', 'rates.sql', 12345, 56689, '0.1.0', '2026-11-20 10:00:00+00')",
        )
        .unwrap();
    let seed = eventually("the seed", || {
        let (_, ready) = api.get("/health/ready");
        (ready["seed"] != Value::Null).then(|| ready["seed"].clone())
    });
    let expected = json!({
        "fingerprint": "ab12",
        "file": "rates.sql",
        "rows": 56689,
        "bytes": 12345,
        "loaded_at": "2026-11-20T10:00:00Z",
    });
    assert_eq!(seed, expected);
    api.stop();
}

#[test]
fn a_restart_of_the_database_is_survived_without_help() {
    let mut postgres = rates();
    let api = Api::start(&postgres, &[]);
    assert_eq!(api.rates("CNGGZ", "EETLL").0, 200);

    postgres.stop();
    let reply = get(api.address, &question("CNGGZ", "EETLL")).unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(reply.json()["type"], "urn:rates:problem:database-away");
    eventually("not ready", || {
        (api.get("/health/ready").0 == 503).then_some(())
    });
    assert_eq!(api.get("/health/live").0, 200);
    api.role.wait_for("database lost");

    postgres.resume();
    assert_eq!(api.rates("CNGGZ", "EETLL").0, 200);
    eventually("ready", || {
        (api.get("/health/ready").0 == 200).then_some(())
    });
    api.role.wait_for("database back");
    let log = format!("{:?}", api.role.log());
    assert!(!log.contains("swordfish"));
    api.stop();
}

#[test]
fn sessions_that_are_terminated_for_a_swap_of_databases_cost_no_answer() {
    let postgres = rates();
    let api = Api::start(&postgres, &[]);
    let before = api.rates("CNGGZ", "EETLL");
    let mut admin = postgres.client("postgres");
    admin.batch_execute("create database fresh").unwrap();
    let mut fresh = postgres.client("fresh");
    fresh.batch_execute(SCHEMA).unwrap();
    fresh
        .batch_execute("update prices set price = price + 1")
        .unwrap();
    fresh.close().unwrap();
    admin
        .batch_execute(
            "alter database rates allow_connections false;
             select pg_terminate_backend(pid) from pg_stat_activity where datname = 'rates'",
        )
        .unwrap();
    eventually("no session is left", || {
        let left = "select count(*) from pg_stat_activity where datname = 'rates'";
        let left: i64 = admin.query_one(left, &[]).unwrap().get(0);
        (left == 0).then_some(())
    });
    admin
        .batch_execute("alter database rates rename to old")
        .unwrap();
    admin
        .batch_execute("alter database fresh rename to rates")
        .unwrap();
    let after = api.rates("CNGGZ", "EETLL");
    assert_eq!((before.0, after.0), (200, 200));
    assert_eq!(after.1["rates"][0]["price"], 1_155.333_333_333_33);
    api.stop();
}

/// The rates of these tests as a dump, which `ratesdev load` reads.
pub fn dump() -> String {
    let schema = SCHEMA.replace("create table ", "create table public.");
    let schema = schema.replace("insert into ", "insert into public.");
    let schema = schema.replace("references ", "references public.");
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n{schema}\n\
         --\n-- PostgreSQL database dump complete\n--\n"
    )
}

#[test]
fn a_reset_of_the_seed_under_load_loses_no_answer() {
    let postgres = rates();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rates.sql");
    // On a machine that is busy with other tests the swap takes its time.
    let api = Api::start(&postgres, &[("API_POOL_WAIT_MS", "5000")]);
    let seen = Seen::default();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| hammer(api.address, "", &seen));
        }
        for round in 0..4 {
            std::fs::write(&file, format!("{}-- {round}\n", dump())).unwrap();
            let before = seen.answered.load(Ordering::Relaxed);
            eventually("answers", || {
                (seen.answered.load(Ordering::Relaxed) > before + 200).then_some(())
            });
            let loaded = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
                .args(["load", "--reset"])
                .arg(&file)
                .env_clear()
                .envs([("DB_HOST", "127.0.0.1"), ("DB_PASSWORD", "swordfish")])
                .env("DB_PORT", postgres.port().to_string())
                .output();
            let loaded = loaded.unwrap();
            if !loaded.status.success() {
                seen.enough.store(true, Ordering::Relaxed);
                panic!("{}", String::from_utf8_lossy(&loaded.stdout));
            }
        }
        seen.enough.store(true, Ordering::Relaxed);
    });
    let lost = api.role.log();
    let lost: Vec<_> = lost.iter().filter(|line| line["status"] == 503).collect();
    assert_eq!(seen.lost.load(Ordering::Relaxed), 0, "{lost:?}");
    api.stop();
}

#[test]
fn a_question_that_the_database_cannot_finish_is_given_up() {
    let postgres = rates();
    let slow = [("API_STATEMENT_TIMEOUT_MS", "500")];
    let api = Api::start(&postgres, &slow);
    let impatient = [("API_REQUEST_TIMEOUT_MS", "500")];
    let other = Api::start(&postgres, &impatient);
    let mut client = postgres.client("rates");
    let mut lock = client.transaction().unwrap();
    lock.batch_execute("lock table prices").unwrap();

    let reply = get(api.address, &question("CNGGZ", "EETLL")).unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(reply.json()["type"], "urn:rates:problem:too-slow");
    assert!(!String::from_utf8_lossy(&reply.body).contains("statement timeout"));
    let error = eventually("the log line", || {
        api.role
            .log()
            .into_iter()
            .find(|line| line["status"] == 503)
    });
    let error = error["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("canceling statement due to statement timeout"),
        "{error}"
    );

    assert_eq!(other.rates("CNGGZ", "EETLL").0, 504);
    lock.rollback().unwrap();
    for api in [&api, &other] {
        eventually("the answer", || {
            (api.rates("CNGGZ", "EETLL").0 == 200).then_some(())
        });
    }
    api.stop();
    other.stop();
}

#[test]
fn when_all_connections_are_in_use_the_question_is_refused_and_may_come_again() {
    let postgres = rates();
    let settings = [
        ("API_POOL", "1"),
        ("API_POOL_WAIT_MS", "500"),
        ("API_STATEMENT_TIMEOUT_MS", "20000"),
    ];
    let api = Api::start(&postgres, &settings);
    assert_eq!(api.rates("CNGGZ", "EETLL").0, 200);
    assert_eq!(api.get("/health/ready").0, 200);
    let mut client = postgres.client("rates");
    let mut lock = client.transaction().unwrap();
    lock.batch_execute("lock table prices").unwrap();
    let mut first = Connection::open(api.address).unwrap();
    first.ask(&question("CNGGZ", "EETLL"), "").unwrap();
    eventually("the connection is in use", || {
        (api.metric("rates_pool_in_use") > 0.0).then_some(())
    });
    let reply = get(api.address, &question("CNGGZ", "EETLL")).unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(reply.json()["type"], "urn:rates:problem:busy");
    // Longer than a proof holds, so that at least one probe finds no connection.
    let until = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < until {
        assert_eq!(api.get("/health/ready").0, 200);
    }
    lock.rollback().unwrap();
    assert_eq!(first.reply().unwrap().status, 200);
    assert!(api.metric("rates_pool_wait_seconds_sum") >= 0.5);
    api.stop();
}

#[test]
fn before_anything_is_loaded_the_answer_is_not_yet() {
    let postgres = Postgres::start();
    let api = Api::start(&postgres, &[]);
    let (status, problem) = api.rates("CNGGZ", "EETLL");
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("urn:rates:problem:not-loaded"))
    );
    let (status, problem) = api.get("/health/ready");
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("urn:rates:problem:not-loaded"))
    );
    api.stop();
}

#[test]
fn requests_in_flight_are_answered_before_the_end() {
    let postgres = rates();
    let mut api = Api::start(&postgres, &[("API_STATEMENT_TIMEOUT_MS", "20000")]);
    let mut client = postgres.client("rates");
    let mut lock = client.transaction().unwrap();
    lock.batch_execute("lock table prices").unwrap();
    let ask = |_| {
        let mut connection = Connection::open(api.address).unwrap();
        connection.ask(&question("CNGGZ", "EETLL"), "").unwrap();
        connection
    };
    let mut connections: Vec<_> = (0..20).map(ask).collect();
    let mut silent = Connection::open(api.address).unwrap();
    eventually("all are in flight", || {
        (api.metric("rates_http_requests_in_flight") > 20.0).then_some(())
    });
    api.role.terminate();
    api.role.wait_for("draining");
    silent.ask("/health/ready", "").unwrap();
    let ready = silent.reply().unwrap();
    assert_eq!((ready.status, ready.keeps_open()), (503, false));
    eventually("nothing listens", || Connection::open(api.address).err());
    lock.rollback().unwrap();
    for connection in &mut connections {
        let reply = connection.reply().unwrap();
        assert_eq!((reply.status, reply.keeps_open()), (200, false));
    }
    assert!(api.role.wait().success());
    api.role.wait_for("stopped");
}

#[test]
fn connections_that_wait_to_be_accepted_at_the_end_are_answered_too() {
    let postgres = rates();
    let mut api = Api::start(&postgres, &[]);
    api.role.hold();
    let ask = |_| {
        let mut connection = Connection::open(api.address).unwrap();
        connection.ask("/", "").unwrap();
        connection
    };
    // Fewer than the system keeps for a service that does not accept, which is 128 on some.
    let connections: Vec<_> = (0..100).map(ask).collect();
    api.role.terminate();
    api.role.go_on();
    for mut connection in connections {
        assert_eq!(connection.reply().unwrap().status, 200);
    }
    assert!(api.role.wait().success());
}

/// What the clients of the hand-over have seen.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    lost: AtomicUsize,
    enough: AtomicBool,
}

/// Asks without pause, on connections that are kept as long as the service keeps them, or on one a question.
fn hammer(address: SocketAddr, header: &str, seen: &Seen) {
    let path = question("CNGGZ", "EETLL");
    let mut kept: Option<Connection> = None;
    while !seen.enough.load(Ordering::Relaxed) {
        let mut connection = kept
            .take()
            .unwrap_or_else(|| Connection::open(address).unwrap());
        let reply = connection
            .ask(&path, header)
            .and_then(|()| connection.reply());
        match reply {
            Ok(reply) if reply.status == 200 => {
                seen.answered.fetch_add(1, Ordering::Relaxed);
                kept = (header.is_empty() && reply.keeps_open()).then_some(connection);
            }
            _ => {
                seen.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[test]
fn a_hand_over_under_load_loses_no_request() {
    let postgres = rates();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let start = || {
        let socket = std::os::fd::OwnedFd::from(listener.try_clone().unwrap());
        Api::start_on(&postgres, &[("API_LISTEN", "stdin")], Stdio::from(socket))
    };
    let seen = Seen::default();
    let mut api = start();
    std::thread::scope(|threads| {
        for _ in 0..12 {
            threads.spawn(|| hammer(address, "", &seen));
            threads.spawn(|| hammer(address, "connection: close", &seen));
        }
        for _ in 0..4 {
            let before = seen.answered.load(Ordering::Relaxed);
            eventually("answers", || {
                (seen.answered.load(Ordering::Relaxed) > before + 500).then_some(())
            });
            let new = start();
            std::mem::replace(&mut api, new).stop();
        }
        seen.enough.store(true, Ordering::Relaxed);
    });
    assert_eq!(seen.lost.load(Ordering::Relaxed), 0);
    api.stop();
}

#[test]
fn wrong_settings_are_refused_all_at_once_with_the_exit_code_of_wrong_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
        .arg("serve")
        .env_clear()
        .envs([("API_POOL", "none"), ("DB_PORT", "x")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "error[E-USAGE]",
        "DB_HOST",
        "DB_PORT=x",
        "API_POOL=none",
        "hint:",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}
