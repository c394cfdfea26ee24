//! Which of the things that happened are shown.

use tui_input::Input;

use super::Key;
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

/// Which of all that happened: in which environment, and its number there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    key: Key,
    number: usize,
}

/// Something that happened, as it is listed.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// In which environment.
    pub of: &'a Known,
    /// What.
    pub happening: &'a Happening,
    number: usize,
}

impl Event<'_> {
    fn place(&self) -> Place {
        Place {
            key: self.of.key.clone(),
            number: self.number,
        }
    }
}

impl State {
    /// What stands on a row of the events; none on the last row, whose reader follows what happens.
    pub fn event_at(&self, row: usize) -> Option<Place> {
        let happenings = self.happenings();
        let (_, before) = happenings.split_last()?;
        before.get(row).map(Event::place)
    }

    /// The row of the event that the reader stands still on, where it is shown.
    pub fn event_row(&self) -> Option<usize> {
        let held = self.chosen()?.event.as_ref()?;
        let happenings = self.happenings();
        happenings.iter().position(|event| event.place() == *held)
    }

    /// What happened as it is shown, oldest first, each with its environment.
    pub fn happenings(&self) -> Vec<Event<'_>> {
        let shown = |known: &&Known| {
            self.events.of_all || self.chosen().is_some_and(|chosen| chosen.key == known.key)
        };
        let known = self.environments.iter().filter(shown);
        let all = known.flat_map(|of| {
            let numbered = of.numbered();
            numbered.map(move |(number, happening)| Event {
                of,
                happening,
                number,
            })
        });
        let mut happenings: Vec<_> = all.filter(|one| self.is_wanted(one)).collect();
        happenings.sort_by_key(|event| event.happening.time);
        happenings
    }

    /// How many of them there are.
    pub fn happened(&self) -> usize {
        if !self.events.filter.is_open() {
            return self.happenings().len();
        }
        let all = self.environments.iter().map(|known| known.happenings.len());
        if self.events.of_all {
            all.sum()
        } else {
            self.chosen().map_or(0, |known| known.happenings.len())
        }
    }

    fn is_wanted(&self, Event { of, happening, .. }: &Event<'_>) -> bool {
        if self.events.filter.is_open() {
            return true;
        }
        let instance = happening.instance.map(|instance| instance.to_string());
        let name = if self.events.of_all {
            of.key.name.as_str()
        } else {
            ""
        };
        let text = format!("{name} {} {}", instance.unwrap_or_default(), happening.text);
        self.events.filter.shows_text(text.trim_start())
    }
}
