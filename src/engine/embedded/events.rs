//! What happened to the instances: one line of JSON each, in the folder of their environment.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use tokio::time::sleep;

use super::home::Home;
use super::home::Place;
use super::rolled::Cursor;
use super::rolled::Rolled;
use crate::engine::Event;
use crate::engine::EventKind;
use crate::engine::Instance;
use crate::engine::LogWindow;
use crate::engine::Result;
use crate::profile::EnvironmentName;

/// How much is remembered of one environment.
const LIMIT: u64 = 500_000;
const PARTS: usize = 2;

/// How often it is looked for more.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
struct Line {
    time: Timestamp,
    instance: Instance,
    #[serde(flatten)]
    kind: EventKind,
}

/// The events of an environment.
pub fn of(place: &Place) -> Rolled {
    Rolled::new(place.events(), LIMIT, PARTS)
}

/// Remembers an event. What cannot be remembered is not worth failing for.
pub fn add(place: &Place, instance: Instance, kind: EventKind) {
    let line = Line {
        time: Timestamp::now(),
        instance,
        kind,
    };
    if let Ok(mut text) = serde_json::to_vec(&line) {
        text.push(b'\n');
        drop(of(place).append(&text));
    }
}

/// The events of one environment or of all, oldest first; those of environments that are yet to come too.
pub fn read(
    home: Home,
    environment: Option<EnvironmentName>,
    window: LogWindow,
) -> BoxStream<'static, Result<Event>> {
    let reading = Reading {
        home,
        environment,
        window,
        cursors: BTreeMap::new(),
        ready: VecDeque::new(),
        has_begun: false,
    };
    let next = |mut reading: Reading| async move {
        let event = reading.next().await.transpose()?;
        Some((event, reading))
    };
    futures_util::stream::unfold(reading, next).fuse().boxed()
}

struct Reading {
    home: Home,
    environment: Option<EnvironmentName>,
    window: LogWindow,
    cursors: BTreeMap<EnvironmentName, Cursor>,
    ready: VecDeque<Event>,
    has_begun: bool,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                let is_late = self.window.until.is_some_and(|until| event.time >= until);
                return Ok(Some(event).filter(|_| !is_late));
            }
            if self.has_begun && !self.window.follow {
                return Ok(None);
            }
            if self.has_begun {
                sleep(LOOK).await;
            }
            self.look()?;
        }
    }

    /// Takes what was added since the last look, in the order of time.
    fn look(&mut self) -> Result<()> {
        self.find_environments()?;
        let mut found = Vec::new();
        for (environment, cursor) in &mut self.cursors {
            // An environment that goes takes its events along.
            while let Ok(Some(line)) = cursor.next(|| true) {
                found.extend(event(environment, &line));
            }
        }
        let since = self.window.since;
        found.retain(|event| since.is_none_or(|since| event.time >= since));
        found.sort_by_key(|event| event.time);
        if let (false, Some(tail)) = (self.has_begun, self.window.tail) {
            let surplus = found
                .len()
                .saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX));
            found.drain(..surplus);
        }
        self.has_begun = true;
        self.ready.extend(found);
        Ok(())
    }

    fn find_environments(&mut self) -> Result<()> {
        let names = match &self.environment {
            Some(name) => vec![name.clone()],
            None => self.home.names()?,
        };
        for name in names {
            let rolled = of(&self.home.place(&name));
            self.cursors
                .entry(name)
                .or_insert_with(|| Cursor::new(rolled));
        }
        Ok(())
    }
}

fn event(environment: &EnvironmentName, line: &[u8]) -> Option<Event> {
    let line: Line = serde_json::from_slice(line).ok()?;
    Some(Event {
        time: line.time,
        environment: environment.clone(),
        instance: line.instance,
        kind: line.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Role;

    fn home(folder: &tempfile::TempDir) -> Home {
        let named = folder.path().join("home").display().to_string();
        let home = Home::find(|_| Some(named.clone())).unwrap();
        home.make().unwrap();
        home
    }

    async fn shown(home: &Home, environment: Option<&str>, window: LogWindow) -> Vec<String> {
        let environment = environment.map(|name| name.parse().unwrap());
        let events = read(home.clone(), environment, window);
        let words = |event: Result<Event>| {
            let event = event.unwrap();
            format!("{} {} {:?}", event.environment, event.instance, event.kind)
        };
        events.map(words).collect().await
    }

    #[tokio::test]
    async fn events_of_one_environment_or_of_all_are_told_in_the_order_of_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        let places = ["dev", "staging"].map(|name| home.place(&name.parse().unwrap()));
        for place in &places {
            place.make().unwrap();
        }
        let api = Instance::first(Role::Api);
        let [dev, staging] = places;
        add(&dev, api, EventKind::Created);
        add(&staging, api, EventKind::Started);
        add(&dev, api, EventKind::Exited { code: 3 });
        let all = [
            "dev api Created",
            "staging api Started",
            "dev api Exited { code: 3 }",
        ];
        let past = LogWindow::default();
        assert_eq!(shown(&home, None, past).await, all);
        assert_eq!(shown(&home, Some("staging"), past).await, &all[1..2]);
        assert!(shown(&home, Some("prod"), past).await.is_empty());
        let last = LogWindow {
            tail: Some(1),
            ..past
        };
        assert_eq!(shown(&home, None, last).await, &all[2..]);
    }

    #[tokio::test]
    async fn events_that_are_yet_to_come_are_followed_in_environments_that_are_yet_to_come() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        let window = LogWindow {
            follow: true,
            ..LogWindow::default()
        };
        let mut events = read(home.clone(), None, window);
        let later = async {
            let place = home.place(&"later".parse().unwrap());
            place.make().unwrap();
            add(&place, Instance::first(Role::Database), EventKind::Removed);
        };
        let (event, ()) = tokio::join!(events.next(), later);
        assert_eq!(event.unwrap().unwrap().kind, EventKind::Removed);
    }
}
