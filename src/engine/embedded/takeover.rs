//! What a manager does where nobody looks after an environment any more: a supervisor that does not answer is ended, and
//! so is whatever one that was killed has left.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;
use tokio::time::sleep;

use super::client;
use super::client::Attendance;
use super::client::silent;
use super::holder;
use super::home::Place;
use super::home::unusable;
use super::leftovers;
use super::process::Process;
use super::supervisor;
use super::supervisor::TRY_AGAIN;
use crate::engine::Grace;
use crate::engine::Result;

/// How long a supervisor that ends may take, which stops its roles first.
const CLEANING: Duration = Duration::from_mins(2);

/// How long a killed process may take to end.
const DYING: Duration = Duration::from_secs(10);

/// Makes sure that a supervisor answers, or that nothing of the environment runs, which has so long to end.
pub async fn clean_up(place: &Place, grace: Grace) -> Result<()> {
    let deadline = Instant::now() + CLEANING + grace.unwrap_or_default();
    while place.path().exists() {
        match client::attendance(place).await {
            Attendance::Answers => return Ok(()),
            Attendance::Silent(supervisor) => end(place, supervisor).await?,
            Attendance::Nobody => {}
        }
        let lock = supervisor::try_lock(place);
        if let Some(_lock) = lock.map_err(|error| unusable(place.path(), error.source))? {
            leftovers::end(place, grace).await;
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(silent(place, None));
        }
        // A supervisor is about to listen or to end, and may be cleaning up itself.
        sleep(TRY_AGAIN).await;
    }
    Ok(())
}

/// Ends a supervisor that does not answer. No other process is touched: who answers in its place must not be one of ours.
async fn end(place: &Place, supervisor: Option<Process>) -> Result<()> {
    let ours = supervisor.filter(|process| holder::is_supervisor(place, process));
    let Some(supervisor) = ours else {
        return Err(silent(place, None));
    };
    supervisor.signal(Signal::KILL);
    let deadline = Instant::now() + DYING;
    while supervisor.lives() {
        if Instant::now() >= deadline {
            return Err(silent(place, None));
        }
        sleep(TRY_AGAIN).await;
    }
    Ok(())
}
