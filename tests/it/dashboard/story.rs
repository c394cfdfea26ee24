//! What a developer does with the dashboard in a day, on every engine.

use crate::support::environment::Environment;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;
use crate::support::terminal::Terminal;

on_every_engine! {
    an_environment_comes_up_is_asked_breaks_is_restarted_and_left,
}

fn an_environment_comes_up_is_asked_breaks_is_restarted_and_left(kind: Kind) {
    let Some(environment) = Environment::small_on(kind, "story") else {
        return;
    };
    let terminal = Terminal::open(&environment.command(&[]), (120, 36));
    terminal.line("$R");
    terminal.shows("nothing runs here");
    it_comes_up(&terminal);
    it_answers(&terminal);
    its_api_breaks(&environment, &terminal);
    it_is_restarted(&terminal);
    terminal.key("q");
    terminal.prompts(2);
    environment.answers();
}

fn it_comes_up(terminal: &Terminal) {
    terminal.key("u");
    terminal.shows("is ready in");
    terminal.shows("known day");
    terminal.shows("GET /rates 200");
}

fn it_answers(terminal: &Terminal) {
    terminal.key("]");
    terminal.key("]");
    terminal.shows("200 · 31 days");
}

/// Docker leaves a container that was killed by hand where it is; a supervisor starts its process again.
fn its_api_breaks(environment: &Environment, terminal: &Terminal) {
    terminal.key("]");
    terminal.key("]");
    terminal.shows("up ");
    environment.kill("api");
    terminal.shows("exited 137");
}

fn it_is_restarted(terminal: &Terminal) {
    terminal.key("Tab");
    terminal.shows("restarted");
    terminal.key("j");
    terminal.key("r");
    terminal.shows("api restarted in");
    terminal.shows("✓ known day");
}
