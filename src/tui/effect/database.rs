//! Sessions on the database: what it does and holds, and the statement that was typed.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Mutex;
use tokio::sync::mpsc;

use super::Inbox;
use super::Tasks;
use super::send;
use crate::database::Settings;
use crate::database::console::Access;
use crate::database::console::Activity;
use crate::database::console::Cancel;
use crate::database::console::ConsoleError;
use crate::database::console::Page;
use crate::database::console::Session;
use crate::engine::Found;
use crate::environment::Environment;
use crate::error::Error;
use crate::error::Result;
use crate::shutdown::Shutdown;
use crate::tui::message::Message;
use crate::tui::state::Key;

/// How long the server may take to end a statement that it was asked to cancel.
const GRACE: Duration = Duration::from_secs(5);
/// How long a look at the database may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The ways into databases, each found once: the engine is not asked for a password every two seconds.
#[derive(Debug, Clone, Default)]
pub struct Ways(Arc<Mutex<HashMap<Key, Settings>>>);

/// The statement of an environment that was sent last.
#[derive(Debug)]
pub struct Desk {
    /// Asks for more of its rows.
    more: mpsc::Sender<()>,
    /// Ends it.
    end: Shutdown,
}

/// Where a session goes.
struct Target {
    environment: Environment,
    key: Key,
    found: Found,
    ways: Ways,
}

impl Target {
    async fn session(&self, access: Access) -> Result<Session> {
        let known = self.known().await;
        if let Some(settings) = known {
            match Session::connect(&settings, access).await {
                // The password has gone with its data.
                Err(error) if error.is_wrong_password() => {}
                connected => return Ok(connected?),
            }
        }
        let settings = self.environment.database(&self.found).await?;
        let session = Session::connect(&settings, access).await?;
        self.ways.0.lock().await.insert(self.key.clone(), settings);
        Ok(session)
    }

    /// The way that was found before, where the database is still there.
    async fn known(&self) -> Option<Settings> {
        let endpoint = self.found.endpoint?;
        let ways = self.ways.0.lock().await;
        let known = ways.get(&self.key)?;
        let is_there = known.host == endpoint.ip().to_string() && known.port == endpoint.port();
        is_there.then(|| known.clone())
    }
}

impl Tasks {
    fn target(&self, key: Key, found: Found) -> Option<Target> {
        Some(Target {
            environment: self.environment(&key)?,
            key,
            found,
            ways: self.ways.clone(),
        })
    }

    /// Looks what the server does, and if `held` what it holds.
    pub fn survey(&self, key: Key, found: Found, held: bool) {
        let Some(target) = self.target(key, found) else {
            return;
        };
        self.spawn(async move {
            let survey = async {
                let session = target.session(Access::ReadOnly).await?;
                Ok(session.survey(held).await?)
            };
            let survey = tokio::time::timeout(PATIENCE, survey).await;
            let survey =
                survey.unwrap_or_else(|_late| Err(Error::from(ConsoleError::Silent(PATIENCE))));
            Some(Message::Surveyed {
                key: target.key,
                result: Box::new(survey.map_err(|error| error.report())),
            })
        });
    }

    /// Ends what another session does.
    pub fn end_activity(&self, key: Key, found: Found, activity: Activity) {
        let Some(target) = self.target(key, found) else {
            return;
        };
        self.spawn(async move {
            let ended = async {
                let session = target.session(Access::Writing).await?;
                Ok::<_, Error>(session.end(&activity).await?)
            };
            let said = ended.await.map(|ended| match (ended, activity.runs()) {
                (true, true) => format!("the statement of {} was cancelled", activity.pid),
                (true, false) => format!("the session {} was ended", activity.pid),
                (false, _) => format!("what {} did had ended by itself", activity.pid),
            });
            Some(Message::Said(said.map_err(|error| error.report())))
        });
    }

    /// Sends a statement; the one before is ended.
    pub fn execute(&mut self, key: Key, found: Found, statement: Sent) {
        let Some(target) = self.target(key.clone(), found) else {
            return;
        };
        self.cancel_statement(&key);
        let end = self.shutdown.child();
        let (more, wanted) = mpsc::channel(1);
        self.desks.insert(
            key,
            Desk {
                more,
                end: end.clone(),
            },
        );
        let inbox = self.inbox.clone();
        // It ends by itself when it is asked to: the server is told.
        self.tracker
            .spawn(serve(target, statement, (wanted, end), inbox));
    }

    /// Fetches more rows of the statement that was sent last.
    pub fn fetch(&self, key: &Key) {
        if let Some(desk) = self.desks.get(key) {
            // Where it has just ended, it says so itself.
            desk.more.try_send(()).ok();
        }
    }

    /// Ends the statement that was sent last, and its session.
    pub fn cancel_statement(&mut self, key: &Key) {
        if let Some(desk) = self.desks.remove(key) {
            desk.end.request();
        }
    }
}

/// A statement that is sent.
#[derive(Debug)]
pub struct Sent {
    /// Its number.
    pub number: u64,
    /// The statement.
    pub sql: String,
    /// What it may do.
    pub access: Access,
}

async fn serve(
    target: Target,
    sent: Sent,
    (mut wanted, end): (mpsc::Receiver<()>, Shutdown),
    inbox: Inbox,
) {
    let begun = Instant::now();
    let tell = async |begun: Instant, result: Result<Page>| {
        let message = Message::Rows {
            key: target.key.clone(),
            number: sent.number,
            took: begun.elapsed(),
            result: Box::new(result.map_err(|error| error.report())),
        };
        send(&inbox, Some(message)).await;
    };
    let session = match end.guard(target.session(sent.access)).await {
        Ok(session) => session,
        Err(error) => return tell(begun, Err(error)).await,
    };
    let cancel = session.cancel();
    let mut page = ended(session.run(&sent.sql), &cancel, &end).await;
    let mut begun = begun;
    loop {
        let goes_on = page.as_ref().is_ok_and(|page| page.more);
        tell(begun, page.map_err(Error::from)).await;
        if !goes_on {
            return;
        }
        tokio::select! {
            more = wanted.recv() => if more.is_none() { return },
            () = end.requested() => return,
        }
        begun = Instant::now();
        page = ended(session.fetch(&sent.sql), &cancel, &end).await;
    }
}

/// What comes of a statement, which the server is asked to cancel when it is to end.
async fn ended(
    work: impl Future<Output = Result<Page, ConsoleError>>,
    cancel: &Cancel,
    end: &Shutdown,
) -> Result<Page, ConsoleError> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        page = &mut work => return page,
        () = end.requested() => {}
    }
    cancel.request().await;
    let page = tokio::time::timeout(GRACE, work).await;
    page.unwrap_or(Err(ConsoleError::Silent(GRACE)))
}
