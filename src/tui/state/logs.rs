//! What the roles of an environment wrote: a ring of lines, and what is known of each.

use std::collections::VecDeque;

use jiff::Timestamp;
use tui_input::Input;

use crate::engine::Instance;
use crate::environment::logs::Line;
use crate::error::Report;
use crate::log_line;
use crate::log_line::Level;

pub use filter::Filter;
pub use filter::score;
pub use judge::AT_ONCE;
pub use past::Window;

mod filter;
mod judge;
mod past;
mod reader;

/// Lines that are kept.
pub const CAPACITY: usize = 10_000;
/// Bytes of text that are kept; ten full rings stay below the 40 MB that the dashboard may use.
pub const MOST_BYTES: usize = 1_500_000;
/// Bytes of one line that are kept.
const LONGEST: usize = 16_384;
/// Columns of a writer's name at least and at most.
const NAME: usize = 9;
const LONGEST_NAME: usize = 20;

/// A line that was written.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// By whom.
    pub instance: Instance,
    /// How serious it is.
    pub level: Level,
    /// Whether the reader marked it.
    pub marked: bool,
    /// What it says, as it was written; at most its beginning.
    pub text: Box<str>,
}

/// How lines are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Layout {
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Whether the time stands before each line.
    pub hide_times: bool,
    /// Whether JSON lines are unfolded into their fields.
    pub fields: bool,
    /// Columns of the longest name of a writer.
    pub name: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            wrap: false,
            hide_times: false,
            fields: false,
            name: NAME,
        }
    }
}

/// The lines of an environment.
#[derive(Debug, Default)]
pub struct Logs {
    entries: VecDeque<Entry>,
    /// The number of the oldest entry; numbers only grow.
    first: u64,
    bytes: usize,
    /// Lines that were forgotten because there were too many.
    pub dropped: u64,
    /// The numbers of the entries that are shown.
    shown: VecDeque<u64>,
    /// The numbers of those that the filter has not seen yet; they are older than all that are shown.
    unjudged: VecDeque<u64>,
    /// What decides that.
    pub filter: Filter,
    /// The filter that is being typed.
    pub typing: Option<Input>,
    /// The number of the line that the reader is on; none while what is written is followed.
    pub cursor: Option<u64>,
    /// The number of the lowest line on the screen while the reader is on one.
    bottom: u64,
    /// How lines are laid out.
    pub layout: Layout,
    /// Which part of the past was read.
    pub window: Window,
    /// Whether the log is being read.
    pub reading: bool,
    /// The number of the reader that counts; what an older one still tells is not shown.
    pub reader: u64,
    /// Whether anything was read since that began.
    pub begun: bool,
    /// When the last line was written that the reader wished to forget.
    cleared: Option<Timestamp>,
    /// Why reading broke off.
    pub trouble: Option<Report>,
}

impl Logs {
    /// Lines that are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Lines that are shown.
    pub fn shown(&self) -> usize {
        self.shown.len()
    }

    /// The line at a place among those that are shown.
    pub fn at(&self, place: usize) -> Option<&Entry> {
        self.entry(*self.shown.get(place)?)
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    fn entry_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(index).ok()?)
    }

    /// The line that the reader is on.
    pub fn current(&self) -> Option<&Entry> {
        let cursor = self.cursor.or_else(|| self.shown.back().copied());
        self.entry(cursor?)
    }

    /// Takes in what was read, and how many lines before it were given up.
    pub fn take(&mut self, lines: Vec<Line>, lost: u64) {
        self.begun = true;
        self.trouble = None;
        self.dropped += lost;
        for line in lines {
            self.push(line);
        }
    }

    /// Adds a line.
    fn push(&mut self, line: Line) {
        let entry = Entry::new(line);
        self.bytes += entry.text.len();
        let number = self.first + self.entries.len() as u64;
        self.layout.name = self.layout.name.max(name_width(entry.instance));
        if self.filter.shows(&entry) {
            self.shown.push_back(number);
        }
        self.entries.push_back(entry);
        while self.entries.len() > CAPACITY || self.bytes > MOST_BYTES {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else {
            return;
        };
        self.bytes -= oldest.text.len();
        self.first += 1;
        self.dropped += 1;
        for numbers in [&mut self.unjudged, &mut self.shown] {
            if numbers.front().is_some_and(|number| *number < self.first) {
                numbers.pop_front();
            }
        }
    }

    /// Forgets all lines for good: they are not read again.
    pub fn forget(&mut self, now: Timestamp) {
        let last = self.entries.back().map(|entry| entry.time);
        let cleared = last.or(self.cleared).unwrap_or(now);
        self.clear();
        self.cleared = Some(cleared);
    }

    /// Whether lines were forgotten that the reader did not want to see any more.
    pub fn is_cleared(&self) -> bool {
        self.cleared.is_some()
    }

    /// Gives all lines away, to read another part of the past.
    pub fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
        self.shown.clear();
        self.unjudged.clear();
        self.bytes = 0;
        self.dropped = 0;
        self.cursor = None;
        self.cleared = None;
        self.layout.name = NAME;
    }

    /// Marks the line that the reader is on, or takes the mark away.
    pub fn mark(&mut self) {
        let number = self.cursor.or_else(|| self.shown.back().copied());
        if let Some(entry) = number.and_then(|number| self.entry_mut(number)) {
            entry.marked = !entry.marked;
        }
    }

    /// The last lines of an instance, oldest first, whatever is shown.
    pub fn last_of(&self, instance: Instance, most: usize) -> Vec<&Entry> {
        let own = self.entries.iter().rev();
        let own = own.filter(|entry| entry.instance == instance);
        let mut last: Vec<_> = own.take(most).collect();
        last.reverse();
        last
    }

    /// Every line that is shown, oldest first.
    pub fn all_shown(&self) -> impl Iterator<Item = &Entry> {
        self.shown.iter().filter_map(|number| self.entry(*number))
    }
}

/// Columns of a writer's name, as far as it is shown.
fn name_width(instance: Instance) -> usize {
    let number = match instance.number {
        0 | 1 => 0,
        number => 2 + number.ilog10() as usize,
    };
    (instance.role.as_str().len() + number).min(LONGEST_NAME)
}

impl Entry {
    fn new(line: Line) -> Self {
        let level = log_line::level(&line.line.text);
        let mut text = line.line.text;
        if text.len() > LONGEST {
            let end = text.floor_char_boundary(LONGEST);
            text.truncate(end);
            text.push('…');
        }
        Self {
            time: line.line.time,
            instance: line.instance,
            level,
            marked: false,
            text: text.into_boxed_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LogLine;
    use crate::engine::Role;

    pub fn line(number: i64, text: &str) -> Line {
        Line {
            instance: Instance::first(if number % 2 == 0 {
                Role::Api
            } else {
                Role::Database
            }),
            id: String::new(),
            line: LogLine {
                time: Timestamp::from_second(number).unwrap(),
                text: text.to_owned(),
            },
        }
    }

    pub fn logs(count: i64) -> Logs {
        let mut logs = Logs::default();
        for number in 0..count {
            logs.push(line(number, &format!("line {number}")));
        }
        logs
    }

    #[test]
    fn what_is_too_much_is_dropped_and_counted() {
        let logs = logs(10_005);
        assert_eq!(
            (logs.len(), logs.shown(), logs.dropped),
            (CAPACITY, CAPACITY, 5)
        );
        assert_eq!(&*logs.at(0).unwrap().text, "line 5");
    }

    #[test]
    fn a_line_of_a_megabyte_is_kept_by_its_beginning() {
        let mut logs = Logs::default();
        logs.push(line(1, &"ä".repeat(1_000_000)));
        assert!(logs.at(0).unwrap().text.len() <= LONGEST + '…'.len_utf8());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn ten_full_rings_fit_into_what_the_dashboard_may_use() {
        let resident = || {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
            pages * 4096 / 1_000_000
        };
        let before = resident();
        let full = || {
            let mut logs = Logs::default();
            (0..12_000).for_each(|number| logs.push(line(number, &"x".repeat(190))));
            logs
        };
        let rings: Vec<_> = (0..10).map(|_| full()).collect();
        assert_eq!(rings.len(), 10);
        // The dashboard itself takes 14 MB of its 40.
        assert!(resident() - before <= 26, "{} MB", resident() - before);
    }
}
