//! Everything that can happen to the dashboard.

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::KeyEvent;
use crossterm::event::MouseEvent;
use ratatui::layout::Size;

use super::state::Key;
use super::state::charts::Sample;
use super::state::known::Look;
use super::state::query::Answered;
use super::state::tree::Tree;
use crate::database::console::Page;
use crate::database::console::Survey;
use crate::engine;
use crate::engine::About;
use crate::engine::Instance;
use crate::environment::changes::Changed;
use crate::environment::event;
use crate::environment::event::Latest;
use crate::environment::event::Planned;
use crate::environment::logs::Line;
use crate::environment::status::Readings;
use crate::error::Report;
use crate::profile::EnvironmentName;
use crate::profile::Row;
use crate::rates::Atlas;
use crate::rates::Question;

/// Something that happened, whoever tells it.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// Time has passed.
    Tick,
    /// The profiles of this checkout, which environments could be made from.
    Profiles(Vec<(EnvironmentName, PathBuf)>),
    /// The environments of an engine.
    Listed {
        /// Which engine.
        engine: usize,
        /// Their names.
        result: Result<Vec<EnvironmentName>, Report>,
    },
    /// An environment was looked at.
    Looked {
        /// Which one.
        key: Key,
        /// What was seen.
        result: Box<Result<Look, Report>>,
    },
    /// What an environment uses was measured.
    Sampled {
        /// Which one.
        key: Key,
        /// The figures.
        sample: Sample,
        /// What CPU time is counted from the next time.
        readings: Readings,
    },
    /// Roles wrote lines.
    Lines {
        /// In which environment.
        key: Key,
        /// The number of their reader.
        reader: u64,
        /// The lines, oldest first.
        lines: Vec<Line>,
        /// How many were read before them and given up, because too many waited.
        lost: u64,
    },
    /// The log of an environment cannot be read any more.
    LogsBroke {
        /// Of which one.
        key: Key,
        /// The number of its reader.
        reader: u64,
        /// Why.
        report: Report,
    },
    /// An engine that had never answered does.
    Reached {
        /// Which engine.
        engine: usize,
        /// What it is.
        about: About,
    },
    /// An engine begins to tell what happens, or stops to.
    Tells {
        /// Which engine.
        engine: usize,
        /// Whether it does.
        tells: bool,
    },
    /// Something happened to an instance.
    Happened {
        /// On which engine.
        engine: usize,
        /// What.
        event: engine::Event,
    },
    /// An environment that was nowhere is made on another engine than it was shown on.
    Placed {
        /// What it was known by.
        from: Key,
        /// What it is known by now.
        to: Key,
        /// Why it is not on Docker, where that is so.
        because: Option<String>,
    },
    /// An operation has to wait for another command first.
    Waits {
        /// On which environment.
        key: Key,
        /// For whom.
        holder: String,
    },
    /// An operation told something.
    Told {
        /// On which environment.
        key: Key,
        /// What.
        event: event::Event,
    },
    /// An operation has come further.
    Progressed {
        /// On which environment.
        key: Key,
        /// How far each step is.
        latest: Latest,
    },
    /// An operation ended.
    Ended {
        /// On which environment.
        key: Key,
        /// What it has to say, or why it failed.
        result: Result<String, Report>,
    },
    /// A question was answered, or could not be.
    Answered {
        /// By which environment.
        key: Key,
        /// The number of the question.
        number: u64,
        /// What came back.
        result: Box<Result<Answered, Report>>,
    },
    /// What there is to ask about.
    Places {
        /// In which environment.
        key: Key,
        /// Every place.
        atlas: Atlas,
    },
    /// The prices behind a day.
    Explained {
        /// In which environment.
        key: Key,
        /// The title, and what they come to, or why they could not be had.
        result: Result<(String, Vec<String>), Report>,
    },
    /// Questions that were asked before, newest first.
    History(Vec<Question>),
    /// The database of an environment was looked at.
    Surveyed {
        /// Which environment.
        key: Key,
        /// What was seen.
        result: Box<Result<Survey, Report>>,
    },
    /// A statement gave rows, or has none.
    Rows {
        /// In which environment.
        key: Key,
        /// The number of the statement.
        number: u64,
        /// How long they took.
        took: Duration,
        /// What came back.
        result: Box<Result<Page, Report>>,
    },
    /// Statements that were typed before, newest first.
    Statements(Vec<String>),
    /// Everything there is to know of an instance was asked for.
    Described {
        /// In which environment.
        key: Key,
        /// Which one.
        instance: Instance,
        /// What there is.
        result: Box<Result<Tree, Report>>,
    },
    /// The profile of an environment was resolved.
    Configured {
        /// Which environment.
        key: Key,
        /// Its settings.
        result: Result<Vec<Row>, Report>,
    },
    /// Code is watched from now on, or cannot be.
    Watching {
        /// Of which environment.
        key: Key,
        /// Which files and folders.
        result: Result<String, Report>,
    },
    /// Code of roles changed.
    CodeChanged {
        /// Of which environment.
        key: Key,
        /// Whose, and where.
        changed: Changed,
    },
    /// What is wanted was compared with what runs.
    Compared {
        /// In which environment.
        key: Key,
        /// What `up` would do, or why it cannot.
        result: Result<Vec<Planned>, Report>,
    },
    /// Something is to be said above the footer.
    Said(Result<String, Report>),
}
