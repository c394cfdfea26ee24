//! Registries that say nothing, or break off in the middle of a layer.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::registry::Registry;
use crate::support::relay::Trouble;
use crate::support::relay::relay;
use crate::support::run::Running;

/// Starts to bring it up from an image of which a layer has still to be pulled, by a way on which this goes wrong.
fn up_by(environment: &Environment, registry: &Registry, trouble: Trouble) -> Running {
    let name = "rates/postgres:13.5";
    let pushed = registry.image(name);
    environment.make_image(&pushed, "RUN head -c 4000000 /dev/urandom > /ballast");
    docker(&["push", "--quiet", &pushed]);
    docker(&["rmi", "--force", &pushed]);
    let way = relay(registry.address(), trouble);
    environment.start(&["up", "--set", &format!("database.image={way}/{name}")])
}

#[test]
fn a_registry_that_says_nothing_is_named_when_the_engine_gives_it_up() {
    let Some(environment) = Environment::small("mute-registry") else {
        return;
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("{}/postgres:13.5", silent.local_addr().unwrap());
    let up = environment.run(&["up", "--set", &format!("database.image={name}")]);
    up.exits(1).says(&[
        "E-REGISTRY-UNREACHABLE",
        &name,
        "caused by: Get",
        "hint:",
        "is slow or breaks off",
    ]);
}

#[test]
fn a_registry_that_falls_silent_is_told_and_waited_for() {
    let Some(environment) = Environment::small("slow-registry") else {
        return;
    };
    let registry = Registry::start();
    let (speak, heard) = channel();
    let silence = Trouble::Silence(Arc::new(Mutex::new(heard)));
    let up = up_by(&environment, &registry, silence);
    up.wait_for("has sent nothing for 20 s");
    speak.send(()).unwrap();
    up.finish().exits(0).says(&["is ready in"]);
    environment.answers();
}

#[test]
fn a_registry_that_breaks_off_once_is_asked_again_by_the_engine() {
    let Some(environment) = Environment::small("cut-registry") else {
        return;
    };
    let registry = Registry::start();
    up_by(&environment, &registry, Trouble::Cut)
        .finish()
        .exits(0)
        .says(&["is ready in"]);
    environment.answers();
}
