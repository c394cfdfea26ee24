//! Loads that are cut off: the database holds the old state or the new one.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::process::Child;
use std::process::Command;
use std::sync::mpsc;
use std::time::Instant;

use super::World;
use super::dump;
use super::finish;
use crate::support::eventually;

/// A load that waits on the server at the end of its dump.
fn waiting_load(world: &World) -> Child {
    let path = world.write("waits.sql", dump(10, "SELECT pg_sleep(600);"));
    let child = world.command(&path, &["--reset"]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    eventually("the load waits", || {
        (world.server.sql("postgres", waits) == "1").then_some(())
    });
    child
}

#[test]
fn a_server_that_goes_away_is_told_and_the_next_run_goes_on() {
    let mut world = World::new();
    let child = waiting_load(&world);
    world.server.down();
    let told = finish(child).told();
    assert!(
        told.starts_with(
            "E-DATABASE-UNREACHABLE: the connection to the database was lost at line 22 of the dump"
        ),
        "{told}"
    );
    assert!(
        told.ends_with(" | run it again: it begins anew, and nothing of this load is left"),
        "{told}"
    );
    let path = world.write("rates.sql", dump(10, ""));
    // The server comes up while the load already waits for it.
    let child = world.command(&path, &[]).spawn().unwrap();
    world.server.resume();
    assert_eq!(finish(child).outcome(), "loaded");
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn a_signal_ends_a_load_and_rolls_it_back() {
    let world = World::new();
    let child = waiting_load(&world);
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let ended = finish(child);
    assert_eq!(
        ended.told(),
        "E-INTERRUPTED: the load was interrupted; nothing was changed | -"
    );
    assert_eq!(ended.code, Some(130));
    assert_eq!(world.server.databases(), ["rates"]);
}

#[test]
fn killed_at_any_instant_it_leaves_the_old_state_or_the_new_one() {
    let world = World::new();
    let dumps = [1000, 2000].map(|prices| {
        (
            prices.to_string(),
            world.write(&format!("{prices}.sql"), dump(prices, "")),
        )
    });
    let began = Instant::now();
    assert_eq!(world.load(&dumps[0].1, &[]).outcome(), "loaded");
    let usual = began.elapsed();
    let mut old = 0;
    for round in 0..24_u32 {
        let new = 1 - old;
        let mut child = world.command(&dumps[new].1, &["--reset"]).spawn().unwrap();
        let random = u32::try_from(RandomState::new().hash_one(round) % 1000).unwrap();
        let (_keep, never) = mpsc::channel::<()>();
        assert!(
            never
                .recv_timeout(usual * (round * 1000 + random) / 22_000)
                .is_err()
        );
        child.kill().unwrap();
        child.wait().unwrap();
        // What the server was told before the kill may end a moment later.
        let count = "SELECT count(*) FROM public.prices";
        let prices = eventually("the database answers", || {
            world.server.try_sql("rates", count).ok()
        });
        let states = dumps.each_ref().map(|(prices, _)| prices.as_str());
        assert!(
            states.contains(&prices.as_str()),
            "round {round}: {prices} prices"
        );
        assert_eq!(
            world.load(&dumps[new].1, &["--reset"]).outcome(),
            "loaded",
            "round {round}"
        );
        assert_eq!(world.prices(), dumps[new].0, "round {round}");
        assert_eq!(world.server.databases(), ["rates"], "round {round}");
        old = new;
    }
}
