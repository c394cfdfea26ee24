//! Whose mounted code changes.

use std::path::PathBuf;

use super::Inbox;
use super::Tasks;
use super::configure::resolved;
use super::send;
use crate::environment::changes::Changes;
use crate::error::Result;
use crate::tui::message::Message;
use crate::tui::state::Key;

impl Tasks {
    /// Begins to tell when code of an environment's roles changes.
    pub fn watch_code(&mut self, key: Key, profile: Option<PathBuf>) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        self.unwatch_code(&key);
        let end = self.shutdown.child();
        self.watches.insert(key.clone(), end.clone());
        let (folder, inbox) = (self.home.folder.clone(), self.inbox.clone());
        self.spawn_until(end, async move {
            let resolved = resolved(&environment, &folder, profile.as_deref()).await;
            let changes = resolved.and_then(|resolved| Changes::watch(&resolved.profile));
            tell(changes, key, &inbox).await
        });
    }

    /// Stops telling.
    pub fn unwatch_code(&mut self, key: &Key) {
        if let Some(watch) = self.watches.remove(key) {
            watch.request();
        }
    }
}

/// Tells what is watched, or why nothing can be, and then whatever changes.
async fn tell(code: Result<Changes>, key: Key, inbox: &Inbox) -> Option<Message> {
    let watching = |result| Message::Watching {
        key: key.clone(),
        result,
    };
    let mut code = match code {
        Ok(code) => code,
        Err(error) => return Some(watching(Err(error.report()))),
    };
    let paths = code.paths().map(|path| path.display().to_string());
    let paths = paths.collect::<Vec<_>>().join(", ");
    send(inbox, Some(watching(Ok(paths)))).await;
    while let Some(changed) = code.next().await {
        let message = Message::CodeChanged {
            key: key.clone(),
            changed,
        };
        send(inbox, Some(message)).await;
    }
    None
}
