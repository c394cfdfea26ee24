//! What dies, and when: whatever is killed, the next command finds its way.

use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::home::Home;
use crate::support::home::kill;
use crate::support::home::send;
use crate::support::random::Random;

use super::ready;
use super::small;

/// How long an `up` takes here, about.
const UP: Duration = Duration::from_secs(3);

/// How often it is killed.
const KILLS: u32 = 12;

/// The API looks after its database once a second, so that it may answer before it calls itself ready.
fn is_ready_again(environment: &Environment) {
    eventually("it is ready again", || {
        (environment.run(&["status"]).code == Some(0)).then_some(())
    });
}

#[test]
fn a_role_that_is_killed_is_started_again() {
    let (killed, home) = ready("killed");
    for role in ["database", "api", "database"] {
        let before = home.pid(&killed.name, role);
        kill(before);
        eventually(&format!("{role} runs again"), || {
            (home.pid(&killed.name, role) != before).then_some(())
        });
        is_ready_again(&killed);
    }
    let status = killed.run(&["status", "--json"]).json();
    assert_eq!(status["roles"][0]["restarts"], 2);
    assert_eq!(status["roles"][1]["restarts"], 1);
    killed.is_whole();
}

/// Clients that connect while the API is dead wait in the queue of the socket that the supervisor keeps.
#[test]
fn no_connection_is_refused_while_the_api_dies_and_comes_back() {
    use std::io::Read;
    use std::io::Write;

    let (dying, home) = ready("dying");
    let endpoint = home.record(&dying.name, "api")["endpoint"].clone();
    let endpoint: std::net::SocketAddr = endpoint.as_str().unwrap().parse().unwrap();
    kill(home.pid(&dying.name, "api"));
    for _ in 0..5 {
        let mut stream = std::net::TcpStream::connect(endpoint).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn what_a_killed_supervisor_leaves_is_taken_over_by_up_and_ended_by_down() {
    let (orphaned, home) = ready("orphaned");
    let orphan = || {
        kill(home.supervisor(&orphaned.name).unwrap());
        eventually("the supervisor is dead", || {
            home.supervisor(&orphaned.name).is_none().then_some(())
        });
    };
    orphan();
    assert!(!home.processes(&orphaned.name).is_empty(), "roles live on");
    orphaned.run(&["status"]).exits(3).says(&["exited 255"]);
    orphaned.run(&["up"]).exits(0);
    orphaned.is_whole();
    orphan();
    orphaned.run(&["down"]).exits(0);
    home.is_quiet(&orphaned.name);
    orphaned.run(&["up"]).exits(0);
    orphan();
    orphaned.run(&["down", "-v", "--yes"]).exits(0);
    orphaned.is_gone();
}

#[test]
fn a_supervisor_that_is_asked_to_end_stops_its_roles_first() {
    let (ended, home) = ready("ended");
    send("TERM", home.supervisor(&ended.name).unwrap());
    eventually("everything has ended", || {
        home.processes(&ended.name).is_empty().then_some(())
    });
    ended.run(&["status"]).exits(3).says(&["stopped"]);
    ended.run(&["up"]).exits(0);
    ended.is_whole();
}

#[test]
fn after_a_reboot_nothing_of_before_is_touched_and_up_brings_everything_back() {
    let (rebooted, home) = ready("rebooted");
    rebooted.run(&["down"]).exits(0);
    rebooted.run(&["up"]).exits(0);
    let mut bystander = Command::new("sleep")
        .arg("1000")
        .process_group_of_its_own()
        .spawn()
        .unwrap();
    crash(&rebooted, &home);
    for role in ["database", "api"] {
        home.rewrite(&rebooted.name, role, |record| {
            record["life"]["process"]["pid"] = bystander.id().into();
            record["life"]["process"]["boot"] = "of the day before".into();
        });
    }
    rebooted.run(&["status"]).exits(3).says(&["exited 255"]);
    rebooted.run(&["up"]).exits(0);
    rebooted.is_whole();
    assert!(
        bystander.try_wait().unwrap().is_none(),
        "a stranger was killed"
    );
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_process_that_has_got_a_roles_number_survives() {
    let (reused, home) = ready("reused");
    let mut bystander = Command::new("sleep")
        .arg("1000")
        .process_group_of_its_own()
        .spawn()
        .unwrap();
    crash(&reused, &home);
    for role in ["database", "api"] {
        home.rewrite(&reused.name, role, |record| {
            record["life"]["process"]["pid"] = bystander.id().into();
        });
    }
    reused.run(&["down", "-v", "--yes"]).exits(0);
    reused.is_gone();
    assert!(
        bystander.try_wait().unwrap().is_none(),
        "a stranger was killed"
    );
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

/// Ends everything at once, as a loss of power does.
fn crash(environment: &Environment, home: &Home) {
    kill(home.supervisor(&environment.name).unwrap());
    for role in ["api", "database"] {
        kill(home.pid(&environment.name, role));
    }
    eventually("everything is dead", || {
        home.processes(&environment.name).is_empty().then_some(())
    });
}

trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}

#[test]
fn an_up_that_is_killed_at_any_instant_with_its_supervisor_is_gone_on_with_by_the_next() {
    let (killed, home) = small("instants");
    let mut random = Random::new();
    for kill_number in 0..KILLS {
        let after = random.below(UP);
        let mut up = killed.start(&["up"]);
        let instant = Instant::now() + after;
        while Instant::now() < instant && !up.has_ended() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        up.kill();
        if let (Some(supervisor), 0) = (home.supervisor(&killed.name), kill_number % 2) {
            kill(supervisor);
        }
        if kill_number % 3 == 2 {
            killed.run(&["up"]).exits(0);
            killed.is_whole();
            killed.run(&["down", "-v", "--yes"]).exits(0);
            killed.is_gone();
        }
    }
}

#[test]
fn a_down_that_is_killed_at_any_instant_is_gone_on_with_by_the_next() {
    let (killed, home) = small("downs");
    let mut random = Random::new();
    for kill_number in 0..KILLS / 2 {
        killed.run(&["up"]).exits(0);
        let down = killed.start(&["down", "-v", "--yes"]);
        let instant = Instant::now() + random.below(Duration::from_millis(300));
        while Instant::now() < instant {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        down.kill();
        if let (Some(supervisor), 0) = (home.supervisor(&killed.name), kill_number % 2) {
            kill(supervisor);
        }
        killed.run(&["down", "-v", "--yes"]).exits(0);
        killed.is_gone();
    }
}

/// What a `down -v` leaves that is killed when only the environment's name is left to be removed.
#[test]
fn a_folder_in_which_only_a_name_is_left_is_removed() {
    let (named, home) = ready("named");
    named.run(&["down"]).exits(0);
    for folder in ["data", "secrets"] {
        std::fs::remove_dir_all(home.place(&named.name).join(folder)).unwrap();
    }
    named.run(&["down", "-v", "--yes"]).exits(0);
    named.is_gone();
}

#[test]
fn a_role_that_keeps_failing_waits_longer_each_time_and_is_shown() {
    let (failing, home) = ready("failing");
    let place = home.place(&failing.name);
    // A server whose configuration is broken ends as soon as it is started.
    std::fs::write(place.join("data/postgresql.conf"), "nonsense\n").unwrap();
    kill(home.pid(&failing.name, "database"));
    eventually("it waits for another attempt", || {
        let status = failing.run(&["status", "--json"]).json();
        let role = &status["roles"][0];
        (role["state"]["is"] == "restarting" && role["restarts"].as_u64() > Some(2)).then_some(())
    });
    failing.run(&["status"]).exits(3).says(&["restarting"]);
    let refused = failing.run(&["up"]).exits(1);
    refused.says(&["E-ROLE-DIED", "syntax error", "hint:"]);
    failing.run(&["down", "-v", "--yes"]).exits(0);
    failing.is_gone();
}

#[test]
fn a_frozen_role_is_replaced() {
    let (frozen, home) = ready("frozen");
    for role in ["api", "database"] {
        send("STOP", home.pid(&frozen.name, role));
        eventually("it is seen to be frozen", || {
            let status = frozen.run(&["status"]);
            status.stdout.contains("paused").then_some(())
        });
        frozen.run(&["up"]).exits(0);
        frozen.is_whole();
    }
}

#[test]
fn a_folder_that_is_removed_by_hand_ends_what_ran_in_it() {
    let (lost, home) = ready("lost");
    eventually(
        "the folder is gone, whatever is still being written there",
        || std::fs::remove_dir_all(home.place(&lost.name)).ok(),
    );
    eventually("everything has ended", || {
        home.processes(&lost.name).is_empty().then_some(())
    });
    lost.run(&["up"]).exits(0);
    lost.is_whole();
}
