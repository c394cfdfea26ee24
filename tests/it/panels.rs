//! What the dashboard's tabs show of an environment that really runs, and what it takes along.

use super::support::environment::Environment;
use super::support::environment::Kind;
use super::support::environment::on_every_engine;
use super::support::eventually;
use super::support::terminal::Terminal;

on_every_engine! {
    the_database_is_measured_only_while_its_figures_are_looked_at,
    what_differs_from_what_runs_is_told_until_it_is_brought_about,
}

/// Sessions that dashboards have on the database.
fn sessions(environment: &Environment) -> String {
    let sql = "select count(*) from pg_stat_activity where application_name like '%dashboard%'";
    environment.sql("rates", sql)
}

fn the_database_is_measured_only_while_its_figures_are_looked_at(kind: Kind) {
    let Some(environment) = Environment::ready_on(kind, "pulse") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (170, 40));
    terminal.line("$R");
    terminal.shows("known day");
    assert_eq!(sessions(&environment), "0");
    terminal.key("]");
    terminal.shows("transactions");
    terminal.shows("slowest");
    let lock = "begin; lock table prices; select pg_sleep(600)";
    let lock = environment.start(&["psql", "-c", lock]);
    terminal.shows("pg_sleep(600)");
    let waits = environment.start(&["psql", "-c", "select count(*) from prices"]);
    terminal.shows("1 waits for a lock");
    terminal.shows("select count(*) from prices");
    assert_eq!(sessions(&environment), "1", "one session takes all figures");
    terminal.key("[");
    eventually("no session of a dashboard that looks elsewhere", || {
        (sessions(&environment) == "0").then_some(())
    });
    drop((lock, waits));
    terminal.key("]");
    environment.run(&["stop", "database"]).exits(0);
    terminal.shows("database: it does not run");
    environment.run(&["start", "database"]).exits(0);
    terminal.hides("database: ");
    terminal.key("q");
    terminal.prompts(2);
}

fn what_differs_from_what_runs_is_told_until_it_is_brought_about(kind: Kind) {
    let Some(environment) = Environment::ready_on(kind, "drift") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (140, 40));
    terminal.line("$R");
    terminal.shows("known day");
    terminal.key("[");
    terminal.shows("what runs is what the profile wants");
    terminal.shows("api.cache");
    let limit = "memory = \"64 MB\"";
    let settings = format!("{limit}\nmax_span_days = 99");
    let profile = "profiles/dev.toml";
    environment.checkout.edit(profile, limit, &settings);
    terminal.key("[");
    terminal.key("]");
    terminal.shows("what runs is not what the profile wants; u would");
    terminal.shows("its configuration has changed");
    terminal.shows("dev.toml:");
    terminal.key("u");
    terminal.shows("is ready in");
    terminal.shows("what runs is what the profile wants");
    terminal.key("q");
    terminal.prompts(2);
}

#[test]
fn what_is_copied_comes_to_the_clipboard_of_the_terminal() {
    let Some(environment) = Environment::ready_on(Kind::Embedded, "copy") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (120, 36));
    terminal.line("$R");
    terminal.shows("known day");
    terminal.key("P");
    terminal.shows("copied: postgres://rates@127.0.0.1:");
    let copied = terminal.copied();
    assert!(
        copied.starts_with("postgres://rates@127.0.0.1:"),
        "{copied}"
    );
    terminal.key("q");
    terminal.prompts(2);
}
