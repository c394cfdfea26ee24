//! A place where environments can be: an engine, or the way to one that does not answer yet.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::engine;
use crate::engine::Engine;
use crate::environment::locate::Awaited;

/// A place where environments can be; its clones are the same place.
#[derive(Debug, Clone)]
pub struct Slot {
    engine: Arc<OnceCell<Arc<dyn Engine>>>,
    awaited: Option<Awaited>,
}

impl Slot {
    /// An engine that answered.
    pub fn open(engine: Arc<dyn Engine>) -> Self {
        Self {
            engine: Arc::new(OnceCell::new_with(Some(engine))),
            awaited: None,
        }
    }

    /// One that may answer later.
    pub fn awaited(awaited: Awaited) -> Self {
        Self {
            engine: Arc::default(),
            awaited: Some(awaited),
        }
    }

    /// Its engine, where that has answered.
    pub fn get(&self) -> Option<Arc<dyn Engine>> {
        self.engine.get().cloned()
    }

    /// The same, after it was looked for again.
    pub async fn reach(&self) -> engine::Result<Arc<dyn Engine>> {
        let reached = self.engine.get_or_try_init(async || match &self.awaited {
            Some(awaited) => awaited.reach().await,
            None => Err(engine::Error::new(
                crate::error::Code::DockerDown,
                "there is no engine",
            )),
        });
        reached.await.cloned()
    }
}
