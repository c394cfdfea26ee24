//! What must not be done to an Engine that others use: stopped, killed, its disk filled, its networks used up.

use std::time::Instant;

use crate::support::checkout::first_price;
use crate::support::checkout::known_dump;
use crate::support::checkout::slow_dump;
use crate::support::docker::attempt;
use crate::support::docker::docker;
use crate::support::docker::lines;
use crate::support::docker::postgres_image;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::registry::Registry;

/// How much each Engine may keep: the database's image, the API's, which holds a program for debugging, and some data.
const DISK_MEGABYTES: u32 = 1500;

/// So much more than a small dump has, as text.
const MORE_MEGABYTES: usize = 24;

#[test]
fn an_engine_that_is_stopped_or_killed_is_named_and_comes_back_with_all_it_had() {
    let Some(mut engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let environment = Environment::ready("engine-restarts").unwrap();
    let loaded_at = environment.loaded_at();
    for signal in ["TERM", "KILL"] {
        engine.stop(signal);
        for command in ["status", "up", "down", "ls"] {
            let down = environment.run(&[command]).exits(1);
            down.says(&["E-DOCKER-DOWN", "docker.sock", "hint:"]);
        }
        engine.start_again();
        // One that was killed takes containers that it finds running for stopped by hand.
        if signal == "KILL" {
            environment.run(&["up"]).exits(0);
        }
        eventually("everything is back", || {
            (environment.run(&["status"]).code == Some(0)).then_some(())
        });
        environment.is_whole();
        assert_eq!(environment.loaded_at(), loaded_at);
    }
}

#[test]
fn an_engine_that_goes_during_an_up_is_named_and_the_next_up_goes_on() {
    let Some(mut engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let environment = Environment::small("engine-goes").unwrap();
    for (signal, moment) in [
        ("TERM", "volumes"),
        ("KILL", "volumes"),
        ("KILL", "✓ database"),
    ] {
        environment.checkout.write("db/rates.sql", slow_dump(20));
        let up = environment.start(&["up"]);
        up.wait_for(moment);
        engine.stop(signal);
        up.finish().exits(1).says(&["E-DOCKER-DOWN", "hint:"]);
        engine.start_again();
        environment.checkout.write("db/rates.sql", slow_dump(0));
        environment.run(&["up"]).exits(0);
        environment.is_whole();
        environment.run(&["down", "-v", "--yes"]).exits(0);
        environment.is_gone();
    }
}

#[test]
fn a_full_disk_of_the_engine_is_named_and_nothing_is_lost() {
    let Some(engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let environment = Environment::ready("engine-full").unwrap();
    fills_during_a_build(&engine, &environment);
    fills_during_a_step_of_a_team_s_build(&engine, &environment);
    fills_during_a_pull(&engine, &environment);
    fills_during_a_seed(&engine, &environment);
}

fn fills_during_a_build(engine: &PrivateEngine, environment: &Environment) {
    docker(&["rm", "--force", &environment.container("api")]);
    for image in lines(&["images", "--quiet", "ratesdev/api"]) {
        docker(&["rmi", &image]);
    }
    let ballast = engine.fill(30);
    let full = environment.run(&["up"]).exits(1);
    full.says(&[
        "E-DISK-FULL",
        "cannot build the image ratesdev/api:",
        "hint:",
        "docker system df",
    ]);
    std::fs::remove_file(ballast).unwrap();
    environment.run(&["up"]).exits(0);
    environment.is_whole();
}

fn fills_during_a_step_of_a_team_s_build(engine: &PrivateEngine, environment: &Environment) {
    let step = "RUN head -c 60000000 /dev/urandom > /ballast";
    let dockerfile = format!("FROM {}\n{step}\n", postgres_image());
    environment.checkout.write("own/Dockerfile", dockerfile);
    let ballast = engine.fill(30);
    let up = ["up", "--set", "api.build.context=own"];
    let full = environment.run(&up).exits(1);
    full.says(&["E-DISK-FULL", "Step 2/", "hint:", "docker system df"]);
    environment.answers();
    std::fs::remove_file(ballast).unwrap();
    environment.run(&["up"]).exits(0);
    environment.is_whole();
}

fn fills_during_a_pull(engine: &PrivateEngine, environment: &Environment) {
    let registry = Registry::start();
    let name = registry.image("rates/postgres:13.5");
    environment.make_image(&name, "RUN head -c 60000000 /dev/urandom > /ballast");
    docker(&["push", "--quiet", &name]);
    docker(&["rmi", "--force", &name]);
    let ballast = engine.fill(30);
    let up = ["up", "--set", &format!("database.image={name}")];
    let full = environment.run(&up).exits(1);
    full.says(&[
        "E-DISK-FULL",
        "cannot pull the image",
        &name,
        "hint:",
        "docker system df",
    ]);
    environment.answers();
    std::fs::remove_file(ballast).unwrap();
    environment.run(&up).exits(0);
    environment.answers();
    environment.run(&["up"]).exits(0);
    environment.is_whole();
}

/// The Engine's own networks first, then the range that is chosen from in their stead.
#[test]
fn an_engine_without_addresses_for_another_network_is_named() {
    let Some(_engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let environment = Environment::small("addresses").unwrap();
    let range = ["network", "create", "--subnet", "10.214.0.0/16", "range"];
    docker(&range);
    let mut number = 0;
    let next = |number| attempt(&["network", "create", &format!("own-{number}")]);
    while next(number).status.success() {
        number += 1;
    }
    environment.run(&["up"]).exits(1).says(&[
        "E-ADDRESSES",
        "no addresses left",
        "hint:",
        "docker network prune",
    ]);
    docker(&["network", "rm", "range"]);
    environment.run(&["up"]).exits(0);
    environment.is_whole();
}

/// Once there is no space for the dump itself, once none for what the database makes of it.
fn fills_during_a_seed(engine: &PrivateEngine, environment: &Environment) {
    let loaded_at = environment.loaded_at();
    environment.checkout.write("db/rates.sql", large_dump());
    for megabytes_left in [MORE_MEGABYTES as u64 / 2, MORE_MEGABYTES as u64 + 16] {
        let ballast = engine.fill(megabytes_left);
        let full = environment.run(&["seed", "--reset"]).exits(1);
        full.says(&["E-DISK-FULL", "hint:"]);
        std::fs::remove_file(ballast).unwrap();
        // PostgreSQL may have ended for want of space, and is started again.
        eventually("the old data is answered", || {
            let answered = environment.run(&["query", "CNGGZ", "EETLL", "2021-01-31"]);
            (answered.code == Some(0)).then_some(())
        });
        environment.answers();
        assert_eq!(environment.loaded_at(), loaded_at);
    }
    environment.run(&["seed", "--reset"]).exits(0);
    environment.is_whole();
}

/// A dump with the known answer and many other rows.
fn large_dump() -> String {
    let row = "EETLL\tCNGGZ\t2021-01-31\t1000\n";
    let rows = row.repeat((MORE_MEGABYTES << 20) / row.len());
    let known = known_dump();
    let lines = known.split_inclusive('\n');
    let (before, after): (Vec<_>, Vec<_>) = lines
        .enumerate()
        .partition(|(index, _)| *index < first_price() - 1);
    let text =
        |lines: Vec<(usize, &str)>| lines.into_iter().map(|(_, line)| line).collect::<String>();
    text(before) + &rows + &text(after)
}

/// So many environments side by side are far more than anybody has.
const MANY: usize = 200;

/// An Engine knows about thirty networks by itself. Here they are all given away, and there are many more.
#[test]
fn the_two_hundredth_environment_comes_up_and_is_listed_with_the_others() {
    let Some(_engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let last = Environment::small("many").unwrap();
    last.run(&["up"]).exits(0);
    last.run(&["down"]).exits(0);
    let given = networks();
    eprintln!("the Engine gave {given} networks");
    for number in 0..MANY {
        others(number);
    }
    last.run(&["up"]).exits(0);
    last.is_whole();
    let subnet = docker(&[
        "network",
        "inspect",
        "--format",
        "{{(index .IPAM.Config 0).Subnet}}",
        &format!("ratesdev-{}", last.name),
    ]);
    assert!(subnet.starts_with("10.214."), "{subnet}");
    let begun = Instant::now();
    let listed = last.run(&["ls", "--json"]).exits(0).json();
    eprintln!("ls with {MANY} environments took {:?}", begun.elapsed());
    let listed = listed["environments"].as_array().unwrap().len();
    assert_eq!(listed, MANY + 1);
}

/// Takes networks until the Engine has none to give; how many there were.
fn networks() -> usize {
    let make = |number: usize| attempt(&["network", "create", &format!("given-{number}")]);
    let given = (0..MANY)
        .map(make)
        .take_while(|given| given.status.success());
    given.count()
}

/// A network with addresses of its own, and a container that was never started: what another environment comes to.
fn others(number: usize) {
    let (name, subnet) = (format!("other-{number}"), format!("10.99.{number}.0/24"));
    let environment = format!("dev.ratesdev.environment={name}");
    let labels = ["--label", &environment, "--label", "dev.ratesdev.role=api"];
    let network = ["network", "create", "--subnet", &subnet];
    docker(&[&network[..], &labels, &[&name]].concat());
    let image = postgres_image();
    let container = ["create", "--network", &name];
    docker(&[&container[..], &labels, &[&image]].concat());
}
