//! An Engine over ssh.

use std::process::Command;

use crate::support::checkout::Checkout;
use crate::support::docker;
use crate::support::environment::Environment;
use crate::support::environment::QUESTION;
use crate::support::environment::program;
use crate::support::eventually;
use crate::support::run::Run;
use crate::support::run::Running;
use crate::support::sshd::Sshd;

/// The program about an environment on that machine.
fn command(environment: &Environment, sshd: &Sshd, arguments: &[&str]) -> Command {
    let mut command = environment.command(arguments);
    command.env("PATH", sshd.path());
    command.args(["--host", &sshd.engine()]);
    command
}

fn run(environment: &Environment, sshd: &Sshd, arguments: &[&str]) -> Run {
    Running::start(&mut command(environment, sshd, arguments)).finish()
}

/// The connections of a command are gone with it, and so are its folders.
fn nothing_is_left(environment: &Environment, sshd: &Sshd) {
    sshd.is_left_alone();
    assert_eq!(folders(environment), Vec::<String>::new());
}

/// The private folders of connections.
fn folders(environment: &Environment) -> Vec<String> {
    let temporary = std::fs::read_dir(environment.checkout.path()).unwrap();
    let private = temporary.flatten().map(|entry| entry.path());
    let private = private.filter(|path| path.display().to_string().contains("/ratesdev-"));
    let entries = private.flat_map(|path| std::fs::read_dir(path).unwrap().flatten());
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("ssh-")).collect()
}

#[test]
fn an_environment_lives_on_another_machine_over_one_connection() {
    let Some(environment) = Environment::small("ssh") else {
        return;
    };
    let sshd = Sshd::start();
    let run = |arguments: &[&str]| run(&environment, &sshd, arguments);
    let up = run(&["up"]).exits(0);
    assert_eq!(sshd.logins(), 1);
    let engine = sshd.engine();
    up.says(&["is ready in", "check known day", &engine, "ssh -N -L "]);
    let again = run(&["up", "--json"]).exits(0).json_lines();
    let ready = again.last().unwrap();
    assert_eq!(ready["unchanged"], true);
    the_tunnel_that_is_named_leads_to_the_api(&sshd, ready);
    let question = [&["query"][..], &QUESTION, &["--json"]].concat();
    let answer = run(&question).exits(0).json();
    assert!((answer["rates"][0]["price"].as_f64().unwrap() - 1154.33).abs() < 0.01);
    let status = run(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (&status["ready"], &status["engine"]["endpoint"]),
        (&true.into(), &engine.into())
    );
    what_is_told_outlives_the_command(&run, ready);
    super::commands_have_the_streams_and_end_as_they_end(&|words| {
        let mut command = environment.command(words);
        command.env("PATH", sshd.path());
        command.env("DOCKER_HOST", sshd.engine());
        command
    });
    run(&["logs", "api"]).exits(0).says(&["listening"]);
    run(&["down", "-v", "--yes"]).exits(0);
    environment.is_gone();
    nothing_is_left(&environment, &sshd);
}

/// Addresses are those of the other machine, and the tunnel to them is named.
fn what_is_told_outlives_the_command(run: &dyn Fn(&[&str]) -> Run, ready: &serde_json::Value) {
    let url = ready["api"].as_str().unwrap().trim_end_matches('/');
    let address = url.trim_start_matches("http://");
    let port = run(&["port", "api"]).exits(0);
    assert_eq!(port.stdout.trim(), address);
    port.says(&["ssh -N -L "]);
    let started = run(&["start", "--json"]).exits(0).json_lines();
    let started = started.last().unwrap();
    assert_eq!(started["roles"][1]["endpoint"], address);
    assert_eq!(
        started["tunnel"]
            .as_str()
            .map(|it| it.contains("ssh -N -L ")),
        Some(true)
    );
    let printed = run(&["open", "--print"]).exits(0);
    assert_eq!(printed.stdout.trim().trim_end_matches('/'), url);
    let opened = run(&["open"]).exits(0);
    assert!(opened.stdout.starts_with("ssh -N -L "), "{opened}");
    let doctor = run(&["doctor"]).exits(0);
    doctor.says(&["on another machine"]);
}

/// Types the command that `up` shows.
fn the_tunnel_that_is_named_leads_to_the_api(sshd: &Sshd, ready: &serde_json::Value) {
    let command = ready["tunnel"]
        .as_str()
        .unwrap()
        .replace("-L ", "-L 127.0.0.2:");
    let mut words = command.split(' ');
    let mut ssh = Command::new(words.next().unwrap());
    let mut tunnel = ssh.args(words).env("PATH", sshd.path()).spawn().unwrap();
    let api = ready["api"]
        .as_str()
        .unwrap()
        .replace("http://127.0.0.1", "127.0.0.2");
    eventually("the tunnel leads to the API", || {
        let reply = crate::support::http::get(api.parse().unwrap(), "/health/ready").ok()?;
        (reply.status == 200).then_some(())
    });
    tunnel.kill().unwrap();
    tunnel.wait().unwrap();
}

#[test]
fn a_command_that_is_killed_leaves_no_connection_behind() {
    let Some(environment) = Environment::ready("ssh-killed") else {
        return;
    };
    let sshd = Sshd::start();
    let follow = Running::start(&mut command(&environment, &sshd, &["logs", "--follow"]));
    follow.wait_for("listening");
    assert_eq!(sshd.connections(), 1);
    follow.kill();
    sshd.is_left_alone();
    assert_eq!(folders(&environment).len(), 1);
    run(&environment, &sshd, &["status"]).exits(0);
    nothing_is_left(&environment, &sshd);
}

#[test]
fn a_connection_that_breaks_is_made_anew_while_an_environment_is_watched() {
    let Some(environment) = Environment::ready("ssh-cut") else {
        return;
    };
    let sshd = Sshd::start();
    let watch = ["status", "--watch", "1", "--json"];
    let watch = Running::start(&mut command(&environment, &sshd, &watch));
    let looks = || watch.said().matches("\"ready\":true").count();
    eventually("a first look", || (looks() > 0).then_some(()));
    sshd.cut();
    let before = looks();
    eventually("two more looks", || (looks() > before + 1).then_some(()));
    watch.interrupt();
    watch.finish().exits(0);
    nothing_is_left(&environment, &sshd);
}

#[test]
fn a_login_that_does_not_work_says_why_and_asks_nothing() {
    if !docker::is_there() {
        return;
    }
    let checkout = Checkout::small();
    let mut sshd = Sshd::start();
    let status = |sshd: &Sshd, host: &str| {
        let mut command = program(&checkout.path());
        command
            .env("PATH", sshd.path())
            .args(["status", "--host", host]);
        Running::start(&mut command).finish().exits(1)
    };
    let engine = sshd.engine();
    sshd.use_key("stranger");
    status(&sshd, &engine).says(&["E-SSH-DENIED", "Permission denied", "hint:", "ssh-add"]);
    sshd.use_key("user");
    sshd.forget();
    status(&sshd, &engine).says(&["E-SSH-HOST-KEY", "is not known", "hint:", "ssh -p "]);
    sshd.know("stranger");
    status(&sshd, &engine).says(&["E-SSH-HOST-KEY", "does not have the host key", "hint:"]);
    sshd.know("host");
    let nowhere = format!("{engine}/nowhere/docker.sock");
    status(&sshd, &nowhere).says(&["E-DOCKER-DOWN", "/nowhere/docker.sock", "hint:"]);
    sshd.stop();
    status(&sshd, &engine).says(&["E-SSH-UNREACHABLE", "Connection refused", "hint:"]);
}

/// More than Docker of this machine gets to answer.
#[test]
fn a_login_that_takes_its_time_is_waited_for_where_a_context_names_the_machine() {
    let Some(environment) = Environment::ready("ssh-slow") else {
        return;
    };
    let sshd = Sshd::start();
    sshd.is_slow();
    let folder = environment.checkout.path().join(".docker");
    super::address::make_context(&folder, "far", &format!("host={}", sshd.engine()));
    let mut status = environment.command(&["status", "--json"]);
    status
        .env("PATH", sshd.path())
        .env_remove("DOCKER_HOST")
        .env("RATESDEV_ENGINE", "auto")
        .env("DOCKER_CONTEXT", "far");
    let status = Running::start(&mut status).finish().exits(0).json();
    assert_eq!(status["engine"]["endpoint"], sshd.engine());
    nothing_is_left(&environment, &sshd);
}

#[test]
fn an_ssh_that_is_not_installed_is_named() {
    let checkout = Checkout::small();
    let mut command = program(&checkout.path());
    command.env("PATH", "/nowhere");
    command.args(["status", "--host", "ssh://me@127.0.0.1"]);
    let missing = Running::start(&mut command).finish().exits(1);
    missing.says(&["E-SSH-MISSING", "hint:", "openssh-client"]);
}
