//! Looking: which environments there are, how they are, what they use, what engines tell.

use std::future::Future;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::time::sleep;

use super::Inbox;
use super::Slot;
use super::Tasks;
use super::send;
use crate::engine::Engine;
use crate::engine::Found;
use crate::engine::LogWindow;
use crate::engine::Observed;
use crate::engine::Role;
use crate::environment::Environment;
use crate::environment::made_from;
use crate::environment::status::Readings;
use crate::environment::status::endpoint;
use crate::error::Result;
use crate::profile;
use crate::profile::EnvironmentName;
use crate::profile::Listed;
use crate::query;
use crate::query::BaseUrl;
use crate::query::Load;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::charts::Metrics;
use crate::tui::state::charts::Sample;
use crate::tui::state::known::Look;

/// How long the engine may take to answer a question before it counts as gone.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take over many of them.
pub const LONG_PATIENCE: Duration = Duration::from_mins(1);

/// How long after its end a stream of events is opened again.
const AGAIN: Duration = Duration::from_secs(2);

/// The longest time between two looks for an engine that has never answered.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Tasks {
    /// Finds environments and profiles.
    pub fn list(&self) {
        for (place, slot) in self.slots.iter().enumerate() {
            // One that has never answered is looked for by whoever watches it.
            let Some(engine) = slot.get() else {
                continue;
            };
            self.spawn(async move {
                let names = async { Ok(engine.environments().await?) };
                let result = in_time(PATIENCE, names).await;
                let result = result.map_err(|error| error.report());
                Some(Message::Listed {
                    engine: place,
                    result,
                })
            });
        }
        let folder = self.home.folder.clone();
        self.blocking(move || Some(Message::Profiles(profiles(&folder))));
    }

    /// Looks at an environment.
    pub fn look(&self, key: Key, readings: Readings, checks: bool) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        self.spawn(async move {
            let look = look(&environment, &readings, checks);
            let look = in_time(LONG_PATIENCE, look).await;
            let result = Box::new(look.map_err(|error| error.report()));
            Some(Message::Looked { key, result })
        });
    }

    /// Measures what an environment uses, and with `database` what that does.
    pub fn sample(
        &self,
        key: Key,
        observed: Observed,
        readings: Readings,
        database: Option<Box<Found>>,
    ) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let pulse = self.pulse(&key, database);
        self.spawn(async move {
            let used = tokio::time::timeout(PATIENCE, environment.usage(&observed, &readings));
            // An engine that does not tell in time has told nothing; the next sample goes on from what was known.
            let used = async {
                used.await
                    .unwrap_or_else(|_late| (Vec::new(), readings.clone()))
            };
            let ((usage, readings), metrics, pulse) =
                futures_util::join!(used, metrics(&observed), pulse);
            let sample = Sample {
                at: Timestamp::now(),
                usage,
                metrics,
                pulse,
            };
            Some(Message::Sampled {
                key,
                sample,
                readings,
            })
        });
    }

    /// Listens to an engine for as long as the dashboard runs.
    pub fn watch(&self, place: usize) {
        let Some(slot) = self.slots.get(place).cloned() else {
            return;
        };
        let inbox = self.inbox.clone();
        self.spawn(async move {
            let engine = match slot.get() {
                Some(engine) => engine,
                None => await_engine(place, &slot, &inbox).await,
            };
            loop {
                let window = LogWindow {
                    since: Some(Timestamp::now()),
                    follow: true,
                    ..LogWindow::default()
                };
                let events = engine.events(None, window);
                if !listen(place, events, &inbox).await {
                    // This engine tells nothing; it is looked at instead.
                    return None;
                }
                sleep(AGAIN).await;
            }
        });
    }
}

/// Looks for an engine until it answers, and says so; less and less often, because a connection may cost a login.
async fn await_engine(place: usize, slot: &Slot, inbox: &Inbox) -> Arc<dyn Engine> {
    let mut again = AGAIN;
    loop {
        sleep(again).await;
        if let Ok(engine) = slot.reach().await {
            let about = engine.about().clone();
            let engine_answers = Message::Reached {
                engine: place,
                about,
            };
            send(inbox, Some(engine_answers)).await;
            return engine;
        }
        again = (again * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Passes on what an engine tells until it stops; tells whether it is worth listening again.
async fn listen(
    place: usize,
    mut events: futures_util::stream::BoxStream<
        'static,
        crate::engine::Result<crate::engine::Event>,
    >,
    inbox: &Inbox,
) -> bool {
    let tells = |tells| {
        Some(Message::Tells {
            engine: place,
            tells,
        })
    };
    // A stream that ends at once is one that this engine does not have.
    let first = tokio::time::timeout(AGAIN, events.next()).await;
    match first {
        Ok(None) => return false,
        Ok(Some(Err(_))) => return true,
        Ok(Some(Ok(event))) => {
            send(inbox, tells(true)).await;
            send(
                inbox,
                Some(Message::Happened {
                    engine: place,
                    event,
                }),
            )
            .await;
        }
        Err(_) => send(inbox, tells(true)).await,
    }
    while let Some(Ok(event)) = events.next().await {
        send(
            inbox,
            Some(Message::Happened {
                engine: place,
                event,
            }),
        )
        .await;
    }
    send(inbox, tells(false)).await;
    true
}

async fn look(environment: &Environment, readings: &Readings, checks: bool) -> Result<Look> {
    let observed = in_time(PATIENCE, environment.observe()).await?;
    let name = environment.name.as_str();
    // A profile that is broken at the moment says so in its tab; the roles can be seen without it.
    let mut profile = made_from(&observed, Some(name)).ok().flatten();
    if let Some(profile) = profile.as_mut().filter(|_| !checks) {
        profile.checks.clear();
    }
    let status = environment
        .status_of(&observed, profile.as_ref(), readings)
        .await?;
    let protected = profile.is_some_and(|profile| profile.protected) || observed.is_protected();
    Ok(Look {
        observed,
        status,
        protected,
        checked: checks,
    })
}

async fn metrics(observed: &Observed) -> Metrics {
    let Some(endpoint) = endpoint(observed, Role::Api) else {
        return Metrics::Away;
    };
    let asked = query::get(&BaseUrl::from(endpoint), "/metrics", Duration::from_secs(1)).await;
    match asked {
        Ok(response) if response.status.is_success() => {
            let load = Load::read(&String::from_utf8_lossy(&response.body));
            load.map_or(Metrics::Lacking, Metrics::Told)
        }
        Ok(response) if response.status.is_client_error() => Metrics::Lacking,
        Ok(_) | Err(_) => Metrics::Away,
    }
}

/// The profiles of the folder that can be environments; one that builds upon another stands after it.
fn profiles(folder: &Path) -> Vec<(EnvironmentName, PathBuf)> {
    let listed = profile::list(folder).unwrap_or_default();
    let mut deep: Vec<_> = listed
        .iter()
        .map(|profile| (depth(profile, &listed), profile))
        .collect();
    deep.sort_by_key(|(depth, profile)| (*depth, profile.name.clone()));
    let usable = deep.into_iter().filter_map(|(_, profile)| {
        let name = profile.name.parse().ok()?;
        Some((name, profile.path.clone()))
    });
    usable.collect()
}

fn depth(profile: &Listed, all: &[Listed]) -> usize {
    let parent = |profile: &&Listed| {
        let name = profile.extends.as_deref()?;
        all.iter().find(|other| other.name == name)
    };
    // Profiles that go round in a circle are somebody else's to complain about.
    std::iter::successors(Some(profile), parent)
        .take(all.len())
        .count()
}

/// What an engine does within some time; after that it counts as gone.
pub async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = tokio::time::timeout(patience, work).await;
    done.unwrap_or_else(|_late| Err(silent(patience).into()))
}

fn silent(patience: Duration) -> crate::engine::Error {
    let seconds = patience.as_secs();
    crate::engine::Error::new(
        crate::error::Code::DockerDown,
        format!("the engine has not answered for {seconds} s"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[tokio::test]
    async fn an_engine_that_says_nothing_counts_as_gone() {
        let never = std::future::pending::<Result<()>>();
        let silent = in_time(Duration::from_millis(1), never).await;
        assert_eq!(silent.unwrap_err().report().code, Code::DockerDown);
        let done = in_time(PATIENCE, async { Ok(1) }).await;
        assert_eq!(done.unwrap(), 1);
    }
}
