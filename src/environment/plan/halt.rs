//! Stopping and starting what is there, without making or removing anything.

use super::Plan;
use super::end_all;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::State;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;

/// How to stop the chosen instances: what asks before what answers.
pub fn stop(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    stop_into(&mut plan, observed, |found| {
        includes(chosen, found.instance)
    });
    plan
}

/// How to start the chosen instances that do not run, after what they need.
pub fn start(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    let asleep = |found: &Found| found.state != State::Running;
    start_into(&mut plan, observed, chosen, (asleep, &[]));
    plan
}

/// How to stop the chosen services, where they run, and to start them again.
pub fn restart(observed: &Observed, chosen: &[Chosen]) -> Plan {
    let mut plan = Plan::default();
    let is_meant =
        |found: &Found| found.instance.role.is_service() && includes(chosen, found.instance);
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
    end_all(
        plan,
        instances.filter(|found| is_meant(found)),
        Action::Stop,
    )
}

/// The API cannot become ready without its database, so that is started too where it does not run.
fn start_into(
    plan: &mut Plan,
    observed: &Observed,
    chosen: &[Chosen],
    (starts, stopped): (impl Fn(&Found) -> bool, &[(Instance, usize)]),
) {
    let is_chosen = |found: &Found| includes(chosen, found.instance);
    let mut instances = observed.instances.iter();
    let api_starts = instances
        .any(|found| found.instance.role == Role::Api && is_chosen(found) && starts(found));
    let is_needed = |found: &Found| found.instance.role == Role::Database && api_starts;
    let mut started: Steps = Vec::new();
    for found in &observed.instances {
        let role = found.instance.role;
        if !role.is_service() || !starts(found) || !(is_chosen(found) || is_needed(found)) {
            continue;
        }
        let earlier = started.iter().filter(|(other, _)| other.role < role);
        let ended = stopped.iter().filter(|(other, _)| *other == found.instance);
        let after = ended.chain(earlier).map(|(_, step)| *step).collect();
        let reason = (!is_chosen(found)).then_some("the api needs it");
        let step = plan.act(Action::Resume(found.clone()), reason, after);
        started.push((found.instance, step));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::changes;
    use super::super::tests::settled;
    use super::super::tests::wanted_by;
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
