//! What a database does in figures, through a session that is kept while they are looked at.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::Tasks;
use super::database::Target;
use crate::database::console::Access;
use crate::database::console::ConsoleError;
use crate::database::console::Gauge;
use crate::database::console::Pulse;
use crate::engine::Found;
use crate::error::Error;
use crate::error::Report;
use crate::error::Result;
use crate::tui::state::Key;

/// How long the figures may take: what else is measured waits for them.
const PATIENCE: Duration = Duration::from_secs(3);

/// The session that is kept, and of which environment: of one, because one is looked at.
#[derive(Debug, Clone, Default)]
pub struct Gauges(Arc<Mutex<Option<(Key, Gauge)>>>);

impl Gauges {
    /// The session of an environment; that of another one ends.
    async fn take(&self, key: &Key) -> Option<Gauge> {
        let kept = self.0.lock().await.take();
        kept.filter(|(of, _)| of == key).map(|(_, gauge)| gauge)
    }

    async fn keep(&self, key: Key, gauge: Gauge) {
        *self.0.lock().await = Some((key, gauge));
    }
}

impl Tasks {
    /// Asks what a database does; where nobody looks at that, the session ends.
    pub fn pulse(
        &self,
        key: &Key,
        database: Option<Box<Found>>,
    ) -> impl Future<Output = Option<Result<Pulse, Report>>> + Send + use<> {
        let gauges = self.gauges.clone();
        let target = database.and_then(|found| self.target(key.clone(), *found));
        let key = key.clone();
        async move {
            let kept = gauges.take(&key).await;
            let asked = ask(target?, kept, &gauges);
            let asked = tokio::time::timeout(PATIENCE, asked).await;
            let silent = |_late| Err(ConsoleError::Silent(PATIENCE).into());
            Some(
                asked
                    .unwrap_or_else(silent)
                    .map_err(|error: Error| error.report()),
            )
        }
    }
}

/// A session that broke is of no more use; a database that was started anew is asked through a new one.
async fn ask(target: Target, kept: Option<Gauge>, gauges: &Gauges) -> Result<Pulse> {
    if let Some(gauge) = kept
        && let Ok(pulse) = gauge.read().await
    {
        gauges.keep(target.key, gauge).await;
        return Ok(pulse);
    }
    let gauge = Gauge::new(target.session(Access::ReadOnly).await?).await?;
    let pulse = gauge.read().await?;
    gauges.keep(target.key, gauge).await;
    Ok(pulse)
}
