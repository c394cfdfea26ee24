//! What happened to containers, as the Engine tells and remembers it.

mod kept;

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::errors::Error as Cause;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use futures_util::stream;
use futures_util::stream::BoxStream;
use futures_util::stream::once;
use futures_util::stream::unfold;
use jiff::Timestamp;
use jiff::ToSpan;
use tokio::time::sleep;

use super::explain;
use super::label;
use super::label::of_any_environment;
use super::label::of_environment;
use super::observe;
use crate::engine::Event;
use crate::engine::EventKind;
use crate::engine::HealthStatus;
use crate::engine::LogWindow;
use crate::engine::Result;
use crate::profile::EnvironmentName;

/// What the Engine is asked for: every probe of a health check is an event too, and would drown the others.
const KINDS: [&str; 8] = [
    "create",
    "start",
    "die",
    "oom",
    "health_status",
    "pause",
    "unpause",
    "destroy",
];

/// How long an Engine that broke off is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// How often in a row it may break off while events are followed.
const PATIENCE: u32 = 10;

type Messages = BoxStream<'static, Result<EventMessage, Cause>>;

/// The Engine remembers its last 256 events of any kind. What it has forgotten, containers that are still there tell as
/// far as they note it, where one environment is asked about. Events that are followed are taken up again where the
/// Engine breaks off.
pub fn read(
    client: &Client,
    environment: Option<&EnvironmentName>,
    window: LogWindow,
) -> BoxStream<'static, Result<Event>> {
    let Some(name) = environment else {
        return unfold(reader(client, None, window), Reader::next).boxed();
    };
    let now = Timestamp::now();
    let past = LogWindow {
        until: Some(window.until.unwrap_or(now)),
        follow: false,
        ..window
    };
    let past = once(history(client.clone(), name.clone(), past)).flat_map(stream::iter);
    if !window.follow {
        return past.boxed();
    }
    let live = LogWindow {
        since: Some(window.since.unwrap_or(now).max(now)),
        ..window
    };
    let live = unfold(reader(client, Some(name), live), Reader::next);
    past.chain(live).boxed()
}

/// What is over, in the order of time: a few hundred events at most.
async fn history(
    client: Client,
    environment: EnvironmentName,
    past: LogWindow,
) -> Vec<Result<Event>> {
    let remembered = unfold(reader(&client, Some(&environment), past), Reader::next);
    let read = async {
        let remembered = remembered.try_collect().await?;
        let kept = kept::tell(&client, &environment).await?;
        Ok(kept::merged(kept, remembered))
    };
    let is_meant = |event: &Event| {
        let (since, until) = (past.since, past.until);
        since.is_none_or(|since| event.time >= since)
            && until.is_none_or(|until| event.time <= until)
    };
    match read.await {
        Ok(events) => events.into_iter().filter(is_meant).map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }
}

fn reader(client: &Client, environment: Option<&EnvironmentName>, window: LogWindow) -> Reader {
    let mut filters = environment.map_or_else(of_any_environment, of_environment);
    filters.insert("type".to_owned(), vec!["container".to_owned()]);
    filters.insert("event".to_owned(), KINDS.map(str::to_owned).to_vec());
    Reader {
        client: client.clone(),
        filters,
        follow: window.follow,
        since: window.since.unwrap_or(Timestamp::UNIX_EPOCH),
        until: window
            .until
            .or_else(|| (!window.follow).then(Timestamp::now)),
        open: None,
        misses: 0,
        has_ended: false,
    }
}

struct Reader {
    client: Client,
    filters: HashMap<String, Vec<String>>,
    follow: bool,
    /// From when on; what has been read is left behind.
    since: Timestamp,
    until: Option<Timestamp>,
    open: Option<Messages>,
    misses: u32,
    has_ended: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Event>, Self)> {
        while !self.has_ended {
            match self.open().next().await {
                Some(Ok(message)) => {
                    self.misses = 0;
                    if let Some(event) = event(message) {
                        self.since = just_after(event.time);
                        return Some((Ok(event), self));
                    }
                }
                Some(Err(cause)) if !self.may_go_on(&cause) => {
                    self.has_ended = true;
                    return Some((Err(explain::error(&cause, "read the events")), self));
                }
                Some(Err(_)) | None => self.broke_off().await,
            }
        }
        None
    }

    fn open(&mut self) -> &mut Messages {
        let options = EventsOptionsBuilder::default()
            .filters(&self.filters)
            .since(&seconds(self.since));
        let options = match self.until {
            Some(until) => options.until(&seconds(until)),
            None => options,
        };
        let client = &self.client;
        self.open
            .get_or_insert_with(|| client.events(Some(options.build())).boxed())
    }

    /// The end of a stream that is cut in the middle of a line ending is taken for an error; it is only the end.
    fn may_go_on(&self, cause: &Cause) -> bool {
        let is_end =
            matches!(cause, Cause::IOError { err } if err.to_string().contains("bytes remaining"));
        is_end || (self.follow && self.misses < PATIENCE)
    }

    async fn broke_off(&mut self) {
        self.open = None;
        if self.follow && self.misses < PATIENCE {
            self.misses += 1;
            sleep(PAUSE).await;
        } else {
            self.has_ended = true;
        }
    }
}

fn just_after(time: Timestamp) -> Timestamp {
    time.checked_add(1.nanosecond()).unwrap_or(time)
}

/// A time as the Engine reads it.
fn seconds(time: Timestamp) -> String {
    format!("{}.{:09}", time.as_second(), time.subsec_nanosecond())
}

/// What a message means, where it is about an instance and of a kind that is known.
fn event(message: EventMessage) -> Option<Event> {
    let labels = message.actor?.attributes?;
    let time = Timestamp::from_nanosecond(message.time_nano?.into()).ok()?;
    Some(Event {
        time,
        environment: labels.get(label::ENVIRONMENT)?.parse().ok()?,
        instance: observe::instance(&labels)?,
        kind: kind(&message.action?, &labels)?,
    })
}

fn kind(action: &str, labels: &HashMap<String, String>) -> Option<EventKind> {
    Some(match action {
        "create" => EventKind::Created,
        "start" => EventKind::Started,
        "die" => EventKind::Exited {
            code: labels.get("exitCode")?.parse().ok()?,
        },
        "oom" => EventKind::OutOfMemory,
        "pause" => EventKind::Paused,
        "unpause" => EventKind::Unpaused,
        "destroy" => EventKind::Removed,
        other => EventKind::Health {
            status: match other.strip_prefix("health_status: ")? {
                "healthy" => HealthStatus::Healthy,
                "unhealthy" => HealthStatus::Unhealthy,
                "starting" => HealthStatus::Starting,
                _ => return None,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use bollard::models::EventActor;

    use super::*;
    use crate::engine::Instance;
    use crate::engine::Role;

    fn message(action: &str) -> EventMessage {
        let attributes = [
            (label::ENVIRONMENT, "dev"),
            (label::ROLE, "api"),
            (label::NUMBER, "2"),
            ("exitCode", "137"),
        ];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        EventMessage {
            action: Some(action.to_owned()),
            actor: Some(EventActor {
                id: None,
                attributes: Some(attributes.into()),
            }),
            time_nano: Some(1_612_094_441_000_000_001),
            ..EventMessage::default()
        }
    }

    #[test]
    fn messages_are_taken_for_what_they_mean_and_unknown_ones_for_nothing() {
        let exited = event(message("die")).unwrap();
        assert_eq!(exited.kind, EventKind::Exited { code: 137 });
        let instance = Instance {
            role: Role::Api,
            number: 2,
        };
        assert_eq!(exited.instance, instance);
        assert_eq!(exited.time.to_string(), "2021-01-31T12:00:41.000000001Z");
        assert_eq!(seconds(exited.time), "1612094441.000000001");
        let status = HealthStatus::Unhealthy;
        let health = event(message("health_status: unhealthy")).unwrap();
        assert_eq!(health.kind, EventKind::Health { status });
        for unknown in [
            "exec_create: pg_isready -q",
            "health_status: new",
            "kill",
            "",
        ] {
            assert_eq!(event(message(unknown)), None, "{unknown}");
        }
    }
}
