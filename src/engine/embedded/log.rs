//! What roles write: kept line by line with its time, and read again.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use jiff::ToSpan;
use tokio::time::Instant;
use tokio::time::sleep;

use super::client;
use super::home::Place;
use super::record;
use super::record::Life;
use super::rolled::Cursor;
use super::rolled::Rolled;
use super::rolled::Writer;
use crate::engine::Error;
use crate::engine::Instance;
use crate::engine::LogLine;
use crate::engine::LogWindow;
use crate::engine::Result;
use crate::error::Code;

/// As much as the Docker engine is asked to keep.
const LIMIT: u64 = 10_000_000;
const PARTS: usize = 3;

/// A line that is longer than this becomes several.
const LONGEST: usize = 4 << 20;

/// How much of the end of a log is looked at for its last line.
const END: u64 = 16 << 10;

/// How often a followed log is looked at, and how often it is asked whether anybody still writes it.
const LOOK: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_secs(1);

/// The log of an instance.
pub fn of(place: &Place, instance: Instance) -> Rolled {
    Rolled::new(place.log(instance), LIMIT, PARTS)
}

/// Cuts what a role writes into lines and keeps them.
#[derive(Debug)]
pub struct Keeper {
    writer: Writer,
    /// A line whose end has not come yet.
    begun: Vec<u8>,
    /// When the last line was written; no two have the same time, so that a reader can go on after one.
    last: Timestamp,
}

impl Keeper {
    /// Goes on in the log of an instance.
    pub fn open(place: &Place, instance: Instance) -> io::Result<Self> {
        let last = last_time(&place.log(instance));
        Ok(Self {
            writer: Writer::open(of(place, instance))?,
            begun: Vec::new(),
            last: last.unwrap_or(Timestamp::MIN),
        })
    }

    /// Takes bytes as they come.
    pub fn take(&mut self, bytes: &[u8], now: Timestamp) -> io::Result<()> {
        let mut lines = Vec::with_capacity(bytes.len() + 64);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.begun.len() >= LONGEST {
                self.end_line(&mut lines, now)?;
            }
        }
        self.write(&lines)
    }

    /// Keeps a last line that has no end.
    pub fn finish(&mut self, now: Timestamp) -> io::Result<()> {
        if self.begun.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        self.end_line(&mut lines, now)?;
        self.write(&lines)
    }

    fn end_line(&mut self, lines: &mut Vec<u8>, now: Timestamp) -> io::Result<()> {
        let line = std::mem::take(&mut self.begun);
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let after = self.last.checked_add(1.nanosecond()).unwrap_or(now);
        self.last = after.max(now);
        write!(lines, "{:.9} ", self.last)?;
        lines.extend_from_slice(text);
        lines.push(b'\n');
        Ok(())
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.writer.write(lines)
    }
}

/// When the last line of a log was written, where that is a short one. The clock may have been set back since.
fn last_time(path: &Path) -> Option<Timestamp> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))
        .ok()?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end).ok()?;
    let lines = end.strip_suffix(b"\n")?;
    let line = lines.rsplit(|byte| *byte == b'\n').next()?;
    Some(parse(line)?.time)
}

/// A line as it is kept: a time, a space, the text.
fn parse(line: &[u8]) -> Option<LogLine> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (time, text) = line.split_at_checked(space)?;
    let text = text.get(1..)?;
    Some(LogLine {
        time: std::str::from_utf8(time).ok()?.parse().ok()?,
        text: String::from_utf8_lossy(text).into_owned(),
    })
}

/// The lines of an instance. A followed log ends when the instance with this token does not run any more.
pub fn read(
    place: Place,
    instance: Instance,
    token: String,
    window: LogWindow,
) -> BoxStream<'static, Result<LogLine>> {
    let reading = Reading {
        cursor: Cursor::new(of(&place, instance)),
        last: window.tail.map(|_| VecDeque::new()),
        window,
        writer: WriterWatch {
            place,
            instance,
            token,
            asked: Instant::now(),
        },
        is_over: false,
    };
    let next = |mut reading: Reading| async move {
        let line = reading.next().await.transpose()?;
        Some((line.map_err(unreadable), reading))
    };
    futures_util::stream::unfold(reading, next).fuse().boxed()
}

fn unreadable(error: io::Error) -> Error {
    Error::new(Code::Io, "cannot read a log").because(error)
}

/// Where a reader of a log is.
struct Reading {
    cursor: Cursor,
    window: LogWindow,
    /// The last lines that were there at first, where no more of them are wanted.
    last: Option<VecDeque<LogLine>>,
    writer: WriterWatch,
    is_over: bool,
}

impl Reading {
    async fn next(&mut self) -> io::Result<Option<LogLine>> {
        if let Some(line) = self.next_of_last()? {
            return Ok(Some(line));
        }
        while !self.is_over {
            if let Some(line) = self.next_inside()? {
                return Ok(Some(line));
            }
            if !self.window.follow || self.is_over {
                break;
            }
            // What is written before the end is read after it was seen.
            if self.writer.has_ended().await {
                self.window.follow = false;
            } else {
                sleep(LOOK).await;
            }
        }
        Ok(None)
    }

    fn next_of_last(&mut self) -> io::Result<Option<LogLine>> {
        let (Some(mut last), Some(tail)) = (self.last.take(), self.window.tail) else {
            return Ok(None);
        };
        let tail = usize::try_from(tail).unwrap_or(usize::MAX);
        if last.is_empty() {
            while let Some(line) = self.next_inside()? {
                last.push_back(line);
                if last.len() > tail {
                    last.pop_front();
                }
            }
        }
        let line = last.pop_front();
        self.last = Some(last).filter(|last| !last.is_empty());
        Ok(line)
    }

    /// The next line that the window shows, of those that are there.
    fn next_inside(&mut self) -> io::Result<Option<LogLine>> {
        let writer = &self.writer;
        while let Some(line) = self.cursor.next(|| writer.is_still_the_one())? {
            let Some(line) = parse(&line) else { continue };
            if self.window.until.is_some_and(|until| line.time >= until) {
                self.is_over = true;
                return Ok(None);
            }
            if self.window.since.is_none_or(|since| line.time >= since) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

/// Knows whether a log is still being written.
struct WriterWatch {
    place: Place,
    instance: Instance,
    token: String,
    asked: Instant,
}

impl WriterWatch {
    /// Whether what is found where this log was belongs to it. Another instance of the name is written down before its log
    /// is begun.
    fn is_still_the_one(&self) -> bool {
        let record = record::read(&self.place, self.instance).ok().flatten();
        record.is_none_or(|record| record.token == self.token)
    }

    /// The supervisor says in the record that the instance has ended once its last words are kept. A supervisor that is
    /// gone keeps nothing.
    async fn has_ended(&mut self) -> bool {
        let record = record::read(&self.place, self.instance).ok().flatten();
        let runs = record.is_some_and(|record| {
            record.token == self.token && matches!(record.life, Life::Running { .. })
        });
        if !runs {
            return true;
        }
        if self.asked.elapsed() < ASK {
            return false;
        }
        self.asked = Instant::now();
        !client::is_attended(&self.place).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn place(folder: &tempfile::TempDir) -> Place {
        let place = Place::at(&folder.path().join("ü b"));
        place.make().unwrap();
        place
    }

    const API: Instance = Instance {
        role: crate::engine::Role::Api,
        number: 1,
    };

    async fn shown(place: &Place, window: LogWindow) -> Vec<String> {
        let lines = read(place.clone(), API, String::new(), window);
        lines.map(|line| line.unwrap().text).collect().await
    }

    #[tokio::test]
    async fn lines_are_kept_whole_whatever_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let mut keeper = Keeper::open(&place, API).unwrap();
        let long = "x".repeat(1 << 20);
        keeper.take(b"one\r\n\ntw", at(1)).unwrap();
        keeper.take(b"o\n\xff\n", at(2)).unwrap();
        keeper.take(long.as_bytes(), at(3)).unwrap();
        keeper.finish(at(3)).unwrap();
        let all = ["one", "", "two", "\u{fffd}", &long];
        assert_eq!(shown(&place, LogWindow::default()).await, all);
        let since = LogWindow {
            since: Some(at(2)),
            until: Some(at(3)),
            ..LogWindow::default()
        };
        assert_eq!(shown(&place, since).await, ["two", "\u{fffd}"]);
        for (tail, lines) in [(0, &all[5..]), (2, &all[3..]), (9, &all[..])] {
            let tail = LogWindow {
                tail: Some(tail),
                follow: true,
                ..LogWindow::default()
            };
            assert_eq!(shown(&place, tail).await, lines);
        }
    }

    fn record(token: &str) -> record::Record {
        let process = crate::engine::embedded::process::Process::find(std::process::id());
        record::Record {
            instance: API,
            token: token.to_owned(),
            image: String::new(),
            config_hash: String::new(),
            owner: record::Owner::default(),
            launch: record::Launch::default(),
            endpoint: None,
            life: Life::Running {
                process: process.unwrap(),
                since: at(1),
            },
        }
    }

    #[tokio::test]
    async fn a_reader_takes_no_line_of_the_instance_that_took_the_place_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        record("one").save(&place).unwrap();
        let write = |line: &str, second| {
            let mut keeper = Keeper::open(&place, API).unwrap();
            keeper.take(line.as_bytes(), at(second)).unwrap();
        };
        write("first\n", 1);
        let window = LogWindow {
            follow: true,
            ..LogWindow::default()
        };
        let mut lines = read(place.clone(), API, "one".to_owned(), window);
        assert_eq!(lines.next().await.unwrap().unwrap().text, "first");
        write("last\n", 2);
        of(&place, API).remove().unwrap();
        record("two").save(&place).unwrap();
        write("of the next\n", 3);
        let rest: Vec<_> = lines.map(|line| line.unwrap().text).collect().await;
        assert_eq!(rest, ["last"]);
    }

    #[tokio::test]
    async fn no_two_lines_have_the_same_time_though_the_clock_is_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let mut keeper = Keeper::open(&place, API).unwrap();
        keeper.take(b"1\n2\n3\n", at(2)).unwrap();
        let mut keeper = Keeper::open(&place, API).unwrap();
        keeper.take(b"4\n", at(1)).unwrap();
        let lines = read(place, API, String::new(), LogWindow::default());
        let times: Vec<_> = lines.map(|line| line.unwrap().time).collect().await;
        assert!(times.is_sorted_by(|one, other| one < other), "{times:?}");
    }
}
