//! What will not work is found before it fails.

use std::net::TcpListener;

use crate::support::environment::Environment;
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
    with("RATESDEV_DATABASE_IMAGE", "nosuch:1")
        .exits(0)
        .says(&["nosuch:1 is not there"]);
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
