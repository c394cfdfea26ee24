//! JSON log lines that never make a request wait: a bounded queue and one thread that writes.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use tokio::sync::oneshot;

use crate::log_line::Level;

/// Lines that may wait for the writer; more are dropped and counted.
const QUEUE: usize = 8192;
/// Bytes that are written in one go.
const BATCH: usize = 64 * 1024;
/// How long lines gather between two writes: to wake the writer for each costs more than to write it.
const GATHER: Duration = Duration::from_millis(2);
/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(2);

/// How long a full queue is given before it is tried again.
const FULL: Duration = Duration::from_millis(5);

/// A handle to the log; clones write to the same place.
#[derive(Debug, Clone)]
pub struct Log {
    level: Level,
    queue: SyncSender<Item>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Item {
    Line(Vec<u8>),
    /// Dropped when every line before it has been written.
    Mark(oneshot::Sender<()>),
}

/// A line that says something in words.
#[derive(Serialize)]
struct Message<'a> {
    time: String,
    level: Level,
    message: &'a str,
    #[serde(flatten)]
    fields: Value,
}

/// The present moment as lines show it: RFC 3339 in UTC with milliseconds.
pub fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

impl Log {
    /// Starts the thread that hands whole lines to `sink`, many at a time when there are many.
    pub fn start(level: Level, sink: impl FnMut(&[u8]) + Send + 'static) -> std::io::Result<Self> {
        let (queue, items) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write(&items, &counter, sink))?;
        Ok(Self {
            level,
            queue,
            dropped,
        })
    }

    /// Whether lines of this level are written.
    pub fn shows(&self, level: Level) -> bool {
        level >= self.level
    }

    /// How many lines have been dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Queues one line, or counts it as dropped when the queue is full.
    pub fn line(&self, line: &impl Serialize) {
        let text = serde_json::to_vec(line).map(with_newline);
        let queued = text.is_ok_and(|text| self.queue.try_send(Item::Line(text)).is_ok());
        if !queued {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says something that is worth knowing; `fields` is a JSON object.
    pub fn info(&self, message: &str, fields: Value) {
        self.message(Level::Info, message, fields);
    }

    /// Says that something should be looked at.
    pub fn warn(&self, message: &str, fields: Value) {
        self.message(Level::Warn, message, fields);
    }

    /// Says that something failed.
    pub fn error(&self, message: &str, fields: Value) {
        self.message(Level::Error, message, fields);
    }

    fn message(&self, level: Level, message: &str, fields: Value) {
        self.line(&Message {
            time: now(),
            level,
            message,
            fields,
        });
    }

    /// Waits until what has been logged is written, but not for long: its reader may have stopped reading.
    pub async fn flush(&self) {
        let (mark, written) = oneshot::channel();
        let flushed = async {
            let mut mark = Item::Mark(mark);
            while let Err(TrySendError::Full(refused)) = self.queue.try_send(mark) {
                mark = refused;
                tokio::time::sleep(FULL).await;
            }
            written.await
        };
        drop(tokio::time::timeout(LAST_LINES, flushed).await);
    }
}

fn with_newline(mut line: Vec<u8>) -> Vec<u8> {
    line.push(b'\n');
    line
}

/// Runs until every handle is gone.
fn write(items: &Receiver<Item>, dropped: &AtomicU64, mut sink: impl FnMut(&[u8])) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut marks = Vec::new();
    let mut owned_up = 0;
    while let Ok(first) = items.recv() {
        let mut next = Some(first);
        while let Some(item) = next {
            match item {
                Item::Line(line) => batch.extend_from_slice(&line),
                Item::Mark(mark) => marks.push(mark),
            }
            next = if batch.len() < BATCH {
                items.try_recv().ok()
            } else {
                None
            };
        }
        let lost = dropped.load(Ordering::Relaxed);
        if lost > owned_up {
            batch.extend(lost_lines(lost - owned_up));
            owned_up = lost;
        }
        sink(&batch);
        if batch.len() < BATCH {
            std::thread::park_timeout(GATHER);
        }
        batch.clear();
        marks.clear();
    }
}

/// The line that owns up to lines which are not there.
fn lost_lines(dropped: u64) -> Vec<u8> {
    let line = Message {
        time: now(),
        level: Level::Warn,
        message: "log lines were dropped because their reader is slow",
        fields: json!({ "dropped": dropped }),
    };
    serde_json::to_vec(&line)
        .map(with_newline)
        .unwrap_or_default()
}

#[cfg(test)]
pub mod test {
    //! A log whose lines a test can read.

    use std::sync::Mutex;
    use std::sync::PoisonError;

    use super::*;

    /// What has been written.
    #[derive(Debug, Clone, Default)]
    pub struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        /// A log of this level that writes here.
        pub fn log(&self, level: Level) -> Log {
            let lines = Arc::clone(&self.0);
            let keep = move |batch: &[u8]| {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.extend_from_slice(batch);
            };
            Log::start(level, keep).unwrap()
        }

        /// Every line as JSON.
        pub fn read(&self) -> Vec<Value> {
            let lines = self.0.lock().unwrap().clone();
            let text = String::from_utf8(lines).unwrap();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::test::Lines;
    use super::*;

    #[tokio::test]
    async fn messages_are_lines_of_json_in_the_order_they_were_said() {
        let lines = Lines::default();
        let log = lines.log(Level::Info);
        log.info("starting", json!({ "listen": "127.0.0.1:8000" }));
        log.error("the database is away", json!({ "error": "no" }));
        log.flush().await;
        let lines = lines.read();
        assert_eq!(lines[0]["message"], "starting");
        assert_eq!(lines[0]["level"], "info");
        assert_eq!(lines[0]["listen"], "127.0.0.1:8000");
        assert_eq!(lines[1]["level"], "error");
        let time = lines[1]["time"].as_str().unwrap();
        assert_eq!(time.len(), "2021-01-31T00:00:00.000Z".len(), "{time}");
    }

    #[tokio::test]
    async fn a_reader_that_stalls_costs_lines_and_not_requests() {
        let (go, wait) = sync_channel::<()>(0);
        let (written, read) = sync_channel(QUEUE);
        let stalled = move |batch: &[u8]| {
            wait.recv().ok();
            drop(written.send(batch.to_vec()));
        };
        let log = Log::start(Level::Info, stalled).unwrap();
        for _ in 0..QUEUE * 2 {
            log.info("line", json!({}));
        }
        drop(go);
        log.flush().await;
        let text: Vec<u8> = read.try_iter().flatten().collect();
        let text = String::from_utf8(text).unwrap();
        let lost = text.lines().find(|line| line.contains("dropped")).unwrap();
        let lost: Value = serde_json::from_str(lost).unwrap();
        let lost = usize::try_from(lost["dropped"].as_u64().unwrap()).unwrap();
        let kept = text
            .lines()
            .filter(|line| line.contains("\"line\""))
            .count();
        assert_eq!(kept + lost, QUEUE * 2);
    }
}
