//! The dashboard in a real terminal, against a real Engine.

use std::process::Command;

use super::support::environment::Environment;
use super::support::environment::QUESTION;
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
    terminal.key("e");
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
    terminal.shows("2021-01-31");
    terminal.key("Escape");
    terminal.key("F12");
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
