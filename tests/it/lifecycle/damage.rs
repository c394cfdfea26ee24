//! What is broken by hand, `up` heals.

use std::process::Command;

use crate::support::docker::attempt;
use crate::support::docker::docker;
use crate::support::docker::inspect;
use crate::support::environment::Environment;

#[test]
fn up_heals_whatever_was_done_to_the_containers() {
    let Some(environment) = Environment::ready("broken-by-hand") else {
        return;
    };
    let loaded_at = environment.loaded_at();
    let (database, api) = (
        environment.container("database"),
        environment.container("api"),
    );
    let damages: [&[&str]; 7] = [
        &["kill", &api],
        &["stop", &api],
        &["rm", "--force", &api],
        &["pause", &api],
        &["kill", &database],
        &["stop", &database],
        &["rm", "--force", &database],
    ];
    for damage in damages {
        docker(damage);
        assert_ne!(
            environment.run(&["status"]).code,
            Some(0),
            "after {damage:?}"
        );
        environment
            .run(&["up"])
            .exits(0)
            .never_says("nothing had to change");
        heals(&environment);
    }
    assert_eq!(environment.loaded_at(), loaded_at);
}

#[test]
fn up_heals_a_network_that_was_removed() {
    let Some(cut_off) = Environment::ready("cut-off") else {
        return;
    };
    let network = format!("ratesdev-{}", cut_off.name);
    for role in ["database", "api"] {
        docker(&[
            "network",
            "disconnect",
            "--force",
            &network,
            &cut_off.container(role),
        ]);
    }
    docker(&["network", "rm", &network]);
    cut_off.run(&["up"]).exits(0);
    heals(&cut_off);
    for role in ["database", "api"] {
        docker(&["stop", &cut_off.container(role)]);
    }
    drop(attempt(&["network", "rm", &network]));
    cut_off.run(&["up"]).exits(0);
    heals(&cut_off);
}

/// Docker's own client refuses to make it, but two commands that ask the Engine at the same time get two.
#[test]
fn up_heals_a_network_that_is_there_twice() {
    let Some(doubled) = Environment::ready("doubled") else {
        return;
    };
    let request = format!(
        r#"{{"Name": "ratesdev-{0}", "Labels": {{"dev.ratesdev.environment": "{0}"}}}}"#,
        doubled.name
    );
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = host
        .strip_prefix("unix://")
        .unwrap_or("/var/run/docker.sock");
    let created = Command::new("curl")
        .args(["--silent", "--fail", "--unix-socket", socket])
        .args([
            "--header",
            "content-type: application/json",
            "--data",
            &request,
        ])
        .arg("http://docker/v1.41/networks/create")
        .output();
    assert!(created.unwrap().status.success());
    docker(&["stop", &doubled.container("api")]);
    doubled.run(&["up"]).exits(0);
    heals(&doubled);
    assert_eq!(doubled.things()[1].len(), 1, "one network");
}

fn heals(environment: &Environment) {
    for role in ["database", "api"] {
        let found = inspect(&environment.container(role));
        assert_eq!(found["State"]["Status"], "running", "{role}");
    }
    environment.answers();
    environment
        .run(&["up"])
        .exits(0)
        .says(&["nothing had to change"]);
}
