//! Images from a registry.

use crate::support::docker::docker;
use crate::support::docker::has_image;
use crate::support::environment::Environment;
use crate::support::registry::Registry;

#[test]
fn an_image_is_pulled_when_it_is_missing_or_always_or_never() {
    let Some(environment) = Environment::small("pull") else {
        return;
    };
    let registry = Registry::start();
    let name = registry.image("rates/postgres:13.5");
    push(
        &environment,
        &name,
        "RUN head -c 20000000 /dev/urandom > /ballast",
    );
    let set = format!("database.image={name}");
    let up = |pull: &str| environment.run(&["up", "--set", &set, "--pull", pull]);
    up("never")
        .exits(1)
        .says(&["E-IMAGE-MISSING", "--pull never"]);
    environment.is_gone();
    let pulled = environment.run_in_terminal(&["up", "--set", &set]).exits(0);
    pulled.says(&[&format!("image {name}"), " layers", "20.0 MB downloaded"]);
    assert!(has_image(&name));
    environment.answers();
    up("missing").exits(0).says(&["nothing had to change"]);
    up("always")
        .exits(0)
        .says(&["up to date", "nothing had to change"]);
    up("never").exits(0).says(&["nothing had to change"]);
    a_new_image_of_the_same_name_replaces_the_database(&environment, &name, &set);
}

fn a_new_image_of_the_same_name_replaces_the_database(
    environment: &Environment,
    name: &str,
    set: &str,
) {
    let (before, loaded_at) = (environment.id("database"), environment.loaded_at());
    push(
        environment,
        name,
        "RUN head -c 1000 /dev/urandom > /ballast",
    );
    let pulled = environment
        .run(&["up", "--set", set, "--pull", "always"])
        .exits(0);
    pulled.says(&["remove database"]);
    assert_ne!(environment.id("database"), before);
    assert_eq!(environment.loaded_at(), loaded_at);
    environment.answers();
}

/// Leaves a new image in the registry alone, so that it has to be pulled.
fn push(environment: &Environment, name: &str, lines: &str) {
    environment.make_image(name, lines);
    docker(&["push", "--quiet", name]);
    docker(&["rmi", "--force", name]);
}
