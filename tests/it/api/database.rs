//! A database that is empty, away, slow, busy or another one than before.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::Api;
use super::SCHEMA;
use super::question;
use super::rates;
use crate::support::eventually;
use crate::support::http::Connection;
use crate::support::http::get;
use crate::support::postgres::Postgres;

const SEED_TABLE: &str = include_str!("../../../db/migrations/V1__ratesdev_schema.sql");

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
