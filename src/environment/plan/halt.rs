//! Stopping and starting what is there, without making or removing anything.

use super::Plan;
use super::end_all;
use super::in_order;
use super::needs_of;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::State;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;
use crate::profile::all_needs;

/// How to stop the chosen instances: what asks before what answers.
pub fn stop(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    stop_into(&mut plan, observed, |found| {
        is_for_all(observed) || includes(chosen, found.instance)
    });
    plan
}

/// How to start the chosen instances that do not run, after what they need.
pub fn start(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    let stopped = stop_into(&mut plan, observed, |_| is_for_all(observed));
    let asleep = |found: &Found| found.state != State::Running || is_for_all(observed);
    start_into(&mut plan, observed, chosen, (asleep, &stopped));
    plan
}

/// Where nobody looks after the instances, a change to one of them ends them all.
fn is_for_all(observed: &Observed) -> bool {
    observed.unattended.is_some()
}

/// How to stop the chosen services, where they run, and to start them again.
pub fn restart(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    let is_meant = |found: &Found| {
        let is_chosen = is_for_all(observed) || includes(chosen, found.instance);
        found.instance.role.is_service() && is_chosen
    };
    let stopped = stop_into(&mut plan, observed, is_meant);
    let again = |found: &Found| is_meant(found) || found.state != State::Running;
    start_into(&mut plan, observed, chosen, (again, &stopped));
    plan
}

type Steps = Vec<(Instance, usize)>;

fn stop_into(plan: &mut Plan, observed: &Observed, is_meant: impl Fn(&Found) -> bool) -> Steps {
    // What holds its port is there, although nobody may look after it any more.
    let runs = |found: &&Found| {
        let is_alive = matches!(
            found.state,
            State::Running | State::Restarting | State::Paused
        );
        is_alive || found.endpoint.is_some()
    };
    let instances = observed.instances.iter().filter(runs);
    end_all(plan, instances.filter(|found| is_meant(found)), |found| {
        Action::Stop(found, None)
    })
}

/// Nothing becomes ready without what it needs, so that is started too where it does not run.
fn start_into(
    plan: &mut Plan,
    observed: &Observed,
    chosen: &[Chosen],
    (starts, stopped): (impl Fn(&Found) -> bool, &[(Instance, usize)]),
) {
    let is_stopped = |found: &Found| stopped.iter().any(|(other, _)| *other == found.instance);
    let is_chosen = |found: &Found| {
        let goes_on = is_for_all(observed) && is_stopped(found);
        goes_on || includes(chosen, found.instance)
    };
    let instances: Vec<_> = observed.instances.iter().collect();
    let needs = needs_of(instances.iter().copied());
    let meant = instances
        .iter()
        .filter(|found| is_chosen(found) && starts(found));
    let meant: Vec<_> = meant.map(|found| found.instance.role).collect();
    let who_needs = |role: Role| {
        let mut meant = meant.iter();
        meant.find(|other| all_needs(**other, &needs).contains(&role))
    };
    let mut started: Steps = Vec::new();
    for found in in_order(instances, &needs) {
        let role = found.instance.role;
        let who = who_needs(role).filter(|_| !is_chosen(found));
        if !role.is_service() || !starts(found) || !(is_chosen(found) || who.is_some()) {
            continue;
        }
        let needed = all_needs(role, &needs);
        let earlier = started
            .iter()
            .filter(|(other, _)| needed.contains(&other.role));
        let ended = stopped.iter().filter(|(other, _)| *other == found.instance);
        let after = ended.chain(earlier).map(|(_, step)| *step).collect();
        let reason = who.map(|who| format!("the {who} needs it"));
        let step = plan.act(Action::Resume(found.clone()), reason.as_deref(), after);
        started.push((found.instance, step));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::changes;
    use super::super::tests::settled;
    use super::super::tests::wanted_by;
    use super::super::tests::wanted_with_services;
    use super::*;

    const STOPPED: State = State::Exited {
        code: 0,
        out_of_memory: false,
    };

    fn prod() -> Observed {
        settled(&wanted_by("prod")).observed
    }

    fn chosen(words: &[&str]) -> Vec<Chosen> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn what_asks_is_stopped_before_what_answers() {
        let plan = stop(&prod(), &[]);
        let expected = [
            "stop api-2 < ",
            "stop api < ",
            "stop database < stop api-2, stop api",
        ];
        assert_eq!(changes(&plan), expected);
        assert_eq!(
            changes(&stop(&prod(), &chosen(&["api-2"]))),
            ["stop api-2 < "]
        );
    }

    #[test]
    fn what_is_stopped_is_not_stopped_again_and_what_runs_is_not_started_again() {
        let mut observed = prod();
        assert!(start(&observed, &[]).is_empty());
        for found in &mut observed.instances {
            found.state = STOPPED;
        }
        assert!(stop(&observed, &[]).is_empty());
        let expected = ["database < ", "api < database", "api-2 < database"];
        assert_eq!(changes(&start(&observed, &[])), expected);
    }

    #[test]
    fn a_database_that_the_api_needs_is_started_with_it() {
        let mut observed = prod();
        observed.instances[0].state = STOPPED;
        observed.instances[1].state = STOPPED;
        let plan = start(&observed, &chosen(&["api"]));
        assert_eq!(changes(&plan), ["database < ", "api < database"]);
        assert_eq!(plan.steps[0].reason.as_deref(), Some("the api needs it"));
        assert_eq!(
            changes(&start(&observed, &chosen(&["database"]))),
            ["database < "]
        );
    }

    #[test]
    fn a_restart_stops_all_before_it_starts_in_the_other_order() {
        let expected = [
            "stop api-2 < ",
            "stop api < ",
            "stop database < stop api-2, stop api",
            "database < stop database",
            "api < stop api, database",
            "api-2 < stop api-2, database",
        ];
        assert_eq!(changes(&restart(&prod(), &[])), expected);
        assert_eq!(
            changes(&restart(&prod(), &chosen(&["database"]))),
            ["stop database < ", "database < stop database"]
        );
    }

    #[test]
    fn where_nobody_looks_after_them_all_are_stopped_and_what_ran_is_started_again() {
        let observed = Observed {
            unattended: Some("its supervisor does not answer".to_owned()),
            ..prod()
        };
        let api = chosen(&["api-2"]);
        let stopped = [
            "stop api-2 < ",
            "stop api < ",
            "stop database < stop api-2, stop api",
        ];
        assert_eq!(changes(&stop(&observed, &api)), stopped);
        let again = [
            "database < stop database",
            "api < stop api, database",
            "api-2 < stop api-2, database",
        ];
        for plan in [start(&observed, &api), restart(&observed, &api)] {
            assert_eq!(changes(&plan), [&stopped[..], &again].concat());
        }
    }

    #[test]
    fn what_a_service_needs_is_stopped_after_it_and_started_before_it() {
        let mut observed = settled(&wanted_with_services()).observed;
        let expected = [
            "stop worker < ",
            "stop alone < ",
            "stop api-2 < ",
            "stop api < ",
            "stop store < stop worker, stop api-2, stop api",
            "stop database < stop worker, stop api-2, stop api",
        ];
        assert_eq!(changes(&stop(&observed, &[])), expected);
        for found in &mut observed.instances {
            found.state = STOPPED;
        }
        let plan = start(&observed, &chosen(&["worker"]));
        assert_eq!(
            changes(&plan),
            ["database < ", "store < ", "worker < database, store"]
        );
        assert_eq!(plan.steps[1].reason.as_deref(), Some("the worker needs it"));
    }

    #[test]
    fn a_job_is_stopped_and_never_started() {
        let mut observed = prod();
        let mut job = observed.instances[0].clone();
        job.instance = Instance::first(Role::Seed);
        observed.instances.insert(1, job);
        let all = stop(&observed, &[]);
        assert!(changes(&all).contains(&"stop seed < stop api-2, stop api".to_owned()));
        assert!(restart(&observed, &chosen(&["seed"])).is_empty());
    }
}
