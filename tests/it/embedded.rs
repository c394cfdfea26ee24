//! Environments without Docker: real processes, a real PostgreSQL, and whatever can happen to them.
#![cfg(target_os = "linux")]

mod commands;
mod disasters;
mod disks;
mod homes;
mod life;
mod logs;
mod postgres;
mod supervisors;

use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::home::Home;
use crate::support::run::Run;
use crate::support::run::Running;

/// A new environment from the small dump, and its home.
fn small(word: &str) -> (Environment, Home) {
    let home = Home::new();
    let checkout = Rc::new(Checkout::small());
    (Environment::embedded(word, &checkout, home.clone()), home)
}

/// Runs the program as the user `nobody`.
fn as_nobody(environment: &Environment, words: &[&str]) -> Run {
    let inner = environment.command(words);
    let mut setpriv = Command::new("setpriv");
    let variables = inner.get_envs();
    let variables = variables.filter_map(|(name, value)| Some((name, value?)));
    setpriv
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(variables)
        .current_dir(environment.checkout.path());
    Running::start(&mut setpriv).finish()
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The same, up and ready.
fn ready(word: &str) -> (Environment, Home) {
    let (environment, home) = small(word);
    environment.run(&["up"]).exits(0);
    (environment, home)
}
