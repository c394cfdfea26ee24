//! Where the words of a role go: both its streams into one pipe, and from there into its log.

use std::io::PipeWriter;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::engine::Instance;
use crate::engine::embedded::home::Place;
use crate::engine::embedded::log::Keeper;

/// How long the last words of a role that has ended are waited for; whatever it started may hold its streams open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Keeps what one life of a role writes.
#[derive(Debug)]
pub struct Capture {
    task: JoinSet<()>,
    over: CancellationToken,
}

impl Capture {
    /// Opens the log, and the pipe that leads to it.
    pub fn start(place: &Place, instance: Instance) -> std::io::Result<(Self, PipeWriter)> {
        let keeper = Keeper::open(place, instance)?;
        let (reader, writer) = std::io::pipe()?;
        let receiver = Receiver::from_owned_fd(reader.into())?;
        let over = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(keep(receiver, keeper, over.clone()));
        Ok((Self { task, over }, writer))
    }

    /// Waits until everything that was written is kept.
    pub async fn finish(mut self) {
        if timeout(LAST_WORDS, self.task.join_next()).await.is_err() {
            self.over.cancel();
            self.task.join_next().await;
        }
    }
}

/// What cannot be kept, because the disk is full, is lost: a role must never wait for its log.
async fn keep(mut receiver: Receiver, mut keeper: Keeper, over: CancellationToken) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = receiver.read(&mut buffer) => read.unwrap_or(0),
            () = over.cancelled() => 0,
        };
        match buffer.get(..read) {
            Some(bytes) if !bytes.is_empty() => drop(keeper.take(bytes, Timestamp::now())),
            _ => break,
        }
    }
    drop(keeper.finish(Timestamp::now()));
}
