//! Changing an environment, with the code of the commands.

use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use tokio::time::MissedTickBehavior;

use super::Inbox;
use super::Tasks;
use super::look::resolved;
use super::send;
use crate::engine::Instance;
use crate::environment::Environment;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Up;
use crate::environment::chosen::Chosen;
use crate::environment::event;
use crate::environment::event::Emitter;
use crate::environment::event::Events;
use crate::environment::plan;
use crate::environment::plan::Choices;
use crate::error::Result;
use crate::shutdown::Shutdown;
use crate::text::duration;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::operation::Doing;

/// How long a role may take until it answers, as for the commands.
const WAIT: Duration = Duration::from_mins(2);

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

impl Tasks {
    /// Begins to change an environment.
    pub fn operate(&mut self, key: Key, doing: Doing, profile: Option<PathBuf>) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let end = self.shutdown.child();
        self.operations.insert(key.clone(), end.clone());
        let (folder, inbox) = (self.folder.clone(), self.inbox.clone());
        // It ends by itself when it is asked to; a plan is never dropped half-way.
        self.tracker.spawn(async move {
            let message = operate(
                Work {
                    environment,
                    folder,
                    profile,
                    key,
                    end,
                    inbox: inbox.clone(),
                },
                doing,
            )
            .await;
            send(&inbox, Some(message)).await;
        });
    }
}

/// What an operation works with.
struct Work {
    environment: Environment,
    folder: PathBuf,
    profile: Option<PathBuf>,
    key: Key,
    end: Shutdown,
    inbox: Inbox,
}

async fn operate(work: Work, doing: Doing) -> Message {
    let begun = Instant::now();
    let (emitter, events) = event::channel();
    let change = async {
        // Dropping the emitter at the end is what ends the stream for its reader.
        let emitter = emitter;
        work.change(doing, &emitter).await
    };
    let (done, ()) = tokio::join!(change, tell(events, &work.key, &work.inbox));
    let took = duration(begun.elapsed());
    Message::Ended {
        result: done
            .map(|done| format!("{done} in {took}"))
            .map_err(|error| error.report()),
        key: work.key,
    }
}

impl Work {
    async fn change(&self, doing: Doing, emitter: &Emitter) -> Result<String> {
        let busy = |holder: &str| {
            let waits = Message::Waits {
                key: self.key.clone(),
                holder: holder.to_owned(),
            };
            drop(self.inbox.try_send(waits));
        };
        let _lock = self.environment.lock(&self.end, busy).await?;
        let name = &self.environment.name;
        match doing {
            Doing::Up => self.up(Extent::Everything, emitter).await,
            Doing::Seed => self.up(Extent::Seed, emitter).await,
            Doing::Down { volumes } => {
                self.environment
                    .take_down(volumes, emitter, &self.end)
                    .await?;
                let data = if volumes {
                    " and its data is gone"
                } else {
                    "; its data is kept"
                };
                Ok(format!("{name} is down{data},"))
            }
            Doing::Restart(instance) => {
                self.carry_out(plan::restart, instance, "restarted", emitter)
                    .await
            }
            Doing::Stop(instance) => {
                self.carry_out(plan::stop, instance, "stopped", emitter)
                    .await
            }
            Doing::Start(instance) => {
                self.carry_out(plan::start, instance, "started", emitter)
                    .await
            }
        }
    }

    async fn up(&self, extent: Extent, emitter: &Emitter) -> Result<String> {
        let wanted = resolved(&self.environment, &self.folder, self.profile.as_deref());
        let profile = self.end.guard(wanted).await?.profile;
        let up = Up {
            extent,
            choices: Choices {
                reset: extent == Extent::Seed,
                ..Choices::default()
            },
            pull: Pull::Missing,
            wait_timeout: WAIT,
        };
        let environment = &self.environment;
        let unchanged = environment
            .bring_up(&profile, up, emitter, &self.end)
            .await?;
        let how = if unchanged {
            "; nothing had to change,"
        } else {
            ""
        };
        Ok(format!("{} is ready{how}", environment.name))
    }

    async fn carry_out(
        &self,
        plan: fn(&crate::engine::Observed, &[Chosen]) -> plan::Plan,
        instance: Option<Instance>,
        done: &str,
        emitter: &Emitter,
    ) -> Result<String> {
        let chosen = instance.map(|instance| Chosen {
            role: instance.role,
            number: Some(instance.number),
        });
        let observed = self.environment.observe().await?;
        let plan = plan(&observed, chosen.as_slice());
        let environment = &self.environment;
        environment
            .carry_out(&plan, WAIT, emitter, &self.end)
            .await?;
        let what = instance.map_or_else(|| environment.name.to_string(), |one| one.to_string());
        Ok(format!("{what} {done}"))
    }
}

/// Passes on what an operation tells: every event, and now and then how far it is.
async fn tell(mut events: Events, key: &Key, inbox: &Inbox) {
    let mut ticks = tokio::time::interval(PROGRESS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            event = events.events.recv() => match event {
                Some(event) => send(inbox, Some(Message::Told { key: key.clone(), event })).await,
                None => return,
            },
            _ = ticks.tick() => {
                if events.progress.has_changed().unwrap_or(false) {
                    let latest = events.progress.borrow_and_update().clone();
                    send(inbox, Some(Message::Progressed { key: key.clone(), latest })).await;
                }
            }
        }
    }
}
