//! No request is lost: not under load, and not at the end.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use super::Api;
use super::dump;
use super::question;
use super::rates;
use crate::support::eventually;
use crate::support::http::Connection;

/// What the clients of the hand-over have seen.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    lost: AtomicUsize,
    enough: AtomicBool,
}

/// Asks without pause, on connections that are kept as long as the service keeps them, or on one a question.
fn hammer(address: SocketAddr, header: &str, seen: &Seen) {
    let path = question("CNGGZ", "EETLL");
    let mut kept: Option<Connection> = None;
    while !seen.enough.load(Ordering::Relaxed) {
        let mut connection = kept
            .take()
            .unwrap_or_else(|| Connection::open(address).unwrap());
        let reply = connection
            .ask(&path, header)
            .and_then(|()| connection.reply());
        match reply {
            Ok(reply) if reply.status == 200 => {
                seen.answered.fetch_add(1, Ordering::Relaxed);
                kept = (header.is_empty() && reply.keeps_open()).then_some(connection);
            }
            _ => {
                seen.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[test]
fn a_reset_of_the_seed_under_load_loses_no_answer() {
    let postgres = rates();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rates.sql");
    // On a machine that is busy with other tests the swap takes its time.
    let api = Api::start(&postgres, &[("API_POOL_WAIT_MS", "5000")]);
    let seen = Seen::default();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| hammer(api.address, "", &seen));
        }
        for round in 0..4 {
            std::fs::write(&file, format!("{}-- {round}\n", dump())).unwrap();
            let before = seen.answered.load(Ordering::Relaxed);
            eventually("answers", || {
                (seen.answered.load(Ordering::Relaxed) > before + 200).then_some(())
            });
            let loaded = Command::new(env!("CARGO_BIN_EXE_ratesdev"))
                .args(["load", "--reset"])
                .arg(&file)
                .env_clear()
                .envs([("DB_HOST", "127.0.0.1"), ("DB_PASSWORD", "swordfish")])
                .env("DB_PORT", postgres.port().to_string())
                .output();
            let loaded = loaded.unwrap();
            if !loaded.status.success() {
                seen.enough.store(true, Ordering::Relaxed);
                panic!("{}", String::from_utf8_lossy(&loaded.stdout));
            }
        }
        seen.enough.store(true, Ordering::Relaxed);
    });
    let lost = api.role.log();
    let lost: Vec<_> = lost.iter().filter(|line| line["status"] == 503).collect();
    assert_eq!(seen.lost.load(Ordering::Relaxed), 0, "{lost:?}");
    api.stop();
}

#[test]
fn a_hand_over_under_load_loses_no_request() {
    let postgres = rates();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let start = || {
        let socket = std::os::fd::OwnedFd::from(listener.try_clone().unwrap());
        Api::start_on(&postgres, &[("API_LISTEN", "stdin")], Stdio::from(socket))
    };
    let seen = Seen::default();
    let mut api = start();
    std::thread::scope(|threads| {
        for _ in 0..12 {
            threads.spawn(|| hammer(address, "", &seen));
            threads.spawn(|| hammer(address, "connection: close", &seen));
        }
        for _ in 0..4 {
            let before = seen.answered.load(Ordering::Relaxed);
            eventually("answers", || {
                (seen.answered.load(Ordering::Relaxed) > before + 500).then_some(())
            });
            let new = start();
            std::mem::replace(&mut api, new).stop();
        }
        seen.enough.store(true, Ordering::Relaxed);
    });
    assert_eq!(seen.lost.load(Ordering::Relaxed), 0);
    api.stop();
}

#[test]
fn requests_in_flight_are_answered_before_the_end() {
    let postgres = rates();
    let mut api = Api::start(&postgres, &[("API_STATEMENT_TIMEOUT_MS", "20000")]);
    let mut client = postgres.client("rates");
    let mut lock = client.transaction().unwrap();
    lock.batch_execute("lock table prices").unwrap();
    let ask = |_| {
        let mut connection = Connection::open(api.address).unwrap();
        connection.ask(&question("CNGGZ", "EETLL"), "").unwrap();
        connection
    };
    let mut connections: Vec<_> = (0..20).map(ask).collect();
    let mut silent = Connection::open(api.address).unwrap();
    eventually("all are in flight", || {
        (api.metric("rates_http_requests_in_flight") > 20.0).then_some(())
    });
    api.role.terminate();
    api.role.wait_for("draining");
    silent.ask("/health/ready", "").unwrap();
    let ready = silent.reply().unwrap();
    assert_eq!((ready.status, ready.keeps_open()), (503, false));
    eventually("nothing listens", || Connection::open(api.address).err());
    lock.rollback().unwrap();
    for connection in &mut connections {
        let reply = connection.reply().unwrap();
        assert_eq!((reply.status, reply.keeps_open()), (200, false));
    }
    assert!(api.role.wait().success());
    api.role.wait_for("stopped");
}

#[test]
fn connections_that_wait_to_be_accepted_at_the_end_are_answered_too() {
    let postgres = rates();
    let mut api = Api::start(&postgres, &[]);
    api.role.hold();
    let ask = |_| {
        let mut connection = Connection::open(api.address).unwrap();
        connection.ask("/", "").unwrap();
        connection
    };
    // Fewer than the system keeps for a service that does not accept, which is 128 on some.
    let connections: Vec<_> = (0..100).map(ask).collect();
    api.role.terminate();
    api.role.go_on();
    for mut connection in connections {
        assert_eq!(connection.reply().unwrap().status, 200);
    }
    assert!(api.role.wait().success());
}
