//! Carries a plan out: whatever waits for nothing runs at once, the first failure stops the rest.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OnceCell;

use super::check;
use super::event::Emitter;
use super::event::Event;
use super::plan::Plan;
use super::plan::Started;
use super::plan::Step;
use super::plan::Task;
use super::ready;
use crate::engine::Engine;
use crate::engine::Identity;
use crate::engine::Observed;
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
    /// What exists once every change is made; checks look at it, and whoever comes after them.
    pub seen: OnceCell<Observed>,
}

/// What became of a step.
struct Ended {
    step: usize,
    result: Result<Remark>,
}

impl Runner<'_> {
    /// Runs until every step is done, one fails, or the user interrupts. What is done stays done; steps that were cut
    /// off are begun again, or gone on with, by the next plan. A failure waits for what is being made.
    pub async fn run(&self, plan: &Plan) -> Result<()> {
        self.emitter.emit(Event::Planned {
            steps: plan.announce(),
        });
        let mut tally = Tally::new(plan);
        let mut running = FuturesUnordered::new();
        loop {
            for step in tally.begin(plan) {
                self.emitter.emit(Event::Started { step });
                running.push(self.act(step, plan).left_future());
            }
            for (step, started) in tally.ask(plan) {
                running.push(self.ready(step, started).right_future());
            }
            if running.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(ended) = running.next() => {
                    if let Err(error) = self.end(ended, plan, &mut tally) {
                        self.settle(running, plan, &mut tally).await;
                        self.cancel(&tally);
                        return Err(error);
                    }
                }
                () = self.shutdown.requested() => {
                    self.cancel(&tally);
                    return Err(Interrupted.into());
                }
            }
        }
    }

    /// Lets what is being made be made: the engine does not unmake it for a failure elsewhere, and what appears late is
    /// in the way of the next plan. The user may interrupt this too.
    async fn settle(
        &self,
        mut running: impl Stream<Item = Ended> + Unpin,
        plan: &Plan,
        tally: &mut Tally,
    ) {
        while tally.makes(plan) {
            tokio::select! {
                // The failure that matters is the first.
                Some(ended) = running.next() => drop(self.end(ended, plan, tally)),
                () = self.shutdown.requested() => return,
            }
        }
    }

    async fn act(&self, index: usize, plan: &Plan) -> Ended {
        let result = match plan.steps.get(index) {
            Some(step) => self.perform(step, index).await,
            None => Ok(None),
        };
        Ended {
            step: index,
            result,
        }
    }

    async fn perform(&self, step: &Step, index: usize) -> Result<Remark> {
        match &step.task {
            Task::Act(action) => {
                let watcher = self.emitter.step(index);
                Ok(self.engine.perform(self.owner, action, &watcher).await?)
            }
            Task::Check(check) => check::pass(self.observed().await?, check).await,
        }
    }

    /// What exists; to be asked when nothing is changed any more.
    pub async fn observed(&self) -> Result<&Observed> {
        let observe = || self.engine.observe(&self.owner.environment);
        Ok(self.seen.get_or_try_init(observe).await?)
    }

    async fn ready(&self, step: usize, started: Started) -> Ended {
        let deadline = Instant::now() + self.wait;
        let environment = &self.owner.environment;
        Ended {
            step,
            result: ready::wait(self.engine, environment, started, deadline).await,
        }
    }

    /// A step that has started something is done when that answers.
    fn end(&self, ended: Ended, plan: &Plan, tally: &mut Tally) -> Result<()> {
        let Ended { step, result } = ended;
        let starts = plan.steps.get(step).and_then(Step::started).is_some();
        if starts && result.is_ok() && tally.is(step, Phase::Acting) {
            tally.set(step, Phase::Started);
            return Ok(());
        }
        let elapsed = tally.end(step);
        self.tell(step, result, elapsed)
    }

    fn tell(&self, step: usize, result: Result<Remark>, elapsed: Duration) -> Result<()> {
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

/// How far each step is, and when it was begun.
#[derive(Debug)]
struct Tally {
    phases: Vec<Phase>,
    begun: Vec<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    /// It is carried out.
    Acting,
    /// What it starts runs, and is asked for an answer when the steps before are done.
    Started,
    /// What it started is being asked.
    Asking,
    Done,
}

impl Tally {
    fn new(plan: &Plan) -> Self {
        Self {
            phases: vec![Phase::Waiting; plan.steps.len()],
            begun: vec![Instant::now(); plan.steps.len()],
        }
    }

    /// Marks the steps that wait for nothing any more as being carried out, and returns them.
    fn begin(&mut self, plan: &Plan) -> Vec<usize> {
        let may_begin = |step: &Step| {
            let beside = |before: &usize| step.beside.contains(before);
            let waits = |before: &usize| !self.is(*before, Phase::Done);
            let mut before = step.after.iter();
            !before
                .any(|before| waits(before) && !(beside(before) && self.has_started(plan, *before)))
        };
        let free = self.phases.iter().zip(&plan.steps).enumerate();
        let free = free.filter(|(_, (phase, step))| **phase == Phase::Waiting && may_begin(step));
        let free: Vec<_> = free.map(|(step, _)| step).collect();
        for step in &free {
            self.set(*step, Phase::Acting);
            if let Some(begun) = self.begun.get_mut(*step) {
                *begun = Instant::now();
            }
        }
        free
    }

    /// Whether what a step starts has been started; a step that starts nothing holds nobody up who may begin beside it.
    fn has_started(&self, plan: &Plan, step: usize) -> bool {
        let starts = plan.steps.get(step).and_then(Step::started).is_some();
        !starts || self.is(step, Phase::Started) || self.is(step, Phase::Asking)
    }

    /// Whether something is being made at this moment.
    fn makes(&self, plan: &Plan) -> bool {
        let mut steps = self.phases.iter().zip(&plan.steps);
        steps.any(|(phase, step)| *phase == Phase::Acting && step.makes())
    }

    /// Marks those as asked that run and have nothing before them any more, and returns them.
    fn ask(&mut self, plan: &Plan) -> Vec<(usize, Started)> {
        let is_done = |step: &usize| self.is(*step, Phase::Done);
        let started = self.phases.iter().zip(&plan.steps).enumerate();
        let started = started.filter(|(_, (phase, _))| **phase == Phase::Started);
        let asked = started.filter(|(_, (_, step))| step.after.iter().all(is_done));
        let asked: Vec<_> = asked
            .filter_map(|(index, (_, step))| Some((index, step.started()?)))
            .collect();
        for (step, _) in &asked {
            self.set(*step, Phase::Asking);
        }
        asked
    }

    /// Marks a step as done; how long it took.
    fn end(&mut self, step: usize) -> Duration {
        self.set(step, Phase::Done);
        self.begun
            .get(step)
            .map(Instant::elapsed)
            .unwrap_or_default()
    }

    fn is(&self, step: usize, phase: Phase) -> bool {
        self.phases.get(step) == Some(&phase)
    }

    fn set(&mut self, step: usize, phase: Phase) {
        if let Some(slot) = self.phases.get_mut(step) {
            *slot = phase;
        }
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        let running = |phase: &Phase| !matches!(phase, Phase::Waiting | Phase::Done);
        let steps = self.phases.iter().enumerate();
        steps
            .filter(move |(_, phase)| running(phase))
            .map(|(step, _)| step)
    }
}
