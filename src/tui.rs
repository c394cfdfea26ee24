//! The dashboard: one screen over every environment in reach.
//!
//! ```text
//! key | mouse | tick | what tasks told ──▶ Message ──▶ update(&mut State, Message) -> Vec<Effect>   (pure)
//!                                             ▲                                        │
//!                                             └──────────── tracked tasks ◀────────────┘
//! ```
//!
//! The screen is drawn when the inbox is empty, and only when something changed. Tasks never touch the state.

mod clipboard;
mod effect;
#[cfg(test)]
mod frames;
mod keymap;
mod message;
#[cfg(test)]
mod samples;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod update;
mod view;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use crossterm::event::EventStream;
use futures_util::StreamExt;
use jiff::Timestamp;
use ratatui::layout::Size;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio::time::sleep_until;

use crate::engine::Engine;
use crate::environment::locate::Awaited;
use crate::environment::locate::Engines;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::EngineChoice;
use crate::profile::EnvironmentName;
use crate::shutdown::Shutdown;
use effect::Effect;
use effect::Home;
use effect::Slot;
use effect::Tasks;
use keymap::Own;
use message::Message;
use state::Key;
use state::State;
use state::known::Known;
use state::operation::Doing;
use terminal::Screen;
use theme::Theme;

/// The shortest time between two frames: a screen shows no more.
const FRAME: Duration = Duration::from_millis(16);

/// The shortest time between two frames while keys are pressed: whoever presses one waits for what it does.
const FRAME_OF_KEYS: Duration = Duration::from_millis(4);

/// Messages that may wait; whoever tells more waits with them.
const INBOX: usize = 256;

/// How long messages are taken in before a key gets its turn again; one of them may hold hundreds of lines.
const BURST: Duration = Duration::from_millis(8);

/// What the dashboard is opened for.
#[derive(Debug)]
pub struct Dashboard {
    /// Where environments can be.
    pub engines: Vec<Arc<dyn Engine>>,
    /// Where an environment that is nowhere is made.
    pub places: Arc<Engines>,
    /// The engine that is named for this run.
    pub named: EngineChoice,
    /// Docker, where it does not answer yet.
    pub awaited: Option<Awaited>,
    /// The folder whose profiles can become environments, and into which files are saved.
    pub folder: PathBuf,
    /// The environment that is shown first.
    pub environment: EnvironmentName,
    /// The profile that it is made from, where nothing of it exists yet; else the one of its name.
    pub profile: Option<PathBuf>,
    /// Whether to bring it up at once.
    pub up: bool,
}

/// Shows the dashboard until the user leaves. No environment is stopped by that.
pub async fn run(dashboard: Dashboard, shutdown: Shutdown) -> Result<Exit> {
    let own = Own::read()?;
    let mut screen = Screen::open()?;
    let theme = Theme::of_terminal(own.theme, |name| std::env::var(name).ok());
    let mut state = dashboard.state(screen.size(), theme);
    state.keymap = own.keymap;
    screen.draw(&state)?;
    let (inbox, messages) = mpsc::channel(INBOX);
    let home = Home {
        places: dashboard.places,
        named: dashboard.named,
        folder: dashboard.folder,
    };
    let open = dashboard.engines.into_iter().map(Slot::open);
    let slots = open.chain(dashboard.awaited.map(Slot::awaited));
    let tasks = Tasks::new(slots.collect(), home, inbox, &shutdown);
    let mut effects = update::begin(&mut state);
    if dashboard.up {
        effects.extend(update::begin_doing(&mut state, Doing::Up));
    }
    let mut front = Front {
        screen,
        keys: EventStream::new(),
        messages,
        tasks,
        shutdown,
        clock: Clock::new(Instant::now()),
    };
    let shown = front.show(&mut state, effects).await;
    drop(front.screen);
    front.tasks.end().await;
    shown.map(|()| Exit::Done)
}

/// How many actions have keys of the user's own; an error where those cannot be used.
pub fn own_keys() -> Result<usize> {
    Own::read().map(|own| own.keymap.remapped())
}

impl Dashboard {
    fn state(&self, size: Size, theme: Theme) -> State {
        let engines = self.engines.iter().map(|engine| engine.about().clone());
        let mut state = State::new(Timestamp::now(), size, theme, engines.collect());
        let key = Key {
            engine: 0,
            name: self.environment.clone(),
        };
        state
            .environments
            .push(Known::new(key, self.profile.clone()));
        state.named = self.named != EngineChoice::Auto;
        if let Some(awaited) = &self.awaited {
            state.await_engine(Awaited::about(), &awaited.reason);
        }
        state
    }
}

/// What stands between the state and the world.
#[derive(Debug)]
struct Front {
    screen: Screen,
    keys: EventStream,
    messages: mpsc::Receiver<Message>,
    tasks: Tasks,
    shutdown: Shutdown,
    clock: Clock,
}

/// When the screen was drawn, and when the state was told of the time.
#[derive(Debug, Clone, Copy)]
struct Clock {
    drawn: Instant,
    ticked: Instant,
    /// Whether a key was pressed since it was drawn.
    pressed: bool,
}

impl Clock {
    fn new(now: Instant) -> Self {
        Self {
            drawn: now,
            ticked: now,
            pressed: false,
        }
    }

    /// When the next frame may be drawn.
    fn frame(self) -> Instant {
        let rest = if self.pressed { FRAME_OF_KEYS } else { FRAME };
        self.drawn + rest
    }

    /// When the state is to be told of the time again, however much else is told it meanwhile.
    fn tick(self, calm: Duration) -> Instant {
        self.ticked + calm
    }

    /// When there is something to do although nothing happens: a tick, or a frame where one waits.
    fn wake(self, calm: Duration, changed: bool) -> Instant {
        let tick = self.tick(calm);
        if changed {
            tick.min(self.frame())
        } else {
            tick
        }
    }
}

impl Front {
    async fn show(&mut self, state: &mut State, effects: Vec<Effect>) -> Result<()> {
        self.carry_out(state, effects).await?;
        while !state.leaving {
            if state.changed && Instant::now() >= self.clock.frame() {
                self.screen.draw(state)?;
                state.changed = false;
                self.clock.drawn = Instant::now();
                self.clock.pressed = false;
            }
            let Some(message) = self.next(state).await? else {
                return Ok(());
            };
            self.clock.pressed |= matches!(message, Message::Key(_));
            self.take(state, message).await?;
            // What a key does is seen before what else has arrived.
            if !self.clock.pressed {
                self.take_burst(state).await?;
            }
        }
        Ok(())
    }

    /// The next thing that happens; none when the dashboard is to end. Keys go before everything else.
    async fn next(&mut self, state: &State) -> Result<Option<Message>> {
        if Instant::now() >= self.clock.tick(state.calm()) {
            self.clock.ticked = Instant::now();
            return Ok(Some(Message::Tick));
        }
        let wake = self.clock.wake(state.calm(), state.changed);
        let message = tokio::select! {
            biased;
            () = self.shutdown.requested() => return Ok(None),
            event = self.keys.next() => match event {
                Some(event) => of_terminal(event.map_err(IoError::new("read the terminal"))?),
                // The terminal has gone.
                None => return Ok(None),
            },
            Some(message) = self.messages.recv() => message,
            () = sleep_until(wake) => {
                self.clock.ticked = Instant::now();
                Message::Tick
            }
        };
        Ok(Some(message))
    }

    /// What else has arrived meanwhile is taken in before the next frame.
    async fn take_burst(&mut self, state: &mut State) -> Result<()> {
        let end = Instant::now() + BURST;
        while Instant::now() < end {
            match self.messages.try_recv() {
                Ok(message) if !state.leaving => self.take(state, message).await?,
                _ => break,
            }
        }
        Ok(())
    }

    async fn take(&mut self, state: &mut State, message: Message) -> Result<()> {
        let effects = update::update(state, message, Timestamp::now());
        self.carry_out(state, effects).await
    }

    async fn carry_out(&mut self, state: &mut State, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            if let Some(effect) = self.tasks.begin(effect) {
                self.on_screen(state, effect).await?;
            }
        }
        Ok(())
    }

    /// What is done with the terminal itself.
    async fn on_screen(&mut self, state: &mut State, effect: Effect) -> Result<()> {
        match effect {
            Effect::Copy(text) => {
                self.screen.copy(&text)?;
                self.tasks.fill_clipboards(text);
            }
            Effect::Mouse(mouse) => self.screen.set_mouse(mouse)?,
            Effect::Redraw => self.screen.clear()?,
            Effect::Suspend => {
                self.screen.give();
                terminal::stop().map_err(IoError::new("stop for a while"))?;
                self.come_back(state)?;
            }
            Effect::Run {
                key,
                found,
                mut exec,
            } => {
                let term = std::env::var("TERM").ok();
                exec.variables
                    .extend(term.map(|term| ("TERM".to_owned(), term)));
                self.screen.give();
                // Two readers of the terminal would share its keys.
                drop(std::mem::replace(&mut self.keys, EventStream::new()));
                if let Some(environment) = self.tasks.environment(&key) {
                    let ended = {
                        let ran = environment.engine.exec(&found, &exec);
                        self.meanwhile(state, ran).await
                    };
                    if let Some(ended) = ended {
                        update::program_ended(state, found.instance, &exec, ended);
                    }
                }
                self.come_back(state)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What tasks tell is taken in although nothing is drawn: nobody waits for a terminal that is elsewhere. None where
    /// the dashboard is to end.
    async fn meanwhile<T>(
        &mut self,
        state: &mut State,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                () = self.shutdown.requested() => return None,
                Some(message) = self.messages.recv() => {
                    for effect in update::update(state, message, Timestamp::now()) {
                        // Only keys ask for what is done with the terminal.
                        self.tasks.begin(effect);
                    }
                }
            }
        }
    }

    fn come_back(&mut self, state: &mut State) -> Result<()> {
        self.keys = EventStream::new();
        self.screen.take()?;
        state.size = self.screen.size();
        state.changed = true;
        Ok(())
    }
}

fn of_terminal(event: Event) -> Message {
    match event {
        Event::Key(key) => Message::Key(key),
        Event::Mouse(mouse) => Message::Mouse(mouse),
        Event::Paste(text) => Message::Paste(text),
        Event::Resize(width, height) => Message::Resize(Size::new(width, height)),
        Event::FocusGained | Event::FocusLost => Message::Tick,
    }
}
