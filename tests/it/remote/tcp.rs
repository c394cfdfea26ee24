//! An Engine over TCP, with TLS and without.

use std::net::IpAddr;
use std::net::TcpListener;
use std::path::Path;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::docker::Network;
use crate::support::environment::Environment;
use crate::support::environment::program;
use crate::support::front::Authority;
use crate::support::front::Front;
use crate::support::run::Run;
use crate::support::run::Running;

#[test]
fn an_environment_is_made_over_tls_with_certificates_on_both_sides() {
    let Some(environment) = Environment::small("tls") else {
        return;
    };
    let authority = Authority::new();
    let front = Front::tls(&authority);
    let with = |arguments: &[&str]| {
        let mut command = environment.command(arguments);
        command.env("DOCKER_HOST", front.engine());
        command.env("DOCKER_TLS_VERIFY", "1");
        command.env("DOCKER_CERT_PATH", authority.client());
        command
    };
    let run = |arguments: &[&str]| {
        let mut command = with(arguments);
        Running::start(&mut command).finish().exits(0)
    };
    run(&["up"]).says(&["is ready in", "check known day"]);
    super::commands_have_the_streams_and_end_as_they_end(&with);
    run(&["logs", "database"]).says(&["ready to accept connections"]);
    let status = run(&["status", "--json"]).json();
    assert_eq!(status["engine"]["endpoint"], front.engine());
    run(&["down", "-v", "--yes"]);
    environment.is_gone();
}

#[test]
fn an_engine_and_a_client_that_do_not_trust_each_other_say_so() {
    if !docker::is_there() {
        return;
    }
    let (checkout, authority, stranger) = (Checkout::small(), Authority::new(), Authority::new());
    let front = Front::tls(&authority);
    let status_at = |engine: &str, files: Option<&Path>| {
        let mut command = program(&checkout.path());
        command.args(["status", "--host", engine]);
        if let Some(files) = files {
            command
                .env("DOCKER_TLS_VERIFY", "1")
                .env("DOCKER_CERT_PATH", files);
        }
        Running::start(&mut command).finish().exits(1)
    };
    let status = |files: Option<&Path>| status_at(&front.engine(), files);
    status(Some(&stranger.client())).says(&[
        "E-DOCKER-TLS",
        "invalid peer certificate",
        "hint:",
        "ca.pem",
    ]);
    let anonymous = tempfile::tempdir().unwrap();
    std::fs::copy(
        authority.client().join("ca.pem"),
        anonymous.path().join("ca.pem"),
    )
    .unwrap();
    let refused = status(Some(anonymous.path()));
    refused
        .says(&["E-DOCKER-TLS", "--host", "hint:", "cert.pem"])
        .never_says("panicked");
    let empty = tempfile::tempdir().unwrap();
    status(Some(empty.path())).says(&["E-DOCKER-TLS", "ca.pem", "hint:", "DOCKER_CERT_PATH"]);
    status(None).says(&[
        "E-DOCKER-DOWN",
        &front.engine(),
        "hint:",
        "where it wants TLS, set DOCKER_TLS_VERIFY=1",
    ]);
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let cuts_off = format!("tcp://{}", door.local_addr().unwrap());
    std::thread::spawn(move || door.incoming().for_each(drop));
    let refused = status_at(&cuts_off, Some(&authority.client()));
    refused.says(&["E-DOCKER-TLS", &cuts_off, "hint:", "cert.pem"]);
}

#[test]
fn ports_that_are_bound_to_where_they_are_reached_need_no_tunnel() {
    let Some(environment) = Environment::small("tcp") else {
        return;
    };
    let network = Network::create(&format!("{}-net", environment.name));
    let machine = network.gateway();
    let front = Front::plain(machine.parse::<IpAddr>().unwrap());
    let run = |arguments: &[&str]| -> Run {
        let mut command = environment.command(arguments);
        Running::start(command.args(["--host", &front.engine()])).finish()
    };
    let bind = format!("api.bind={machine}");
    let everywhere = ["up", "--set", "database.bind=0.0.0.0", "--set", &bind];
    run(&everywhere)
        .exits(0)
        .says(&["is ready in", &format!("http://{machine}:")])
        .never_says("tunnel");
    let status = run(&["status", "--json"]).exits(0).json();
    for role in status["roles"].as_array().unwrap() {
        let endpoint = role["endpoint"].as_str().unwrap();
        assert!(endpoint.starts_with(&machine), "{endpoint}");
    }
    run(&["port", "--forward"])
        .exits(0)
        .says(&[&machine, "is reached as it is"]);
    run(&["down", "-v", "--yes"]).exits(0);
    environment.is_gone();
}
