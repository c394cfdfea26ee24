//! Ports that only the Engine's machine reaches, where the Engine is all of it that is reached.

use std::net::SocketAddr;
use std::process::Command;
use std::thread;

use postgres::Client;
use postgres::Config;
use postgres::NoTls;

use crate::support::docker;
use crate::support::docker::docker;
use crate::support::elsewhere::ADDRESS;
use crate::support::elsewhere::Elsewhere;
use crate::support::environment::Environment;
use crate::support::environment::QUESTION;
use crate::support::eventually;
use crate::support::front::Authority;
use crate::support::front::Front;
use crate::support::http;
use crate::support::run::Run;
use crate::support::run::Running;

/// How many connections are made at once.
const CROWD: usize = 60;

/// An environment on an Engine of another machine, which is left when this is dropped.
struct Far {
    environment: Environment,
    front: Front,
    authority: Option<Authority>,
    _elsewhere: Elsewhere,
}

impl Far {
    fn new(word: &str, authority: Option<Authority>) -> Option<Self> {
        let elsewhere = Elsewhere::enter()?;
        let address = ADDRESS.parse().unwrap();
        let front = match &authority {
            Some(authority) => Front::tls_at(address, authority),
            None => Front::plain(address),
        };
        Some(Self {
            environment: Environment::small(word)?,
            front,
            authority,
            _elsewhere: elsewhere,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.environment.command(arguments);
        command.env("DOCKER_HOST", self.front.engine());
        if let Some(authority) = &self.authority {
            command
                .env("DOCKER_TLS_VERIFY", "1")
                .env("DOCKER_CERT_PATH", authority.client());
        }
        command
    }

    fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Runs a command that succeeds and leaves no tunnel.
    fn run(&self, arguments: &[&str]) -> Run {
        let running = self.start(arguments);
        let process = running.id();
        let run = running.finish().exits(0);
        is_left_alone(process);
        run
    }

    /// Makes the ports of the environment this machine's, while what is returned runs.
    fn forward(&self) -> Running {
        let forward = self.start(&["port", "--forward"]);
        forward.wait_for("forwarding until Ctrl-C");
        forward
    }

    /// Where a role is reached on the Engine's machine, and here while its port is forwarded.
    fn address(&self, role: &str) -> SocketAddr {
        self.run(&["port", role]).stdout.trim().parse().unwrap()
    }

    /// A session of the database's owner at that port.
    fn session(&self, address: SocketAddr) -> Config {
        let container = self.environment.container("database");
        let password = docker(&["exec", &container, "cat", "/run/secrets/database_password"]);
        let mut config = Client::configure();
        config.host("127.0.0.1").port(address.port());
        config
            .user("rates")
            .dbname("rates")
            .password(password.trim());
        config
    }
}

/// The containers through which a process reaches ports.
fn tunnels(process: u32) -> Vec<String> {
    let name = format!("name=^/ratesdev-tunnel-{process}-");
    docker::lines(&["ps", "--all", "--quiet", "--filter", &name])
}

fn is_left_alone(process: u32) {
    eventually("the tunnel of a process goes with it", || {
        tunnels(process).is_empty().then_some(())
    });
}

#[test]
fn ports_that_only_the_engine_s_machine_reaches_are_reached_through_the_engine() {
    let Some(far) = Far::new("tunnel", Some(Authority::new())) else {
        return;
    };
    let up = far.run(&["up"]);
    let way = "ratesdev port --forward";
    up.says(&["is ready in", "check known day", &far.front.engine(), way]);
    let again = far.run(&["up", "--json"]).json_lines();
    assert_eq!(again.last().unwrap()["unchanged"], true);
    let question = [&["query"][..], &QUESTION, &["--json"]].concat();
    let answer = far.run(&question).json();
    assert!((answer["rates"][0]["price"].as_f64().unwrap() - 1154.33).abs() < 0.01);
    let status = far.run(&["status", "--json"]).json();
    assert_eq!(status["ready"], true, "{status}");
    far.run(&["status"]).says(&["✓ check known day", way]);
    let psql = far.run(&["psql", "-c", "select count(*) > 0 from prices"]);
    psql.says(&["(1 row)"]);
    far.run(&["doctor"]).says(&["on another machine"]);
    far.run(&["restart", "api"])
        .says(&["ratesdev port --forward"]);
    let engine = far.front.engine();
    let opened = far.run(&["open", "--host", &engine]);
    assert_eq!(opened.stdout.trim(), format!("{way} --host {engine}"));
    far.run(&["down", "-v", "--yes"]);
    far.environment.is_gone();
}

#[test]
fn ports_are_forwarded_whole_to_many_at_once_until_the_forwarding_ends() {
    let Some(far) = Far::new("forward", None) else {
        return;
    };
    far.run(&["up"]);
    let (api, database) = (far.address("api"), far.address("database"));
    http::get(api, "/health/live").unwrap_err();
    let forward = far.forward();
    let session = far.session(database);
    much_passes_whole(&session);
    many_are_answered_at_once(api, &session);
    forward.interrupt();
    let process = forward.id();
    forward.finish().exits(0);
    is_left_alone(process);
    http::get(api, "/health/live").unwrap_err();
}

/// More than all buffers on the way hold, in both directions.
fn much_passes_whole(session: &Config) {
    let mut client = session.connect(NoTls).unwrap();
    let large = "0123456789abcdef".repeat(3 << 20);
    let row = client.query_one("select $1::text", &[&large]).unwrap();
    assert!(row.get::<_, &str>(0) == large);
}

fn many_are_answered_at_once(api: SocketAddr, session: &Config) {
    thread::scope(|scope| {
        let asked: Vec<_> = (0..CROWD)
            .map(|number| {
                scope.spawn(move || {
                    assert_eq!(http::get(api, "/health/live").unwrap().status, 200);
                    let mut client = session.connect(NoTls).unwrap();
                    let words = format!("{number} ").repeat(50_000);
                    let row = client.query_one("select $1::text", &[&words]).unwrap();
                    assert!(row.get::<_, &str>(0) == words);
                })
            })
            .collect();
        for one in asked {
            one.join().unwrap();
        }
    });
}

#[test]
fn a_tunnel_goes_with_the_process_that_is_killed_and_is_made_anew_where_it_is_removed() {
    let Some(far) = Far::new("tunnel-killed", None) else {
        return;
    };
    far.run(&["up"]);
    let (api, database) = (far.address("api"), far.address("database"));
    let forward = far.forward();
    let answers = || {
        let reply = http::get(api, "/health/ready").ok()?;
        (reply.status == 200).then_some(())
    };
    eventually("the API answers", answers);
    let first = tunnels(forward.id());
    assert_eq!(first.len(), 1);
    docker(&["rm", "--force", &first[0]]);
    eventually("the API answers again", answers);
    let second = tunnels(forward.id());
    assert!(second.len() == 1 && second != first, "{second:?}");
    // Something is on its way when it is killed.
    let mut client = far.session(database).connect(NoTls).unwrap();
    let busy = thread::spawn(move || {
        let endless = "select repeat('x', 1000), generate_series(1, 1000000000)";
        client.batch_execute(endless).unwrap_err();
    });
    let activity = "select count(*) from pg_stat_activity where query like '%repeat(%' and pid <> pg_backend_pid()";
    let is_busy = || far.environment.sql("postgres", activity) == "1";
    eventually("the database is busy", || is_busy().then_some(()));
    let process = forward.id();
    forward.kill();
    is_left_alone(process);
    busy.join().unwrap();
    eventually("the session has ended", || (!is_busy()).then_some(()));
    far.run(&["down", "-v", "--yes"]);
    far.environment.is_gone();
}
