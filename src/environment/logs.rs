//! The logs of all roles as one: in the order of time, across restarts.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use futures_util::stream::SelectAll;
use jiff::Timestamp;
use jiff::ToSpan;
use tokio::time::Instant;
use tokio::time::sleep_until;

use super::Environment;
use crate::engine::Event;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::LogLine;
use crate::engine::LogWindow;
use crate::engine::Role;
use crate::engine::State;
use crate::error::Result;

/// How long a line waits for older ones of other roles while a log is followed.
const SETTLE: Duration = Duration::from_millis(100);

/// How often it is looked whether a role that ended runs again, where the engine does not tell.
const LOOK: Duration = Duration::from_millis(500);

/// The same where it does.
const RARE_LOOK: Duration = Duration::from_secs(5);

/// How many looks in a row may fail before the engine counts as gone.
const PATIENCE: u32 = 10;

/// A line and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who wrote it.
    pub instance: Instance,
    /// What the engine calls the writer.
    pub id: String,
    /// When and what.
    pub line: LogLine,
}

type Lines = BoxStream<'static, Result<Line>>;

impl Environment {
    /// The instances whose logs there are, of these roles or of all.
    pub async fn writers(&self, roles: &[Role]) -> Result<Vec<Found>> {
        let mut found = self.observe().await?.instances;
        found.retain(|found| roles.is_empty() || roles.contains(&found.instance.role));
        Ok(found)
    }

    /// What they have written so far, merged by time. The last `tail` lines are those of each instance.
    pub fn past_logs(&self, writers: &[Found], window: LogWindow) -> Merged {
        Merged::new(
            writers
                .iter()
                .map(|writer| self.read(writer, window))
                .collect(),
        )
    }

    fn read(&self, writer: &Found, window: LogWindow) -> Lines {
        let (instance, id) = (writer.instance, writer.id.clone());
        let lines = self.engine.logs(&writer.id, window);
        lines
            .map(move |line| {
                Ok(Line {
                    instance,
                    id: id.clone(),
                    line: line?,
                })
            })
            .boxed()
    }

    /// Shows what these roles have written, calls `all_shown`, and shows what they go on to write, including those that
    /// are started later. It ends only with a failure, or when it is dropped.
    pub async fn follow_logs(
        &self,
        roles: &[Role],
        window: LogWindow,
        all_shown: impl FnOnce(),
        mut show: impl FnMut(Line) -> Result<()>,
    ) -> Result<()> {
        let mut readers = Readers::default();
        // What was written before is shown by the window alone, even where that shows nothing.
        let begun = Timestamp::now();
        let writers = self.writers(roles).await?;
        let mut past = self.past_logs(&writers, window);
        while let Some(line) = past.next().await {
            let line = line?;
            readers.note(&line);
            show(line)?;
        }
        all_shown();
        self.follow_live(roles, begun, readers, show).await
    }

    /// What the engine tells of it from here on.
    fn news(&self, since: Timestamp) -> BoxStream<'static, crate::engine::Result<Event>> {
        let window = LogWindow {
            since: Some(since),
            follow: true,
            ..LogWindow::default()
        };
        self.engine.events(Some(&self.name), window)
    }

    async fn follow_live(
        &self,
        roles: &[Role],
        begun: Timestamp,
        mut readers: Readers,
        mut show: impl FnMut(Line) -> Result<()>,
    ) -> Result<()> {
        let mut settling = Settling::default();
        let mut news = self.news(begun);
        let mut looks = tokio::time::interval(RARE_LOOK);
        loop {
            tokio::select! {
                _ = looks.tick() => readers.open(self, roles, begun).await?,
                told = news.next() => {
                    looks = looks_after(told.as_ref());
                    if told.is_none() {
                        news = futures_util::stream::pending().boxed();
                    }
                }
                Some(read) = readers.open.next() => match read {
                    Read::Line(Ok(line)) => {
                        readers.note(&line);
                        settling.push(line);
                    }
                    // A log that breaks off is taken up again, for as long as its container is there.
                    Read::Line(Err(_)) => {}
                    Read::Ended(id) => {
                        readers.ended(&id);
                        // It may run again already, which was told while it was still being read.
                        looks.reset_after(LOOK);
                    }
                },
                () = settling.wait() => settling.take().into_iter().try_for_each(&mut show)?,
            }
        }
    }
}

/// What happened is looked at, at once; then there is time until more is told. Who stops telling is looked at often.
fn looks_after(told: Option<&crate::engine::Result<Event>>) -> tokio::time::Interval {
    match told {
        Some(Ok(_)) => tokio::time::interval(RARE_LOOK),
        Some(Err(_)) | None => tokio::time::interval(LOOK),
    }
}

/// Several logs that are each in order, as one that is in order. No more than a line of each is held.
pub struct Merged {
    sources: Vec<futures_util::stream::Peekable<Lines>>,
}

impl Merged {
    fn new(sources: Vec<Lines>) -> Self {
        Self {
            sources: sources.into_iter().map(StreamExt::peekable).collect(),
        }
    }

    /// The oldest line that was not taken yet.
    pub async fn next(&mut self) -> Option<Result<Line>> {
        let mut oldest: Option<(Timestamp, usize)> = None;
        for (index, source) in self.sources.iter_mut().enumerate() {
            let time = match std::pin::Pin::new(source).peek().await {
                Some(Ok(line)) => line.line.time,
                // A failure is passed on before anything else.
                Some(Err(_)) => Timestamp::MIN,
                None => continue,
            };
            if oldest.is_none_or(|(older, _)| time < older) {
                oldest = Some((time, index));
            }
        }
        let (_, index) = oldest?;
        self.sources.get_mut(index)?.next().await
    }
}

/// What comes from a log that is followed.
enum Read {
    Line(Result<Line>),
    /// The container of this id has stopped writing.
    Ended(String),
}

/// The logs that are being followed.
#[derive(Default)]
struct Readers {
    open: SelectAll<BoxStream<'static, Read>>,
    following: HashSet<String>,
    /// Until when each container's log has been read.
    read_until: HashMap<String, Timestamp>,
    /// How each container was when it was last looked at.
    lives: HashMap<String, (u64, State)>,
    /// How often in a row the engine could not be asked.
    misses: u32,
}

impl Readers {
    fn note(&mut self, line: &Line) {
        self.read_until.insert(line.id.clone(), line.line.time);
    }

    fn ended(&mut self, id: &str) {
        self.following.remove(id);
    }

    /// Reads on in every log that may have grown: that of what runs and is not followed, and that of what has run since
    /// it was last looked at.
    async fn open(
        &mut self,
        environment: &Environment,
        roles: &[Role],
        begun: Timestamp,
    ) -> Result<()> {
        let writers = match environment.writers(roles).await {
            Ok(writers) => writers,
            // An engine may be away for a moment; one that stays away is an error.
            Err(error) if self.misses >= PATIENCE => return Err(error),
            Err(_) => {
                self.misses += 1;
                return Ok(());
            }
        };
        self.misses = 0;
        for writer in writers {
            let life = (writer.restarts, writer.state.clone());
            let lived = self.lives.insert(writer.id.clone(), life.clone());
            let may_have_grown = writer.state == State::Running || lived != Some(life);
            if may_have_grown && self.following.insert(writer.id.clone()) {
                self.read_on(environment, &writer, begun);
            }
        }
        Ok(())
    }

    fn read_on(&mut self, environment: &Environment, writer: &Found, begun: Timestamp) {
        let read_until = self.read_until.get(&writer.id);
        let since = read_until.and_then(|time| time.checked_add(1.nanosecond()).ok());
        let window = LogWindow {
            since: Some(since.unwrap_or(begun)),
            follow: true,
            ..LogWindow::default()
        };
        let ended = futures_util::stream::iter([Read::Ended(writer.id.clone())]);
        let lines = environment.read(writer, window).map(Read::Line);
        self.open.push(lines.chain(ended).boxed());
    }
}

/// Lines that wait a moment for older ones of other roles.
#[derive(Default)]
struct Settling {
    lines: Vec<Line>,
    due: Option<Instant>,
}

impl Settling {
    fn push(&mut self, line: Line) {
        self.due.get_or_insert_with(|| Instant::now() + SETTLE);
        self.lines.push(line);
    }

    async fn wait(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    fn take(&mut self) -> Vec<Line> {
        self.due = None;
        self.lines.sort_by_key(|line| line.line.time);
        std::mem::take(&mut self.lines)
    }
}
