//! Kept answers: given again until rates change, and only while changes are heard of.

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::api::Api;
use crate::api::dump;
use crate::api::question;
use crate::api::rates;
use crate::support::eventually;
use crate::support::http::Connection;
use crate::support::http::get;
use crate::support::postgres::Postgres;

const TELL: &str = include_str!("../../db/migrations/V3__tell_of_changed_rates.sql");
/// How long a proof of hearing holds, with a little to spare.
const HOLDS: Duration = Duration::from_millis(2100);

/// Rates whose changes are told of, and an API that keeps answers.
fn world() -> (Postgres, Api) {
    let postgres = rates();
    postgres.sql("rates", TELL);
    let api = Api::start(&postgres, &[]);
    api.role.wait_for("answers are kept");
    (postgres, api)
}

impl Api {
    /// The price of the last day of CNGGZ → EETLL.
    fn price(&self) -> Value {
        let (status, answer) = self.rates("CNGGZ", "EETLL");
        assert_eq!(status, 200, "{answer}");
        answer["rates"][0]["price"].clone()
    }

    /// How many kept answers were given, as the metrics say it.
    fn hits(&self) -> String {
        self.metric("rates_cache_hits_total").to_string()
    }

    fn hears(&self) -> bool {
        self.metric("rates_cache_hears") > 0.0
    }

    /// Asks until an answer was a kept one, which is given again until something happens.
    fn keep(&self) {
        eventually("a kept answer", || {
            let before = self.hits();
            self.price();
            (self.hits() != before).then_some(())
        });
    }

    fn await_price(&self, expected: f64) {
        let expected = json!(expected);
        eventually("the new price", || (self.price() == expected).then_some(()));
    }
}

/// Makes every price of the pair the same.
fn set_prices(price: i32) -> String {
    format!("update prices set price = {price} where orig_code = 'CNGGZ'")
}

#[test]
fn the_list_of_places_is_kept_until_a_port_changes() {
    let (postgres, api) = world();
    let places = || get(api.address, "/places").unwrap();
    let name = || places().json()["ports"][0]["name"].clone();
    eventually("a kept list", || {
        let before = api.hits();
        places();
        (api.hits() != before).then_some(())
    });
    assert_eq!(name(), "Guangzhou");
    postgres.sql(
        "rates",
        "update ports set name = 'Canton' where code = 'CNGGZ'",
    );
    eventually("the new name", || (name() == "Canton").then_some(()));
}

#[test]
fn a_committed_change_is_seen_and_a_rolled_back_one_changes_nothing() {
    let (postgres, api) = world();
    let mut client = postgres.client("rates");
    let before = api.price();
    api.keep();

    let kept = api.metric("rates_cache_bytes");
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute(&set_prices(1)).unwrap();
    assert_eq!(api.price(), before);
    transaction.rollback().unwrap();
    assert_eq!(api.price(), before);
    let is_kept = api.metric("rates_cache_bytes").to_bits() == kept.to_bits();
    let was_deaf = api
        .role
        .log()
        .iter()
        .any(|line| line["message"] == "no answers are kept");
    assert!(is_kept || was_deaf);

    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute(&set_prices(2000)).unwrap();
    assert_eq!(api.price(), before);
    transaction.commit().unwrap();
    api.await_price(2000.0);
    api.keep();
    api.stop();
}

#[test]
fn every_way_to_change_rates_is_heard_of() {
    let (postgres, api) = world();
    let ways = [
        "insert into prices values ('CNGGZ', 'SEGOT', '2021-01-31', 1)",
        "delete from prices where dest_code = 'SEGOT'",
        "copy prices from program 'echo CNGGZ,EETLL,2021-01-01,7' csv",
        "update ports set parent_slug = 'europe' where code = 'EETLL'",
        "update regions set parent_slug = 'europe' where slug = 'baltic'",
        "set session_replication_role = replica; update prices set price = 5",
        "do $$ begin update prices set price = 6; commit; end $$",
        "truncate prices",
    ];
    for way in ways {
        let kept = eventually("a kept answer", || {
            api.keep();
            Some(api.metric("rates_cache_bytes")).filter(|kept| *kept > 0.0)
        });
        postgres.sql("rates", way);
        eventually(way, || {
            (api.metric("rates_cache_bytes") < kept).then_some(())
        });
    }
    api.stop();
}

#[test]
fn answers_that_changes_overtake_are_never_kept() {
    let (postgres, api) = world();
    let enough = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut connection = Connection::open(api.address).unwrap();
                while !enough.load(Ordering::Relaxed) {
                    connection.ask(&question("CNGGZ", "EETLL"), "").unwrap();
                    assert_eq!(connection.reply().unwrap().status, 200);
                }
            });
        }
        let mut client = postgres.client("rates");
        for price in 1..100 {
            client.batch_execute(&set_prices(price)).unwrap();
            api.await_price(price.into());
        }
        enough.store(true, Ordering::Relaxed);
    });
    assert_ne!(api.hits(), "0");
    api.stop();
}

#[test]
fn while_the_listening_connection_is_down_every_answer_is_the_databases() {
    let (postgres, api) = world();
    let mut client = postgres.client("rates");
    api.keep();
    let end_it = "select pg_terminate_backend(pid) from pg_stat_activity
        where application_name like 'ratesdev-listener%'";
    let mut admin = postgres.client("postgres");
    admin
        .batch_execute("alter database rates allow_connections false")
        .unwrap();
    assert_eq!(client.execute(end_it, &[]).unwrap(), 1);
    eventually("it is missed", || (!api.hears()).then_some(()));
    api.role.wait_for("no answers are kept");
    let hits = api.hits();
    for price in [3000, 4000] {
        client.batch_execute(&set_prices(price)).unwrap();
        assert_eq!(api.price(), json!(f64::from(price)));
    }
    assert_eq!(api.hits(), hits);

    admin
        .batch_execute("alter database rates allow_connections true")
        .unwrap();
    eventually("it is back", || api.hears().then_some(()));
    assert_eq!(api.price(), json!(4000.0));
    api.keep();
    api.stop();
}

#[test]
fn a_listening_connection_that_freezes_is_believed_for_two_seconds_at_most() {
    let (postgres, api) = world();
    let mut client = postgres.client("rates");
    api.keep();
    let listener =
        "select pid from pg_stat_activity where application_name like 'ratesdev-listener%'";
    let listener: i32 = client.query_one(listener, &[]).unwrap().get(0);
    signal("STOP", listener);
    client.batch_execute(&set_prices(3000)).unwrap();
    let until = Instant::now() + HOLDS;
    let mut old = 0;
    while Instant::now() < until {
        old += usize::from(api.price() != json!(3000.0));
    }
    assert_eq!(api.price(), json!(3000.0), "{old} old answers before");
    signal("CONT", listener);
    api.keep();
    assert_eq!(api.price(), json!(3000.0));
    api.stop();
}

fn signal(name: &str, process: i32) {
    let sent = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_database_that_is_replaced_takes_its_answers_along() {
    let postgres = rates();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rates.sql");
    let load = |dump: String| {
        std::fs::write(&file, dump).unwrap();
        let loaded = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
            .args(["load", "--reset"])
            .arg(&file)
            .env_clear()
            .envs([("DB_HOST", "127.0.0.1"), ("DB_PASSWORD", "swordfish")])
            .env("DB_PORT", postgres.port().to_string())
            .output();
        let loaded = loaded.unwrap();
        let said = String::from_utf8_lossy(&loaded.stdout);
        assert!(loaded.status.success(), "{said}");
    };
    load(dump());
    let api = Api::start(&postgres, &[("API_POOL_WAIT_MS", "5000")]);
    api.role.wait_for("answers are kept");
    assert_eq!(api.price(), json!(1_154.333_333_333_33));
    api.keep();
    load(dump().replace(", 1263)", ", 1266)"));
    api.await_price(1_155.333_333_333_33);
    api.keep();
    assert_eq!(api.price(), json!(1_155.333_333_333_33));
    api.stop();
}

#[test]
fn a_database_that_does_not_tell_has_none_of_its_answers_kept() {
    let (postgres, api) = world();
    api.keep();
    postgres.sql(
        "rates",
        "alter table ports disable trigger ratesdev_tell_of_change",
    );
    eventually("it is missed", || (!api.hears()).then_some(()));
    let line = api.role.wait_for("no answers are kept");
    let error = "the database does not tell of changes; its migrations have not run";
    assert_eq!(line["error"], error);
    api.stop();
}

#[test]
fn without_memory_for_it_nothing_is_kept_and_nobody_listens() {
    let postgres = rates();
    postgres.sql("rates", TELL);
    let api = Api::start(&postgres, &[("API_CACHE_BYTES", "0")]);
    let first = api.rates("CNGGZ", "EETLL");
    assert_eq!((first.0, first), (200, api.rates("CNGGZ", "EETLL")));
    let listeners =
        "select count(*) from pg_stat_activity where application_name like 'ratesdev-listener%'";
    assert_eq!(postgres.sql("rates", listeners), "0");
    assert_eq!((api.hits().as_str(), api.hears()), ("0", false));
    api.stop();
}

#[test]
fn a_client_that_has_the_answer_is_told_that_it_holds() {
    let (postgres, api) = world();
    let path = question("CNGGZ", "EETLL");
    let first = get(api.address, &path).unwrap();
    assert_eq!(first.header("cache-control"), "no-cache");
    let tag = first.header("etag").to_owned();
    let again = |tag: &str| {
        let mut connection = Connection::open(api.address).unwrap();
        let header = format!("if-none-match: {tag}");
        connection.ask(&path, &header).unwrap();
        connection.reply().unwrap()
    };
    let second = again(&tag);
    assert_eq!((second.status, second.header("etag")), (304, tag.as_str()));
    assert_eq!(second.body, b"");
    postgres.sql("rates", &set_prices(3000));
    let third = eventually("the new answer", || {
        Some(again(&tag)).filter(|r| r.status == 200)
    });
    assert_ne!(third.header("etag"), tag);
    assert_eq!(third.json()["rates"][0]["price"], json!(3000.0));
    api.stop();
}
