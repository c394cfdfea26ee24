//! What is told while an environment changes. One stream, several readers: lines on a terminal, JSON, the dashboard.

use std::time::Duration;

use serde::Serialize;
use serde::Serializer;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::engine::Progress;
use crate::engine::Watcher;
use crate::error::Report;

/// Something that happened. Events are never lost and come in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A new environment is not made on Docker; told before its plan.
    Engine {
        /// The engine it is made on.
        engine: &'static str,
        /// Its version.
        version: String,
        /// Why.
        because: String,
    },
    /// What will be done; steps are named by their place in this list from now on.
    Planned {
        /// The steps.
        steps: Vec<Planned>,
    },
    /// A step has begun.
    Started {
        /// Which one.
        step: usize,
    },
    /// A line of a step's output.
    Output {
        /// Which one.
        step: usize,
        /// The line.
        line: String,
    },
    /// Something about a step that the user should know, although nothing failed.
    Notice {
        /// Which one.
        step: usize,
        /// What.
        text: String,
    },
    /// A step is done.
    Finished {
        /// Which one.
        step: usize,
        /// What it has to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        remark: Option<String>,
        /// How long it took.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        elapsed: Duration,
    },
    /// A step failed; nothing further is begun.
    #[serde(rename = "step-failed")]
    Failed {
        /// Which one.
        step: usize,
        /// Why.
        error: Report,
        /// How long it took.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        elapsed: Duration,
    },
    /// A step was cut off, because another failed or the user interrupted.
    Cancelled {
        /// Which one.
        step: usize,
    },
}

/// A step as it is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// What it is called.
    pub title: String,
    /// Why it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The steps that must be done before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
}

fn seconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// How far each step is, by its place in the plan. Only the latest counts.
pub type Latest = Vec<Option<Progress>>;

/// The sending side.
#[derive(Debug, Clone)]
pub struct Emitter {
    events: mpsc::UnboundedSender<Event>,
    progress: watch::Sender<Latest>,
}

/// The receiving side.
#[derive(Debug)]
pub struct Events {
    /// What happened.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// How far the steps are.
    pub progress: watch::Receiver<Latest>,
}

/// A new stream of events. It ends when the last emitter is dropped.
pub fn channel() -> (Emitter, Events) {
    // Unbounded, so that no step ever waits for a reader; a plan has tens of events and a build's few hundred lines.
    let (events_sender, events) = mpsc::unbounded_channel();
    let (progress_sender, progress) = watch::channel(Latest::new());
    (
        Emitter {
            events: events_sender,
            progress: progress_sender,
        },
        Events { events, progress },
    )
}

impl Emitter {
    /// Tells an event. A reader that has gone is not missed.
    pub fn emit(&self, event: Event) {
        if let Event::Planned { steps } = &event {
            self.progress.send_replace(vec![None; steps.len()]);
        }
        drop(self.events.send(event));
    }

    /// The view of one step.
    pub fn step(&self, step: usize) -> StepWatcher<'_> {
        StepWatcher {
            emitter: self,
            step,
        }
    }
}

/// Tells what one step has to tell.
#[derive(Debug)]
pub struct StepWatcher<'a> {
    emitter: &'a Emitter,
    step: usize,
}

impl Watcher for StepWatcher<'_> {
    fn progress(&self, progress: Progress) {
        self.emitter.progress.send_modify(|latest| {
            if let Some(slot) = latest.get_mut(self.step) {
                *slot = Some(progress);
            }
        });
    }

    fn line(&self, line: String) {
        self.emitter.emit(Event::Output {
            step: self.step,
            line,
        });
    }

    fn notice(&self, text: String) {
        self.emitter.emit(Event::Notice {
            step: self.step,
            text,
        });
    }
}
