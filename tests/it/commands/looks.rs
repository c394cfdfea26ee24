//! What is there, where it is, and what it would be.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::environment::Environment;
use crate::support::http;

#[test]
fn what_is_there_is_listed_found_and_shown() {
    let Some(environment) = Environment::ready("looks") else {
        return;
    };
    environments_of_every_checkout_are_listed(&environment);
    an_engine_that_cannot_be_asked_is_told_of(&environment);
    ports_are_told(&environment);
    the_api_is_opened(&environment);
    what_would_run_is_shown(&environment);
    an_average_is_explained(&environment);
    an_environment_that_is_down_is_listed_while_its_data_is_kept(&environment);
}

fn listed(environment: &Environment, arguments: &[&str]) -> Option<Value> {
    let listed = environment
        .run(&[&["ls", "--json"], arguments].concat())
        .exits(0);
    let listed = listed.json()["environments"].as_array().unwrap().clone();
    let name = environment.name.as_str();
    listed
        .into_iter()
        .find(|listed| listed["environment"] == name)
}

fn environments_of_every_checkout_are_listed(environment: &Environment) {
    let document = listed(environment, &[]).unwrap();
    assert_eq!(
        (&document["running"], &document["total"]),
        (&2.into(), &2.into())
    );
    let checkout = environment.checkout.path();
    assert_eq!(
        document["checkout"].as_str().unwrap(),
        checkout.to_str().unwrap()
    );
    let mut elsewhere = environment.command(&["ls"]);
    let elsewhere = crate::support::run::Running::start(elsewhere.current_dir("/")).finish();
    let elsewhere = elsewhere.exits(0);
    let line = elsewhere
        .stdout
        .lines()
        .find(|line| line.starts_with(&environment.name));
    assert!(line.unwrap().contains("2/2  api "), "{elsewhere}");
    let names = environment.run(&["ls", "-q"]).exits(0).stdout;
    assert!(
        names.lines().any(|name| name == environment.name),
        "{names}"
    );
}

fn an_engine_that_cannot_be_asked_is_told_of(environment: &Environment) {
    let ls = |arguments: &[&str]| {
        let mut command = environment.command(&[&["ls"], arguments].concat());
        command.env("DOCKER_HOST", "unix:///nowhere.sock");
        crate::support::run::Running::start(&mut command).finish()
    };
    ls(&["--engine", "auto"])
        .exits(0)
        .says(&["Docker cannot be asked: ", "/nowhere.sock"]);
    ls(&["--engine", "docker"])
        .exits(1)
        .says(&["E-DOCKER-DOWN"]);
}

fn ports_are_told(environment: &Environment) {
    let address = environment.run(&["port", "api"]).exits(0).stdout;
    let ready = http::get(address.trim().parse().unwrap(), "/health/ready").unwrap();
    assert_eq!(ready.status, 200);
    let all = environment.run(&["port"]).exits(0).stdout;
    let roles: Vec<_> = all
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(roles, ["database", "api"]);
    let json = environment.run(&["port", "--json"]).exits(0).json();
    assert_eq!(json["ports"][1]["endpoint"], address.trim());
    assert_eq!(json["ports"][1]["port"], 8000);
    let inside = environment.run(&["port", "api", "8000"]).exits(0).stdout;
    assert_eq!(inside, address);
    let another = environment.run(&["port", "api", "80"]).exits(1);
    another.says(&[
        "api publishes no port 80; it publishes 8000",
        "`ratesdev port api",
    ]);
    environment
        .run(&["port", "api", "http"])
        .exits(2)
        .says(&["a number like 80, or 53/udp"]);
    environment
        .run(&["port", "seed"])
        .exits(3)
        .says(&["there is no seed"]);
}

fn the_api_is_opened(environment: &Environment) {
    let url = environment
        .run(&["open", "--print", "/metrics"])
        .exits(0)
        .stdout;
    let address = environment.run(&["port", "api"]).exits(0).stdout;
    assert_eq!(url, format!("http://{}/metrics\n", address.trim()));
    let folder = environment.checkout.path().join("bin");
    let open = |script: &str| {
        environment.checkout.write("bin/xdg-open", script);
        let opener = folder.join("xdg-open");
        std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = environment.command(&["open"]);
        command.env("PATH", &folder);
        crate::support::run::Running::start(&mut command).finish()
    };
    let opened = environment.checkout.path().join("opened");
    open(&format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).exits(0);
    let opened = std::fs::read_to_string(opened).unwrap();
    assert_eq!(opened, format!("http://{}/\n", address.trim()));
    let failed = open("#!/bin/sh\nexit 4\n").exits(1);
    failed.says(&["E-OPEN-FAILED", "exit status: 4", "open --print"]);
}

fn what_would_run_is_shown(environment: &Environment) {
    let config = environment
        .run(&["config", "--set", "api.replicas=2", "--json"])
        .exits(0);
    let config = config.json();
    let services = config["services"].as_array().unwrap();
    let names: Vec<_> = services
        .iter()
        .map(|service| service["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["database", "api", "api-2"]);
    assert_eq!(services[0]["publish"], "127.0.0.1:auto");
    assert_eq!(services[1]["variables"]["API_POOL"], "8");
    assert_eq!(config["checks"][0]["name"], "known day");
    let text = environment.run(&["config"]).exits(0);
    assert!(!text.stdout.to_lowercase().contains("password"), "{text}");
    let parsed: toml::Table = toml::from_str(&text.stdout).unwrap();
    assert_eq!(
        parsed["environment"].as_str(),
        Some(environment.name.as_str())
    );
    environment
        .run(&["config", "nosuch"])
        .exits(2)
        .says(&["E-PROFILE-MISSING"]);
}

fn an_average_is_explained(environment: &Environment) {
    let ask = |day: &str, more: &[&str]| {
        let words = ["query", "CNGGZ", "EETLL", "2021-01", "--explain", day];
        environment.run(&[&words, more].concat())
    };
    let explained = ask("2021-01-31", &[]).exits(0);
    explained.says(&[
        "3 prices that add up to 3463: the average is 1154.33",
        "1263",
    ]);
    ask("2021-01-30", &[]).exits(0).says(&["no price"]);
    let document = ask("2021-01-31", &["--json"]).exits(0).json();
    assert_eq!(
        (&document["count"], &document["prices"][0]["price"]),
        (&3.into(), &1000.into())
    );
    ask("2021-02-01", &[])
        .exits(2)
        .says(&["E-USAGE", "not between"]);
}

fn an_environment_that_is_down_is_listed_while_its_data_is_kept(environment: &Environment) {
    environment.run(&["down"]).exits(0);
    assert_eq!(listed(environment, &[]), None);
    assert_eq!(listed(environment, &["--all"]).unwrap()["total"], 0);
    environment.run(&["down", "-v", "--yes"]).exits(0);
    assert_eq!(listed(environment, &["--all"]), None);
}
