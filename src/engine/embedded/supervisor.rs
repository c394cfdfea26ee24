//! The process that looks after the roles of one environment: it holds their logs and their sockets, and starts again
//! what dies. It knows nothing of what the roles do; managers tell it what to start. It ends when there is nothing left
//! to look after.

mod capture;
mod life;

use std::collections::BTreeMap;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::sleep_until;

use super::holder;
use super::home::Place;
use super::leftovers;
use super::protocol::Answer;
use super::protocol::Answered;
use super::protocol::Asked;
use super::protocol::Live;
use super::protocol::PROTOCOL;
use super::protocol::Refusal;
use super::protocol::Request;
use super::record::Record;
use super::socket;
use super::socket::Socket;
use crate::engine::Grace;
use crate::engine::Instance;
use crate::error::IoError;
use crate::error::Result;
use crate::shutdown::Shutdown;

/// How long it waits for its first request before it takes itself for forgotten.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// How long the lock is waited for: whoever has it may have roles to stop.
const LOCKED: Duration = Duration::from_mins(1);

/// How often the lock is tried.
pub const TRY_AGAIN: Duration = Duration::from_millis(5);

/// How often it looks whether its folder and its socket are still there.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after the environment in `folder` until nothing of it runs any more, or until asked to end.
pub async fn supervise(folder: &Path, shutdown: &Shutdown) -> Result<()> {
    // Its own session: no terminal's Ctrl-C or end concerns it. It fails only where that is so already.
    rustix::process::setsid().ok();
    std::env::set_current_dir(folder)
        .map_err(IoError::new("enter the folder of the environment"))?;
    let place = Place::at(folder);
    let mut lock = lock(&place).await?;
    // On a disk that is full it goes unsigned, and is found by its socket alone.
    drop(holder::sign(&mut lock));
    leftovers::end(&place, None).await;
    let socket = Socket::open().map_err(IoError::new("open the supervisor's socket"))?;
    Supervisor::new(place).run(socket, shutdown).await;
    // Whoever connects from now on is refused and knows that nobody is here.
    drop(super::disk::remove(Path::new(super::home::SOCKET)));
    Ok(())
}

/// The right to look after an environment, or to clean up after who did. The system frees it when its holder is killed.
pub async fn lock(place: &Place) -> Result<File, IoError> {
    let deadline = Instant::now() + LOCKED;
    loop {
        if let Some(lock) = try_lock(place)? {
            return Ok(lock);
        }
        if Instant::now() >= deadline {
            let held = io::Error::new(io::ErrorKind::WouldBlock, "another process holds it");
            return Err(cannot_lock(place)(held));
        }
        sleep(TRY_AGAIN).await;
    }
}

/// The same right, where nobody has it.
pub fn try_lock(place: &Place) -> Result<Option<File>, IoError> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(place.lock())
        .map_err(cannot_lock(place))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(cannot_lock(place)(error)),
    }
}

fn cannot_lock(place: &Place) -> impl FnOnce(io::Error) -> IoError + use<> {
    IoError::new(format!("take the lock {}", place.lock().display()))
}

/// Who waits for something to be done.
type Waiter = oneshot::Sender<Result<(), Refusal>>;

/// What the life of an instance is told.
enum Command {
    Stop(Waiter, Grace),
}

/// An instance that is looked after: it runs, or is about to be started again.
struct Role {
    commands: mpsc::UnboundedSender<Command>,
    live: watch::Receiver<Live>,
    /// Whether it was told to stop.
    is_ending: bool,
}

impl Role {
    fn is_alive(&self) -> bool {
        !self.commands.is_closed()
    }

    fn stop(&mut self, waiter: Waiter, grace: Grace) {
        self.is_ending = true;
        drop(self.commands.send(Command::Stop(waiter, grace)));
    }

    fn live(&self) -> Live {
        Live {
            is_ending: self.is_ending,
            ..self.live.borrow().clone()
        }
    }
}

/// A request, and where its answer goes.
type Letter = (Request, oneshot::Sender<Answer>);

struct Supervisor {
    place: Place,
    roles: BTreeMap<Instance, Role>,
    lives: JoinSet<Instance>,
    connections: JoinSet<()>,
    inbox: mpsc::Receiver<Letter>,
    address: mpsc::Sender<Letter>,
    /// Until when it stays although there is nothing to do.
    patience: Instant,
    /// What is started as soon as what is being stopped in its place has ended.
    next: Vec<(Record, oneshot::Sender<Answer>)>,
    /// Who asked for the end.
    ending: Vec<oneshot::Sender<Answer>>,
    /// Who asked for a start too late. It gets no answer but the end, and asks the next supervisor then.
    late: Vec<oneshot::Sender<Answer>>,
    is_ending: bool,
}

impl Supervisor {
    fn new(place: Place) -> Self {
        let (address, inbox) = mpsc::channel(16);
        Self {
            place,
            roles: BTreeMap::new(),
            lives: JoinSet::new(),
            connections: JoinSet::new(),
            inbox,
            address,
            patience: Instant::now() + FORGOTTEN,
            next: Vec::new(),
            ending: Vec::new(),
            late: Vec::new(),
            is_ending: false,
        }
    }

    async fn run(mut self, mut socket: Socket, shutdown: &Shutdown) {
        let mut looks = tokio::time::interval(LOOK);
        while !self.is_done() {
            tokio::select! {
                Ok(stream) = socket.accept() => {
                    self.connections.spawn(converse(stream, self.address.clone()));
                }
                Some((request, answer)) = self.inbox.recv() => self.handle(request, answer),
                Some(ended) = self.lives.join_next() => self.forget(ended.ok()),
                Some(_) = self.connections.join_next() => {}
                () = sleep_until(self.patience), if self.is_idle() => {}
                () = shutdown.requested(), if !self.is_ending => self.end(),
                _ = looks.tick(), if !self.is_ending => self.look_around(&mut socket),
            }
        }
        for waiter in self.ending.drain(..) {
            drop(waiter.send(Answer::Done));
        }
        self.late.clear();
        self.inbox.close();
        while self.inbox.try_recv().is_ok() {}
        while self.connections.join_next().await.is_some() {}
    }

    fn is_idle(&self) -> bool {
        self.roles.is_empty() && self.lives.is_empty()
    }

    /// The patience of one that has had something to do is over at once.
    fn is_done(&self) -> bool {
        let nobody_waits = self.connections.is_empty() || self.is_ending;
        self.is_idle() && nobody_waits && (self.is_ending || Instant::now() >= self.patience)
    }

    fn forget(&mut self, ended: Option<Instance>) {
        if let Some(instance) = ended {
            // It may have been started anew meanwhile.
            if !self.roles.get(&instance).is_some_and(Role::is_alive) {
                self.roles.remove(&instance);
            }
            for (record, answer) in self
                .next
                .extract_if(.., |(record, _)| record.instance == instance)
                .collect::<Vec<_>>()
            {
                self.start(record, answer);
            }
        }
        self.patience = Instant::now();
        if self.is_ending {
            self.stop_last();
        }
    }

    fn handle(&mut self, request: Request, answer: oneshot::Sender<Answer>) {
        match request {
            Request::Hello => drop(answer.send(Answer::Done)),
            Request::List => drop(answer.send(self.list())),
            Request::Start { record } => self.start(*record, answer),
            Request::Stop { instance, grace } => self.stop(instance, grace, answer),
            Request::End => {
                self.ending.push(answer);
                self.end();
            }
        }
    }

    fn list(&self) -> Answer {
        let alive = self.roles.values().filter(|role| role.is_alive());
        Answer::Roles {
            roles: alive.map(Role::live).collect(),
        }
    }

    fn start(&mut self, record: Record, answer: oneshot::Sender<Answer>) {
        let instance = record.instance;
        if self.is_ending {
            self.late.push(answer);
            return;
        }
        match self.roles.get(&instance).filter(|role| role.is_alive()) {
            Some(role) if role.is_ending => return self.next.push((record, answer)),
            Some(_) => return drop(answer.send(Answer::Done)),
            None => {}
        }
        let live = Live {
            record,
            health: None,
            restarts: 0,
            is_ending: false,
        };
        let (report, live) = watch::channel(live);
        let (commands, told) = mpsc::unbounded_channel();
        let (started, waiting) = oneshot::channel();
        let place = self.place.clone();
        self.lives.spawn(async move {
            life::live(place, report, told, started).await;
            instance
        });
        let role = Role {
            commands,
            live,
            is_ending: false,
        };
        self.roles.insert(instance, role);
        self.answer_later(waiting, answer);
    }

    fn stop(&mut self, instance: Instance, grace: Grace, answer: oneshot::Sender<Answer>) {
        let (done, waiting) = oneshot::channel();
        if let Some(role) = self.roles.get_mut(&instance) {
            role.stop(done, grace);
        }
        self.answer_later(waiting, answer);
    }

    /// Answers once something is done. A life that ends without a word has nothing left to be stopped.
    fn answer_later(
        &mut self,
        waiting: oneshot::Receiver<Result<(), Refusal>>,
        answer: oneshot::Sender<Answer>,
    ) {
        self.connections.spawn(async move {
            let answered = match waiting.await {
                Ok(Err(refusal)) => Answer::Refused { refusal },
                Ok(Ok(())) | Err(_) => Answer::Done,
            };
            drop(answer.send(answered));
        });
    }

    /// Whoever removes the folder by hand wants nothing of it to go on.
    fn look_around(&mut self, socket: &mut Socket) {
        if self.place.identity().exists() {
            socket.keep();
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        self.is_ending = true;
        self.stop_last();
    }

    /// What asks is stopped before what answers: the API finishes what is in flight while its database is there.
    fn stop_last(&mut self) {
        let last = self.roles.keys().map(|instance| instance.role).max();
        for (instance, role) in &mut self.roles {
            if Some(instance.role) == last {
                // One that was told already is told nothing new.
                let (done, _) = oneshot::channel();
                role.stop(done, None);
            }
        }
    }
}

/// Reads one request and writes its answer. A manager that has gone meanwhile does not miss it.
async fn converse(mut stream: UnixStream, supervisor: mpsc::Sender<Letter>) {
    let Ok(line) = socket::receive(&mut stream).await else {
        return;
    };
    let answer = match understand(&line) {
        Some(request) => {
            let (answer, waiting) = oneshot::channel();
            drop(supervisor.send((request, answer)).await);
            // Without an answer the manager finds another supervisor, or starts one.
            let Ok(answer) = waiting.await else { return };
            answer
        }
        None => Answer::Refused {
            refusal: Refusal::Foreign,
        },
    };
    let answered = Answered {
        protocol: PROTOCOL,
        answer,
    };
    drop(socket::send(&mut stream, &answered).await);
}

/// The two requests that never change are understood in every version of the protocol.
fn understand(line: &[u8]) -> Option<Request> {
    let asked: Asked = serde_json::from_slice(line).ok()?;
    let is_stable = matches!(asked.request, Request::Hello | Request::End);
    (asked.protocol == PROTOCOL || is_stable).then_some(asked.request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_of_any_version_may_ask_a_supervisor_to_end() {
        let understood = |line: &str| understand(line.as_bytes());
        let end = r#"{"protocol":99,"request":"end"}"#;
        assert!(matches!(understood(end), Some(Request::End)));
        assert!(understood(r#"{"protocol":99,"request":"list"}"#).is_none());
        assert!(understood(r#"{"protocol":1,"request":"list"}"#).is_some());
        assert!(understood(r#"{"protocol":1,"request":"juggle"}"#).is_none());
        assert!(understood("hello?").is_none());
    }
}
