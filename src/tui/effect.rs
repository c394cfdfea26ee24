//! What has to be done because of a message: data first, then tracked tasks that answer with messages.

mod ask;
mod configure;
mod database;
mod describe;
mod follow;
mod look;
mod operate;
mod pulse;
mod slot;
mod watch;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use self::database::Desk;
use self::database::Sent;
use self::database::Ways;
use self::pulse::Gauges;
pub use slot::Slot;

use super::clipboard;
use super::message::Message;
use super::state::Key;
use super::state::operation::Doing;
use crate::database::console::Access;
use crate::database::console::Activity;
use crate::database::history as statements;
use crate::engine::Exec;
use crate::engine::Found;
use crate::engine::LogWindow;
use crate::engine::Observed;
use crate::environment::Environment;
use crate::environment::locate::Engines;
use crate::environment::status::Readings;
use crate::environment::status::RoleStatus;
use crate::error::Report;
use crate::profile::EngineChoice;
use crate::profile::Row;
use crate::query::BaseUrl;
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
        /// The database, where its figures are looked at too.
        database: Option<Box<Found>>,
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
    /// Tell when code of its roles changes; who told that before ends.
    WatchCode {
        /// Of which environment.
        key: Key,
        /// Its profile, where nothing of it exists yet.
        profile: Option<PathBuf>,
    },
    /// Stop telling.
    UnwatchCode(Key),
    /// What is done with an environment goes on by another key.
    Rename {
        /// The key it began with.
        from: Key,
        /// The one that it has now.
        to: Key,
    },
    /// Put a question.
    Ask {
        /// To which environment.
        key: Key,
        /// The number of the question.
        number: u64,
        /// What the line asks.
        line: Line,
    },
    /// Ask what there is to ask about.
    Places {
        /// In which environment.
        key: Key,
        /// Where its API answers.
        base: BaseUrl,
    },
    /// Ask for the prices behind a day.
    Explain {
        /// In which environment.
        key: Key,
        /// Where the answer came from.
        base: BaseUrl,
        /// The question about that day.
        question: Question,
    },
    /// Remember a question, for every command.
    Remember(Question),
    /// Read the questions that were asked before.
    ReadHistory,
    /// Look what a database does.
    Survey {
        /// Of which environment.
        key: Key,
        /// The database.
        found: Box<Found>,
        /// Whether to look what it holds, too.
        held: bool,
    },
    /// Send a statement; the one before is ended.
    Execute {
        /// In which environment.
        key: Key,
        /// The database.
        found: Box<Found>,
        /// Its number.
        number: u64,
        /// The statement.
        sql: String,
        /// What it may do.
        access: Access,
    },
    /// Fetch more rows of the statement that was sent last.
    Fetch {
        /// In which environment.
        key: Key,
        /// Its number.
        number: u64,
    },
    /// End the statement that was sent last.
    CancelStatement(Key),
    /// End what another session does.
    End {
        /// In which environment.
        key: Key,
        /// The database.
        found: Box<Found>,
        /// What it does.
        activity: Box<Activity>,
    },
    /// Remember a statement.
    RememberStatement(String),
    /// Read the statements that were typed before.
    ReadStatements,
    /// Ask for everything there is to know of an instance.
    Describe {
        /// In which environment.
        key: Key,
        /// Which one.
        found: Box<Found>,
        /// How it is, as it was seen last.
        status: Option<Box<RoleStatus>>,
        /// The profile of the environment, where nothing of it exists yet.
        profile: Option<PathBuf>,
    },
    /// Resolve the profile of an environment.
    Configure {
        /// Which one.
        key: Key,
        /// From which profile, where nothing of it exists yet.
        profile: Option<PathBuf>,
        /// Settings that have been compared with what runs already.
        known_rows: Option<Vec<Row>>,
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

/// Where environments and files are made.
#[derive(Debug, Clone)]
pub struct Home {
    /// What chooses the engine of an environment that is nowhere.
    pub places: Arc<Engines>,
    /// The engine that is named for this run.
    pub named: EngineChoice,
    /// The current folder, with its profiles.
    pub folder: PathBuf,
}

/// The tasks that are under way.
#[derive(Debug)]
pub struct Tasks {
    slots: Vec<Slot>,
    home: Home,
    inbox: Inbox,
    shutdown: Shutdown,
    tracker: TaskTracker,
    follows: HashMap<Key, Shutdown>,
    operations: HashMap<Key, Shutdown>,
    watches: HashMap<Key, Shutdown>,
    desks: HashMap<Key, Desk>,
    ways: Ways,
    gauges: Gauges,
}

impl Tasks {
    /// None yet.
    pub fn new(slots: Vec<Slot>, home: Home, inbox: Inbox, shutdown: &Shutdown) -> Self {
        Self {
            slots,
            home,
            inbox,
            shutdown: shutdown.child(),
            tracker: TaskTracker::new(),
            follows: HashMap::new(),
            operations: HashMap::new(),
            watches: HashMap::new(),
            desks: HashMap::new(),
            ways: Ways::default(),
            gauges: Gauges::default(),
        }
    }

    /// The environment that a key means.
    pub fn environment(&self, key: &Key) -> Option<Environment> {
        Some(Environment {
            name: key.name.clone(),
            engine: self.slots.get(key.engine)?.get()?,
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
                database,
            } => self.sample(key, *observed, readings, database),
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
            Effect::WatchCode { key, profile } => self.watch_code(key, profile),
            Effect::UnwatchCode(key) => self.unwatch_code(&key),
            Effect::Rename { from, to } => {
                if let Some(operation) = self.operations.remove(&from) {
                    self.operations.insert(to, operation);
                }
            }
            Effect::Ask { key, number, line } => self.ask(key, number, line),
            Effect::Places { key, base } => self.places(key, base),
            Effect::Explain {
                key,
                base,
                question,
            } => self.explain(key, base, question),
            Effect::Describe {
                key,
                found,
                status,
                profile,
            } => self.describe(key, *found, status, profile),
            Effect::Configure {
                key,
                profile,
                known_rows,
            } => self.configure(key, profile, known_rows),
            other => return self.begin_session(other),
        }
        None
    }

    /// What has a session on the database.
    fn begin_session(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Survey { key, found, held } => self.survey(key, *found, held),
            Effect::Execute {
                key,
                found,
                number,
                sql,
                access,
            } => self.execute(
                key,
                *found,
                Sent {
                    number,
                    sql,
                    access,
                },
            ),
            Effect::Fetch { key, .. } => self.fetch(&key),
            Effect::CancelStatement(key) => self.cancel_statement(&key),
            Effect::End {
                key,
                found,
                activity,
            } => self.end_activity(key, *found, *activity),
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
            Effect::RememberStatement(sql) => self.blocking(move || {
                let file = statements::file()?;
                let written = statements::remember(&file, &sql);
                written
                    .err()
                    .map(|error| said("remember the statement", error))
            }),
            Effect::ReadStatements => self.blocking(|| {
                let file = statements::file()?;
                Some(Message::Statements(statements::read(&file)))
            }),
            Effect::Save { name, text } => {
                let path = self.home.folder.join(&name);
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

    /// Takes text to the clipboards that have a program.
    pub fn fill_clipboards(&self, text: String) {
        self.spawn(async {
            clipboard::fill(text).await;
            None
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
