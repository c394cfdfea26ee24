//! An API that is not as an API must be, and engines that cannot run one.

use std::process::Command;

use super::build_from_folder;
use super::dockerfile;
use super::environment;
use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::environment::program;
use crate::support::run::Run;
use crate::support::run::Running;

#[test]
fn what_an_api_does_otherwise_than_it_must_is_told() {
    let Some(environment) = environment("contract") else {
        return;
    };
    build_from_folder(&environment.checkout, "");
    it_listens_where_nobody_reaches_it(&environment);
    it_has_no_health_path(&environment);
    it_listens_on_another_port(&environment);
    it_listens_nowhere(&environment);
    it_hangs(&environment);
    it_ends_at_once(&environment);
    its_answer_is_no_rates(&environment);
}

/// Replaces the API by one that runs this, and says what became of that.
fn up(environment: &Environment, command: &str, more: &[&str]) -> Run {
    dockerfile(
        &environment.checkout,
        &format!("COPY rates /srv/rates\nWORKDIR /srv\nCMD {command}"),
    );
    environment.checkout.write("api/rates", "{\"prices\": []}");
    environment.run(&[&["up", "own"], more].concat()).exits(1)
}

fn it_listens_where_nobody_reaches_it(environment: &Environment) {
    let hidden = up(
        environment,
        r#"["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1"]"#,
        &[],
    );
    hidden.says(&[
        "E-API-CONTRACT",
        "api listens on 127.0.0.1:8000 inside its container",
        "0.0.0.0:8000",
        "docs/API.md",
    ]);
}

fn it_has_no_health_path(environment: &Environment) {
    let refused = up(
        environment,
        r#"["python3", "-m", "http.server", "8000"]"#,
        &[],
    );
    refused.says(&[
        "E-API-CONTRACT",
        "answers GET /health/ready with 404",
        "`health` of [api]",
    ]);
    let status = environment.run(&["status", "--json"]).exits(3).json();
    assert_eq!(status["ready"], false);
}

fn it_listens_on_another_port(environment: &Environment) {
    let other = up(
        environment,
        r#"["python3", "-m", "http.server", "5000"]"#,
        &["--wait-timeout", "5"],
    );
    other.says(&[
        "E-API-CONTRACT",
        "listens on port 5000 of its container, not on 8000",
        "`listen = 5000`",
    ]);
}

fn it_listens_nowhere(environment: &Environment) {
    let mute = up(
        environment,
        r#"["python3", "-c", "import time; print('thinking', flush=True); time.sleep(600)"]"#,
        &["--wait-timeout", "5"],
    );
    mute.says(&[
        "E-API-CONTRACT",
        "listens on no port of its container",
        "thinking",
        "--wait-timeout",
    ]);
}

fn it_hangs(environment: &Environment) {
    let listen = "import socket, time; s = socket.create_server(('0.0.0.0', 8000))";
    let silent = up(
        environment,
        &format!(
            r#"["python3", "-c", "{listen}; print('listening', flush=True); time.sleep(600)"]"#
        ),
        &["--wait-timeout", "5"],
    );
    silent.says(&[
        "E-API-CONTRACT",
        "listens on port 8000 of its container and does not answer GET /health/ready",
        "its last answer: ",
        "listening",
        "--wait-timeout",
    ]);
}

fn it_ends_at_once(environment: &Environment) {
    let gone = up(
        environment,
        r#"["python3", "-c", "raise SystemExit('the setting X is missing')"]"#,
        &[],
    );
    gone.says(&["E-ROLE-DIED", "api", "the setting X is missing"]);
}

fn its_answer_is_no_rates(environment: &Environment) {
    let other = up(
        environment,
        r#"["python3", "-c", "raise SystemExit('not this one')"]"#,
        &[
            "--set",
            "api.health=/",
            "--set",
            "api.entrypoint=python3 -m http.server",
            "--set",
            "api.command=8000",
        ],
    );
    other.says(&[
        "E-API-CONTRACT",
        "check known day",
        "missing field `rates`",
        "docs/API.md",
    ]);
}

#[test]
fn without_docker_an_api_that_is_an_image_is_refused_and_the_engine_is_named() {
    let checkout = Checkout::small();
    build_from_folder(&checkout, "");
    dockerfile(&checkout, "");
    let run = |command: &mut Command| Running::start(command).finish();
    let embedded = run(program(&checkout.path()).args(["up", "own", "--engine", "embedded"]));
    embedded.exits(1).says(&[
        "E-ENGINE-LACKS",
        "the engine embedded cannot give",
        "an image built from",
        "has no containers",
        "api.image=built-in",
    ]);
    let nowhere = run(program(&checkout.path())
        .env_remove("RATESDEV_ENGINE")
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .args(["up", "own"]));
    nowhere.exits(1).says(&[
        "E-DOCKER-DOWN",
        "/nowhere/docker.sock",
        "only Docker can run",
        "api.image=built-in",
    ]);
}
