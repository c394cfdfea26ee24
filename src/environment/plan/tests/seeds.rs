//! What the database holds, and what becomes of it.

use super::*;
use crate::engine::State;

#[test]
fn another_seed_is_kept_unless_it_is_to_be_replaced() {
    let wanted = wanted_by("dev");
    let situation = Situation {
        seed: Some("other".to_owned()),
        ..settled(&wanted)
    };
    assert!(up(&wanted, &situation, Choices::default()).is_empty());
    assert!(seed(&wanted, &situation, Choices::default()).is_empty());
    let reset = Choices {
        reset: true,
        ..Choices::default()
    };
    let changed = Situation {
        changed: vec![Instance::first(Role::Api)],
        ..situation
    };
    assert_eq!(
        changes(&seed(&wanted, &changed, reset)),
        ["seed rates.sql < "]
    );
}

#[test]
fn a_seed_starts_what_does_not_run() {
    let wanted = wanted_by("dev");
    let mut situation = Situation {
        seed: None,
        ..settled(&wanted)
    };
    let instances = &mut situation.observed.instances;
    instances.retain(|found| found.instance.role != Role::Database);
    for found in instances {
        found.state = State::Created { error: None };
    }
    let plan = seed(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "database < ",
            "seed rates.sql < database",
            "api < database, seed rates.sql"
        ]
    );
}

#[test]
fn a_seed_that_nobody_vouches_for_is_looked_at() {
    let wanted = wanted_by("dev");
    let situation = Situation {
        seed: None,
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["seed rates.sql < "]);
}

#[test]
fn the_job_of_a_load_that_lost_its_manager_is_waited_for_and_taken_away() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let mut job = situation.observed.instances[0].clone();
    job.instance = Instance::first(Role::Seed);
    situation.observed.instances.push(job);
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        ["seed rates.sql < "],
        "while it runs, it is waited for"
    );
    situation.observed.instances.last_mut().unwrap().state = State::Exited {
        code: 0,
        out_of_memory: false,
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove seed < "]);
}
