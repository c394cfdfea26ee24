//! What lies over the panes and has the keys for itself.

use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;
use tui_input::Input;

use super::list::List;
use super::logs::score;
use super::operation::Doing;
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
    /// The list of roles, where there is no room for it beside the pane.
    Roles,
    /// A question before something is lost.
    Confirm(Confirm),
    /// What went wrong, in full.
    Failure(Failure),
    /// Questions that were asked before.
    History(List),
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

/// Every action, found by a few of its letters.
#[derive(Debug, Default)]
pub struct Palette {
    /// The letters.
    pub input: Input,
    /// The chosen one of those found.
    pub list: List,
}

/// The things that can be done with an environment, in the order of the menu.
pub const MENU: [Action; 13] = [
    Action::Up,
    Action::Down,
    Action::Restart,
    Action::Stop,
    Action::Start,
    Action::Seed,
    Action::TryAgain,
    Action::Cancel,
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

/// A question before something is lost. The answer that Enter gives is no, unless the right words were typed.
#[derive(Debug)]
pub struct Confirm {
    /// What would be done.
    pub doing: Doing,
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
