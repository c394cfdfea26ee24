//! What is there and not as wanted: it is replaced, started again, removed or waited for.

use super::*;
use crate::engine::FoundPort;
use crate::engine::Publish;
use crate::engine::State;

#[test]
fn an_environment_that_is_as_wanted_is_only_checked() {
    for profile in ["dev", "staging", "prod"] {
        let wanted = wanted_by(profile);
        let plan = up(&wanted, &settled(&wanted), Choices::default());
        assert!(plan.is_empty(), "{profile}: {:?}", titles(&plan));
        assert!(!plan.steps.is_empty(), "{profile} has checks");
    }
}

#[test]
fn what_changed_is_replaced_and_the_rest_is_left_alone() {
    let wanted = wanted_by("dev");
    let api = Instance::first(Role::Api);
    let situation = Situation {
        changed: vec![api],
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove api < ", "api < remove api"]);

    let database = Instance::first(Role::Database);
    let situation = Situation {
        changed: vec![database],
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    let expected = [
        "remove database < ",
        "database < remove database",
        "seed rates.sql < database",
    ];
    assert_eq!(changes(&plan), expected);
}

#[test]
fn an_instance_that_stopped_is_started_again() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let stopped = State::Exited {
        code: 137,
        out_of_memory: false,
    };
    situation.observed.instances[1].state = stopped;
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["api < "]);
    assert_eq!(plan.steps[0].reason.as_deref(), Some("was exited 137"));
}

#[test]
fn an_instance_that_waits_for_a_start_that_failed_is_started() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    situation.observed.instances[1].state = State::Created { error: None };
    assert_eq!(
        changes(&up(&wanted, &situation, Choices::default())),
        ["api < "]
    );
}

#[test]
fn what_keeps_failing_or_is_frozen_is_replaced() {
    let wanted = wanted_by("dev");
    for state in [State::Restarting, State::Paused, State::Ending] {
        let mut situation = settled(&wanted);
        situation.observed.instances[0].state = state;
        let plan = seed(&wanted, &situation, Choices::default());
        let expected = [
            "remove database < ",
            "database < remove database",
            "seed rates.sql < database",
        ];
        assert_eq!(changes(&plan), expected);
    }
}

#[test]
fn a_replica_too_many_is_removed() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let mut stray = situation.observed.instances[1].clone();
    stray.instance.number = 2;
    situation.observed.instances.push(stray);
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove api-2 < "]);
}

#[test]
fn ports_may_change_places_because_all_of_a_role_goes_before_any_of_it_comes() {
    let wanted = wanted_by("prod");
    let mut situation = settled(&wanted);
    let mut stray = situation.observed.instances[1].clone();
    stray.instance.number = 3;
    situation.observed.instances.push(stray);
    situation.changed = [1, 2]
        .map(|number| Instance {
            role: Role::Api,
            number,
        })
        .to_vec();
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "remove api-3 < ",
            "remove api < ",
            "remove api-2 < ",
            "api < remove api-3, remove api, remove api-2",
            "api-2 < remove api-3, remove api, remove api-2",
        ]
    );
}

#[test]
fn ports_that_change_places_are_free_before_anything_is_started() {
    let mut wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let api = Instance::first(Role::Api);
    let held = 18_080;
    let mut instances = situation.observed.instances.iter_mut();
    let found = instances.find(|found| found.instance == api).unwrap();
    found.ports = vec![FoundPort {
        inside: 8000.into(),
        address: (std::net::Ipv4Addr::LOCALHOST, held).into(),
    }];
    let worker = wanted
        .services
        .iter_mut()
        .find(|service| service.instance.role.as_str() == "worker")
        .unwrap();
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let port = Some(held);
    worker.publish = Some(Publish { address, port });
    situation.changed = vec![api, worker.instance];
    let plan = up(&wanted, &situation, Choices::default());
    let changes = changes(&plan);
    assert_eq!(changes.first().unwrap(), "remove api < ");
    let worker = changes
        .iter()
        .find(|line| line.starts_with("worker"))
        .unwrap();
    assert!(worker.contains("remove api"), "{changes:?}");
    let removals = changes
        .iter()
        .filter(|line| line.starts_with("remove api <"));
    assert_eq!(removals.count(), 1, "{changes:?}");
}

#[test]
fn a_service_that_left_the_profile_is_removed_and_its_volume_is_kept() {
    let mut wanted = wanted_with_services();
    let situation = settled(&wanted);
    assert!(up(&wanted, &situation, Choices::default()).is_empty());
    wanted
        .services
        .retain(|service| service.instance.role.as_str() != "store");
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove store < "]);
    let down = down(&situation.observed, false);
    assert_eq!(
        titles(&down).last().map(String::as_str),
        Some("remove network")
    );
}

#[test]
fn a_service_that_does_not_work_yet_is_waited_for() {
    let wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let mut instances = situation.observed.instances.iter();
    let first = instances
        .find(|found| found.instance.role.is_own())
        .unwrap();
    let name = first.instance.to_string();
    situation.awaited = vec![first.instance];
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), [format!("{name} < ")]);
}

#[test]
fn a_volume_that_is_missing_is_made() {
    let wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let volumes = &mut situation.observed.volumes;
    volumes.retain(|volume| !matches!(volume.contents, Contents::Named(_)));
    assert_eq!(
        changes(&up(&wanted, &situation, Choices::default())),
        ["volumes < "]
    );
}
