//! Reading what the roles of an environment write, in batches.

use std::collections::VecDeque;

use tokio::sync::watch;

use super::Inbox;
use super::Tasks;
use crate::engine::LogWindow;
use crate::environment::Environment;
use crate::environment::logs::Line;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::logs::CAPACITY;
use crate::tui::state::logs::MOST_BYTES;

/// Lines of one message at most.
const BATCH: usize = 500;
/// Messages that may wait before one with lines: each of those holds as much as hundreds of the others.
const CROWD: usize = 8;

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
    let (waiting, mut arrived) = watch::channel(Waiting::default());
    let show = |line: Line| {
        waiting.send_modify(|waiting| waiting.push(line));
        Ok(())
    };
    // That there is nothing to read is told, too.
    let all_told = || waiting.send_modify(|_| {});
    let read = environment.follow_logs(&[], window, all_told, show);
    let pass_on = async {
        let room_before = inbox.max_capacity().saturating_sub(CROWD).max(1);
        while arrived.changed().await.is_ok() {
            let mut more = true;
            while more {
                // Whatever arrives while there is no room is taken along.
                let Ok(mut room) = inbox.reserve_many(room_before).await else {
                    return;
                };
                let (lines, lost) = take(&waiting);
                more = lines.len() == BATCH;
                let key = key.clone();
                let lines = Message::Lines {
                    key,
                    reader,
                    lines,
                    lost,
                };
                if let Some(room) = room.next() {
                    room.send(lines);
                }
            }
        }
    };
    tokio::select! {
        result = read => result.err().map(|error| error.report()),
        () = pass_on => None,
    }
}

fn take(waiting: &watch::Sender<Waiting>) -> (Vec<Line>, u64) {
    let mut taken = (Vec::new(), 0);
    waiting.send_if_modified(|waiting| {
        taken = waiting.take();
        false
    });
    taken
}

/// Lines that were read and not told yet: the newest, no more than the dashboard keeps.
#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Lines that were given up for newer ones.
    lost: u64,
}

impl Waiting {
    fn push(&mut self, line: Line) {
        self.bytes += line.line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > CAPACITY || self.bytes > MOST_BYTES {
            self.pop();
            self.lost += 1;
        }
    }

    fn pop(&mut self) -> Option<Line> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.line.text.len();
        Some(line)
    }

    /// The oldest of them, and how many were given up before.
    fn take(&mut self) -> (Vec<Line>, u64) {
        let lines = std::iter::from_fn(|| self.pop()).take(BATCH).collect();
        (lines, std::mem::take(&mut self.lost))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::engine::Instance;
    use crate::engine::LogLine;
    use crate::engine::Role;

    fn line(text: String) -> Line {
        Line {
            instance: Instance::first(Role::Api),
            id: String::new(),
            line: LogLine {
                time: Timestamp::UNIX_EPOCH,
                text,
            },
        }
    }

    #[test]
    fn lines_that_nobody_takes_give_way_to_newer_ones_and_are_counted() {
        let mut waiting = Waiting::default();
        (0..CAPACITY + 7).for_each(|number| waiting.push(line(number.to_string())));
        let (lines, lost) = waiting.take();
        assert_eq!((lines.len(), lost), (BATCH, 7));
        assert_eq!(lines[0].line.text, "7");
        let mut rest = 0;
        while let (lines, 0) = waiting.take()
            && !lines.is_empty()
        {
            rest += lines.len();
        }
        assert_eq!((rest + BATCH, waiting.bytes), (CAPACITY, 0));
        (0..100).for_each(|_| waiting.push(line("x".repeat(1_000_000))));
        assert_eq!((waiting.lines.len(), waiting.lost), (1, 99));
    }
}
