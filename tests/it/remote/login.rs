//! Registries that want a login.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use crate::support::docker;
use crate::support::docker::docker;
use crate::support::docker::has_image;
use crate::support::environment::Environment;
use crate::support::front::Door;
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

/// What a helper calls a token is no password of a user.
#[test]
fn a_token_from_the_helper_for_all_registries_reaches_the_engine_as_one() {
    let Some(environment) = Environment::small("token") else {
        return;
    };
    let registry = Registry::with_login();
    let (host, name) = (registry.host(), registry.image("rates/private:13.5"));
    let store = "{\"credsStore\": \"it\"}";
    environment.checkout.write(".docker/config.json", store);
    let answer = format!(
        "{{\"ServerURL\": \"{host}\", \"Username\": \"<token>\", \"Secret\": \"a-token\"}}"
    );
    write_helper(&environment, &format!("echo '{answer}'"));
    let path = environment.checkout.path().display().to_string();
    let path = format!("{path}:{}", std::env::var("PATH").unwrap());
    let mut door = Door::closed();
    door.open();
    let refused = up(&environment, &name, |command| {
        command.env("PATH", &path).env("DOCKER_HOST", door.engine());
    });
    refused
        .exits(1)
        .says(&["E-REGISTRY-DENIED", "not accepted"])
        .never_says("a-token");
    let sent = sent_login(&door.heard());
    assert_eq!(sent["identitytoken"], "a-token");
    assert_eq!(sent["serveraddress"], host);
    assert!(
        sent["password"].as_str().is_none_or(str::is_empty),
        "{sent}"
    );
}

/// What the last pull carried.
fn sent_login(heard: &str) -> serde_json::Value {
    let headers = heard.lines().filter_map(|line| line.split_once(": "));
    let mut logins = headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-registry-auth"));
    let (_, login) = logins.next_back().expect("a login is sent");
    let json = URL_SAFE.decode(login).unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn a_build_has_every_login_because_arguments_may_name_what_it_builds_upon() {
    let Some(environment) = Environment::small("build-login") else {
        return;
    };
    let registry = Registry::with_login();
    let base = private_image(&environment, &registry);
    let checkout = &environment.checkout;
    let words = format!(
        "FROM ${{BASE}}\nLABEL of={}\nCMD [\"true\"]\n",
        environment.name
    );
    checkout.write("api/Dockerfile", format!("ARG BASE\n{words}"));
    let profile = format!(
        "extends = \"dev\"\n[api.build]\ncontext = \"../api\"\nargs = {{ BASE = \"{base}\" }}\n"
    );
    checkout.write("profiles/own.toml", profile);
    let up = || environment.run(&["up", "own"]).exits(1);
    up().says(&["E-REGISTRY-DENIED", "behind FROM"]);
    let folder = checkout.path().join(".docker").display().to_string();
    log_in(&folder, &registry);
    // It is built now; that it ends at once is another matter.
    up().says(&["✓ image ratesdev/build:"])
        .never_says("E-REGISTRY-DENIED");
    environment.run(&["down", "-v", "--yes"]).exits(0);
    let of = format!("label=of={}", environment.name);
    for image in docker::lines(&["images", "--quiet", "--filter", &of]) {
        docker::attempt(&["rmi", "--force", &image]);
    }
}

fn write_helper(environment: &Environment, script: &str) {
    let name = "docker-credential-it";
    environment
        .checkout
        .write(name, format!("#!/bin/sh\n{script}\n"));
    let path = environment.checkout.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
