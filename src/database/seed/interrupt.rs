//! How a load on a blocking thread is asked to end.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use postgres::CancelToken;
use postgres::Client;
use postgres::NoTls;

use super::error::SeedError;

/// A handle that another thread holds.
#[derive(Default)]
pub struct Interrupt {
    requested: AtomicBool,
    running: Mutex<Vec<CancelToken>>,
}

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Interrupt").field(&self.requested).finish()
    }
}

impl Interrupt {
    /// Asks the load to end; blocks while the statement that runs on the server is cancelled.
    ///
    /// A statement may begin just after that, so that the caller repeats the request until the load has ended.
    pub fn request(&self) {
        self.requested.store(true, Ordering::SeqCst);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for token in running.iter() {
            // A connection that has gone needs no cancelling.
            drop(token.cancel_query(NoTls));
        }
    }

    /// Fails where the load was asked to end.
    pub(super) fn check(&self) -> Result<(), SeedError> {
        if self.requested.load(Ordering::SeqCst) {
            Err(SeedError::Interrupted)
        } else {
            Ok(())
        }
    }

    /// What runs from now on is quick and must be done whatever was asked: clearing up.
    pub(super) fn hold_off(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.clear();
    }

    /// From now on a request cancels what this connection runs.
    pub(super) fn watch(&self, client: &Client) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.push(client.cancel_token());
    }
}
