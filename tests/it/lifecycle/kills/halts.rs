//! `stop`, `start` and `restart`, killed.

use super::Scene;
use super::Victim;
use super::killed_often;
use crate::support::environment::Kind;
use crate::support::environment::on_every_engine;

on_every_engine! {
    a_halt_that_is_killed_at_any_instant_is_gone_on_with_by_the_next,
}

fn a_halt_that_is_killed_at_any_instant_is_gone_on_with_by_the_next(kind: Kind) {
    killed_often(
        kind,
        "kill-halt",
        &[
            Scene::again(Victim::is_up, &["restart"], Victim::is_whole),
            Scene::again(Victim::is_up, &["stop"], Victim::is_stopped),
            Scene::again(Victim::stops, &["start"], Victim::is_whole),
            Scene::again(Victim::is_up, &["restart", "api"], Victim::is_whole),
        ],
    );
}

impl Victim {
    fn stops(&self) {
        self.is_up();
        self.environment.run(&["stop"]).exits(0);
    }

    fn is_stopped(&self) {
        self.environment.is_stopped();
    }
}
