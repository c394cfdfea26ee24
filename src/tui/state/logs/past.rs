//! Which part of the past is read, and from where reading goes on.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::ToSpan;

use super::Logs;
use crate::engine::LogWindow;

/// Lines of each role that are read at first.
const TAIL: u64 = 1000;

/// Which part of the past is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// The last lines of each role.
    #[default]
    Tail,
    /// Everything.
    Head,
    /// So many minutes.
    Minutes(u16),
}

impl Window {
    /// What the engine is asked for.
    pub fn at(self, now: Timestamp) -> LogWindow {
        match self {
            Self::Tail => LogWindow {
                tail: Some(TAIL),
                ..LogWindow::default()
            },
            Self::Head => LogWindow::default(),
            Self::Minutes(minutes) => LogWindow {
                since: now
                    .checked_sub(SignedDuration::from_mins(minutes.into()))
                    .ok(),
                ..LogWindow::default()
            },
        }
    }
}

impl Logs {
    /// Notes that reading begins, and returns the number of the reader.
    pub fn begin_reading(&mut self) -> u64 {
        self.reading = true;
        self.begun = false;
        self.reader += 1;
        self.reader
    }

    /// From where reading has to go on: behind the last line, or as the window says.
    pub fn resume(&self, now: Timestamp) -> LogWindow {
        let last = self.entries.back().map(|entry| entry.time);
        let since = last
            .or(self.cleared)
            .and_then(|time| time.checked_add(1.nanosecond()).ok());
        match since {
            Some(since) => LogWindow {
                since: Some(since),
                ..LogWindow::default()
            },
            None => self.window.at(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::logs;
    use super::*;

    #[test]
    fn lines_that_were_forgotten_are_not_read_again() {
        let mut logs = logs(3);
        let since = |logs: &Logs| logs.resume(Timestamp::from_second(100).unwrap()).since;
        logs.forget(Timestamp::from_second(100).unwrap());
        let last = Timestamp::from_second(2).unwrap();
        assert_eq!(since(&logs), last.checked_add(1.nanosecond()).ok());
        logs.forget(Timestamp::from_second(100).unwrap());
        assert_eq!(since(&logs), last.checked_add(1.nanosecond()).ok(), "twice");
        logs.clear();
        assert_eq!(since(&logs), None, "another part of the past is wanted");
    }
}
