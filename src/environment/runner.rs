//! Carries a plan out: whatever waits for nothing runs at once, the first failure stops the rest.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::check;
use super::event::Emitter;
use super::event::Event;
use super::plan::Plan;
use super::plan::Step;
use super::plan::Task;
use super::ready;
use crate::engine::Action;
use crate::engine::Engine;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Remark;
use crate::error::Error;
use crate::error::Interrupted;
use crate::error::Result;
use crate::shutdown::Shutdown;

/// What a plan is carried out with.
#[derive(Debug)]
pub struct Runner<'a> {
    /// Where.
    pub engine: &'a Arc<dyn Engine>,
    /// For whom.
    pub owner: &'a Identity,
    /// How long a role that was started may take until it answers.
    pub wait: Duration,
    /// Who is told.
    pub emitter: &'a Emitter,
    /// What may cut it short.
    pub shutdown: &'a Shutdown,
}

/// What became of a step.
struct Ended {
    step: usize,
    elapsed: Duration,
    result: Result<Remark>,
}

impl Runner<'_> {
    /// Runs until every step is done, one fails, or the user interrupts. What is done stays done; steps that were cut
    /// off are begun again, or gone on with, by the next plan.
    pub async fn run(&self, plan: &Plan) -> Result<()> {
        self.emitter.emit(Event::Planned {
            steps: plan.announce(),
        });
        let mut progress = Tally::new(plan);
        let mut running = FuturesUnordered::new();
        loop {
            for step in progress.begin(plan) {
                self.emitter.emit(Event::Started { step });
                running.push(self.step(step, plan));
            }
            if running.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(ended) = running.next() => {
                    let step = ended.step;
                    progress.end(step);
                    if let Err(error) = self.tell(ended) {
                        self.cancel(&progress);
                        return Err(error);
                    }
                }
                () = self.shutdown.requested() => {
                    self.cancel(&progress);
                    return Err(Interrupted.into());
                }
            }
        }
    }

    async fn step(&self, index: usize, plan: &Plan) -> Ended {
        let begun = Instant::now();
        let result = match plan.steps.get(index) {
            Some(step) => self.perform(step, index).await,
            None => Ok(None),
        };
        Ended {
            step: index,
            elapsed: begun.elapsed(),
            result,
        }
    }

    async fn perform(&self, step: &Step, index: usize) -> Result<Remark> {
        let watcher = self.emitter.step(index);
        match &step.task {
            Task::Act(action) => {
                let remark = self.engine.perform(self.owner, action, &watcher).await?;
                match started(action) {
                    Some(instance) => self.ready(instance).await,
                    None => Ok(remark),
                }
            }
            Task::Check(check) => check::pass(self.engine, &self.owner.environment, check).await,
        }
    }

    async fn ready(&self, instance: Instance) -> Result<Remark> {
        let deadline = Instant::now() + self.wait;
        ready::wait(self.engine, &self.owner.environment, instance, deadline).await
    }

    fn tell(&self, ended: Ended) -> Result<()> {
        let Ended {
            step,
            elapsed,
            result,
        } = ended;
        match result {
            Ok(remark) => {
                self.emitter.emit(Event::Finished {
                    step,
                    remark,
                    elapsed,
                });
                Ok(())
            }
            Err(error) => {
                self.emitter.emit(Event::Failed {
                    step,
                    error: Error::report(&error),
                    elapsed,
                });
                Err(error)
            }
        }
    }

    fn cancel(&self, progress: &Tally) {
        for step in progress.running() {
            self.emitter.emit(Event::Cancelled { step });
        }
    }
}

/// Whom an action starts.
fn started(action: &Action) -> Option<Instance> {
    match action {
        Action::Start(service) => Some(service.instance),
        Action::Resume(found) => Some(found.instance),
        _ => None,
    }
}

/// Which steps wait, run, are done.
#[derive(Debug)]
struct Tally(Vec<Phase>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Done,
}

impl Tally {
    fn new(plan: &Plan) -> Self {
        Self(vec![Phase::Waiting; plan.steps.len()])
    }

    /// Marks the steps that wait for nothing any more as running, and returns them.
    fn begin(&mut self, plan: &Plan) -> Vec<usize> {
        let is_done = |step: &usize| self.0.get(*step) == Some(&Phase::Done);
        let may_begin = |step: &Step| step.after.iter().all(is_done);
        let waiting = plan.steps.iter().zip(&self.0).enumerate();
        let free =
            waiting.filter(|(_, (step, phase))| **phase == Phase::Waiting && may_begin(step));
        let free: Vec<_> = free.map(|(index, _)| index).collect();
        for step in &free {
            self.set(*step, Phase::Running);
        }
        free
    }

    fn end(&mut self, step: usize) {
        self.set(step, Phase::Done);
    }

    fn set(&mut self, step: usize, phase: Phase) {
        if let Some(slot) = self.0.get_mut(step) {
            *slot = phase;
        }
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        let running = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, phase)| **phase == Phase::Running);
        running.map(|(index, _)| index)
    }
}
