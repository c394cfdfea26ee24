//! Which Engine is meant: flags, variables, contexts.

use std::path::Path;
use std::process::Command;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::docker::docker;
use crate::support::environment::program;
use crate::support::front::Authority;
use crate::support::front::Front;
use crate::support::run::Run;
use crate::support::run::Running;

/// Asks for what is not there, which takes an Engine that answers.
fn ask(checkout: &Checkout, prepare: impl FnOnce(&mut Command)) -> Run {
    let mut command = program(&checkout.path());
    command
        .env_remove("DOCKER_HOST")
        .args(["status", "-e", "it-nothing"]);
    prepare(&mut command);
    Running::start(&mut command).finish()
}

pub fn make_context(folder: &Path, name: &str, endpoint: &str) {
    let folder = folder.display().to_string();
    docker(&[
        "--config", &folder, "context", "create", name, "--docker", endpoint,
    ]);
}

#[test]
fn the_contexts_of_docker_s_client_are_known_with_their_certificates() {
    if !docker::is_there() {
        return;
    }
    let (checkout, authority) = (Checkout::small(), Authority::new());
    let front = Front::tls(&authority);
    let folder = checkout.path().join(".docker");
    let files = authority.client().display().to_string();
    let tls = format!(
        "host={},ca={files}/ca.pem,cert={files}/cert.pem,key={files}/key.pem",
        front.engine()
    );
    make_context(&folder, "staging", &tls);
    make_context(&folder, "gone", "host=unix:///nowhere/docker.sock");
    let nothing = "E-NOT-RUNNING";
    let context = |name: &str| {
        ask(&checkout, |command| {
            command.args(["--context", name]);
        })
    };
    context("staging").exits(3).says(&[nothing]);
    context("default").exits(3).says(&[nothing]);
    let gone = context("gone").exits(1);
    gone.says(&[
        "E-DOCKER-DOWN",
        "/nowhere/docker.sock",
        "the context gone",
        "hint:",
    ]);
    let mistyped = context("stageing").exits(1);
    mistyped.says(&[
        "E-CONTEXT-MISSING",
        "stageing",
        "hint:",
        "did you mean staging?",
    ]);
    let variable = ask(&checkout, |command| {
        command.env("DOCKER_CONTEXT", "gone");
    });
    variable.exits(1).says(&["chosen by DOCKER_CONTEXT"]);
    docker(&[
        "--config",
        &folder.display().to_string(),
        "context",
        "use",
        "gone",
    ]);
    let current = ask(&checkout, |_| {}).exits(1);
    current.says(&["chosen by Docker's configuration"]);
    let elsewhere = ask(&checkout, |command| {
        command.env("DOCKER_CONFIG", "/nowhere");
    });
    elsewhere.exits(3).says(&[nothing]);
    let host = ask(&checkout, |command| {
        command.env("DOCKER_HOST", "unix:///var/run/docker.sock");
    });
    host.exits(3).says(&[nothing]);
}

#[test]
fn a_host_and_a_context_contradict_each_other() {
    let checkout = Checkout::small();
    let both = ask(&checkout, |command| {
        command.args(["--host", "tcp://127.0.0.1:9", "--context", "default"]);
    });
    both.exits(2)
        .says(&["--host", "--context", "cannot be used with"]);
}

#[test]
fn the_version_of_the_api_that_is_asked_for_is_spoken_or_refused() {
    if !docker::is_there() {
        return;
    }
    let checkout = Checkout::small();
    let version = |version: &str| {
        ask(&checkout, |command| {
            command.env("DOCKER_API_VERSION", version);
        })
    };
    version("1.40").exits(3).says(&["E-NOT-RUNNING"]);
    let new = version("1.9999").exits(1);
    new.says(&["E-DOCKER-HOST", "DOCKER_API_VERSION", "too new", "hint:"]);
    version("one")
        .exits(1)
        .says(&["E-DOCKER-HOST", "DOCKER_API_VERSION=one", "hint:"]);
}
