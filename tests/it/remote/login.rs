//! Registries that want a login.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::docker::docker;
use crate::support::docker::has_image;
use crate::support::environment::Environment;
use crate::support::registry::PASSWORD;
use crate::support::registry::Registry;
use crate::support::registry::USER;
use crate::support::run::Run;
use crate::support::run::Running;

/// An image that only who is logged in may pull, and nobody has yet.
fn private_image(environment: &Environment, registry: &Registry) -> String {
    let name = registry.image("rates/private:13.5");
    environment.make_image(&name, "RUN head -c 100 /dev/urandom > /ballast");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().display().to_string();
    log_in(&config, registry);
    docker(&["--config", &config, "push", "--quiet", &name]);
    docker(&["rmi", "--force", &name]);
    name
}

fn log_in(config: &str, registry: &Registry) {
    let words = [
        "--config",
        config,
        "login",
        "--username",
        USER,
        "--password",
        PASSWORD,
    ];
    docker(&[&words[..], &[&registry.host()]].concat());
}

fn up(environment: &Environment, name: &str, prepare: impl FnOnce(&mut Command)) -> Run {
    let set = format!("database.image={name}");
    let mut command = environment.command(&["up", "--json", "--set", &set]);
    prepare(&mut command);
    Running::start(&mut command).finish()
}

#[test]
fn an_image_is_pulled_with_the_login_of_docker_s_client() {
    let Some(environment) = Environment::small("login") else {
        return;
    };
    let registry = Registry::with_login();
    let name = private_image(&environment, &registry);
    let cure = format!("docker login {}", registry.host());
    let denied = up(&environment, &name, |_| {}).exits(1);
    denied.says(&["E-REGISTRY-DENIED", &name, "hint:", &cure]);
    let folder = environment
        .checkout
        .path()
        .join(".docker")
        .display()
        .to_string();
    log_in(&folder, &registry);
    let pulled = up(&environment, &name, |_| {}).exits(0);
    pulled.says(&["\"ready\""]).never_says(PASSWORD);
    assert!(has_image(&name));
    environment.answers();
}

#[test]
fn a_credential_helper_is_asked_and_its_secret_is_shown_to_nobody() {
    let Some(environment) = Environment::small("helper") else {
        return;
    };
    let registry = Registry::with_login();
    let name = private_image(&environment, &registry);
    let host = registry.host();
    let helpers = format!("{{\"credHelpers\": {{\"{host}\": \"it\"}}}}");
    environment.checkout.write(".docker/config.json", helpers);
    let cure = format!("docker login {host}");
    let missing = up(&environment, &name, |_| {}).exits(1);
    missing.says(&["docker-credential-it", "E-REGISTRY-DENIED", &cure]);
    let answer = |password: &str| {
        let answer = format!(
            "{{\"ServerURL\": \"{host}\", \"Username\": \"{USER}\", \"Secret\": \"{password}\"}}"
        );
        write_helper(
            &environment,
            &format!("read -r asked\ntest \"$asked\" = {host} && echo '{answer}'"),
        );
    };
    let path = format!(
        "{}:{}",
        environment.checkout.path().display(),
        std::env::var("PATH").unwrap()
    );
    let with_helper = || {
        up(&environment, &name, |command| {
            command.env("PATH", &path);
        })
    };
    write_helper(
        &environment,
        "echo a-secret-word; echo a-secret-word >&2; exit 1",
    );
    let failed = with_helper().exits(1);
    failed
        .says(&["docker-credential-it failed", &cure])
        .never_says("a-secret-word");
    answer("wrong-secret");
    let refused = with_helper().exits(1);
    refused
        .says(&["E-REGISTRY-DENIED", "not accepted", &cure])
        .never_says("wrong-secret");
    answer(PASSWORD);
    with_helper().exits(0).never_says(PASSWORD);
    environment.answers();
}

fn write_helper(environment: &Environment, script: &str) {
    let name = "docker-credential-it";
    environment
        .checkout
        .write(name, format!("#!/bin/sh\n{script}\n"));
    let path = environment.checkout.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
