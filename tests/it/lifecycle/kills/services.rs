//! An environment with services of the team's own, killed.

use super::DISK_MEGABYTES;
use super::DOWN_WITH_DATA;
use super::Scene;
use super::Victim;
use crate::lifecycle::services::STORE;
use crate::lifecycle::services::WORKER;
use crate::lifecycle::services::checkout;
use crate::lifecycle::services::profile;
use crate::support::engine::PrivateEngine;
use crate::support::environment::Kind;

#[test]
fn commands_on_services_that_are_killed_are_gone_on_with_by_the_next() {
    let Some(engine) = PrivateEngine::start(DISK_MEGABYTES) else {
        return;
    };
    let checkout = checkout(&with_worker("64 MB"));
    let victim = Victim::from(Kind::Docker, Some(engine), "kill-services", &checkout);
    let mut victim = victim.unwrap();
    victim.services = (&["store", "worker"], 1);
    victim.is_killed_often(&[
        Scene::again(Victim::is_nothing, &["up"], Victim::is_whole),
        Scene::again(Victim::is_up, DOWN_WITH_DATA, |victim| {
            victim.environment.is_gone();
        }),
        Scene::again(Victim::wants_another_worker, &["up"], Victim::is_whole),
        Scene::again(Victim::is_up, &["restart"], Victim::is_whole),
        Scene::again(Victim::wants_no_worker, &["up"], |victim| {
            victim.environment.is_whole_with(&["store"], 1);
            profile(&victim.environment.checkout, &with_worker("64 MB"));
        }),
        Scene {
            next: DOWN_WITH_DATA,
            ..Scene::again(Victim::is_nothing, &["up"], Victim::stays_gone)
        },
    ]);
    victim.leaves_nothing();
}

/// A store that the API needs, and a worker that needs the store.
fn with_worker(memory: &str) -> String {
    // The image's signal is another one, and a grace of ten seconds is long here.
    let worker = WORKER.replace("64 MB", memory).replace("TERM", "INT");
    format!("depends_on = [\"store\"]\n---{STORE}{worker}")
}

impl Victim {
    fn wants_another_worker(&self) {
        profile(&self.environment.checkout, &with_worker("64 MB"));
        self.is_up();
        profile(&self.environment.checkout, &with_worker("72 MB"));
    }

    fn wants_no_worker(&self) {
        self.is_up();
        let store = format!("depends_on = [\"store\"]\n---{STORE}");
        profile(&self.environment.checkout, &store);
    }
}
