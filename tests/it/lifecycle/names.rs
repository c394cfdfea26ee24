//! Names that somebody else holds.

use crate::support::checkout::Checkout;
use crate::support::docker::Container;
use crate::support::docker::attempt;
use crate::support::docker::docker;
use crate::support::docker::inspect;
use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::run::Running;

on_every_engine! {
    an_environment_of_another_checkout_is_named_and_left_alone,
    the_longest_name_there_may_be_is_as_good_as_any,
}

/// Forty characters, of which the last are dashes: both are as far as a name may go.
fn the_longest_name_there_may_be_is_as_good_as_any(kind: Kind) {
    let Some(mut long) = Environment::small_on(kind, "long") else {
        return;
    };
    long.name = format!("{:-<40}", long.name);
    long.run(&["up"]).exits(0);
    long.is_whole();
    long.run(&["logs"]).exits(0);
    let listed = long.run(&["ls", "--json"]).exits(0).json();
    let mut listed = listed["environments"].as_array().unwrap().iter();
    assert!(listed.any(|listed| listed["environment"] == long.name.as_str()));
    long.run(&["down", "-v", "--yes"]).exits(0);
    long.is_gone();
    let too_long = format!("{}-", long.name);
    for wrong in [too_long.as_str(), "Dev", "a_b", "a.b", "ä", "a/b", " "] {
        let refused = long.run(&["up", "--env", wrong]).exits(2);
        refused.says(&["E-USAGE", "cannot be the name of an environment", "hint:"]);
    }
}

fn an_environment_of_another_checkout_is_named_and_left_alone(kind: Kind) {
    let Some(theirs) = Environment::ready_on(kind, "theirs") else {
        return;
    };
    let ours = Checkout::small();
    let before = [theirs.id("database"), theirs.id("api")];
    let commands: [&[&str]; 4] = [
        &["up"],
        &["seed", "--reset"],
        &["up", "--recreate"],
        &["seed", "--reset", "--profile", "dev"],
    ];
    for arguments in commands {
        let mut command = theirs.command(arguments);
        let refused = Running::start(command.current_dir(ours.path())).finish();
        let root = theirs.checkout.path().display().to_string();
        refused
            .exits(1)
            .says(&["E-NAME-TAKEN", &root, "hint:", "-e"]);
    }
    assert_eq!([theirs.id("database"), theirs.id("api")], before);
    theirs.answers();
}

#[test]
fn a_foreign_container_of_the_same_name_is_left_alone() {
    let Some(environment) = Environment::small("foreign") else {
        return;
    };
    for role in ["database", "api"] {
        let name = environment.container(role);
        let foreign = Container::idle(&["--name", &name]);
        let refused = environment.run(&["up"]).exits(1);
        refused.says(&["E-NAME-TAKEN", &name, "hint:"]);
        let found = inspect(&foreign.0);
        assert_eq!(found["State"]["Status"], "running");
        assert_eq!(found["Name"], format!("/{name}"));
    }
    environment.run(&["up"]).exits(0);
}

#[test]
fn a_foreign_volume_of_the_same_name_is_left_alone() {
    let Some(environment) = Environment::small("foreign-volume") else {
        return;
    };
    let name = format!("ratesdev-{}-database", environment.name);
    let volume = Volume(docker(&["volume", "create", &name]));
    let refused = environment.run(&["up"]).exits(1);
    refused.says(&["E-NAME-TAKEN", &name, "hint:"]);
    assert_eq!(
        docker(&["volume", "inspect", "--format", "{{.Labels}}", &volume.0]),
        "map[]"
    );
    environment.run(&["down", "-v", "--yes"]).exits(0);
    docker(&["volume", "inspect", &volume.0]);
}

#[test]
fn a_foreign_network_of_the_same_name_is_left_alone() {
    let Some(environment) = Environment::small("foreign-network") else {
        return;
    };
    let name = format!("ratesdev-{}", environment.name);
    let network = Network(docker(&["network", "create", &name]));
    let refused = environment.run(&["up"]).exits(1);
    refused.says(&["E-NAME-TAKEN", &name, "hint:"]);
    docker(&["network", "inspect", &network.0]);
}

/// A network of a test's own, removed when dropped.
struct Network(String);

impl Drop for Network {
    fn drop(&mut self) {
        drop(attempt(&["network", "rm", &self.0]));
    }
}

/// A volume of a test's own, removed when dropped.
struct Volume(String);

impl Drop for Volume {
    fn drop(&mut self) {
        drop(attempt(&["volume", "rm", "--force", &self.0]));
    }
}
