//! Which of the things that happened are shown.

use tui_input::Input;

use super::State;
use super::known::Happening;
use super::known::Known;
use super::logs::Filter;

/// What a reader wants to see of what happened.
#[derive(Debug, Default)]
pub struct Events {
    /// Whether every environment is meant, not only the one that is shown.
    pub of_all: bool,
    /// What is looked for.
    pub filter: Filter,
    /// The filter as it is typed, while it is.
    pub typing: Option<Input>,
}

impl Events {
    /// Whether the row of the filter is there.
    pub fn shows_filter(&self) -> bool {
        self.typing.is_some() || !self.filter.is_open()
    }
}

impl State {
    /// What happened as it is shown, oldest first, each with its environment.
    pub fn happenings(&self) -> Vec<(&Known, &Happening)> {
        let shown = |known: &&Known| {
            self.events.of_all || self.chosen().is_some_and(|chosen| chosen.key == known.key)
        };
        let known = self.environments.iter().filter(shown);
        let all = known.flat_map(|known| known.happenings.iter().map(move |one| (known, one)));
        let mut happenings: Vec<_> = all.filter(|one| self.is_wanted(one)).collect();
        happenings.sort_by_key(|(_, happening)| happening.time);
        happenings
    }

    fn is_wanted(&self, (known, happening): &(&Known, &Happening)) -> bool {
        let instance = happening.instance.map(|instance| instance.to_string());
        let name = if self.events.of_all {
            known.key.name.as_str()
        } else {
            ""
        };
        let text = format!("{name} {} {}", instance.unwrap_or_default(), happening.text);
        self.events.filter.shows_text(text.trim_start())
    }
}
