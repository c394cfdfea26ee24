//! The dashboard in a real terminal, against a real Engine.

mod bad_days;
mod story;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use super::support::environment::Environment;
use super::support::environment::Kind;
use super::support::environment::QUESTION;
use super::support::environment::on_every_engine;
use super::support::front::Door;
use super::support::home::Home;
use super::support::http::get;
use super::support::run::Running;
use super::support::terminal::Terminal;

#[test]
fn without_a_terminal_the_dashboard_names_what_shows_the_same() {
    let Some(environment) = Environment::small("pipe") else {
        return;
    };
    let said = environment.run(&[]).exits(2);
    said.says(&["needs a terminal", "ratesdev status --watch"]);
}

#[test]
fn an_environment_is_brought_up_read_asked_restarted_and_left_running() {
    let Some(environment) = Environment::small("board") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (120, 36));
    terminal.line("$R");
    terminal.shows("so there is nothing to read");
    terminal.key("u");
    terminal.shows("is ready in");
    terminal.shows("healthy");
    terminal.shows("known day");

    terminal.key("/");
    terminal.key("l");
    terminal.key("i");
    terminal.key("s");
    terminal.key("Enter");
    terminal.shows("listening");
    terminal.key("Escape");
    // A terminal may tell Escape and the next key as one, so that one comes between that does not matter.
    terminal.key("w");

    terminal.key("]");
    terminal.shows("requests a second");
    terminal.key("]");
    terminal.shows("200 · 31 days");
    terminal.shows("1\u{2009}154.33");
    terminal.key("w");
    terminal.shows("3 prices that add up to 3463");
    terminal.key("Escape");
    terminal.hides("3 prices that add up to 3463");
    terminal.key("e");
    terminal.key("C-u");
    terminal.key("g");
    terminal.key("u");
    terminal.shows("CNGGZ  Guangzhou");
    terminal.key("Tab");
    terminal.key("Tab");
    terminal.key("Tab");
    terminal.key("X");
    terminal.key("Enter");
    // What the API has to say of a question that is none is shown as it says it.
    terminal.shows("the API answered 400");

    terminal.key("Tab");
    terminal.key("j");
    terminal.key("r");
    terminal.shows("api restarted in");

    terminal.resize(20, 5);
    terminal.resize(80, 24);
    terminal.shows("1 of 1 check");
    // The list that has the focus lies over the pane now, and is left first.
    terminal.shows("q back");
    terminal.key("q");
    terminal.shows("q leave running");
    terminal.key("q");
    terminal.prompts(2);
    environment.answers();
    assert_eq!(environment.things()[0].len(), 2, "leaving stops nothing");
}

#[test]
fn questions_are_remembered_for_both_and_the_terminal_comes_back_whole() {
    let Some(environment) = Environment::ready("suspend") else {
        return;
    };
    let mut asked = vec!["query"];
    asked.extend(QUESTION);
    environment.run(&asked).exits(0);
    let terminal = Terminal::open(&environment.command(&[]), (100, 30));
    terminal.line("$R");
    terminal.shows("following");
    terminal.key("C-z");
    terminal.prompts(2);
    terminal.line("fg");
    terminal.shows("following");
    terminal.key("]");
    terminal.key("]");
    terminal.shows("200 · 31 days");
    terminal.key("h");
    terminal.shows("Asked before");
    terminal.key("Escape");
    terminal.hides("Asked before");
    terminal.key("p");
    terminal.shows("rates=#");
    terminal.line("select 40 + 2 as answer;");
    terminal.shows("42");
    terminal.line("\\q");
    terminal.shows("200 · 31 days");
    terminal.key("C-c");
    terminal.prompts(3);
}

#[test]
fn a_dashboard_that_is_asked_to_end_gives_the_terminal_back() {
    let Some(environment) = Environment::small("term") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (80, 24));
    terminal.line("$R");
    terminal.shows("nothing to read");
    let mut kill = Command::new("kill");
    assert!(
        kill.args(["-TERM", &terminal.child_of_shell()])
            .status()
            .unwrap()
            .success()
    );
    terminal.prompts(2);
    terminal.line("stty -a | grep -o ' -icanon' | wc -l");
    terminal.shows("\n0\n");
}

on_every_engine! {
    the_database_is_read_watched_and_written_only_when_that_is_switched_on,
}

fn the_database_is_read_watched_and_written_only_when_that_is_switched_on(kind: Kind) {
    let Some(environment) = Environment::ready_on(kind, "sql") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (170, 40));
    terminal.line("$R");
    terminal.shows("following");
    for _ in 0..3 {
        terminal.key("]");
    }
    terminal.shows("ratesdev.seed");
    terminal.shows("seed ");
    terminal.shows("of rates.sql");

    terminal.key("e");
    terminal.line("select 6 * 7 as answer, null as nothing");
    terminal.shows("1 row");
    terminal.shows("answer");
    terminal.shows("42");
    let say = |sql: &str| {
        terminal.key("e");
        terminal.key("C-u");
        terminal.line(sql);
    };
    say("select n from generate_series(1, 450) n");
    terminal.shows("200 rows and more");
    terminal.key("G");
    terminal.shows("400 rows and more");
    terminal.key("G");
    terminal.shows("450 rows");
    say("select nonsense from ports");
    terminal.shows("42703");
    terminal.shows("       ^");

    say("delete from prices");
    terminal.shows("writing is off");
    say("select pg_sleep(600)");
    // Before the server has begun with it there is nothing that it could cancel.
    terminal.shows("running 1.");
    terminal.key("c");
    terminal.shows("57014");

    terminal.key("W");
    terminal.shows("WRITE>");
    say("create table from_the_dashboard as select 1 as a");
    terminal.shows("committed");
    terminal.key("Left");
    terminal.key("Left");
    terminal.shows("▌ from_the_dashboard");

    let asleep = environment.start(&["psql", "-c", "select pg_sleep(600)"]);
    terminal.key("Right");
    terminal.shows(" psql ");
    terminal.key("c");
    terminal.shows("This statement is cancelled");
    terminal.key("y");
    terminal.key("Enter");
    terminal.shows("was cancelled");
    terminal.shows("no statement runs");
    asleep
        .finish()
        .exits(1)
        .says(&["canceling statement due to user request"]);
    environment.answers();
    terminal.key("C-c");
    terminal.prompts(2);
}

#[test]
fn keys_that_clash_are_told_before_the_dashboard_opens() {
    let Some(environment) = Environment::small("keys") else {
        return;
    };
    let own = environment.checkout.path().join("own");
    std::fs::create_dir_all(own.join("ratesdev")).unwrap();
    let keys = "[keys]\nwrap = \"t\"\nfolow = \"F\"\n";
    std::fs::write(own.join("ratesdev/config.toml"), keys).unwrap();
    let mut command = environment.command(&[]);
    let refused = Running::start(command.env("XDG_CONFIG_HOME", &own)).finish();
    refused.exits(2).says(&[
        "E-KEYS",
        "`t` is the key of two actions in Logs: times and wrap",
        "did you mean `follow`?",
        "config.toml:2:1",
    ]);
    // No other command depends on them.
    let mut status = environment.command(&["profile", "show"]);
    Running::start(status.env("XDG_CONFIG_HOME", &own))
        .finish()
        .exits(0);
}

#[test]
fn two_dashboards_of_one_environment_wait_for_each_other() {
    let Some(environment) = Environment::ready("two") else {
        return;
    };
    let both = [(100, 30), (120, 36)].map(|size| Terminal::open(&environment.command(&[]), size));
    for terminal in &both {
        terminal.line("$R");
        terminal.shows("known day");
    }
    for terminal in &both {
        terminal.key("r");
    }
    for terminal in &both {
        terminal.shows("restarted in");
    }
    for terminal in &both {
        terminal.key("q");
        terminal.prompts(2);
    }
    environment.answers();
}

#[test]
fn an_engine_that_stops_and_returns_is_told_and_what_was_read_stays() {
    let Some(environment) = Environment::ready("cut") else {
        return;
    };
    let mut door = Door::closed();
    door.open();
    let mut command = environment.command(&[]);
    command.env("DOCKER_HOST", door.engine());
    let terminal = Terminal::open(&command, (120, 36));
    terminal.line("$R");
    terminal.shows("known day");
    terminal.shows("listening");
    door.close();
    terminal.shows("docker does not answer");
    terminal.shows("listening");
    door.open();
    terminal.shows("docker answers again");
    // Events keep what was said, and what is done goes to the Engine that returned.
    terminal.key("Tab");
    terminal.key("j");
    terminal.key("r");
    terminal.shows("api restarted in");
    terminal.key("[");
    terminal.key("[");
    terminal.shows("docker does not answer:");
    terminal.shows("docker answers again");
    terminal.key("q");
    terminal.prompts(2);
}

#[test]
fn a_dashboard_without_docker_opens_and_finds_it_when_it_answers() {
    let Some(environment) = Environment::ready("late") else {
        return;
    };
    let (mut door, home) = (Door::closed(), Home::new());
    let mut command = environment.command(&[]);
    command
        .env("DOCKER_HOST", door.engine())
        .env("RATESDEV_ENGINE", "auto")
        .env("RATESDEV_HOME", home.path());
    let terminal = Terminal::open(&command, (120, 36));
    terminal.line("$R");
    terminal.shows("docker does not answer");
    terminal.shows("nothing runs here");
    door.open();
    terminal.shows("docker answers again");
    terminal.shows("known day");
    terminal.shows("listening");
    // The Engine that was found late is asked like any other.
    terminal.key("Tab");
    terminal.shows("restarted");
    terminal.key("d");
    terminal.shows("settings");
    terminal.key("/");
    terminal.line("RestartPolicy");
    terminal.shows("1 value");
    terminal.key("q");
    terminal.key("q");
    terminal.prompts(2);
    let status = environment.run(&["status", "--json"]).exits(0).json();
    for role in status["roles"].as_array().unwrap() {
        assert!(role["usage"]["network"]["in"].is_u64(), "{role}");
        assert!(role["usage"]["disk"]["out"].is_u64(), "{role}");
    }
}

#[test]
fn the_load_is_measured_while_lines_arrive_without_a_pause() {
    let Some(environment) = Environment::ready("busy") else {
        return;
    };
    let (asks, end) = (
        environment.run(&["port", "api"]).exits(0).stdout,
        AtomicBool::new(false),
    );
    let address: SocketAddr = asks.trim().parse().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(Ordering::Relaxed) {
                get(address, "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL").unwrap();
            }
        });
        let terminal = Terminal::open(&environment.command(&[]), (120, 36));
        terminal.line("$R");
        terminal.shows("known day");
        terminal.key("]");
        terminal.shows("requests a second");
        // The first measurement has nothing to compare with; the second tells how long answers took.
        let measured = std::panic::catch_unwind(|| terminal.hides("nothing was asked"));
        end.store(true, Ordering::Relaxed);
        measured.unwrap();
        terminal.key("q");
        terminal.prompts(2);
    });
}
