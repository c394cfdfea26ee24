//! Whatever goes wrong around an environment is told by its code, its cause and its cure.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;

use crate::support::checkout::Checkout;
use crate::support::docker::Container;
use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::environment::program;
use crate::support::front::Brake;
use crate::support::registry::Registry;
use crate::support::run::Run;
use crate::support::run::Running;

#[test]
fn an_address_that_is_no_engine_is_named_with_its_cure() {
    let checkout = Checkout::small();
    let with_host = |host: &str| {
        let mut command = program(&checkout.path());
        Running::start(command.env("DOCKER_HOST", host).arg("up")).finish()
    };
    let nonsense = with_host("nonsense").exits(1);
    nonsense.says(&["E-DOCKER-HOST", "DOCKER_HOST=nonsense", "hint:"]);
    let missing = with_host("unix:///nowhere/docker.sock").exits(1);
    missing.says(&["E-DOCKER-DOWN", "unix:///nowhere/docker.sock", "hint:"]);
    let silent = with_host("tcp://127.0.0.1:9").exits(1);
    silent.says(&["E-DOCKER-DOWN", "127.0.0.1:9", "hint:"]);
}

/// A socket that only root may use. Root itself is not refused, so it asks as somebody else.
#[test]
fn an_engine_that_may_not_be_used_is_told_from_one_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let open = Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let path = folder.path().join("docker.sock");
    let _socket = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let own = folder.path().join("ratesdev");
    std::fs::copy(env!("CARGO_BIN_EXE_ratesdev"), &own).unwrap();
    let status = ["status", "--engine", "docker"];
    let refused = as_nobody(&own, &path, |command| command.args(status).current_dir("/"));
    refused
        .exits(1)
        .says(&["E-DOCKER-DENIED", "hint:", "docker"]);
    // Where another engine does, it is told all the same.
    let checkout = Checkout::small();
    checkout.open();
    let doctor = as_nobody(&own, &path, |command| {
        let home = folder.path().join("home");
        command
            .env_remove("RATESDEV_ENGINE")
            .env("RATESDEV_HOME", home)
            .env("HOME", folder.path());
        command.arg("doctor").current_dir(checkout.path())
    });
    doctor.says(&["! docker", "you may not use", "E-DOCKER-DENIED", "usermod"]);
}

fn as_nobody(
    program: &Path,
    socket: &Path,
    prepare: impl FnOnce(&mut Command) -> &mut Command,
) -> Run {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(program);
        command
    } else {
        std::fs::set_permissions(socket, Permissions::from_mode(0o000)).unwrap();
        Command::new(program)
    };
    command
        .env_remove("RATESDEV_ENV")
        .env("DOCKER_HOST", format!("unix://{}", socket.display()));
    Running::start(prepare(&mut command)).finish()
}

#[test]
fn an_image_that_cannot_be_had_is_told_from_a_registry_that_cannot_be_reached() {
    let Some(environment) = Environment::small("no-image") else {
        return;
    };
    let registry = Registry::start();
    let up = |image: &str, more: &[&str]| {
        let set = format!("database.image={image}");
        environment
            .run(&[&["up", "--set", &set], more].concat())
            .exits(1)
    };
    let missing = registry.image("postgres:none");
    up(&missing, &[]).says(&["E-IMAGE-MISSING", &missing, "hint:"]);
    let nowhere = "127.0.0.1:9/postgres:13.5";
    up(nowhere, &[]).says(&["E-REGISTRY-UNREACHABLE", nowhere, "hint:"]);
    let forbidden = up(nowhere, &["--pull", "never"]);
    forbidden.says(&["E-IMAGE-MISSING", nowhere, "--pull never", "hint:"]);
}

/// The Engine itself waits for such a registry, so that the user must be able to stop waiting.
#[test]
fn a_registry_that_takes_connections_and_says_nothing_can_be_given_up() {
    let Some(environment) = Environment::small("silent-registry") else {
        return;
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("{}/postgres:13.5", silent.local_addr().unwrap());
    let up = environment.start(&["up", "--set", &format!("database.image={name}")]);
    // It has begun to ask: the first connection is there.
    let _connection = silent.accept().unwrap();
    up.interrupt();
    up.finish().exits(130).says(&["E-INTERRUPTED"]);
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn a_port_that_a_process_holds_is_named_before_anything_is_done() {
    let Some(environment) = Environment::small("port-process") else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for role in ["api", "database"] {
        let set = format!("{role}.port={port}");
        let refused = environment.run(&["up", "--set", &set]).exits(1);
        let (holder, port) = (format!("process {}", std::process::id()), port.to_string());
        let cure = format!("{role}.port=auto");
        refused.says(&["E-PORT-TAKEN", &port, &holder, "hint:", &cure]);
        environment.is_gone();
    }
}

#[test]
fn a_port_that_a_container_holds_is_named_before_anything_is_done() {
    let Some(environment) = Environment::small("port-container") else {
        return;
    };
    let name = format!("{}-holder", environment.name);
    let holder = Container::idle(&["--name", &name, "--publish", "127.0.0.1::5432"]);
    let bound = docker(&["port", &holder.0, "5432"]);
    let port = bound.rsplit_once(':').unwrap().1;
    let refused = environment
        .run(&["up", "--set", &format!("api.port={port}")])
        .exits(1);
    refused.says(&[
        "E-PORT-TAKEN",
        port,
        &format!("the container {name}"),
        "hint:",
    ]);
    environment.is_gone();
}

/// A network that the Engine makes when the command has ended is a second one of its name for the next.
#[test]
fn an_up_that_fails_waits_for_what_the_engine_is_making_for_it() {
    let Some(environment) = Environment::small("making") else {
        return;
    };
    let (go_on, told) = channel();
    let brake = Brake::on("/networks/create", told);
    let up = ["up", "--set", "database.image=127.0.0.1:1/nothing:1"];
    let mut up = environment.command(&up);
    let up = Running::start(up.env("DOCKER_HOST", brake.engine()));
    up.wait_for("failed");
    go_on.send(()).unwrap();
    let failed = up.finish().exits(1);
    failed.says(&["E-REGISTRY-UNREACHABLE", "✓ network"]);
    environment.run(&["up"]).exits(0);
    environment.is_whole();
}

#[test]
fn a_database_that_ends_at_once_is_shown_with_its_last_words() {
    let Some(environment) = Environment::small("quits") else {
        return;
    };
    let quits = format!("ratesdev-test/{}", environment.name);
    let words = r#"ENTRYPOINT ["sh", "-c", "echo this disk is not for me >&2; exit 3"]"#;
    environment.make_image(&quits, words);
    let set = format!("database.image={quits}");
    let died = environment.run(&["up", "--set", &set]).exits(1);
    died.says(&[
        "E-ROLE-DIED",
        "database",
        "this disk is not for me",
        "hint:",
        "ratesdev logs",
    ]);
    environment.run(&["status"]).exits(3);
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn a_database_that_never_answers_is_given_up_in_time() {
    let Some(environment) = Environment::small("mute") else {
        return;
    };
    let mute = format!("ratesdev-test/{}", environment.name);
    let words = r#"ENTRYPOINT ["sh", "-c", "trap exit TERM; echo thinking; sleep 600 & wait"]"#;
    environment.make_image(&mute, words);
    let set = format!("database.image={mute}");
    let late = environment
        .run(&["up", "--wait-timeout", "3", "--set", &set])
        .exits(1);
    late.says(&[
        "E-NOT-READY",
        "database",
        "its last answer:",
        "thinking",
        "--wait-timeout",
    ]);
    environment.run(&["up"]).exits(0);
    environment.answers();
}

#[test]
fn an_api_that_never_becomes_ready_is_given_up_with_its_last_answer_and_its_last_lines() {
    let Some(environment) = Environment::ready("unready") else {
        return;
    };
    environment.sql("postgres", "alter role rates nologin");
    let changed = ["up", "--wait-timeout", "3", "--set", "api.pool=4"];
    let late = environment.run(&changed).exits(1);
    late.says(&[
        "E-NOT-READY",
        "api did not become ready in time",
        "its last answer: 503",
        "listening",
        "ratesdev logs",
    ]);
}

#[test]
fn a_known_answer_that_is_not_given_fails_the_up_and_says_both() {
    let Some(environment) = Environment::small("check") else {
        return;
    };
    environment
        .checkout
        .edit("profiles/dev.toml", "1154.33333333333", "1155.5");
    let rejected = environment.run(&["up"]).exits(4);
    rejected.says(&[
        "E-CHECK-FAILED",
        "known day",
        "CNGGZ → EETLL",
        "1154.33",
        "not 1155.50",
        "hint:",
        "seed --reset",
    ]);
}

#[test]
fn a_question_that_makes_no_sense_is_rejected_and_nothing_else_happens() {
    let Some(environment) = Environment::ready("questions") else {
        return;
    };
    let cases = [
        (["CNGGZ", "EETLL", "2021-01-31..2021-01-01"], 2),
        (["CNGGZ", "EETLL", "2021-13"], 2),
        (["CNGGZ", "EETLL", "yesterday"], 2),
        (["CN GGZ", "EETLL", "2021-01"], 2),
        (["CNGGZ", "EETLL", "0001-01-01..9999-12-31"], 4),
        (["CNGGZ", "EETLX", "2021-01"], 4),
    ];
    for (words, code) in cases {
        let mut arguments = vec!["query"];
        arguments.extend(words);
        environment.run(&arguments).exits(code).says(&["error"]);
    }
    environment
        .run(&["query", "CNGGZ", "EETLX", "2021-01"])
        .exits(4)
        .says(&["EETLL"]);
    environment.answers();
}

#[test]
fn where_nothing_runs_every_question_ends_with_3_and_says_how_to_start() {
    let Some(environment) = Environment::small("nothing") else {
        return;
    };
    let start = format!("ratesdev up -e {}", environment.name);
    let commands: [&[&str]; 3] = [
        &["status"],
        &["logs"],
        &["query", "CNGGZ", "EETLL", "2021-01"],
    ];
    for arguments in commands {
        let nothing = environment.run(arguments).exits(3);
        nothing.says(&["E-NOT-RUNNING", &environment.name, "hint:", &start]);
    }
    let status = environment.run(&["status", "--json"]).exits(3).json();
    assert_eq!(status["ready"], false);
    environment
        .run(&["down"])
        .exits(0)
        .says(&["nothing of", "is there"]);
}
