//! Signals become cancellation, so that nothing is left half done.

use std::future::Future;

use tokio_util::sync::CancellationToken;

use crate::error::Interrupted;
use crate::error::Result;
use crate::terminal;

/// Whether a command has been asked to end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// Begins to listen: SIGTERM, SIGHUP or Ctrl-C cancels, a second signal ends the process at once.
    pub fn on_signals() -> Self {
        let shutdown = Self::default();
        let token = shutdown.token.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "it listens until the process ends; nothing waits for it"
        )]
        tokio::spawn(async move {
            signal().await;
            token.cancel();
            signal().await;
            give_up();
        });
        shutdown
    }

    /// One that ends with this one, and can be asked to end by itself.
    pub fn child(&self) -> Self {
        Self {
            token: self.token.child_token(),
        }
    }

    /// Asks whoever listens to end.
    pub fn request(&self) {
        self.token.cancel();
    }

    /// Completes when the command has been asked to end.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Does something, unless the command is asked to end first; then it is dropped where it stands.
    pub async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.requested() => Err(Interrupted.into()),
        }
    }

    /// Whether the command has been asked to end.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }
}

/// The way out when ending well takes longer than the user is willing to wait.
#[expect(clippy::disallowed_methods, clippy::exit, reason = "the user insists")]
fn give_up() {
    terminal::restore();
    std::process::exit(130)
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
        () = wait(SignalKind::hangup()) => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
