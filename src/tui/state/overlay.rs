//! What lies over the panes and has the keys for itself.

use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;
use tui_input::Input;

use super::Key;
use super::list::List;
use super::logs::score;
use super::operation::Doing;
use super::tree::Tree;
use crate::database::console::Activity;
use crate::engine::Instance;
use crate::error::Report;
use crate::tui::keymap::Action;
use crate::tui::keymap::BINDINGS;
use crate::tui::keymap::Binding;

/// What lies over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// The keys; the number of the first line shown.
    Help(usize),
    /// Every action, found by a few of its letters.
    Palette(Palette),
    /// What can be done with the environment.
    Menu(List),
    /// A question before something is lost.
    Confirm(Confirm),
    /// What went wrong, in full.
    Failure(Failure),
    /// Questions that were asked before.
    History(List),
    /// Statements that were typed before.
    Statements(List),
    /// Something too long for its row.
    Text(Text),
    /// A value with all its parts.
    Tree(Box<Described>),
}

/// A value with all its parts: what an engine knows of an instance, or a line of the log.
#[derive(Debug)]
pub struct Described {
    /// What it is.
    pub title: String,
    /// Of which instance it is asked, and where.
    pub asked: Option<(Key, Instance)>,
    /// Its parts; none until they are known.
    pub parts: Option<Result<Tree, Report>>,
    /// What is being looked for.
    pub typing: Option<Input>,
}

/// What went wrong, in full.
#[derive(Debug)]
pub struct Failure {
    /// What failed.
    pub title: String,
    /// Why.
    pub report: Report,
    /// The first line that is shown.
    pub scroll: usize,
}

/// Something too long for its row.
#[derive(Debug)]
pub struct Text {
    /// What it is.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// The first line that is shown.
    pub scroll: usize,
    /// What it was opened from, and what is seen again when it is closed.
    pub from: Option<Box<Described>>,
}

impl Text {
    /// A text from its beginning.
    pub fn new(title: String, lines: Vec<String>) -> Self {
        Self {
            title,
            lines,
            scroll: 0,
            from: None,
        }
    }
}

/// Every action, found by a few of its letters.
#[derive(Debug, Default)]
pub struct Palette {
    /// The letters.
    pub input: Input,
    /// The chosen one of those found.
    pub list: List,
}

/// The things that can be done with an environment, in the order of the menu.
pub const MENU: [Action; 16] = [
    Action::Up,
    Action::Down,
    Action::Restart,
    Action::Stop,
    Action::Start,
    Action::Seed,
    Action::Watch,
    Action::TryAgain,
    Action::Cancel,
    Action::Logs,
    Action::Describe,
    Action::Shell,
    Action::Psql,
    Action::CopyUrl,
    Action::CopyConnection,
    Action::DownWithData,
];

impl Palette {
    /// The actions that have the letters, best first.
    pub fn found(&self) -> Vec<&'static Binding> {
        let letters = self.input.value();
        let pattern = Pattern::parse(letters, CaseMatching::Ignore, Normalization::Smart);
        let scored = BINDINGS.iter().filter_map(|binding| {
            let text = format!("{} {}", binding.word, binding.help);
            Some((score(&pattern, &text)?, binding))
        });
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        scored.into_iter().map(|(_, binding)| binding).collect()
    }
}

/// What is done when the answer is yes.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The environment is changed.
    Change(Doing),
    /// What another session of the database does is ended.
    End(Box<Activity>),
    /// Statements may write from now on.
    Write,
}

/// A question before something is lost. The answer that Enter gives is no, unless the right words were typed.
#[derive(Debug)]
pub struct Confirm {
    /// What would be done.
    pub asked: Asked,
    /// What it is called.
    pub title: String,
    /// What stands above what is lost.
    pub heading: &'static str,
    /// What is lost, a line each.
    pub lost: Vec<String>,
    /// What has to be typed; without it `y` is enough.
    pub name: Option<String>,
    /// What was typed.
    pub input: Input,
}

impl Confirm {
    /// Whether enough was typed.
    pub fn is_given(&self) -> bool {
        match &self.name {
            Some(name) => self.input.value() == name,
            None => self.input.value().eq_ignore_ascii_case("y"),
        }
    }
}
