//! The API outlives its database.

use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::environment::QUESTION;
use crate::support::eventually;

#[test]
fn the_api_survives_a_restart_of_its_database() {
    let Some(environment) = Environment::ready("restart") else {
        return;
    };
    let ask = || environment.run(&[&["query"], QUESTION.as_slice()].concat());
    let (api, database) = (environment.id("api"), environment.container("database"));
    docker(&["stop", &database]);
    ask().exits(4).says(&["503"]);
    environment.run(&["status"]).exits(3).says(&["not ready"]);
    docker(&["start", &database]);
    eventually("the API has found its database again", || {
        (ask().code == Some(0)).then_some(())
    });
    environment.answers();
    assert_eq!(environment.id("api"), api);
    let restarts = docker(&[
        "container",
        "inspect",
        "--format",
        "{{.RestartCount}}",
        &api,
    ]);
    assert_eq!(restarts, "0");
}
