//! Changing an environment, with the code of the commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::time::MissedTickBehavior;

use super::Home;
use super::Inbox;
use super::Slot;
use super::Tasks;
use super::configure::resolved;
use super::send;
use crate::engine;
use crate::engine::Engine;
use crate::engine::Instance;
use crate::environment::Down;
use crate::environment::Environment;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Up;
use crate::environment::chosen::Chosen;
use crate::environment::event;
use crate::environment::event::Emitter;
use crate::environment::event::Events;
use crate::environment::locate::Placed;
use crate::environment::locate::Wish;
use crate::environment::plan;
use crate::environment::plan::Choices;
use crate::error::Code;
use crate::error::Result;
use crate::profile::EngineChoice;
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
        let (home, inbox) = (self.home.clone(), self.inbox.clone());
        let engines: Vec<_> = self.slots.iter().map(Slot::get).collect();
        // It ends by itself when it is asked to; a plan is never dropped half-way.
        self.tracker.spawn(async move {
            let mut work = Work {
                environment,
                home,
                profile,
                key,
                end,
                inbox: inbox.clone(),
            };
            let placed = match doing {
                Doing::Up => work.place(&engines).await,
                _ => Ok(()),
            };
            let message = match placed {
                Ok(()) => operate(work, doing).await,
                Err(error) => Message::Ended {
                    key: work.key,
                    result: Err(error.report()),
                },
            };
            send(&inbox, Some(message)).await;
        });
    }
}

/// What an operation works with.
struct Work {
    environment: Environment,
    home: Home,
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
    /// Chooses the engine of an environment that is nowhere, as `up` does; one that is somewhere stays there.
    async fn place(&mut self, engines: &[Option<Arc<dyn Engine>>]) -> Result<()> {
        let observed = self.end.guard(self.environment.observe()).await?;
        if !observed.instances.is_empty() || !observed.volumes.is_empty() {
            return Ok(());
        }
        let resolved = resolved(
            &self.environment,
            &self.home.folder,
            self.profile.as_deref(),
        );
        let resolved = self.end.guard(resolved).await?;
        let named = match self.home.named {
            EngineChoice::Auto => resolved.named_engine(),
            named => named,
        };
        let wish = Wish {
            named,
            profile: &resolved.profile,
            pull: Pull::Missing,
        };
        let name = self.environment.name.clone();
        // Docker that was away when it was asked first may have come since.
        let anew = self.home.places.anew_if_docker_was_away();
        let places = anew.as_ref().unwrap_or(&*self.home.places);
        let found = self.end.guard(places.place(name, wish)).await?;
        self.settle(found, engines).await
    }

    /// Goes on where the environment was placed, and says so where that is another engine than it was shown on.
    async fn settle(&mut self, placed: Placed, engines: &[Option<Arc<dyn Engine>>]) -> Result<()> {
        let about = placed.environment.engine.about();
        let is_it = |engine: &Option<Arc<dyn Engine>>| {
            let known = engine.as_ref().map(|engine| engine.about());
            known.is_some_and(|known| {
                (known.engine, &known.endpoint) == (about.engine, &about.endpoint)
            })
        };
        let Some(place) = engines.iter().position(is_it) else {
            let what = format!(
                "{} was not in reach when the dashboard was opened",
                about.engine
            );
            let hint = "leave the dashboard and open it again";
            return Err(engine::Error::new(Code::DockerDown, what).hint(hint).into());
        };
        let to = Key {
            engine: place,
            ..self.key.clone()
        };
        let because = placed
            .instead
            .map(|because| format!("using {}: {because}", about.engine));
        if to == self.key {
            return Ok(());
        }
        let from = std::mem::replace(&mut self.key, to.clone());
        self.environment = placed.environment;
        send(&self.inbox, Some(Message::Placed { from, to, because })).await;
        Ok(())
    }

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
                let down = Down {
                    volumes,
                    ..Down::default()
                };
                self.environment.take_down(down, emitter, &self.end).await?;
                let data = if volumes {
                    " and its data is gone"
                } else {
                    "; its data is kept"
                };
                Ok(format!("{name} is down{data},"))
            }
            Doing::Reload(role) => {
                let observed = self.environment.observe().await?;
                let plan = plan::restart(&observed, &[role.into()]);
                self.follow(&plan, emitter).await?;
                Ok(format!("{role} restarted"))
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
        let wanted = resolved(
            &self.environment,
            &self.home.folder,
            self.profile.as_deref(),
        );
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
        let ready = environment
            .bring_up(&profile, up, emitter, &self.end)
            .await?;
        let how = if ready.unchanged {
            "; nothing had to change,"
        } else {
            ""
        };
        Ok(format!("{} is ready{how}", environment.name))
    }

    async fn carry_out(
        &self,
        plan: fn(&engine::Observed, &[Chosen]) -> plan::Plan,
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
        self.follow(&plan, emitter).await?;
        let name = &self.environment.name;
        let what = instance.map_or_else(|| name.to_string(), |one| one.to_string());
        Ok(format!("{what} {done}"))
    }

    async fn follow(&self, plan: &plan::Plan, emitter: &Emitter) -> Result<()> {
        let environment = &self.environment;
        environment.carry_out(plan, WAIT, emitter, &self.end).await
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
