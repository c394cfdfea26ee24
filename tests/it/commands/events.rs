//! What happened is told, afterwards and while it happens.

use serde_json::Value;

use crate::support::docker::docker;
use crate::support::environment::Environment;

#[test]
fn what_happens_to_instances_is_told_as_it_happens_and_remembered() {
    let Some(environment) = Environment::ready("events") else {
        return;
    };
    let events = environment.start(&["events", "-f", "--json"]);
    events.wait_for("\"created\"");
    environment.run(&["stop", "api"]).exits(0);
    environment.run(&["start", "api"]).exits(0);
    let database = environment.container("database");
    docker(&["pause", &database]);
    events.wait_for("\"paused\"");
    docker(&["unpause", &database]);
    docker(&["kill", &database]);
    events.wait_for("\"code\":137");
    let remembered = environment.run(&["events", "--since", "5m"]).exits(0);
    remembered.says(&["database", "ended with 137"]);
    environment.run(&["down", "-v", "--yes"]).exits(0);
    events.wait_for("\"removed\"");
    events.interrupt();
    let events = events.finish().exits(0).json_lines();
    let of = |role: &str, from: &str| {
        let events = events
            .iter()
            .filter(|event| event["instance"]["role"] == role);
        let kinds = events.map(|event| event["event"].as_str().unwrap());
        let kinds: Vec<_> = kinds.filter(|kind| *kind != "health").collect();
        let first = kinds.iter().position(|kind| *kind == from).unwrap();
        kinds[first..].join(" ")
    };
    assert_eq!(of("database", "paused"), "paused unpaused exited removed");
    assert_eq!(of("api", "exited"), "exited started exited removed");
    let time = |event: &Value| event["time"].as_str().unwrap().to_owned();
    assert!(events.iter().map(time).is_sorted());
    assert!(
        events
            .iter()
            .all(|event| event["environment"] == environment.name.as_str())
    );
    let nothing = environment
        .run(&["events", "-e", "it-nothing-of-the-kind"])
        .exits(0);
    nothing.says(&["remembers nothing of it-nothing-of-the-kind"]);
}

/// How many events an Engine remembers.
const REMEMBERED: usize = 256;

#[test]
fn what_the_engine_has_forgotten_its_containers_still_tell() {
    let Some(environment) = Environment::ready("forgotten") else {
        return;
    };
    environment.run(&["stop", "api"]).exits(0);
    let volumes: Vec<_> = (0..REMEMBERED / 2)
        .map(|number| format!("{}-noise-{number}", environment.name))
        .collect();
    for volume in &volumes {
        docker(&["volume", "create", volume]);
    }
    let remove = ["volume", "rm"].into_iter();
    docker(
        &remove
            .chain(volumes.iter().map(String::as_str))
            .collect::<Vec<_>>(),
    );
    let told = environment.run(&["events", "--json"]).exits(0).json_lines();
    let of_the_api = told
        .iter()
        .filter(|event| event["instance"]["role"] == "api");
    let kinds: Vec<_> = of_the_api
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["created", "started", "exited"]);
}
