//! Reading what the roles of an environment write, in batches.

use tokio::sync::mpsc;

use super::Inbox;
use super::Tasks;
use super::send;
use crate::engine::LogWindow;
use crate::environment::Environment;
use crate::environment::logs::Line;
use crate::tui::message::Message;
use crate::tui::state::Key;

/// Lines of one message at most.
const BATCH: usize = 2000;

impl Tasks {
    /// Reads from here on.
    pub fn follow(&mut self, key: Key, window: LogWindow, reader: u64) {
        self.unfollow(&key);
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let end = self.shutdown.child();
        self.follows.insert(key.clone(), end.clone());
        let inbox = self.inbox.clone();
        self.spawn_until(end, async move {
            let report = follow(&environment, window, (&key, reader), &inbox).await?;
            Some(Message::LogsBroke {
                key,
                reader,
                report,
            })
        });
    }

    /// Stops reading.
    pub fn unfollow(&mut self, key: &Key) {
        if let Some(reader) = self.follows.remove(key) {
            reader.request();
        }
    }
}

/// Reads until that fails; returns why. Lines that arrive together are told together.
async fn follow(
    environment: &Environment,
    window: LogWindow,
    (key, reader): (&Key, u64),
    inbox: &Inbox,
) -> Option<crate::error::Report> {
    let (sender, mut lines) = mpsc::unbounded_channel();
    let read = environment.follow_logs(&[], window, |line: Line| {
        drop(sender.send(line));
        Ok(())
    });
    let pass_on = async {
        let mut batch = Vec::new();
        while lines.recv_many(&mut batch, BATCH).await > 0 {
            let lines = std::mem::take(&mut batch);
            let key = key.clone();
            send(inbox, Some(Message::Lines { key, reader, lines })).await;
        }
    };
    tokio::select! {
        result = read => result.err().map(|error| error.report()),
        () = pass_on => None,
    }
}
