//! The manager's side of a supervisor: find it, start it, ask it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use super::home::Place;
use super::protocol::Answer;
use super::protocol::Answered;
use super::protocol::Asked;
use super::protocol::Live;
use super::protocol::PROTOCOL;
use super::protocol::Refusal;
use super::protocol::Request;
use super::record::Record;
use super::socket;
use crate::engine::Error;
use crate::engine::Instance;
use crate::engine::Result;
use crate::engine::port_taken;
use crate::error::Code;

pub use super::socket::connect;

/// How long an answer may take that needs nothing but looking.
const QUICK: Duration = Duration::from_secs(10);

/// How long it may take to end everything: each role has its grace, all at the same time.
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
}

/// What runs, as the supervisor says.
pub async fn list(place: &Place) -> Result<Listed> {
    match ask(place, Request::List, QUICK).await? {
        Reply::Answer(Answer::Roles { roles }) => Ok(Listed::Roles(roles)),
        Reply::Answer(_) | Reply::Foreign => Ok(Listed::Foreign),
        Reply::Nobody => Ok(Listed::Nobody),
    }
}

/// Has an instance started; `program` is what a supervisor is started from where there is none.
pub async fn start(place: &Place, program: &Path, record: Record) -> Result<()> {
    let instance = record.instance;
    let request = Request::Start {
        record: Box::new(record),
    };
    let deadline = Instant::now() + PATIENT;
    loop {
        match ask(place, request.clone(), PATIENT).await? {
            Reply::Answer(Answer::Refused { refusal }) => return Err(refused(refusal, instance)),
            Reply::Answer(_) => return Ok(()),
            Reply::Foreign => end(place).await?,
            // One that was about to end may go between any two requests.
            Reply::Nobody if Instant::now() >= deadline => return Err(silent(place, None)),
            Reply::Nobody => summon(place, program, deadline).await?,
        }
    }
}

/// Has an instance stopped; whether a supervisor was there to do it.
pub async fn stop(place: &Place, instance: Instance) -> Result<bool> {
    match ask(place, Request::Stop { instance }, PATIENT).await? {
        Reply::Answer(Answer::Refused { refusal }) => Err(refused(refusal, instance)),
        Reply::Answer(_) => Ok(true),
        Reply::Foreign => end(place).await.map(|()| true),
        Reply::Nobody => Ok(false),
    }
}

/// Asks a supervisor of whatever version to stop everything and end.
pub async fn end(place: &Place) -> Result<()> {
    ask(place, Request::End, PATIENT).await?;
    Ok(())
}

enum Reply {
    Answer(Answer),
    Foreign,
    Nobody,
}

/// Asks, where there is somebody to be asked.
async fn ask(place: &Place, request: Request, patience: Duration) -> Result<Reply> {
    let Ok(mut stream) = connect(place).await else {
        return Ok(Reply::Nobody);
    };
    let asked = Asked {
        protocol: PROTOCOL,
        request,
    };
    let answer = timeout(patience, converse(&mut stream, &asked)).await;
    match answer {
        Err(_) => Err(silent(place, None)),
        // It ended just then: the system closes what it had accepted.
        Ok(Err(_)) => Ok(Reply::Nobody),
        Ok(Ok(line)) => Ok(understand(&line)),
    }
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

fn refused(refusal: Refusal, instance: Instance) -> Error {
    match refusal {
        Refusal::PortTaken { port } => port_taken(port, instance, None),
        Refusal::Failed { what, cause } => {
            let hint = "`ratesdev logs` and `ratesdev doctor` show more; correct that, and run the command again";
            Error::new(Code::RoleDied, what).because(cause).hint(hint)
        }
        Refusal::Foreign => Error::new(Code::Supervisor, "the supervisor is of another version"),
    }
}

/// A supervisor that does not do what it should.
pub fn silent(place: &Place, cause: Option<io::Error>) -> Error {
    let what = format!("the supervisor of {} does not answer", place.name());
    let said = std::fs::read_to_string(place.supervisor_log()).unwrap_or_default();
    let mut error = Error::new(Code::Supervisor, what)
        .detail(said.lines().map(str::to_owned).collect())
        .hint("run the command again; `ratesdev down` ends what is left of the environment");
    error.source = cause.map(Into::into);
    error
}
