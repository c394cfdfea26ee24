//! Something that is being done with an environment: its plan, and how far it is.

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::Instance;
use crate::engine::Progress;
use crate::engine::Role;
use crate::environment::event::Event;
use crate::environment::event::Latest;
use crate::environment::event::Planned;
use crate::error::Report;

/// What can be done with an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Bring it up.
    Up,
    /// Take it down, with its data if so.
    Down {
        /// Whether the data goes too.
        volumes: bool,
    },
    /// Load the profile's seed in place of what the database holds.
    Seed,
    /// Stop every instance of a role whose code changed, and start them again.
    Reload(Role),
    /// Stop one instance or all, and start them again.
    Restart(Option<Instance>),
    /// Stop one instance or all.
    Stop(Option<Instance>),
    /// Start one instance or all that were stopped.
    Start(Option<Instance>),
}

impl Doing {
    /// What it is called, with what it is done to.
    pub fn title(self, environment: &str) -> String {
        let on = |word: &str, instance: Option<Instance>| match instance {
            Some(instance) => format!("{word} {instance} of {environment}"),
            None => format!("{word} {environment}"),
        };
        match self {
            Self::Up => format!("up {environment}"),
            Self::Down { volumes: false } => format!("down {environment}"),
            Self::Down { volumes: true } => format!("down {environment} with its data"),
            Self::Seed => format!("seed {environment}"),
            Self::Reload(role) => format!("restart {role} of {environment}, whose code changed"),
            Self::Restart(instance) => on("restart", instance),
            Self::Stop(instance) => on("stop", instance),
            Self::Start(instance) => on("start", instance),
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It waits for others.
    Waiting,
    /// It runs since then.
    Running(Timestamp),
    /// It is done.
    Done {
        /// How long it took.
        elapsed: Duration,
        /// What it has to say.
        remark: Option<String>,
    },
    /// It failed.
    Failed {
        /// How long it took.
        elapsed: Duration,
    },
    /// It was cut off.
    Cancelled,
}

/// One step of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// What was announced.
    pub planned: Planned,
    /// How far it is.
    pub phase: Phase,
    /// How far, in figures.
    pub progress: Option<Progress>,
    /// The last line it put out.
    pub output: Option<String>,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// What it has to say, or why it failed.
    pub result: Result<String, Report>,
}

/// Something that is being done.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What.
    pub doing: Doing,
    /// Since when.
    pub begun: Timestamp,
    /// The plan, once it is known.
    pub steps: Vec<StepState>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
    /// Who has to be waited for first.
    pub waits_for: Option<String>,
    /// Whether it was asked to end.
    pub cancelled: bool,
    /// How it ended.
    pub ended: Option<Ended>,
}

impl Operation {
    /// One that begins now.
    pub fn new(doing: Doing, begun: Timestamp) -> Self {
        Self {
            doing,
            begun,
            steps: Vec::new(),
            notices: Vec::new(),
            waits_for: None,
            cancelled: false,
            ended: None,
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// Why it failed, when it did.
    pub fn failure(&self) -> Option<&Report> {
        self.ended.as_ref()?.result.as_ref().err()
    }

    /// Takes in what the plan's runner tells.
    pub fn tell(&mut self, event: Event, now: Timestamp) {
        self.waits_for = None;
        match event {
            Event::Engine {
                engine, because, ..
            } => self.notices.push(format!("{because}; using {engine}")),
            // A second plan, such as the late one of `down`, is shown below the first only where it has steps.
            Event::Planned { steps } if steps.is_empty() && !self.steps.is_empty() => {}
            Event::Planned { steps } => {
                self.steps = steps.into_iter().map(StepState::new).collect();
            }
            Event::Started { step } => self.set(step, Phase::Running(now)),
            Event::Output { step, line } => {
                if let Some(step) = self.steps.get_mut(step) {
                    step.output = Some(line);
                }
            }
            Event::Notice { text, .. } => self.notices.push(text),
            Event::Finished {
                step,
                remark,
                elapsed,
            } => self.set(step, Phase::Done { elapsed, remark }),
            Event::Failed { step, elapsed, .. } => self.set(step, Phase::Failed { elapsed }),
            Event::Cancelled { step } => self.set(step, Phase::Cancelled),
        }
    }

    /// Takes in how far the steps are.
    pub fn progress(&mut self, latest: Latest) {
        for (step, progress) in self.steps.iter_mut().zip(latest) {
            step.progress = progress.or(step.progress);
        }
    }

    fn set(&mut self, step: usize, phase: Phase) {
        if let Some(step) = self.steps.get_mut(step) {
            step.phase = phase;
        }
    }
}

impl StepState {
    fn new(planned: Planned) -> Self {
        Self {
            planned,
            phase: Phase::Waiting,
            progress: None,
            output: None,
        }
    }
}
