//! Signals become cancellation, so that nothing is left half done.

use std::future::Future;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::error::Interrupted;
use crate::error::Result;
use crate::terminal;

/// How much later than its end the Ctrl-C that ended a command may be told to us.
const LATE: Duration = Duration::from_millis(100);

/// Whose the terminal is. It is the process that gets a signal, whichever `Shutdown` listens.
static LENDING: Mutex<Lending> = Mutex::new(Lending {
    commands: 0,
    returned: None,
});

/// Whether a command has been asked to end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

#[derive(Debug)]
struct Lending {
    /// Commands that have the terminal now.
    commands: usize,
    /// When the last one gave it back.
    returned: Option<Instant>,
}

/// The terminal is a command's, and so is Ctrl-C, until this is dropped.
#[derive(Debug)]
pub struct Lent(());

impl Shutdown {
    /// Begins to listen: SIGTERM, SIGHUP or Ctrl-C cancels, a second signal ends the process at once.
    pub fn on_signals() -> Self {
        let shutdown = Self::default();
        let token = shutdown.token.clone();
        let mut signals = Signals::new();
        #[expect(
            clippy::disallowed_methods,
            reason = "it listens until the process ends; nothing waits for it"
        )]
        tokio::spawn(async move {
            signals.next().await;
            token.cancel();
            signals.next().await;
            give_up();
        });
        shutdown
    }

    /// Leaves Ctrl-C to a command that shares our terminal and gets it too. SIGTERM and SIGHUP still count.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "no engine of this system runs commands here")
    )]
    pub fn lend() -> Lent {
        lending(|lending| lending.commands += 1);
        Lent(())
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

impl Drop for Lent {
    fn drop(&mut self) {
        lending(|lending| {
            lending.commands -= 1;
            lending.returned = Some(Instant::now());
        });
    }
}

impl Lending {
    /// Whether a Ctrl-C that is told now is not for us.
    fn is_on(&self) -> bool {
        let recently = |returned: Instant| returned.elapsed() < LATE;
        self.commands > 0 || self.returned.is_some_and(recently)
    }
}

fn lending<T>(look: impl FnOnce(&mut Lending) -> T) -> T {
    look(&mut LENDING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The signals that ask a command to end, from the moment this is made.
#[cfg(unix)]
#[derive(Debug)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: signal(SignalKind::hangup()).ok(),
        }
    }

    /// Completes with the next one that is for us.
    async fn next(&mut self) {
        loop {
            tokio::select! {
                () = received(&mut self.terminate) => return,
                () = received(&mut self.hangup) => return,
                () = received(&mut self.interrupt) => if !lending(|lending| lending.is_on()) {
                    return;
                },
            }
        }
    }
}

#[cfg(unix)]
async fn received(signals: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signals) = signals
        && signals.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Signals(());

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self(())
    }

    async fn next(&mut self) {
        loop {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            if !lending(|lending| lending.is_on()) {
                return;
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use rustix::process::Signal;
    use rustix::process::getpid;
    use rustix::process::kill_process;
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn ctrl_c_is_a_commands_while_it_has_the_terminal_and_other_signals_are_not() {
        let shutdown = Shutdown::on_signals();
        let mut heard = signal(SignalKind::interrupt()).unwrap();
        let lent = Shutdown::lend();
        kill_process(getpid(), Signal::INT).unwrap();
        heard.recv().await;
        // The same Ctrl-C may have ended the command before it is told to us.
        drop(lent);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!shutdown.is_requested());
        kill_process(getpid(), Signal::TERM).unwrap();
        let requested = timeout(Duration::from_secs(30), shutdown.requested()).await;
        requested.unwrap();
    }

    #[test]
    fn ctrl_c_counts_again_once_the_terminal_was_given_back_for_a_while() {
        let is_on = |commands, returned| Lending { commands, returned }.is_on();
        assert!(is_on(1, None) && is_on(0, Some(Instant::now())));
        assert!(!is_on(0, None) && !is_on(0, Instant::now().checked_sub(LATE)));
    }
}
