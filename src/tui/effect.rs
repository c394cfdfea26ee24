//! What has to be done because of a message: data first, then tracked tasks that answer with messages.

mod ask;
mod follow;
mod look;
mod operate;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::message::Message;
use super::state::Key;
use super::state::operation::Doing;
use crate::engine::Engine;
use crate::engine::Exec;
use crate::engine::Found;
use crate::engine::LogWindow;
use crate::engine::Observed;
use crate::environment::Environment;
use crate::environment::status::Readings;
use crate::error::Report;
use crate::query::Line;
use crate::query::history;
use crate::rates::Question;
use crate::shutdown::Shutdown;

/// How long tasks that were asked to end are waited for.
const GRACE: Duration = Duration::from_secs(2);

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Find the environments of every engine, and the profiles of this checkout.
    List,
    /// Listen to what an engine tells.
    Watch(usize),
    /// Look at an environment.
    Look {
        /// Which one.
        key: Key,
        /// What CPU time is counted from.
        readings: Readings,
        /// Whether its checks are asked too; nobody wants to read of that in the log every few seconds.
        checks: bool,
    },
    /// Measure what an environment uses.
    Sample {
        /// Which one.
        key: Key,
        /// What exists of it.
        observed: Box<Observed>,
        /// What CPU time is counted from.
        readings: Readings,
    },
    /// Read what the roles of an environment write, from here on; another reader of it ends.
    Follow {
        /// Which one.
        key: Key,
        /// From where.
        window: LogWindow,
        /// The number of the reader.
        reader: u64,
    },
    /// Stop reading.
    Unfollow(Key),
    /// Begin to change an environment.
    Begin {
        /// Which one.
        key: Key,
        /// How.
        doing: Doing,
        /// From which profile, where nothing of it exists yet.
        profile: Option<PathBuf>,
    },
    /// Stop changing it; what is done stays.
    Cancel(Key),
    /// Put a question.
    Ask {
        /// To which environment.
        key: Key,
        /// The number of the question.
        number: u64,
        /// What the line asks.
        line: Line,
    },
    /// Remember a question, for every command.
    Remember(Question),
    /// Read the questions that were asked before.
    ReadHistory,
    /// Resolve the profile of an environment.
    Configure {
        /// Which one.
        key: Key,
        /// From which profile, where nothing of it exists yet.
        profile: Option<PathBuf>,
    },
    /// Write a file into the current folder.
    Save {
        /// Its name.
        name: String,
        /// What it holds.
        text: String,
    },
    /// Put text into the clipboard.
    Copy(String),
    /// Take the mouse, or give it back to the terminal.
    Mouse(bool),
    /// Stop, until the shell goes on with us.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal to a program beside an instance.
    Run {
        /// In which environment.
        key: Key,
        /// Beside which instance.
        found: Box<Found>,
        /// What.
        exec: Exec,
    },
}

/// The way in which tasks answer.
pub type Inbox = mpsc::Sender<Message>;

/// The tasks that are under way.
#[derive(Debug)]
pub struct Tasks {
    engines: Vec<Arc<dyn Engine>>,
    folder: PathBuf,
    inbox: Inbox,
    shutdown: Shutdown,
    tracker: TaskTracker,
    follows: HashMap<Key, Shutdown>,
    operations: HashMap<Key, Shutdown>,
}

impl Tasks {
    /// None yet.
    pub fn new(
        engines: Vec<Arc<dyn Engine>>,
        folder: PathBuf,
        inbox: Inbox,
        shutdown: &Shutdown,
    ) -> Self {
        Self {
            engines,
            folder,
            inbox,
            shutdown: shutdown.child(),
            tracker: TaskTracker::new(),
            follows: HashMap::new(),
            operations: HashMap::new(),
        }
    }

    /// The environment that a key means.
    pub fn environment(&self, key: &Key) -> Option<Environment> {
        let engine = self.engines.get(key.engine)?;
        Some(Environment {
            name: key.name.clone(),
            engine: Arc::clone(engine),
        })
    }

    /// Begins what can be done beside the dashboard; the rest is handed back.
    pub fn begin(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::List => self.list(),
            Effect::Watch(engine) => self.watch(engine),
            Effect::Look {
                key,
                readings,
                checks,
            } => self.look(key, readings, checks),
            Effect::Sample {
                key,
                observed,
                readings,
            } => self.sample(key, *observed, readings),
            Effect::Follow {
                key,
                window,
                reader,
            } => self.follow(key, window, reader),
            Effect::Unfollow(key) => self.unfollow(&key),
            Effect::Begin {
                key,
                doing,
                profile,
            } => self.operate(key, doing, profile),
            Effect::Cancel(key) => {
                if let Some(operation) = self.operations.get(&key) {
                    operation.request();
                }
            }
            Effect::Ask { key, number, line } => self.ask(key, number, line),
            Effect::Configure { key, profile } => self.configure(key, profile),
            other => return self.files(other),
        }
        None
    }

    /// What reads and writes files of this machine.
    fn files(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Remember(question) => self.blocking(move || {
                let file = history::file()?;
                let written = history::remember(&file, &question);
                written
                    .err()
                    .map(|error| said("remember the question", error))
            }),
            Effect::ReadHistory => self.blocking(|| {
                let file = history::file()?;
                Some(Message::History(history::read(&file)))
            }),
            Effect::Save { name, text } => {
                let path = self.folder.join(&name);
                self.blocking(move || {
                    Some(match std::fs::write(&path, text) {
                        Ok(()) => Message::Said(Ok(format!("saved to {name}"))),
                        Err(error) => said(&format!("write {name}"), error),
                    })
                });
            }
            other => return Some(other),
        }
        None
    }

    /// Runs a task until it is done or the dashboard ends; what it returns is a message.
    fn spawn(&self, task: impl Future<Output = Option<Message>> + Send + 'static) {
        self.spawn_until(self.shutdown.clone(), task);
    }

    fn spawn_until(
        &self,
        end: Shutdown,
        task: impl Future<Output = Option<Message>> + Send + 'static,
    ) {
        let inbox = self.inbox.clone();
        self.tracker.spawn(async move {
            let message = tokio::select! {
                message = task => message,
                () = end.requested() => None,
            };
            send(&inbox, message).await;
        });
    }

    fn blocking(&self, work: impl FnOnce() -> Option<Message> + Send + 'static) {
        let inbox = self.inbox.clone();
        self.tracker.spawn_blocking(move || {
            if let Some(message) = work() {
                drop(inbox.blocking_send(message));
            }
        });
    }

    /// Asks every task to end and waits a moment for them.
    pub async fn end(self) {
        self.shutdown.request();
        self.tracker.close();
        drop(tokio::time::timeout(GRACE, self.tracker.wait()).await);
    }
}

/// A dashboard that has gone is not missed.
async fn send(inbox: &Inbox, message: Option<Message>) {
    if let Some(message) = message {
        drop(inbox.send(message).await);
    }
}

fn said(action: &str, error: std::io::Error) -> Message {
    let mut report = crate::error::Error::from(crate::error::IoError::new(action)(error)).report();
    let causes = report.causes.join(": ");
    report.message = format!("{}: {causes}", report.message);
    Message::Said(Err::<String, Report>(report))
}
