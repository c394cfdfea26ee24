//! From nothing to an environment that answers, and back.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

use crate::support::checkout::Checkout;
use crate::support::checkout::slow_dump;
use crate::support::checkout::small_dump;
use crate::support::environment::Environment;
use crate::support::eventually;
use crate::support::home::Home;
use crate::support::run::Running;

use super::as_nobody;
use super::is_root;
use super::ready;
use super::small;

#[test]
fn one_command_makes_everything_a_second_changes_nothing_and_down_takes_it_away() {
    let home = Home::new();
    let first = Environment::embedded("first", &Rc::new(Checkout::full()), home.clone());
    let up = first.run(&["up"]).exits(0);
    up.says(&["is ready in", "852 rows", "check known day", "1154.33"]);
    status_says_ready(&first);
    first.is_whole();
    let events = first.run(&["up", "--json"]).exits(0).json_lines();
    assert_eq!(events.last().unwrap()["unchanged"], true);
    let loaded_at = first.loaded_at();
    first.run(&["down"]).exits(0).says(&["its data is kept"]);
    home.is_quiet(&first.name);
    first.run(&["status"]).exits(3).says(&["E-NOT-RUNNING"]);
    first.run(&["down"]).exits(0).says(&["down already"]);
    first.run(&["up"]).exits(0);
    assert_eq!(first.loaded_at(), loaded_at);
    first.is_whole();
    first.run(&["down", "-v", "--yes"]).exits(0);
    first.is_gone();
    let again = first.run(&["down", "-v", "--yes"]).exits(0);
    again.says(&["nothing of", "is there"]);
}

fn status_says_ready(environment: &Environment) {
    let status = environment.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["ready"], true);
    assert_eq!(status["engine"]["engine"], "embedded");
    for role in status["roles"].as_array().unwrap() {
        assert_eq!(role["health"], "healthy", "{role}");
        assert!(
            role["usage"]["memory"].as_u64().unwrap() > 1_000_000,
            "{role}"
        );
        assert!(
            role["usage"]["cpu_percent"].as_f64().unwrap() > 0.0,
            "{role}"
        );
        let usage = &role["usage"];
        assert_eq!(usage.get("network"), None, "{role}");
        assert_eq!(usage["disk"]["in"].is_u64(), cfg!(target_os = "linux"));
    }
}

#[test]
fn environments_of_one_home_live_and_end_by_themselves() {
    let (home, checkout) = (Home::new(), Rc::new(Checkout::small()));
    let pair = ["one", "two"].map(|word| Environment::embedded(word, &checkout, home.clone()));
    for up in pair.each_ref().map(|one| one.start(&["up"])) {
        up.finish().exits(0);
    }
    let [one, two] = pair;
    one.run(&["down", "-v", "--yes"]).exits(0);
    one.is_gone();
    two.is_whole();
}

#[test]
fn another_dump_is_loaded_when_it_is_asked_for_and_a_load_goes_on_without_its_manager() {
    let (seeded, _home) = ready("seeded");
    seeded.checkout.write("other.sql", small_dump([2000; 3]));
    let kept = seeded.run(&["seed", "--file", "other.sql"]).exits(4);
    kept.says(&["E-SEED-DIFFERS", "--reset"]);
    seeded
        .run(&["seed", "--file", "other.sql", "--reset"])
        .exits(0);
    assert!((seeded.price() - 2000.0).abs() < 0.01);
    seeded.checkout.write("db/rates.sql", slow_dump(2));
    let seed = seeded.start(&["seed", "--reset"]);
    eventually("the load is in its middle", || {
        seeded.databases().contains("rates_loading").then_some(())
    });
    seed.kill();
    seeded.run(&["seed", "--reset"]).exits(0);
    seeded.is_whole();
}

#[test]
fn only_what_a_change_is_about_is_replaced() {
    let (changed, _home) = ready("changed");
    let ids = || ["database", "api"].map(|role| changed.id(role));
    let before = ids();
    changed
        .checkout
        .edit("profiles/dev.toml", "\"64 MB\"", "\"96 MB\"");
    let limits = changed.run(&["up"]).exits(0);
    limits.says(&["nothing had to change"]);
    changed.run(&["up", "--set", "api.pool=3"]).exits(0);
    let after = ids();
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    changed.run(&["up", "--recreate"]).exits(0);
    changed.is_whole();
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_its_holder() {
    let (home, checkout) = (Home::new(), Rc::new(Checkout::small()));
    let one = Environment::embedded("one", &checkout, home.clone());
    let two = Environment::embedded("two", &checkout, home.clone());
    one.run(&["up"]).exits(0);
    for role in ["database", "api"] {
        let endpoint = home.record(&one.name, role)["endpoint"].clone();
        let port = endpoint.as_str().unwrap().rsplit_once(':').unwrap().1;
        let refused = two.run(&["up", "--set", &format!("{role}.port={port}")]);
        let holder = format!("{role} of the environment {}", one.name);
        refused.exits(1).says(&["E-PORT-TAKEN", port, &holder]);
    }
}

#[test]
fn what_was_stopped_does_not_start_where_its_port_is_taken() {
    let (stopped, home) = ready("taken");
    let endpoint = home.record(&stopped.name, "database")["endpoint"].clone();
    let endpoint = endpoint.as_str().unwrap();
    stopped.run(&["stop"]).exits(0);
    home.is_quiet(&stopped.name);
    let taken = std::net::TcpListener::bind(endpoint).unwrap();
    let refused = stopped.run(&["start"]).exits(1);
    let holder = format!("(process {})", std::process::id());
    let port = endpoint.rsplit_once(':').unwrap().1;
    refused.says(&["E-PORT-TAKEN", port, &holder, "`ratesdev up`"]);
    drop(taken);
    stopped.run(&["start"]).exits(0);
    stopped.is_whole();
}

/// The API waits for a client that has begun to ask.
#[test]
fn a_role_that_does_not_end_is_killed_after_its_own_grace_or_the_given_one() {
    let (stubborn, home) = small("grace");
    let patient = "[api]\nrequest_timeout = \"100s\"\n";
    stubborn
        .checkout
        .edit("profiles/dev.toml", "[api]\n", patient);
    let up = || {
        stubborn.run(&["up"]).exits(0);
        begin_to_ask(&home, &stubborn)
    };
    let client = up();
    an_impatient_command_shortens_the_grace_of_an_earlier_one(&stubborn);
    drop(client);
    let timed = |words: &[&str]| {
        let _client = up();
        let begun = Instant::now();
        stubborn.run(words).exits(0);
        begun.elapsed()
    };
    let usual = Duration::from_secs(15);
    assert!(timed(&["restart", "api"]) >= usual);
    for words in [&["restart", "api", "-t", "1"][..], &["down", "-t", "1"]] {
        let (took, given) = (timed(words), Duration::from_secs(1));
        assert!(given <= took && took < usual, "{words:?} took {took:?}");
    }
}

fn begin_to_ask(home: &Home, environment: &Environment) -> TcpStream {
    let endpoint = home.record(&environment.name, "api")["endpoint"].clone();
    let mut client = TcpStream::connect(endpoint.as_str().unwrap()).unwrap();
    client.write_all(b"GET /health/live HTTP/1.1\r\n").unwrap();
    client
}

fn an_impatient_command_shortens_the_grace_of_an_earlier_one(stubborn: &Environment) {
    let begun = Instant::now();
    let patient = stubborn.start(&["stop", "api", "-t", "90"]);
    eventually("the API has been asked to end", || {
        let logs = stubborn.run(&["logs", "api"]);
        logs.stdout.contains("draining").then_some(())
    });
    patient.interrupt();
    patient.finish().exits(130);
    stubborn.run(&["stop", "api", "-t", "1"]).exits(0);
    assert!(begun.elapsed() < Duration::from_secs(80));
}

#[test]
fn commands_with_other_temporary_files_take_turns_too() {
    let (shared, _home) = small("turns");
    let folders = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let start = |words: &[&str], folder: &tempfile::TempDir| {
        let mut command = shared.command(words);
        Running::start(command.env("TMPDIR", folder.path()))
    };
    let up = start(&["up"], &folders[0]);
    up.wait_for("volumes");
    let down = start(&["down"], &folders[1]);
    down.wait_for("waiting for `ratesdev up`");
    up.finish().exits(0);
    down.finish().exits(0).says(&["its data is kept"]);
}

#[test]
fn an_automatic_port_is_kept_across_downs() {
    let (kept, home) = ready("kept");
    let endpoints =
        || ["database", "api"].map(|role| home.record(&kept.name, role)["endpoint"].clone());
    let before = endpoints();
    kept.run(&["down"]).exits(0);
    kept.run(&["up"]).exits(0);
    assert_eq!(endpoints(), before);
}

#[test]
fn nobody_but_the_roles_can_read_the_password_and_nothing_shows_it() {
    let (secret, home) = ready("secret");
    let place = home.place(&secret.name);
    let file = place.join("secrets/database_password");
    let password = std::fs::read_to_string(&file).unwrap();
    assert_eq!(password.len(), 64);
    for path in [file, place.join("secrets/pgpass"), place.join("data")] {
        assert_eq!(std::fs::metadata(path).unwrap().mode() & 0o077, 0);
    }
    let mut seen: Vec<_> = ["status", "logs"]
        .map(|command| secret.run(&[command]).exits(0).stdout)
        .to_vec();
    seen.extend(["database", "api"].map(|role| home.record(&secret.name, role).to_string()));
    seen.push(home.processes(&secret.name).join("\n"));
    seen.push(std::fs::read_to_string(place.join("events.jsonl")).unwrap());
    for text in seen {
        assert!(!text.is_empty() && !text.contains(&password), "{text}");
    }
    let mut stranger = home.psql(&secret.name, "rates", "select 1");
    let refused = stranger.env("PGPASSWORD", "guessed").output().unwrap();
    assert!(!refused.status.success());
}

#[test]
fn roles_inherit_nothing_but_their_streams() {
    let (closed, home) = ready("closed");
    let supervisor = home.supervisor(&closed.name).unwrap();
    for role in ["database", "api"] {
        let pid = home.pid(&closed.name, role);
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .flatten();
        let links = descriptors.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let place = home.place(&closed.name).display().to_string();
        for link in links.map(|link| link.display().to_string()) {
            let foreign = link.contains("supervisor") || link.contains("/logs/");
            assert!(
                !foreign && !link.starts_with(&format!("{place}/roles")),
                "{role} has {link}"
            );
        }
        assert_ne!(session(pid), session(std::process::id()), "{role}");
    }
    assert_eq!(
        session(supervisor),
        supervisor,
        "no terminal's Ctrl-C concerns it"
    );
}

/// The session of a process, which terminals signal.
fn session(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields
        .split_ascii_whitespace()
        .nth(3)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn an_ordinary_user_has_environments_too() {
    let (ordinary, home) = small("ordinary");
    if !is_root() {
        eprintln!("this user is an ordinary one; the other tests show the same");
        return;
    }
    let as_nobody = |words: &[&str]| as_nobody(&ordinary, words);
    std::fs::create_dir(home.path()).unwrap();
    std::os::unix::fs::chown(home.path(), Some(65534), Some(65534)).unwrap();
    ordinary.checkout.open();
    as_nobody(&["up"]).exits(0).says(&["is ready in"]);
    as_nobody(&["up"]).exits(0).says(&["nothing had to change"]);
    let api = home.pid(&ordinary.name, "api");
    assert_eq!(
        std::fs::metadata(format!("/proc/{api}")).unwrap().uid(),
        65534
    );
    assert_eq!(
        std::fs::metadata(home.place(&ordinary.name))
            .unwrap()
            .mode()
            & 0o777,
        0o700
    );
    as_nobody(&["down", "-v", "--yes"]).exits(0);
    ordinary.is_gone();
}
