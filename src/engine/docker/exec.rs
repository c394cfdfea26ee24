//! Commands inside a container, on the streams of this process.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::container::LogOutput;
use bollard::exec::ResizeExecOptions;
use bollard::exec::StartExecOptions;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::explain;
use super::explain::Explained;
use crate::engine::Error;
use crate::engine::Exec;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Result;
use crate::error::Code;
use crate::terminal;
use crate::terminal::RawMode;
use crate::terminal::Resizes;

/// How what the Engine writes instead of the command's output begins where it could not start the command.
const REFUSALS: [&[u8]; 2] = [b"OCI runtime exec failed", b"unable to find user "];

/// What it says of a folder that is not there, in which the command was to begin.
const NO_FOLDER: &str = "chdir to cwd";

/// Keys that end the connection and not the command. Docker's own begin with Ctrl-P, which shells and psql need; the
/// first of these is typed by hardly anybody.
const DETACH_KEYS: &str = "ctrl-^,ctrl-^,ctrl-^";

/// How often the Engine is asked for something that it will have in a moment.
const PAUSE: Duration = Duration::from_millis(10);

/// How often it is asked for the end of a command before it is asked for the container's.
const LOOKS: u32 = 100;

/// How often a new size is offered to a command that is being started.
const TRIES: u32 = 50;

type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// Runs a command to its end. If this is dropped, the command goes on without anybody who listens.
pub async fn run(client: &Client, found: &Found, exec: &Exec) -> Result<i32> {
    let action = format!("run a command in {}", found.instance);
    let created = client.create_exec(&found.id, config(exec)).await;
    let id = created.explain(&action)?.id;
    let raw_mode = exec.terminal.then(RawMode::enter).transpose();
    let raw_mode = raw_mode.map_err(|cause| failed("prepare the terminal", cause))?;
    let options = StartExecOptions {
        detach: false,
        tty: exec.terminal,
        output_capacity: Some(64 << 10),
    };
    let started = client.start_exec(&id, Some(options)).await;
    let refusal = match started.explain(&action)? {
        StartExecResults::Attached { output, input } => tokio::select! {
            read = pass_on(output) => read?,
            never = feed(input) => never,
            never = follow_size(client, &id, exec.terminal) => never,
        },
        StartExecResults::Detached => None,
    };
    let code = exit_code(client, (found.instance, &found.id), &id).await?;
    drop(raw_mode);
    match refusal {
        Some(words) if matches!(code, 126 | 127) => Err(refused(found, exec, &words)),
        // The command's own words after all.
        Some(words) => write(terminal::Stream::Out, &words).await.map(|()| code),
        None => Ok(code),
    }
}

fn config(exec: &Exec) -> ExecConfig {
    let variables = exec.variables.iter();
    let variables = variables.map(|(name, value)| format!("{name}={value}"));
    ExecConfig {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(exec.terminal),
        detach_keys: exec.terminal.then(|| DETACH_KEYS.to_owned()),
        env: Some(variables.collect()),
        user: exec.user.clone(),
        working_dir: exec.folder.clone(),
        cmd: Some(exec.command.clone()),
        ..Default::default()
    }
}

/// Passes the command's output on until its end. What may be the Engine's refusal is kept back.
async fn pass_on(mut output: Output) -> Result<Option<Bytes>> {
    let mut first = true;
    while let Some(piece) = output.next().await {
        let piece = piece.explain("read the output of a command")?;
        let stream = match piece {
            LogOutput::StdErr { .. } => terminal::Stream::Err,
            _ => terminal::Stream::Out,
        };
        let bytes = piece.into_bytes();
        let is_refusal = || REFUSALS.iter().any(|words| bytes.starts_with(words));
        if std::mem::take(&mut first) && is_refusal() {
            return rest(bytes, output).await.map(Some);
        }
        write(stream, &bytes).await?;
    }
    Ok(None)
}

async fn rest(first: Bytes, mut output: Output) -> Result<Bytes> {
    let mut all = first.to_vec();
    while let Some(piece) = output.next().await {
        all.extend(piece.explain("read the output of a command")?.into_bytes());
    }
    Ok(all.into())
}

async fn write(stream: terminal::Stream, bytes: &[u8]) -> Result<()> {
    let written = terminal::write(stream, bytes).await;
    written.map_err(|cause| failed("pass on the output of a command", cause))
}

fn failed(action: &str, cause: io::Error) -> Error {
    Error::new(Code::Io, format!("cannot {action}")).because(cause)
}

/// Passes the standard input on, and its end. It never ends itself: the command may go on without input.
async fn feed<T>(mut input: Input) -> T {
    let mut chunks: mpsc::Receiver<Bytes> = terminal::input();
    while let Some(chunk) = chunks.recv().await {
        // A command that reads no further is no failure; its exit code tells.
        if input.write_all(&chunk).await.is_err() || input.flush().await.is_err() {
            break;
        }
    }
    drop(input.shutdown().await);
    std::future::pending().await
}

/// Gives the command's terminal the size of ours, again and again.
async fn follow_size<T>(client: &Client, id: &str, has_terminal: bool) -> T {
    if !has_terminal {
        return std::future::pending().await;
    }
    let mut resizes = Resizes::new();
    loop {
        if let Some((width, height)) = terminal::size() {
            resize(client, id, ResizeExecOptions { height, width }).await;
        }
        resizes.next().await;
    }
}

/// The Engine says that the command is not there until it has been started. A wrong size is never worth failing for.
async fn resize(client: &Client, id: &str, size: ResizeExecOptions) {
    for _ in 0..TRIES {
        if client.resize_exec(id, size).await.is_ok() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// The output may end before the command does: a moment, or as long as the command likes. But no command outlives its
/// container, whatever the Engine says of it.
async fn exit_code(
    client: &Client,
    (instance, container): (Instance, &str),
    id: &str,
) -> Result<i32> {
    loop {
        for _ in 0..LOOKS {
            if let Some(code) = ended(client, id).await? {
                return Ok(code);
            }
            sleep(PAUSE).await;
        }
        if !runs(client, container).await? {
            let what = format!("{instance} ended, and the command in it");
            return Err(Error::new(Code::NotRunning, what));
        }
    }
}

async fn ended(client: &Client, id: &str) -> Result<Option<i32>> {
    let looked = client.inspect_exec(id).await;
    let command = looked.explain("learn how a command ended")?;
    let code = command.exit_code.filter(|_| command.running == Some(false));
    Ok(code.map(|code| i32::try_from(code).unwrap_or(i32::MAX)))
}

async fn runs(client: &Client, container: &str) -> Result<bool> {
    match client.inspect_container(container, None).await {
        Ok(container) => Ok(container.state.and_then(|state| state.running) == Some(true)),
        Err(cause) if explain::is_missing(&cause) => Ok(false),
        Err(cause) => Err(explain::error(&cause, "look at a container")),
    }
}

/// The Engine could not start the command: `OCI runtime exec failed: …: exec: "psq": executable file not found …`.
fn refused(found: &Found, exec: &Exec, words: &[u8]) -> Error {
    let words = String::from_utf8_lossy(words).trim().to_owned();
    let program = exec.command.first().map_or("", String::as_str);
    let (instance, image) = (found.instance, &found.image);
    let is_missing = ["executable file not found", "no such file or directory"]
        .iter()
        .any(|missing| words.contains(missing));
    if is_missing && !words.contains(NO_FOLDER) {
        return Error::new(
            Code::ProgramMissing,
            format!("there is no program {program} in {instance}"),
        )
        .hint(format!("its image {image} decides what is there"));
    }
    Error::new(
        Code::ProgramRefused,
        format!("{program} cannot be run in {instance}"),
    )
    .because(match &exec.folder {
        Some(folder) if words.contains(NO_FOLDER) => format!("there is no folder {folder}"),
        _ if words.starts_with("OCI") => explain::last_words(&words),
        _ => words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Role;
    use crate::engine::docker::stub;

    /// An Engine that never learns of the end of a command, and has no containers any more.
    fn forgetful(request: &str) -> (&'static str, &'static str) {
        if request.starts_with("GET /exec/") {
            ("200 OK", r#"{"ID": "e", "Running": true}"#)
        } else {
            ("404 Not Found", r#"{"message": "No such container: c"}"#)
        }
    }

    #[tokio::test]
    async fn a_command_whose_container_has_gone_is_not_waited_for() {
        let database = Instance::first(Role::Database);
        let gone = exit_code(&stub::engine(forgetful).await, (database, "c"), "e").await;
        assert_eq!(gone.unwrap_err().code, Code::NotRunning);
    }
}
