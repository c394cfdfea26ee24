//! What the server held before, and who is at work on it.

use std::process::Stdio;

use serde_json::Value;

use super::Ended;
use super::World;
use super::dump;
use super::finish;
use crate::support::eventually;

#[test]
fn the_same_dump_is_loaded_once_and_another_only_when_asked() {
    let world = World::new();
    let first = world.write("first.sql", dump(10, ""));
    let second = world.write("second.sql", dump(20, ""));
    let loaded = world.load(&first, &[]);
    assert_eq!((loaded.outcome(), loaded.code), ("loaded", Some(0)));
    let seed = &loaded.last()["data"]["seed"];
    assert_eq!(
        (seed["rows"].as_u64(), seed["file"].as_str()),
        (Some(10), Some("first.sql"))
    );
    let again = world.load(&first, &[]);
    assert_eq!(again.outcome(), "unchanged");
    assert_eq!(&again.last()["data"]["seed"], seed);

    world.server.sql("rates", "CREATE TABLE mine (a int)");
    let differs = world.load(&second, &[]);
    assert_eq!((differs.outcome(), differs.code), ("differs", Some(0)));
    assert_eq!(&differs.last()["data"]["seed"], seed);
    assert_eq!(world.prices(), "10");
    assert_eq!(world.server.sql("rates", "SELECT count(*) FROM mine"), "0");

    assert_eq!(world.load(&second, &["--reset"]).outcome(), "loaded");
    assert_eq!(world.prices(), "20");
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn a_database_of_somebody_else_is_left_alone() {
    let world = World::new();
    world.server.sql("rates", "CREATE TABLE mine (a int)");
    let path = world.write("rates.sql", dump(10, ""));
    let ended = world.load(&path, &[]);
    assert_eq!(ended.outcome(), "differs");
    assert_eq!(ended.last()["data"]["foreign"], 1);
    assert_eq!(ended.last()["data"]["seed"], Value::Null);
    world
        .server
        .sql("postgres", "CREATE DATABASE rates_loading");
    world
        .server
        .sql("rates_loading", "CREATE TABLE theirs (a int)");
    let ended = world.load(&path, &["--reset"]);
    assert_eq!(
        ended.told(),
        "E-NAME-TAKEN: the database rates_loading is in the way: it is not ratesdev's and it is not empty \
        | rename it (ALTER DATABASE \"rates_loading\" RENAME TO …) or drop it"
    );
    assert_eq!(ended.code, Some(1));
    assert_eq!(world.server.databases(), ["rates", "rates_loading"]);
}

#[test]
fn a_database_that_does_not_exist_is_made() {
    let world = World::new();
    let path = world.write("rates.sql", dump(10, ""));
    let child = world
        .command(&path, &[])
        .env("DB_NAME", "Other; \"name\"")
        .spawn()
        .unwrap();
    assert_eq!(finish(child).outcome(), "loaded");
    assert_eq!(world.server.databases(), ["Other; \"name\"", "rates"]);
}

#[test]
fn a_dump_of_a_loaded_database_can_be_loaded() {
    let world = World::new();
    let first = world.write("first.sql", dump(10, ""));
    assert_eq!(world.load(&first, &[]).outcome(), "loaded");
    let whole = world.server.pg_dump("rates").output().unwrap();
    let second = world.write("second.sql", whole.stdout);
    let ended = world.load(&second, &["--reset"]);
    assert_eq!(ended.outcome(), "loaded");
    let seed = &ended.last()["data"]["seed"];
    assert_eq!(seed["file"], "second.sql");
    assert_eq!(world.load(&second, &[]).outcome(), "unchanged");
    let files = "SELECT string_agg(file, ',') FROM ratesdev.seed";
    assert_eq!(world.server.sql("rates", files), "second.sql");
}

#[test]
fn two_loads_at_once_load_once() {
    let world = World::new();
    let path = world.write("rates.sql", dump(2000, ""));
    let both = [(); 2].map(|()| world.command(&path, &[]).spawn().unwrap());
    let mut ended = both.map(finish);
    ended.sort_by_key(|ended| ended.outcome().to_owned());
    assert_eq!(
        ended.each_ref().map(Ended::outcome),
        ["loaded", "unchanged"]
    );
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn sessions_in_the_old_database_do_not_keep_it() {
    let world = World::new();
    let mut session = world.server.psql("rates");
    let session = session
        .args(["-c", "SELECT pg_sleep(600)"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let here = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'rates'";
    eventually("the session is there", || {
        (world.server.sql("postgres", here) == "1").then_some(())
    });
    let path = world.write("rates.sql", dump(10, ""));
    assert_eq!(world.load(&path, &[]).outcome(), "loaded");
    assert!(!session.wait_with_output().unwrap().status.success());
    assert_eq!(world.prices(), "10");
}
