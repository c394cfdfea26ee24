//! Plans for whatever may be there, carried out on an engine in memory.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::Engine;
use crate::engine::State;
use crate::engine::fake::Fake;

#[derive(Debug)]
struct Nobody;

impl crate::engine::Watcher for Nobody {
    fn progress(&self, _progress: crate::engine::Progress) {}
    fn line(&self, _line: String) {}
    fn notice(&self, _text: String) {}
}

/// Carries a plan out on an engine in memory.
fn carry_out(plan: &Plan, engine: &Arc<dyn Engine>, wanted: &Wanted) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for step in &plan.steps {
            if let Task::Act(action) = &step.task {
                engine
                    .perform(&wanted.owner, action, &Nobody)
                    .await
                    .unwrap();
            }
        }
    });
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Running),
        Just(State::Restarting),
        Just(State::Paused),
        Just(State::Ending),
        Just(State::Created { error: None }),
        Just(State::Exited {
            code: 1,
            out_of_memory: false
        }),
    ]
}

fn network() -> impl Strategy<Value = Network> {
    prop_oneof![
        Just(Network::Missing),
        Just(Network::Broken),
        Just(Network::Right),
        Just(Network::Needless)
    ]
}

proptest! {
    #[test]
    fn whatever_is_there_one_plan_makes_it_right_and_every_step_waits_for_earlier_ones_only(
        kept in proptest::collection::vec(any::<bool>(), 6),
        states in proptest::collection::vec(state(), 6),
        changed in proptest::collection::vec(any::<bool>(), 6),
        (network, volumes) in (network(), any::<bool>()),
        (build, recreate, reset) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let wanted = wanted_with_services();
        let mut situation = settled(&wanted);
        let all = situation.observed.instances.clone();
        situation.changed = all.iter().zip(&changed).filter(|(_, changed)| **changed).map(|(found, _)| found.instance).collect();
        for (found, state) in situation.observed.instances.iter_mut().zip(states) {
            found.state = state;
        }
        let mut keep = kept.iter();
        situation.observed.instances.retain(|_| *keep.next().unwrap());
        situation.observed.network = network;
        if !volumes {
            situation.observed.volumes.clear();
        }
        let plan = up(&wanted, &situation, Choices { build, recreate, reset });
        for (index, step) in plan.steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|before| *before < index));
        }
        let engine = Fake::holding(&wanted.owner.environment, situation.observed);
        let engine: Arc<dyn Engine> = Arc::new(engine);
        carry_out(&plan, &engine, &wanted);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let observed = runtime.block_on(engine.observe(&wanted.owner.environment)).unwrap();
        let after = Situation { observed, ..settled(&wanted) };
        prop_assert!(up(&wanted, &after, Choices::default()).is_empty());
    }
}
