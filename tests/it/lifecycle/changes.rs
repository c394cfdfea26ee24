//! A profile that changes while its environment runs.

use crate::support::docker::inspect;
use crate::support::environment::Environment;

#[test]
fn only_what_a_change_is_about_is_replaced_and_data_is_kept() {
    let Some(changed) = Environment::ready("changed") else {
        return;
    };
    let loaded_at = changed.loaded_at();
    a_limit_of_the_api_replaces_the_api_alone(&changed);
    a_limit_of_the_database_replaces_the_database_and_keeps_its_data(&changed);
    assert_eq!(changed.loaded_at(), loaded_at);
    recreate_replaces_everything_and_loads_nothing(&changed);
    assert_eq!(changed.loaded_at(), loaded_at);
    build_makes_the_image_anew(&changed);
    changed.answers();
}

fn a_limit_of_the_api_replaces_the_api_alone(environment: &Environment) {
    let (database, api) = (environment.id("database"), environment.id("api"));
    let set = ["--set", "api.memory=96 MB"];
    let dry = environment
        .run(&["up", "--dry-run", set[0], set[1]])
        .exits(0);
    dry.says(&["api", "its configuration has changed"])
        .never_says("seed");
    assert_eq!(environment.id("api"), api, "a dry run does nothing");
    environment.checkout.edit(
        "profiles/dev.toml",
        "memory = \"64 MB\"",
        "memory = \"96 MB\"",
    );
    environment.run(&["up"]).exits(0);
    assert_eq!(environment.id("database"), database);
    assert_ne!(environment.id("api"), api);
    assert_eq!(memory(environment, "api"), 96_000_000);
    environment.answers();
}

fn a_limit_of_the_database_replaces_the_database_and_keeps_its_data(environment: &Environment) {
    let database = environment.id("database");
    environment.checkout.edit(
        "profiles/dev.toml",
        "memory = \"512 MB\"",
        "memory = \"500 MB\"",
    );
    environment.run(&["up"]).exits(0);
    assert_ne!(environment.id("database"), database);
    assert_eq!(memory(environment, "database"), 500_000_000);
    environment.answers();
}

fn recreate_replaces_everything_and_loads_nothing(environment: &Environment) {
    let roles = ["database", "api"];
    let before = roles.map(|role| environment.id(role));
    environment.run(&["up", "--recreate"]).exits(0);
    let after = roles.map(|role| environment.id(role));
    assert!(
        before.iter().all(|id| !after.contains(id)),
        "{before:?} {after:?}"
    );
}

fn build_makes_the_image_anew(environment: &Environment) {
    let built = environment
        .run(&["up", "--build", "--json"])
        .exits(0)
        .json_lines();
    let planned = &built[0]["steps"][0];
    assert!(
        planned["title"]
            .as_str()
            .unwrap()
            .starts_with("image ratesdev/api:"),
        "{planned}"
    );
    assert_eq!(planned["reason"], "asked for");
    assert_eq!(built.last().unwrap()["event"], "ready");
}

fn memory(environment: &Environment, role: &str) -> u64 {
    let found = inspect(&environment.container(role));
    found["HostConfig"]["Memory"].as_u64().unwrap()
}
