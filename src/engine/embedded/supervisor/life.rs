//! The life of one instance: started, listened to, asked how it is, started again when it dies, stopped when asked to.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Signal;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::sleep_until;

use super::Command;
use super::Waiter;
use super::capture::Capture;
use crate::engine::EventKind;
use crate::engine::Instance;
use crate::engine::embedded::client::INHERITED;
use crate::engine::embedded::events;
use crate::engine::embedded::home::Place;
use crate::engine::embedded::process::Process;
use crate::engine::embedded::protocol::Live;
use crate::engine::embedded::protocol::Refusal;
use crate::engine::embedded::pulse::Pulse;
use crate::engine::embedded::record::Launch;
use crate::engine::embedded::record::Life;
use crate::engine::embedded::record::Socket;
use crate::engine::embedded::restart::Backoff;
use crate::engine::embedded::stopping;
use crate::engine::probe;

/// Lives until the instance is stopped, or has ended for good. `started` is told whether it began to run.
pub async fn live(
    place: Place,
    report: watch::Sender<Live>,
    commands: mpsc::UnboundedReceiver<Command>,
    started: Waiter,
) {
    let record = report.borrow().record.clone();
    let mut keeper = Keeper {
        instance: record.instance,
        launch: record.launch,
        endpoint: record.endpoint,
        place,
        report,
        commands,
        socket: None,
    };
    match keeper.begin() {
        Ok(first) => {
            drop(started.send(Ok(())));
            keeper.keep(first).await;
        }
        Err(refusal) => {
            keeper.note(Life::Made {
                error: Some(words(&refusal)),
            });
            drop(started.send(Err(refusal)));
        }
    }
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::PortTaken { port } => format!("port {port} is taken"),
        Refusal::Failed { what, cause, .. } => format!("{what}: {cause}"),
        Refusal::Foreign => "another version is at work".to_owned(),
    }
}

/// Everything about one instance.
struct Keeper {
    instance: Instance,
    launch: Launch,
    endpoint: Option<SocketAddr>,
    place: Place,
    report: watch::Sender<Live>,
    commands: mpsc::UnboundedReceiver<Command>,
    /// Kept while the role is dead, so that whoever connects meanwhile is served later and not refused.
    socket: Option<TcpListener>,
}

/// A process that runs.
struct Running {
    child: Child,
    process: Process,
    capture: Capture,
    since: Instant,
}

/// How a life went on.
enum Turn {
    /// It ended by itself.
    Died(ExitStatus),
    /// It was stopped for these.
    Stopped(ExitStatus, Vec<Waiter>),
}

impl Keeper {
    fn begin(&mut self) -> Result<Running, Refusal> {
        self.open_socket()?;
        let is_new = !self.place.record(self.instance).exists();
        self.save(Life::Made { error: None })
            .map_err(Refusal::failed(format!(
                "write down what {} is",
                self.instance
            )))?;
        if is_new {
            self.event(EventKind::Created);
        }
        let what = format!(
            "start {} from {}",
            self.instance,
            self.launch.program.display()
        );
        self.spawn().map_err(Refusal::failed(what))
    }

    fn open_socket(&mut self) -> Result<(), Refusal> {
        let Some(socket) = self.launch.socket else {
            return Ok(());
        };
        let listener = bind(socket)?;
        let bound = listener
            .local_addr()
            .map_err(Refusal::failed("ask a socket for its port"))?;
        self.endpoint = self
            .endpoint
            .map(|reached| SocketAddr::new(reached.ip(), bound.port()));
        self.socket = Some(listener);
        Ok(())
    }

    /// Starts the process and writes down which one it is.
    fn spawn(&mut self) -> io::Result<Running> {
        let (capture, child) = self.launch()?;
        let pid = child.id().unwrap_or_default();
        // One that has ended already is found dead at the next look; its number is not given again before that.
        let process = Process::find(pid).unwrap_or_else(|| Process {
            pid,
            started: String::new(),
            boot: String::new(),
        });
        self.note(Life::Running {
            process: process.clone(),
            since: Timestamp::now(),
        });
        self.event(EventKind::Started);
        Ok(Running {
            child,
            process,
            capture,
            since: Instant::now(),
        })
    }

    fn launch(&self) -> io::Result<(Capture, Child)> {
        let (capture, words) = Capture::start(&self.place, self.instance)?;
        let input = match &self.socket {
            Some(socket) => Stdio::from(std::os::fd::OwnedFd::from(socket.try_clone()?)),
            None => Stdio::null(),
        };
        let inherited = INHERITED.map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = tokio::process::Command::new(&self.launch.program);
        command
            .args(&self.launch.arguments)
            .env_clear()
            .envs(inherited.into_iter().flatten())
            .envs(&self.launch.variables)
            .current_dir(&self.launch.folder)
            .process_group(0)
            .stdin(input)
            .stdout(words.try_clone()?)
            .stderr(words);
        if let Some(account) = &self.launch.account {
            command.uid(account.uid).gid(account.gid);
        }
        let child = command.spawn()?;
        Ok((capture, child))
    }

    /// One life after the other, until there is no reason for another.
    async fn keep(mut self, mut running: Running) {
        let mut backoff = Backoff::new();
        loop {
            let age = running.since;
            let turn = self.attend(&mut running).await;
            running.capture.finish().await;
            let (code, waiters) = match turn {
                Turn::Died(status) => (code(status), Vec::new()),
                Turn::Stopped(status, waiters) => (code(status), waiters),
            };
            self.event(EventKind::Exited { code });
            if !waiters.is_empty() || !self.launch.restarts {
                return self.conclude(code, waiters);
            }
            match self
                .revive(code, backoff.after(age.elapsed()), &mut backoff)
                .await
            {
                Ok(next) => running = next,
                Err(waiters) => return self.conclude(code, waiters),
            }
        }
    }

    /// Waits, and starts it again. A role that cannot be started waits for another attempt.
    async fn revive(
        &mut self,
        code: i64,
        mut wait: Duration,
        backoff: &mut Backoff,
    ) -> Result<Running, Vec<Waiter>> {
        loop {
            self.note(Life::Waiting { code });
            tokio::select! {
                () = sleep(wait) => {}
                Some(Command::Stop(waiter, _)) = self.commands.recv() => return Err(vec![waiter]),
            }
            self.report.send_modify(|live| live.restarts += 1);
            match self.spawn() {
                Ok(running) => return Ok(running),
                Err(_) => wait = backoff.after(Duration::ZERO),
            }
        }
    }

    fn conclude(self, code: i64, waiters: Vec<Waiter>) {
        self.note(Life::Ended { code });
        drop(self.socket);
        for waiter in waiters {
            drop(waiter.send(Ok(())));
        }
    }

    /// Until the process ends, by itself or because it was asked to.
    async fn attend(&mut self, running: &mut Running) -> Turn {
        let asked = {
            let pulse = pulse(self.instance, self.endpoint, &self.place, &self.report);
            tokio::select! {
                ended = running.child.wait() => return Turn::Died(ended.unwrap_or_default()),
                never = pulse => match never {},
                Some(asked) = self.commands.recv() => asked,
            }
        };
        // The role empties its own copy; who comes after it has closed that is refused, not kept waiting.
        self.socket = None;
        let (status, mut waiters) = self.end(running, asked).await;
        while let Ok(Command::Stop(waiter, _)) = self.commands.try_recv() {
            waiters.push(waiter);
        }
        Turn::Stopped(status, waiters)
    }

    /// Stops the process: gently, then less so. Who asks meanwhile may have less patience, and waits too.
    async fn end(
        &mut self,
        running: &mut Running,
        Command::Stop(waiter, grace): Command,
    ) -> (ExitStatus, Vec<Waiter>) {
        let mut waiters = vec![waiter];
        for (signal, grace) in stopping(self.instance.role, grace) {
            let is_last = signal == Signal::KILL;
            if is_last {
                running.process.kill_group();
            } else {
                running.process.signal(signal);
            }
            let mut deadline = Instant::now() + grace;
            loop {
                tokio::select! {
                    ended = running.child.wait() => return (ended.unwrap_or_default(), waiters),
                    () = sleep_until(deadline) => break,
                    Some(Command::Stop(waiter, grace)) = self.commands.recv() => {
                        waiters.push(waiter);
                        let shorter = grace.filter(|_| !is_last);
                        deadline = shorter.map_or(deadline, |grace| deadline.min(Instant::now() + grace));
                    }
                }
            }
        }
        (ExitStatus::default(), waiters)
    }

    /// Changes what is known of it, for those who ask and for those who come when nobody is here to be asked.
    fn note(&self, life: Life) {
        // A disk that is full must not end what runs.
        drop(self.save(life));
    }

    fn save(&self, life: Life) -> io::Result<()> {
        self.report.send_modify(|live| {
            live.record.life = life;
            live.record.endpoint = self.endpoint;
            live.health = None;
        });
        let record = self.report.borrow().record.clone();
        record.save(&self.place)
    }

    fn event(&self, kind: EventKind) {
        events::add(&self.place, self.instance, kind);
    }
}

/// A listening socket at the address, or nearby where that is allowed and taken.
fn bind(socket: Socket) -> Result<TcpListener, Refusal> {
    let Socket { address, may_move } = socket;
    match TcpListener::bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && may_move => {
            let anywhere = SocketAddr::new(address.ip(), 0);
            TcpListener::bind(anywhere).map_err(Refusal::failed("open a socket on a free port"))
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(Refusal::PortTaken {
            port: address.port(),
        }),
        bound => bound.map_err(Refusal::failed(format!("open a socket at {address}"))),
    }
}

/// The exit code as a shell has it.
fn code(status: ExitStatus) -> i64 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).unwrap_or(-1).into()
}

/// Asks a role again and again how it is, and tells what it says. It never ends.
async fn pulse(
    instance: Instance,
    endpoint: Option<SocketAddr>,
    place: &Place,
    report: &watch::Sender<Live>,
) -> Infallible {
    let Some(endpoint) = endpoint else {
        return pending().await;
    };
    let begun = Instant::now();
    let mut pulse = Pulse::new();
    loop {
        report.send_modify(|live| live.health = Some(pulse.health()));
        sleep(pulse.pause()).await;
        let answer = probe::ask(instance.role, endpoint).await;
        if let Some(status) = pulse.hear(begun.elapsed(), answer) {
            events::add(place, instance, EventKind::Health { status });
        }
    }
}
