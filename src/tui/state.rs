//! Everything the screen is drawn from. Only `update` changes it.

pub mod charts;
pub mod database;
pub mod events;
pub mod known;
pub mod list;
pub mod logs;
pub mod operation;
pub mod overlay;
pub mod query;
pub mod tree;

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;
use ratatui::layout::Size;

use super::keymap::Keymap;
use super::keymap::Scope;
use super::theme::Theme;
use crate::engine::About;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Role;
use crate::error::Code;
use crate::error::Report;
use crate::profile::EnvironmentName;
use crate::rates::Question;
use events::Events;
use known::Happening;
use known::Known;
use overlay::Overlay;

/// How long the message line stays.
const NOTICE: SignedDuration = SignedDuration::from_secs(4);

/// Which environment: the place of its engine, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The place of its engine among all.
    pub engine: usize,
    /// Its name.
    pub name: EnvironmentName,
}

/// A part of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The list of roles.
    Roles,
    /// The list of checks.
    Checks,
    /// The tab.
    Main,
}

impl Pane {
    /// All of them, in the order of Tab.
    pub const ALL: [Self; 3] = [Self::Roles, Self::Checks, Self::Main];
}

/// What the main pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// What all roles write.
    Logs,
    /// What they use, and what the API says of its load.
    Stats,
    /// Questions and answers.
    Query,
    /// What the database holds and does, and statements.
    Database,
    /// What happened.
    Events,
    /// The resolved profile.
    Config,
}

impl Tab {
    /// All of them, from left to right.
    pub const ALL: [Self; 6] = [
        Self::Logs,
        Self::Stats,
        Self::Query,
        Self::Database,
        Self::Events,
        Self::Config,
    ];

    /// What it is called.
    pub fn title(self) -> &'static str {
        self.scope().title()
    }

    /// Whose keys it has.
    pub fn scope(self) -> Scope {
        match self {
            Self::Logs => Scope::Logs,
            Self::Stats => Scope::Stats,
            Self::Query => Scope::Query,
            Self::Database => Scope::Database,
            Self::Events => Scope::Events,
            Self::Config => Scope::Config,
        }
    }
}

/// An engine as the dashboard knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineState {
    /// What it is.
    pub about: About,
    /// What it said that there is.
    pub names: Vec<EnvironmentName>,
    /// Why it could not be asked the last time.
    pub trouble: Option<Report>,
    /// Whether it tells what happens, so that nothing needs to be asked again and again.
    pub tells: bool,
}

/// What the mouse moves while its button is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drag {
    /// The border of the left side.
    Border,
    /// A choice of rows of the tab.
    Rows(Dragged),
}

/// Lines of the screen that the mouse was drawn over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dragged {
    /// Where it began.
    pub from: u16,
    /// Where it is.
    pub to: u16,
}

impl Dragged {
    /// The lines, from the upper one to the lower one.
    pub fn lines(self) -> RangeInclusive<u16> {
        self.from.min(self.to)..=self.from.max(self.to)
    }
}

/// What is said above the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Whether something failed.
    pub bad: bool,
    /// When it goes.
    pub until: Timestamp,
}

/// Everything the screen is drawn from.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct State {
    /// The time of the last message.
    pub now: Timestamp,
    /// The terminal.
    pub size: Size,
    /// Colours and characters.
    pub theme: Theme,
    /// The keys.
    pub keymap: Keymap,
    /// Where environments can be.
    pub engines: Vec<EngineState>,
    /// Whether one of them was named for this run: what is not there is not looked for elsewhere.
    pub named: bool,
    /// The environments: those that exist, and those that the profiles here could become.
    pub environments: Vec<Known>,
    /// The place of the one that is shown.
    pub chosen: usize,
    /// What has the focus.
    pub pane: Pane,
    /// What the main pane shows.
    pub tab: Tab,
    /// What stands beside it, where there is room.
    pub beside: Option<Tab>,
    /// Whether the main pane has the screen for itself.
    pub full_screen: bool,
    /// Columns of the left side.
    pub side: u16,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// What the mouse is moving.
    pub drag: Option<Drag>,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// What is said above the footer.
    pub notice: Option<Notice>,
    /// What is said after that.
    waiting: Option<Notice>,
    /// Questions that were asked before, newest first.
    pub history: Vec<Question>,
    /// Statements that were typed before, newest first.
    pub statements: Vec<String>,
    /// Which events are shown.
    pub events: Events,
    /// When engines were asked for their environments.
    pub listed_at: Option<Timestamp>,
    /// Whether something changed that has not been drawn.
    pub changed: bool,
    /// Whether somebody wished to leave although something is under way.
    pub wished_to_leave: bool,
    /// Whether the dashboard is to end.
    pub leaving: bool,
}

impl State {
    /// A dashboard that knows nothing yet.
    pub fn new(now: Timestamp, size: Size, theme: Theme, engines: Vec<About>) -> Self {
        let engine = |about| EngineState {
            about,
            names: Vec::new(),
            trouble: None,
            tells: false,
        };
        Self {
            now,
            size,
            theme,
            keymap: Keymap::default(),
            engines: engines.into_iter().map(engine).collect(),
            named: false,
            environments: Vec::new(),
            chosen: 0,
            pane: Pane::Main,
            tab: Tab::Logs,
            beside: None,
            full_screen: false,
            side: 42,
            mouse: true,
            drag: None,
            overlay: None,
            notice: None,
            waiting: None,
            history: Vec::new(),
            statements: Vec::new(),
            events: Events::default(),
            listed_at: None,
            changed: true,
            wished_to_leave: false,
            leaving: false,
        }
    }

    /// Adds an engine that does not answer yet, and says so.
    pub fn await_engine(&mut self, about: About, reason: &str) {
        let name = about.engine;
        self.engines.push(EngineState {
            about,
            names: Vec::new(),
            trouble: Some(Report {
                code: Code::DockerDown,
                message: reason.to_owned(),
                causes: Vec::new(),
                detail: Vec::new(),
                hint: None,
            }),
            tells: false,
        });
        self.note(format!("{name} does not answer: {reason}"), true);
        self.tell(format!("{name} does not answer; trying again"), true);
    }

    /// Adds something that concerns all environments to the events of the one that is shown.
    pub fn note(&mut self, text: String, bad: bool) {
        let time = self.now;
        if let Some(known) = self.chosen_mut() {
            known.note(Happening {
                time,
                instance: None,
                text,
                bad,
            });
        }
    }

    /// The environment that is shown.
    pub fn chosen(&self) -> Option<&Known> {
        self.environments.get(self.chosen)
    }

    /// The same, to be changed.
    pub fn chosen_mut(&mut self) -> Option<&mut Known> {
        self.environments.get_mut(self.chosen)
    }

    /// An environment by its key.
    pub fn known_mut(&mut self, key: &Key) -> Option<&mut Known> {
        let mut all = self.environments.iter_mut();
        all.find(|known| known.key == *key)
    }

    /// The engine of the environment that is shown.
    pub fn engine(&self) -> Option<&EngineState> {
        let chosen = self.chosen().map_or(0, |known| known.key.engine);
        self.engines.get(chosen)
    }

    /// The instance that was chosen in the list of roles, while it is there.
    pub fn selected(&self) -> Option<&Found> {
        self.chosen()?.selected()
    }

    /// The role that is meant by what can be done to one or to all: the chosen one, while its list has the focus.
    pub fn target(&self) -> Option<Instance> {
        let selected = self.selected().filter(|_| self.pane == Pane::Roles);
        selected.map(|found| found.instance)
    }

    /// The instance that plays a role.
    pub fn instance(&self, role: Role) -> Option<&Found> {
        let mut instances = self.chosen()?.instances().iter();
        instances.find(|found| found.instance.role == role)
    }

    /// Whose keys count now.
    pub fn scope(&self) -> Scope {
        match self.pane {
            Pane::Roles => Scope::Roles,
            Pane::Checks => Scope::Checks,
            Pane::Main => self.tab.scope(),
        }
    }

    /// Says something above the footer for a while.
    pub fn say(&mut self, text: impl Into<String>) {
        self.tell(text.into(), false);
    }

    /// The same about what cannot be done; it stays among the events.
    pub fn complain(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.note(text.clone(), true);
        self.tell(text, true);
    }

    /// The same about a failure; among the events it stays with what helps.
    pub fn complain_of(&mut self, report: &Report) {
        self.note(known::in_one_line(report), true);
        self.tell(report.message.clone(), true);
    }

    /// Says above the footer what stands among the events already. A failure that is said is not over with what comes after
    /// it: that waits, or is another failure, after which it is said again.
    pub fn tell(&mut self, text: String, bad: bool) {
        let new = self.notice_of(text, bad);
        let now = self.now;
        let is_said = |said: &Notice| said.bad && said.until > now && said.text != new.text;
        match (self.notice.take_if(|said| is_said(said)), bad) {
            (None, _) => self.notice = Some(new),
            (failure, true) => {
                self.notice = Some(new);
                self.waiting = failure;
            }
            (failure, false) => {
                self.notice = failure;
                let waits = self.waiting.take().filter(|waiting| waiting.bad);
                self.waiting = waits.or(Some(new));
            }
        }
    }

    fn notice_of(&self, text: String, bad: bool) -> Notice {
        let until = self.now.checked_add(NOTICE).unwrap_or(self.now);
        Notice { text, bad, until }
    }

    /// Takes away what has been said for long enough; tells whether it was.
    pub fn has_said(&mut self) -> bool {
        let over = self
            .notice
            .as_ref()
            .is_some_and(|notice| notice.until <= self.now);
        if over {
            let next = self.waiting.take();
            self.notice = next.map(|next| self.notice_of(next.text, next.bad));
        }
        over
    }

    /// How long nothing changes by itself: until then no tick is needed.
    pub fn calm(&self) -> Duration {
        if self.chosen().is_some_and(|known| known.logs.is_judging()) {
            return Duration::from_millis(16);
        }
        let working = self.environments.iter().any(Known::is_working);
        if working || self.chosen().is_some_and(Known::is_asking) {
            return Duration::from_millis(100);
        }
        let notice = self.notice.as_ref().map(|notice| {
            let left = notice.until.duration_since(self.now);
            Duration::try_from(left).unwrap_or_default() + Duration::from_millis(10)
        });
        notice.map_or(Duration::from_secs(1), |left| {
            left.min(Duration::from_secs(1))
        })
    }
}
