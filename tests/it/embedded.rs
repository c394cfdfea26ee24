//! Environments without Docker: real processes, a real PostgreSQL, and whatever can happen to them.
#![cfg(target_os = "linux")]

mod commands;
mod disasters;
mod homes;
mod life;
mod logs;
mod postgres;

use std::rc::Rc;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::home::Home;

/// A new environment from the small dump, and its home.
fn small(word: &str) -> (Environment, Home) {
    let home = Home::new();
    let checkout = Rc::new(Checkout::small());
    (Environment::embedded(word, &checkout, home.clone()), home)
}

/// The same, up and ready.
fn ready(word: &str) -> (Environment, Home) {
    let (environment, home) = small(word);
    environment.run(&["up"]).exits(0);
    (environment, home)
}
