//! The manager's side of a supervisor: find it, start it, ask it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::process::Command;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::sleep_until;

use super::disk;
use super::holder;
use super::home::Place;
use super::process::Doing;
use super::process::Process;
use super::protocol::Answer;
use super::protocol::Answered;
use super::protocol::Asked;
use super::protocol::Live;
use super::protocol::PROTOCOL;
use super::protocol::Refusal;
use super::protocol::Request;
use super::record::Record;
use super::socket;
use super::supervisor::TRY_AGAIN;
use super::takeover::clean_up;
use crate::engine::Error;
use crate::engine::Grace;
use crate::engine::Instance;
use crate::engine::Result;
use crate::engine::port_taken;
use crate::error::Code;

pub use super::socket::connect;

/// How long an answer may take that needs nothing but looking.
pub const QUICK: Duration = Duration::from_secs(5);

/// The same where many environments are looked at and none is changed for it.
pub const GLANCE: Duration = Duration::from_secs(2);

/// How often a supervisor that has not answered is looked at: one that is frozen will not.
const DOUBT: Duration = Duration::from_millis(250);

/// How long it may take to end everything: what asks has its grace first, and what answers after it.
const PATIENT: Duration = Duration::from_secs(90);

/// What a supervisor inherits of its manager's variables, and the roles of its.
pub const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];

/// What became of the question what runs.
#[derive(Debug)]
pub enum Listed {
    /// These run.
    Roles(Vec<Live>),
    /// Nobody looks after the environment.
    Nobody,
    /// Whoever looks after it belongs to another version of this program.
    Foreign,
    /// Whoever looks after it does not answer.
    Silent,
}

/// Whether somebody looks after an environment.
#[derive(Debug)]
pub enum Attendance {
    /// Somebody does, and answers.
    Answers,
    /// Somebody should and does not answer: this process, where it is known.
    Silent(Option<Process>),
    /// Nobody does.
    Nobody,
}

/// What runs, as the supervisor says, who may take so long.
pub async fn list(place: &Place, patience: Duration) -> Listed {
    match ask(place, Request::List, patience).await {
        Reply::Answer(Answer::Roles { roles }) => Listed::Roles(roles),
        Reply::Answer(_) | Reply::Foreign => Listed::Foreign,
        Reply::Silent(_) => Listed::Silent,
        Reply::Nobody => Listed::Nobody,
    }
}

/// Whether somebody is there and answers.
pub async fn attendance(place: &Place) -> Attendance {
    match ask(place, Request::Hello, QUICK).await {
        Reply::Answer(_) | Reply::Foreign => Attendance::Answers,
        Reply::Silent(process) => Attendance::Silent(process),
        Reply::Nobody => Attendance::Nobody,
    }
}

/// Whether somebody is there who can act; nobody waits for an answer.
pub async fn is_attended(place: &Place) -> bool {
    let stream = connect(place).await;
    stream.is_ok_and(|stream| !is_frozen(holder::peer(&stream).as_ref()))
}

/// Has an instance started; `program` is what a supervisor is started from where there is none.
pub async fn start(place: &Place, program: &Path, record: Record) -> Result<()> {
    let instance = record.instance;
    let request = Request::Start {
        record: Box::new(record),
    };
    let deadline = Instant::now() + PATIENT;
    loop {
        match ask_patiently(place, request.clone(), PATIENT).await {
            Reply::Answer(Answer::Refused { refusal }) => {
                return Err(refused(place, refusal, instance));
            }
            Reply::Answer(_) => return Ok(()),
            Reply::Foreign => end(place).await?,
            Reply::Silent(_) => clean_up(place, None).await?,
            // One that was about to end may go between any two requests.
            Reply::Nobody if Instant::now() >= deadline => return Err(silent(place, None)),
            Reply::Nobody => summon(place, program, deadline).await?,
        }
    }
}

/// Has an instance stopped; whether a supervisor was there to do it, or to be ended with everything it looked after.
pub async fn stop(place: &Place, instance: Instance, grace: Grace) -> Result<bool> {
    let request = Request::Stop { instance, grace };
    let patience = PATIENT + grace.unwrap_or_default();
    match ask_patiently(place, request, patience).await {
        Reply::Answer(Answer::Refused { refusal }) => Err(refused(place, refusal, instance)),
        Reply::Answer(_) => Ok(true),
        Reply::Foreign => end(place).await.map(|()| true),
        Reply::Silent(_) => clean_up(place, grace).await.map(|()| true),
        Reply::Nobody => Ok(false),
    }
}

/// Has a supervisor of whatever version stop everything and end.
pub async fn end(place: &Place) -> Result<()> {
    match ask_patiently(place, Request::End, PATIENT).await {
        Reply::Silent(_) => clean_up(place, None).await,
        Reply::Answer(_) | Reply::Foreign | Reply::Nobody => Ok(()),
    }
}

enum Reply {
    Answer(Answer),
    Foreign,
    Nobody,
    Silent(Option<Process>),
}

/// Asks for something that takes its time, where somebody is there and answers at all.
async fn ask_patiently(place: &Place, request: Request, patience: Duration) -> Reply {
    match ask(place, Request::Hello, QUICK).await {
        Reply::Answer(_) | Reply::Foreign => ask(place, request, patience).await,
        nobody => nobody,
    }
}

/// Asks, where there is somebody to be asked.
async fn ask(place: &Place, request: Request, patience: Duration) -> Reply {
    let deadline = Instant::now() + patience;
    let mut stream = match reach(place, deadline.min(Instant::now() + QUICK)).await {
        Ok(stream) => stream,
        Err(nobody) => return nobody,
    };
    let peer = holder::peer(&stream);
    let asked = Asked {
        protocol: PROTOCOL,
        request,
    };
    tokio::select! {
        heard = converse(&mut stream, &asked) => match heard {
            Ok(line) => understand(&line),
            // It ended just then: the system closes what it had accepted.
            Err(_) => Reply::Nobody,
        },
        () = silence(peer.as_ref(), deadline) => Reply::Silent(peer),
    }
}

/// Connects to a supervisor. One that lives and cannot be reached is about to listen, or to end, or has lost its socket.
async fn reach(place: &Place, deadline: Instant) -> Result<UnixStream, Reply> {
    loop {
        if let Ok(stream) = connect(place).await {
            return Ok(stream);
        }
        let Some(supervisor) = holder::signed(place) else {
            return Err(Reply::Nobody);
        };
        if Instant::now() >= deadline || is_frozen(Some(&supervisor)) {
            return Err(Reply::Silent(Some(supervisor)));
        }
        sleep(TRY_AGAIN).await;
    }
}

/// Ends when it is certain enough that no answer will come.
async fn silence(peer: Option<&Process>, deadline: Instant) {
    loop {
        sleep_until(deadline.min(Instant::now() + DOUBT)).await;
        if Instant::now() >= deadline || is_frozen(peer) {
            return;
        }
    }
}

fn is_frozen(process: Option<&Process>) -> bool {
    process.is_some_and(|process| process.doing() == Doing::Frozen)
}

async fn converse(stream: &mut UnixStream, asked: &Asked) -> io::Result<Vec<u8>> {
    socket::send(stream, asked).await?;
    socket::receive(stream).await
}

fn understand(line: &[u8]) -> Reply {
    match serde_json::from_slice::<Answered>(line) {
        Ok(Answered {
            answer: Answer::Refused {
                refusal: Refusal::Foreign,
            },
            ..
        }) => Reply::Foreign,
        Ok(Answered { protocol, answer }) if protocol == PROTOCOL => Reply::Answer(answer),
        _ => Reply::Foreign,
    }
}

/// Starts a supervisor and waits until it answers. Where an earlier one was killed, the new one ends what that left first.
async fn summon(place: &Place, program: &Path, deadline: Instant) -> Result<()> {
    let mut child = spawn(place, program).map_err(|error| silent(place, Some(error)))?;
    loop {
        if connect(place).await.is_ok() {
            return Ok(());
        }
        let ended = child
            .try_wait()
            .map_err(|error| silent(place, Some(error)))?;
        if ended.is_some() || Instant::now() >= deadline {
            return Err(silent(place, None));
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// The supervisor outlives its manager. Where it ends first, the runtime fetches its exit code.
fn spawn(place: &Place, program: &Path) -> io::Result<Child> {
    let log = File::create(place.supervisor_log())?;
    let inherited = INHERITED.map(|name| Some((name, std::env::var_os(name)?)));
    Command::new(program)
        .arg("supervise")
        .arg(place.path())
        .env_clear()
        .envs(inherited.into_iter().flatten())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

fn refused(place: &Place, refusal: Refusal, instance: Instance) -> Error {
    match refusal {
        Refusal::PortTaken { port } => port_taken(port.into(), instance, None),
        Refusal::Failed {
            what,
            cause,
            is_full: true,
        } => disk_full(place, what).because(cause),
        Refusal::Failed { what, cause, .. } => {
            let hint = "`ratesdev logs` and `ratesdev doctor` show more; correct that, and run the command again";
            Error::new(Code::RoleDied, what).because(cause).hint(hint)
        }
        Refusal::Foreign => Error::new(Code::Supervisor, "the supervisor is of another version"),
    }
}

fn disk_full(place: &Place, what: impl Into<String>) -> Error {
    let hint = format!(
        "make room on the disk of {}, then run the command again",
        place.path().display()
    );
    Error::new(Code::DiskFull, what).hint(hint)
}

/// A supervisor that does not do what it should.
pub fn silent(place: &Place, cause: Option<io::Error>) -> Error {
    let what = format!("the supervisor of {} does not answer", place.name());
    if disk::is_full(place.path()) {
        let error = disk_full(place, what);
        return match cause {
            Some(cause) => error.because(cause),
            None => error.because("there is no space left on its disk"),
        };
    }
    let said = std::fs::read_to_string(place.supervisor_log()).unwrap_or_default();
    let mut error = Error::new(Code::Supervisor, what)
        .detail(said.lines().map(str::to_owned).collect())
        .hint("run the command again; `ratesdev down` ends what is left of the environment");
    error.source = cause.map(Into::into);
    error
}
