//! Supervisors that hang, lose their socket, or are told to end.

use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::home::Home;
use crate::support::home::send;
use crate::support::terminal::Terminal;

use super::ready;
use super::small;

const SILENT: &str = "its supervisor does not answer";

/// Freezes the supervisor, and returns its number.
fn hang(environment: &Environment, home: &Home) -> u32 {
    let supervisor = home.supervisor(&environment.name).unwrap();
    send("STOP", supervisor);
    supervisor
}

fn is_gone(pid: u32) {
    eventually("the hung supervisor is gone", || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        let is_dead = stat.map_or(true, |stat| stat.contains(") Z "));
        is_dead.then_some(())
    });
}

#[test]
fn a_hung_supervisor_is_told_by_status_and_marked_in_the_list() {
    let (hung, home) = ready("hung");
    let supervisor = hang(&hung, &home);
    let status = hung.run(&["status"]).exits(3);
    status.says(&[SILENT, "database", "api", "running", "`ratesdev up`"]);
    let status = hung.run(&["status", "--json"]).exits(3).json();
    assert_eq!(
        (&status["trouble"], &status["ready"]),
        (&SILENT.into(), &false.into())
    );
    let listed = hung.run(&["ls"]).exits(0);
    listed.says(&["2/2 ?", &format!("{}: {SILENT}", hung.name)]);
    send("CONT", supervisor);
    hung.is_whole();
}

#[test]
fn a_role_that_is_being_stopped_is_ending_and_started_anew_when_it_has_ended() {
    let (environment, home) = ready("ending");
    for next in ["up", "start", "restart"] {
        let database = home.pid(&environment.name, "database");
        // PostgreSQL does not end before it has written everything down.
        let checkpointer = child(database, "checkpointer");
        send("STOP", checkpointer);
        let stop = environment.start(&["stop", "database"]);
        eventually("the database is ending", || {
            let status = environment.run(&["status", "--json"]).json();
            (status["roles"][0]["state"]["is"] == "ending").then_some(())
        });
        stop.kill();
        let goes_on = environment.start(&[next, "--json"]);
        goes_on.wait_for("\"started\"");
        send("CONT", checkpointer);
        goes_on.finish().exits(0);
        let now = home.pid(&environment.name, "database");
        assert_ne!(now, database, "after {next}");
        environment.is_whole();
    }
}

fn child(parent: u32, words: &str) -> u32 {
    let parent = parent.to_string();
    let found = Command::new("pgrep")
        .args(["-P", &parent, "-f", words])
        .output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    found.trim().parse().unwrap()
}

#[test]
fn every_command_that_changes_something_replaces_a_hung_supervisor() {
    let (hung, home) = ready("replaced");
    let commands: [(&[&str], bool); 5] = [
        (&["up"], true),
        (&["restart", "api"], true),
        (&["stop", "api"], false),
        (&["seed", "--reset"], true),
        (&["down"], false),
    ];
    for (command, is_up_after_it) in commands {
        hung.run(&["up"]).exits(0);
        let supervisor = hang(&hung, &home);
        hung.run(command).exits(0);
        is_gone(supervisor);
        if is_up_after_it {
            hung.is_whole();
        } else {
            home.is_quiet(&hung.name);
        }
    }
    hung.run(&["up"]).exits(0);
    hang(&hung, &home);
    hung.run(&["down", "-v", "--yes"]).exits(0);
    hung.is_gone();
}

/// Each of them would be waited for as long as the whole list may take.
#[test]
fn a_list_does_not_wait_for_one_silent_environment_after_the_other_and_no_stranger_is_killed() {
    let (home, checkout) = (Home::new(), Rc::new(Checkout::small()));
    let words = ["one", "two", "three", "four"];
    let all = words.map(|word| Environment::embedded(word, &checkout, home.clone()));
    let mut sockets = Vec::new();
    for silent in &all {
        let place = home.place(&silent.name);
        std::fs::create_dir_all(&place).unwrap();
        sockets.push(UnixListener::bind(place.join("supervisor.sock")).unwrap());
    }
    let listed = all[0].run(&["ls"]).exits(0);
    for silent in &all {
        listed
            .clone()
            .says(&[&format!("{}: {SILENT}", silent.name)]);
    }
    // It is this very test that does not answer; it lives on.
    let down = all[0].run(&["down", "-v", "--yes"]).exits(1);
    down.says(&["E-SUPERVISOR", "hint:"]);
    drop(sockets);
    for silent in &all {
        silent.run(&["down", "-v", "--yes"]).exits(0);
        silent.is_gone();
    }
}

#[test]
fn an_environment_that_cannot_be_read_does_not_hide_the_others() {
    let (well, home) = ready("well");
    let broken = format!("{}-broken", well.name);
    std::fs::create_dir(home.place(&broken)).unwrap();
    std::fs::write(home.place(&broken).join("roles"), "no folder").unwrap();
    let listed = well.run(&["ls"]).exits(0);
    listed.says(&[&format!("{broken}: cannot keep environments in"), "2/2"]);
}

#[test]
fn a_socket_that_was_removed_is_opened_anew() {
    let (lost, home) = ready("socket");
    let supervisor = home.supervisor(&lost.name);
    let socket = home.place(&lost.name).join("supervisor.sock");
    std::fs::remove_file(&socket).unwrap();
    lost.run(&["status"]).exits(0);
    std::fs::remove_file(&socket).unwrap();
    lost.run(&["restart", "api"]).exits(0);
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(&socket, "no socket").unwrap();
    lost.is_whole();
    assert_eq!(home.supervisor(&lost.name), supervisor);
    std::fs::remove_file(&socket).unwrap();
    lost.run(&["down", "-v", "--yes"]).exits(0);
    lost.is_gone();
}

/// A client that has begun to ask keeps the API from ending at once; the database would end at once.
#[test]
fn a_supervisor_that_is_told_to_end_lets_the_api_end_before_its_database() {
    let (ordered, home) = ready("ordered");
    let endpoint = home.record(&ordered.name, "api")["endpoint"].clone();
    let endpoint: SocketAddr = endpoint.as_str().unwrap().parse().unwrap();
    let mut client = TcpStream::connect(endpoint).unwrap();
    client.write_all(b"GET /health/live HTTP/1.1\r\n").unwrap();
    send("TERM", home.supervisor(&ordered.name).unwrap());
    home.is_quiet(&ordered.name);
    let events = ordered.run(&["events", "--json"]).exits(0).json_lines();
    let exits = events.iter().filter(|event| event["event"] == "exited");
    let exits: Vec<_> = exits.map(|event| &event["instance"]["role"]).collect();
    assert_eq!(exits, ["seed", "api", "database"], "{events:?}");
}

#[test]
fn a_supervisor_that_ends_is_no_zombie_of_the_dashboard_that_started_it() {
    let (begun, home) = small("zombie");
    let terminal = Terminal::open(&begun.command(&[]), (120, 36));
    terminal.line("$R");
    terminal.shows("so there is nothing to read");
    terminal.key("u");
    terminal.shows("is ready in");
    let dashboard = terminal.child_of_shell();
    let supervisor = home.supervisor(&begun.name).unwrap().to_string();
    let children = || {
        let path = format!("/proc/{dashboard}/task");
        let threads = std::fs::read_dir(path).unwrap().flatten();
        let children =
            threads.map(|thread| std::fs::read_to_string(thread.path().join("children")));
        children.flatten().collect::<String>()
    };
    let is_child = || {
        children()
            .split_whitespace()
            .any(|child| child == supervisor)
    };
    assert!(is_child(), "{supervisor} is not among {}", children());
    begun.run(&["down"]).exits(0);
    eventually("its end was noticed", || (!is_child()).then_some(()));
}
