//! Ports of services that carry UDP.

use std::net::TcpListener;
use std::net::UdpSocket;
use std::time::Duration;

use super::services::checkout;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::run::Run;
use crate::support::run::Running;

/// Sends back what it hears.
const ECHO: &str = "
[services.echo]
image = \"IMAGE\"
entrypoint = [\"perl\", \"-MIO::Socket::INET\", \"-e\"]
command = ['''
    $s = IO::Socket::INET->new(Proto => \"udp\", LocalPort => 53) or die;
    while (defined $s->recv($heard, 999)) { $s->send($heard) }
''']
";

#[test]
fn a_service_hears_what_is_sent_to_its_udp_port_and_tcp_of_that_number_is_another() {
    let Some(environment) = Environment::new("udp", &checkout(ECHO)) else {
        return;
    };
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = |ports: &str, words: &[&str]| {
        let mut command = environment.command(words);
        command.env("RATESDEV_SERVICES_ECHO_PORTS", ports);
        Running::start(&mut command).finish()
    };
    let udp = format!("{port}:53/udp");
    for command in ["up", "doctor"] {
        run(&udp, &[command]).exits(1).says(&[
            "E-PORT-TAKEN",
            &format!("port {port}/udp, which echo should publish"),
            &format!("(process {})", std::process::id()),
        ]);
    }
    drop(taken);
    let other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    run(&udp, &["up"]).exits(0);
    echoes(port);
    let told = format!("{port}/udp");
    run(&udp, &["doctor"])
        .exits(0)
        .says(&[&format!("{told} is echo's already")]);
    assert_eq!(column(&environment.run(&["status"])), told);
    drop(other);
    let both = format!("{udp},{port}:8080");
    run(&both, &["up"]).exits(0);
    echoes(port);
    let config = run(&both, &["config"]).exits(0);
    config.says(&[
        &format!("127.0.0.1:{udp}\""),
        &format!("127.0.0.1:{port}:8080\""),
    ]);
    its_ports_are_told(&environment, port);
    let elsewhere = environment.run(&["up", "--engine", "embedded"]).exits(1);
    elsewhere.says(&["E-ENGINE-LACKS", "the service echo", "has no containers"]);
}

/// Asks until it listens; what is sent before that is lost.
fn echoes(port: u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    let mut heard = [0; 16];
    let length = eventually("an echo", || {
        socket.send(b"who is there").ok()?;
        socket.recv(&mut heard).ok()
    });
    assert_eq!(&heard[..length], b"who is there");
}

/// What `status` has in the column of ports for the service.
fn column(status: &Run) -> &str {
    let mut lines = status.stdout.lines();
    let line = lines.find(|line| line.starts_with("echo")).unwrap();
    line.split_whitespace().nth(2).unwrap()
}

fn its_ports_are_told(environment: &Environment, port: u16) {
    let told = |words: &[&str]| environment.run(words).exits(0).stdout;
    let address = format!("127.0.0.1:{port}\n");
    assert_eq!(told(&["port", "echo", "53/udp"]), address);
    assert_eq!(told(&["port", "echo", "8080"]), address);
    let all = format!("127.0.0.1:{port}\n127.0.0.1:{port}/udp\n");
    assert_eq!(told(&["port", "echo"]), all);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    let mut roles = status["roles"].as_array().unwrap().iter();
    let echo = roles.find(|role| role["name"] == "echo").unwrap();
    assert_eq!(echo["endpoint"], address.trim());
    assert_eq!(echo["ports"][1], format!("{}/udp", address.trim()));
    let another = environment.run(&["port", "echo", "53"]).exits(1);
    another.says(&[
        "E-PORT-UNPUBLISHED",
        "echo publishes no port 53; it publishes 8080, 53/udp",
        "[services.echo]",
    ]);
}
