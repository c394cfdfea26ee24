//! From nothing to an environment that answers.

use std::rc::Rc;

use serde_json::Value;

use crate::support::checkout::Checkout;
use crate::support::docker::attempt;
use crate::support::docker::docker;
use crate::support::docker::inspect;
use crate::support::environment::Environment;
use crate::support::eventually;

#[test]
fn one_command_makes_everything_and_a_second_one_changes_nothing() {
    let Some(first) = Environment::new("first", &Rc::new(Checkout::full())) else {
        return;
    };
    let up = first.run(&["up"]).exits(0);
    up.says(&["is ready in", "852 rows", "check known day", "1154.33"]);
    every_role_is_healthy_and_labelled(&first);
    ports_are_on_this_machine_only(&first);
    the_api_may_do_next_to_nothing(&first);
    the_password_is_seen_nowhere(&first);
    the_question_has_its_answer(&first);
    status_says_ready(&first);
    a_second_up_changes_nothing(&first);
}

fn every_role_is_healthy_and_labelled(environment: &Environment) {
    let root = environment.checkout.path().display().to_string();
    for role in ["database", "api"] {
        let container = environment.container(role);
        eventually(&format!("{role} is healthy"), || {
            let found = inspect(&container);
            (found["State"]["Health"]["Status"] == "healthy").then_some(())
        });
        let labels = inspect(&container)["Config"]["Labels"].clone();
        let label = |name: &str| labels[format!("dev.ratesdev.{name}")].clone();
        assert_eq!(label("environment"), environment.name.as_str());
        assert_eq!(label("role"), role);
        assert_eq!(label("profile"), "dev");
        assert_eq!(label("root"), root.as_str());
        assert_eq!(label("config-hash").as_str().unwrap().len(), 16);
    }
}

fn ports_are_on_this_machine_only(environment: &Environment) {
    for role in ["database", "api"] {
        let found = inspect(&environment.container(role));
        let ports = found["NetworkSettings"]["Ports"].as_object().unwrap();
        let bindings: Vec<_> = ports
            .values()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        assert!(!bindings.is_empty(), "{role}");
        for binding in bindings {
            assert_eq!(binding["HostIp"], "127.0.0.1", "{role}");
        }
    }
}

fn the_api_may_do_next_to_nothing(environment: &Environment) {
    let found = inspect(&environment.container("api"));
    let host = &found["HostConfig"];
    assert_eq!(found["Config"]["User"], "65534:65534");
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
    assert_eq!(host["CapAdd"], Value::Null);
    assert_eq!(
        host["SecurityOpt"],
        serde_json::json!(["no-new-privileges:true"])
    );
    assert_eq!(host["Init"], true);
    assert_eq!(host["Memory"], 64_000_000);
    assert_eq!(host["MemorySwap"], 64_000_000);
    assert_eq!(host["NanoCpus"], 1_000_000_000_u64);
    assert!(host["PidsLimit"].as_u64().unwrap() > 0);
}

fn the_password_is_seen_nowhere(environment: &Environment) {
    let password = docker(&[
        "exec",
        &environment.container("database"),
        "cat",
        "/run/secrets/database_password",
    ]);
    assert_eq!(password.len(), 64, "the password");
    let mut seen = vec![
        environment
            .run(&["up", "--recreate", "--json"])
            .exits(0)
            .stdout,
    ];
    seen.extend(["status", "logs"].map(|command| environment.run(&[command]).exits(0).stdout));
    for role in ["database", "api"] {
        let container = environment.container(role);
        seen.push(inspect(&container).to_string());
        let logs = attempt(&["logs", &container]);
        seen.push(String::from_utf8([logs.stdout, logs.stderr].concat()).unwrap());
        seen.push(docker(&["top", &container, "-eo", "pid,args"]));
    }
    for text in seen {
        assert!(!text.is_empty());
        assert!(!text.contains(&password), "the password is in: {text}");
    }
}

fn the_question_has_its_answer(environment: &Environment) {
    let table = environment.run(&["query", "CNGGZ", "EETLL", "2021-01"]);
    table.exits(0).says(&["2021-01-31", "154.33"]);
    let json = environment.run(&["query", "CNGGZ", "EETLL", "2021-01", "--json"]);
    let rates = json.exits(0).json()["rates"].clone();
    assert_eq!(rates.as_array().unwrap().len(), 31);
    assert_eq!(rates[0]["day"], "2021-01-31");
    assert_eq!(rates[0]["count"], 3);
    assert!((rates[0]["price"].as_f64().unwrap() - 1_154.333_333).abs() < 1e-6);
}

fn status_says_ready(environment: &Environment) {
    let status = environment.run(&["status"]).exits(0);
    status.says(&["ready", "database", "api", "healthy", "1154.33"]);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["ready"], true);
    assert_eq!(status["environment"], environment.name.as_str());
    assert_eq!(status["checks"][0]["passed"], true);
}

fn a_second_up_changes_nothing(environment: &Environment) {
    let ids = || ["database", "api"].map(|role| environment.id(role));
    let before = ids();
    let again = environment.run(&["up"]).exits(0);
    again.says(&["nothing had to change"]);
    let dry = environment.run(&["up", "--dry-run"]).exits(0);
    dry.says(&["nothing to do"]);
    let events = environment.run(&["up", "--json"]).exits(0).json_lines();
    let last = events.last().unwrap();
    assert_eq!(last["event"], "ready");
    assert_eq!(last["unchanged"], true);
    for event in &events {
        assert_eq!(event["schema_version"], 1, "{event}");
    }
    assert_eq!(ids(), before);
}
