//! Images that are built from a folder: the context is streamed to the Engine, its words are passed on.

use std::collections::HashMap;
use std::io;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::auth::DockerCredentials;
use bollard::body_try_stream;
use bollard::errors::Error as Cause;
use bollard::query_parameters::BuildImageOptions;
use bollard::query_parameters::BuildImageOptionsBuilder;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::sync::mpsc::Sender;

use super::credentials;
use super::explain;
use super::image;
use super::image::Output;
use super::label;
use crate::engine::Error;
use crate::engine::Progress;
use crate::engine::Remark;
use crate::engine::Result;
use crate::engine::Watcher;
use crate::error::Code;
use crate::image::folder::ChangedMeanwhile;
use crate::image::folder::FolderImage;
use crate::image::folder::REPOSITORY;
use crate::profile;

/// How much of a context is on its way at a time: so many pieces of this size.
const PIECES: usize = 4;
const PIECE: usize = 256 << 10;

/// How long the Engine may take to take a whole context before it answers.
const PATIENCE: Duration = Duration::from_hours(1);

/// How many of its last lines a build that failed is shown with.
const LAST_LINES: usize = 20;

/// Builds an image with the Engine's classic builder, which every Engine has. `folder` knows the logins of registries.
pub async fn folder(
    client: &Client,
    folder: &Path,
    image: &FolderImage,
    watcher: &dyn Watcher,
) -> Result<Remark> {
    let logins = logins(folder, watcher).await;
    let (pieces, writing) = send(image.clone());
    let total = image.bytes;
    let sent = pieces.scan(0, |sent: &mut u64, piece: io::Result<Bytes>| {
        if let Ok(piece) = &piece {
            *sent += piece.len() as u64;
        }
        std::future::ready(Some((*sent, piece)))
    });
    let (told, mut heard) = mpsc::unbounded_channel();
    let body = sent.map(move |(sent, piece)| {
        // Nobody listens any more once the Engine has answered.
        let _gone = told.send(sent);
        piece
    });
    let patient = client.clone().with_timeout(PATIENCE);
    let messages = patient.build_image(options(image), Some(logins), Some(body_try_stream(body)));
    let mut messages = std::pin::pin!(messages);
    let mut output = Output::default();
    let built = loop {
        tokio::select! {
            Some(sent) = heard.recv() => watcher.progress(Progress {
                bytes: sent,
                total_bytes: Some(total.max(sent)),
                parts: None,
            }),
            message = messages.next() => match message {
                Some(Ok(message)) => output.take(message, watcher),
                Some(Err(cause)) if !image::is_only_the_end(&cause) => break Err(cause),
                Some(Err(_)) | None => break Ok(()),
            },
        }
    };
    // What could not be read is the cause of what the Engine then says of a context that breaks off.
    let written = writing
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)));
    match (built, written) {
        (Err(_), Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(unreadable(image, error))
        }
        (Err(cause), _) => Err(failed(&cause, image, &output.lines)),
        // An Engine that did not wait for the end of the archive.
        (Ok(()), Err(error)) if is_change(&error) => {
            image::remove(client, image.tag()).await;
            Err(unreadable(image, error))
        }
        (Ok(()), _) if image::id(client, image.tag()).await?.is_none() => {
            let what = format!("the image {} is not there after its build", image.tag());
            Err(Error::new(Code::BuildFailed, what).detail(last(&output.lines)))
        }
        (Ok(()), _) => {
            let context = image.context.display().to_string();
            let of_context = format!("{}={context}", label::CONTEXT);
            image::forget_older(client, (&of_context, REPOSITORY), image.tag()).await;
            Ok(Some(format!("{} from {context}", profile::Bytes(total))))
        }
    }
}

fn options(image: &FolderImage) -> BuildImageOptions {
    let args: HashMap<_, _> = image.args.iter().collect();
    let context = image.context.display().to_string();
    let labels = HashMap::from([
        (label::CONTEXT, context.as_str()),
        (label::VERSION, env!("CARGO_PKG_VERSION")),
    ]);
    let options = BuildImageOptionsBuilder::default()
        .dockerfile(&image.dockerfile)
        .t(image.tag())
        .buildargs(&args)
        .labels(&labels)
        .rm(true)
        .forcerm(true);
    match &image.target {
        Some(target) => options.target(target).build(),
        None => options.build(),
    }
}

type Writing = tokio::task::JoinHandle<io::Result<()>>;

/// Reads a context on a thread of its own, no faster than the pieces are taken.
fn send(image: FolderImage) -> (impl Stream<Item = io::Result<Bytes>> + Send, Writing) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let writing = tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces {
            piece: Vec::with_capacity(PIECE),
            sender,
        };
        let written = image.write(&mut pieces);
        if let Err(error) = &written {
            // The archive must not look as if it were whole.
            let broken = io::Error::new(error.kind(), error.to_string());
            let _gone = pieces.sender.blocking_send(Err(broken));
        }
        written
    });
    let next = |mut receiver: mpsc::Receiver<_>| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    };
    (futures_util::stream::unfold(receiver, next), writing)
}

/// Gathers what is written into pieces.
struct Pieces {
    piece: Vec<u8>,
    sender: Sender<io::Result<Bytes>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let sent = self.sender.blocking_send(Ok(piece.into()));
        sent.map_err(|_gone| io::ErrorKind::BrokenPipe.into())
    }
}

/// Every login there is, as Docker's own client sends them: only the builder knows what it builds upon, because arguments
/// may stand for names of images.
async fn logins(folder: &Path, watcher: &dyn Watcher) -> HashMap<String, DockerCredentials> {
    let mut logins = HashMap::new();
    for (registry, found) in credentials::all(folder).await {
        match found {
            Ok(login) => logins.extend(login.map(|login| (registry, login))),
            Err(why) => watcher.notice(format!("it is built without a login: {why}")),
        }
    }
    logins
}

fn is_change(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<ChangedMeanwhile>())
}

fn unreadable(image: &FolderImage, error: io::Error) -> Error {
    if is_change(&error) {
        return Error::new(Code::ContextUnusable, error.to_string())
            .hint("nothing was built; run the command again");
    }
    let what = format!("cannot gather what {} is built from", image.tag());
    Error::new(Code::ContextUnusable, what)
        .because(error)
        .hint(format!(
            "{} is the folder it is built from",
            image.context.display()
        ))
}

/// A command of the Dockerfile that fails is quoted, and may hold any words; else it is the registries that fail.
fn meaning(cause: &Cause, action: &str) -> Error {
    match cause {
        Cause::DockerStreamError { error } if error.starts_with("The command '") => {
            let what = format!("cannot {action}");
            Error::new(Code::BuildFailed, what).because(explain::innermost(cause))
        }
        Cause::DockerStreamError { .. } => explain::registry::error(cause, action),
        _ => explain::error(cause, action),
    }
}

/// The step that failed is named; its last lines say why.
fn failed(cause: &Cause, image: &FolderImage, lines: &[String]) -> Error {
    let mut steps = lines.iter().rev().filter(|line| line.starts_with("Step "));
    let what = match steps.next() {
        Some(step) => format!("build {}: {step} failed", image.context.display()),
        None => format!("build {}", image.context.display()),
    };
    let mut error = meaning(cause, &what).detail(last(lines));
    match error.code {
        // The Engine knows only that the command failed; what it wrote says why.
        Code::DockerAnswer | Code::BuildFailed if explain::tells_of_full_disk(&error.detail) => {
            error.code = Code::DiskFull;
            return error.hint(explain::FULL_DISK);
        }
        Code::DockerAnswer => error.code = Code::BuildFailed,
        Code::BuildFailed => {}
        Code::ImageMissing | Code::RegistryDenied | Code::RegistryUnreachable => {
            return error.hint("an image that the Dockerfile builds upon cannot be had: check its name behind FROM, and whether its registry can be reached");
        }
        _ => return error,
    }
    let words = error
        .source
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    if words.contains("BuildKit") {
        return error.hint("images are built with the Engine's classic builder; take what needs BuildKit out of the Dockerfile, or build the image yourself and name it: `api.image`");
    }
    error.hint(format!(
        "correct {} and run the command again",
        image.context.join(&image.dockerfile).display()
    ))
}

fn last(lines: &[String]) -> Vec<String> {
    let first = lines.len().saturating_sub(LAST_LINES);
    lines.iter().skip(first).cloned().collect()
}
