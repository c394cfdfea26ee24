//! What will not work is found before it fails.

use std::net::TcpListener;
use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::docker::docker;
use crate::support::docker::postgres_image;
use crate::support::environment::Environment;
use crate::support::registry::Registry;
use crate::support::run::Run;
use crate::support::run::Running;

#[test]
fn what_will_not_work_is_found_with_a_cure() {
    let Some(environment) = Environment::small("doctor") else {
        return;
    };
    let well = environment.run(&["doctor"]).exits(0);
    well.says(&[
        "engine    docker ",
        "profile   dev is valid",
        "port      api takes a free one",
    ]);
    let document = environment.run(&["doctor", "--json"]).exits(0).json();
    assert_eq!(document["well"], true);
    let with = |name: &str, value: &str| -> Run {
        let mut command = environment.command(&["doctor"]);
        Running::start(command.env(name, value)).finish()
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    with("RATESDEV_API_PORT", &port).exits(1).says(&[
        "E-PORT-TAKEN",
        &port,
        "cure:",
        "api.port=auto",
    ]);
    let embedded = environment.run(&["doctor", "--engine", "embedded"]);
    assert!(embedded.stdout.contains("free for data"), "{embedded}");
    assert!(!embedded.stdout.contains("is there"), "{embedded}");
    with("DOCKER_HOST", "unix:///nowhere.sock").exits(1).says(&[
        "E-DOCKER-DOWN",
        "profile   dev is valid",
        "cure:",
    ]);
    with("RATESDEV_API_CPUS", "500")
        .exits(1)
        .says(&["500 cores", "lower `cpus`"]);
    with("RATESDEV_SEED_FILE", "nosuch.sql")
        .exits(1)
        .says(&["E-DUMP-MISSING"]);
    let own = environment.checkout.path().join("own");
    std::fs::create_dir_all(own.join("ratesdev")).unwrap();
    let says = |keys: &str| std::fs::write(own.join("ratesdev/config.toml"), keys).unwrap();
    says("[keys]\nwrap = \"W\"");
    let config = own.to_str().unwrap();
    with("XDG_CONFIG_HOME", config)
        .exits(0)
        .says(&["1 action of the dashboard has keys of your own"]);
    says("[keys]\nwrap = \"t\"");
    with("XDG_CONFIG_HOME", config)
        .exits(1)
        .says(&["E-KEYS", "cure:"]);
    with("RATESDEV_API_PROT", "1")
        .exits(1)
        .says(&["E-PROFILE-INVALID"]);
}

#[test]
fn an_image_that_cannot_be_had_is_told_from_one_whose_registry_says_nothing() {
    let Some(environment) = Environment::small("doctor-images") else {
        return;
    };
    let of = |image: &str| {
        let mut command = environment.command(&["doctor"]);
        Running::start(command.env("RATESDEV_DATABASE_IMAGE", image)).finish()
    };
    let nowhere = "127.0.0.1:9/postgres:13.5";
    of(nowhere)
        .exits(1)
        .says(&["E-REGISTRY-UNREACHABLE", nowhere, "cure:"]);
    let registry = Registry::start();
    let missing = registry.image("postgres:none");
    of(&missing)
        .exits(1)
        .says(&["E-IMAGE-MISSING", &missing, "cure:"]);
    let there = registry.image("rates/postgres:13.5");
    environment.make_image(&there, "RUN head -c 100 /dev/urandom > /ballast");
    docker(&["push", "--quiet", &there]);
    docker(&["rmi", "--force", &there]);
    of(&there)
        .exits(0)
        .says(&["is not there; `up` will pull it"]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("{}/postgres:13.5", silent.local_addr().unwrap());
    of(&silent)
        .exits(0)
        .says(&["! image", "does not answer", "cure:", "docker pull"]);
}

#[test]
fn what_up_would_refuse_is_found_before() {
    let Some(environment) = Environment::ready("doctor-refusals") else {
        return;
    };
    environment
        .run(&["doctor"])
        .exits(0)
        .says(&["plan      `up` has nothing to do"]);
    let service = |more: &str| {
        let image = postgres_image();
        let profile = format!("extends = \"dev\"\n[services.own]\nimage = \"{image}\"\n{more}");
        environment.checkout.write("profiles/own.toml", profile);
    };
    let doctor = |words: &[&str]| environment.run(&[&["doctor", "own"], words].concat());
    service("");
    doctor(&[]).exits(0).says(&["plan      `up` has "]);
    let embedded = doctor(&["--engine", "embedded"]).exits(1);
    embedded.says(&["plan", "E-ENGINE-LACKS", "the service own", "cure:"]);
    service("volumes = [\"../nowhere:/data\"]\n");
    doctor(&[]).exits(1).says(&["E-MOUNT-MISSING", "nowhere"]);
    service("[api.build]\ncontext = \"../api\"\n");
    doctor(&[]).exits(1).says(&["E-BUILD-CONTEXT", "api"]);
    environment
        .checkout
        .write("api/Dockerfile", "FROM scratch\n");
    environment.checkout.write("api/.dockerignore", "[a\n");
    doctor(&[])
        .exits(1)
        .says(&["E-BUILD-CONTEXT", ".dockerignore"]);
    let other = Environment::new("doctor-other", &Rc::new(Checkout::small())).unwrap();
    let mut taken = other.command(&["doctor", "-e", &environment.name]);
    let taken = Running::start(&mut taken).finish().exits(1);
    taken.says(&["E-NAME-TAKEN", "belongs to the checkout", "cure:"]);
}

#[test]
fn an_api_that_is_an_image_does_not_run_without_docker() {
    let Some(environment) = Environment::small("doctor-api") else {
        return;
    };
    let mut doctor = environment.command(&["doctor", "--engine", "embedded"]);
    let doctor = Running::start(doctor.env("RATESDEV_API_IMAGE", "rates/api:1")).finish();
    doctor.exits(1).says(&["plan", "rates/api:1", "cure:"]);
}
