//! Roles are stopped, started and restarted.

use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::environment::QUESTION;
use crate::support::run::Run;

#[test]
fn roles_are_stopped_started_and_restarted_in_the_order_in_which_they_need_each_other() {
    let Some(environment) = Environment::ready("halt") else {
        return;
    };
    let ids = || ["api", "database"].map(|role| environment.id(role));
    let before = ids();
    a_stopped_role_is_shown_as_stopped(&environment);
    up_starts_a_stopped_role_again(&environment);
    the_api_brings_its_database_along(&environment);
    a_restart_waits_until_everything_answers(&environment);
    assert_eq!(ids(), before, "nothing was made anew");
    words_that_mean_nothing_here_are_refused(&environment);
}

fn a_stopped_role_is_shown_as_stopped(environment: &Environment) {
    let stopped = environment.run(&["stop", "api"]).exits(0);
    stopped.says(&["stop api", "stopped: api in"]);
    let status = environment.run(&["status"]).exits(3);
    assert!(row(&status, "api").contains("stopped"), "{status}");
    assert!(row(&status, "database").contains("healthy"), "{status}");
    environment
        .run(&["stop", "api"])
        .exits(0)
        .says(&["nothing had to change"]);
    let asked = environment.run(&[&["query"], QUESTION.as_slice()].concat());
    asked.exits(3);
}

fn up_starts_a_stopped_role_again(environment: &Environment) {
    environment.run(&["up"]).exits(0).says(&["is ready"]);
    environment.answers();
}

fn the_api_brings_its_database_along(environment: &Environment) {
    let stopped = environment.run(&["stop", "--json"]).exits(0).json_lines();
    let titles = stopped[0]["steps"].as_array().unwrap().iter();
    let titles: Vec<_> = titles.map(|step| step["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["stop api", "stop database"]);
    assert_eq!(stopped.last().unwrap()["event"], "stopped");
    environment.run(&["status"]).exits(3);

    let started = environment.run(&["start", "api", "--json"]).exits(0);
    let lines = started.json_lines();
    assert_eq!(lines[0]["steps"][0]["reason"], "the api needs it");
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "started");
    assert!(last["roles"][0]["endpoint"].is_string(), "{last}");
    environment.answers();
    environment
        .run(&["start"])
        .exits(0)
        .says(&["nothing had to change"]);
}

fn a_restart_waits_until_everything_answers(environment: &Environment) {
    let started_at = || {
        let api = environment.container("api");
        docker(&[
            "container",
            "inspect",
            "--format",
            "{{.State.StartedAt}}",
            &api,
        ])
    };
    let before = started_at();
    environment
        .run(&["restart"])
        .exits(0)
        .says(&["restarted: database, api in"]);
    environment.answers();
    let after = started_at();
    assert_ne!(after, before);
    environment.run(&["restart", "database"]).exits(0);
    assert_eq!(started_at(), after, "the API was left alone");
}

fn words_that_mean_nothing_here_are_refused(environment: &Environment) {
    environment
        .run(&["restart", "apy"])
        .exits(2)
        .says(&["did you mean api"]);
    environment
        .run(&["stop", "api-7"])
        .exits(3)
        .says(&["there is no api-7 in"]);
    environment
        .run(&["start", "-e", "it-nothing-of-the-kind"])
        .exits(3)
        .says(&["E-NOT-RUNNING"]);
}

/// The line of the page that begins with a role's name.
fn row<'a>(status: &'a Run, role: &str) -> &'a str {
    let mut lines = status.stdout.lines();
    lines.find(|line| line.starts_with(role)).unwrap()
}
