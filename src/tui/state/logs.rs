//! What the roles of an environment wrote: a ring of lines, what of it is shown, and where the reader is.

use std::collections::VecDeque;
use std::ops::Range;

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::ToSpan;
use tui_input::Input;

use super::list::Step;
use crate::engine::Instance;
use crate::engine::LogWindow;
use crate::environment::logs::Line;
use crate::error::Report;
use crate::log_line;
use crate::log_line::Level;

pub use filter::Filter;
pub use filter::score;

mod filter;

/// Lines that are kept.
pub const CAPACITY: usize = 10_000;
/// Bytes of text that are kept; ten full rings stay below the 40 MB that the dashboard may use.
pub const MOST_BYTES: usize = 1_500_000;
/// Bytes of one line that are kept.
const LONGEST: usize = 16_384;
/// Lines that a new filter looks through at once, the newest first. The others follow tick by tick: whoever types is not
/// to wait for ten thousand lines.
pub const AT_ONCE: usize = 1000;
/// Columns of a writer's name at least and at most.
const NAME: usize = 9;
const LONGEST_NAME: usize = 20;
/// Lines of each role that are read at first.
const TAIL: u64 = 1000;

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

/// Which part of the past is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// The last lines of each role.
    #[default]
    Tail,
    /// Everything.
    Head,
    /// So many minutes.
    Minutes(u16),
}

impl Window {
    /// What the engine is asked for.
    pub fn at(self, now: Timestamp) -> LogWindow {
        match self {
            Self::Tail => LogWindow {
                tail: Some(TAIL),
                ..LogWindow::default()
            },
            Self::Head => LogWindow::default(),
            Self::Minutes(minutes) => LogWindow {
                since: now
                    .checked_sub(SignedDuration::from_mins(minutes.into()))
                    .ok(),
                ..LogWindow::default()
            },
        }
    }
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

    /// Notes that reading begins, and returns the number of the reader.
    pub fn begin_reading(&mut self) -> u64 {
        self.reading = true;
        self.begun = false;
        self.reader += 1;
        self.reader
    }

    /// From where reading has to go on: behind the last line, or as the window says.
    pub fn resume(&self, now: Timestamp) -> LogWindow {
        let last = self.entries.back().map(|entry| entry.time);
        let since = last
            .or(self.cleared)
            .and_then(|time| time.checked_add(1.nanosecond()).ok());
        match since {
            Some(since) => LogWindow {
                since: Some(since),
                ..LogWindow::default()
            },
            None => self.window.at(now),
        }
    }

    /// Shows what another filter lets through. The reader stays on the line, or goes to the nearest after it.
    pub fn set_filter(&mut self, filter: Filter) {
        let shown = std::mem::take(&mut self.shown);
        if filter.narrows(&self.filter) {
            self.unjudged.extend(shown);
        } else {
            self.unjudged = (self.first..self.first + self.entries.len() as u64).collect();
        }
        self.filter = filter;
        self.judge(AT_ONCE);
        // The reader is not sent away from a line for want of time.
        let reader = self.cursor.map(|cursor| cursor.min(self.bottom));
        while reader.is_some() && self.unjudged.back().copied() >= reader {
            self.judge(AT_ONCE);
        }
        if self.shown.is_empty() {
            self.cursor = None;
        }
        self.bottom = self.number(self.place(self.bottom));
        self.cursor = self.cursor.map(|cursor| self.number(self.place(cursor)));
    }

    /// Looks through more lines with the filter; tells whether there were any.
    pub fn judge(&mut self, count: usize) -> bool {
        let left = self.unjudged.len();
        for _ in 0..count {
            let Some(number) = self.unjudged.pop_back() else {
                break;
            };
            let shows = |entry| self.filter.shows(entry);
            if self.entry(number).is_some_and(shows) {
                self.shown.push_front(number);
            }
        }
        left > 0
    }

    /// Whether the filter has not seen all lines yet.
    pub fn is_judging(&self) -> bool {
        !self.unjudged.is_empty()
    }

    /// Follows what is written, or holds the lines still.
    pub fn set_following(&mut self, follow: bool) {
        let last = self.shown.back().copied().filter(|_| !follow);
        self.cursor = last;
        self.bottom = last.unwrap_or_default();
    }

    /// Puts the reader on the line at a place, of a screen whose last line is at another.
    pub fn choose(&mut self, place: usize, last: usize) {
        self.cursor = Some(self.number(place));
        self.bottom = self.number(last);
    }

    /// Marks the line that the reader is on, or takes the mark away.
    pub fn mark(&mut self) {
        let number = self.cursor.or_else(|| self.shown.back().copied());
        if let Some(entry) = number.and_then(|number| self.entry_mut(number)) {
            entry.marked = !entry.marked;
        }
    }

    /// The place of a line among those that are shown, or of the next one that is.
    fn place(&self, number: u64) -> usize {
        let place = self.shown.partition_point(|shown| *shown < number);
        place.min(self.shown.len().saturating_sub(1))
    }

    fn number(&self, place: usize) -> u64 {
        self.shown.get(place).copied().unwrap_or(self.first)
    }

    /// The place of the line that the reader is on.
    pub fn cursor_place(&self) -> Option<usize> {
        self.cursor.map(|cursor| self.place(cursor))
    }

    /// The places of the lines that are on a screen of `height` rows, where `rows` says how many each takes.
    pub fn window(&self, height: usize, rows: impl Fn(&Entry) -> usize) -> Range<usize> {
        let end = match self.cursor {
            Some(_) if !self.shown.is_empty() => self.place(self.bottom) + 1,
            _ => self.shown.len(),
        };
        let start = self.start(end, height, &rows);
        // At the beginning, the lines stand at the top and the screen is filled downwards.
        if start > 0 {
            return start..end;
        }
        0..self.end(0, height, &rows).max(end)
    }

    /// The first line that is seen on a screen whose last one ends before `end`; it may be cut at the top.
    fn start(&self, end: usize, height: usize, rows: &impl Fn(&Entry) -> usize) -> usize {
        let mut left = height;
        let mut start = end;
        while let Some(entry) = start.checked_sub(1).and_then(|place| self.at(place)) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(rows(entry));
            start -= 1;
        }
        start
    }

    /// The end of the lines that fit on a screen which begins with `start`.
    fn end(&self, start: usize, height: usize, rows: &impl Fn(&Entry) -> usize) -> usize {
        let mut left = height;
        let mut end = start;
        while let Some(entry) = self.at(end) {
            let needed = rows(entry);
            if needed > left {
                break;
            }
            left -= needed;
            end += 1;
        }
        end
    }

    /// Moves the reader; what is written is followed again from the last line on.
    pub fn step(&mut self, step: Step, height: usize, rows: impl Fn(&Entry) -> usize) {
        if self.shown.is_empty() {
            return;
        }
        if self.cursor.is_none() && step == Step::Last {
            return;
        }
        let count = self.shown.len();
        let from = self.cursor_place().unwrap_or(count - 1);
        let window = self.window(height, &rows);
        let to = step.from(from, count, height);
        let forward = matches!(step, Step::Last | Step::Rows(1..) | Step::Pages(1..));
        if forward && (step == Step::Last || from + 1 >= count) {
            return self.set_following(true);
        }
        self.cursor = Some(self.number(to));
        let bottom = if to < window.start || (to == window.start && to != window.end) {
            self.end(to, height, &rows).saturating_sub(1).max(to)
        } else {
            to.max(window.end.saturating_sub(1))
        };
        self.bottom = self.number(bottom.min(count - 1));
    }

    /// Moves the reader to the next line that the filter found, or to the one before.
    pub fn step_to_match(&mut self, forward: bool, height: usize, rows: impl Fn(&Entry) -> usize) {
        let count = self.shown.len();
        let from = self.cursor_place();
        let from = from.unwrap_or_else(|| count.saturating_sub(1));
        let found = |place: &usize| {
            let entry = self.at(*place);
            entry.is_some_and(|entry| self.filter.finds(entry))
        };
        let place = if forward {
            (from + 1..count).find(found)
        } else {
            (0..from).rev().find(found)
        };
        if let Some(place) = place {
            let distance = isize::try_from(place.abs_diff(from)).unwrap_or(isize::MAX);
            let rows_away = if forward { distance } else { -distance };
            self.step(Step::Rows(rows_away), height, rows);
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
    use proptest::prelude::*;

    use super::*;
    use crate::engine::LogLine;
    use crate::engine::Role;

    fn line(number: i64, text: &str) -> Line {
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

    fn logs(count: i64) -> Logs {
        let mut logs = Logs::default();
        for number in 0..count {
            logs.push(line(number, &format!("line {number}")));
        }
        logs
    }

    fn texts(logs: &Logs, height: usize) -> Vec<String> {
        let window = logs.window(height, |_| 1);
        let entries = window.filter_map(|place| logs.at(place));
        entries.map(|entry| entry.text.to_string()).collect()
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

    #[test]
    fn lines_that_were_forgotten_are_not_read_again() {
        let mut logs = logs(3);
        let since = |logs: &Logs| logs.resume(Timestamp::from_second(100).unwrap()).since;
        logs.forget(Timestamp::from_second(100).unwrap());
        let last = Timestamp::from_second(2).unwrap();
        assert_eq!(since(&logs), last.checked_add(1.nanosecond()).ok());
        logs.forget(Timestamp::from_second(100).unwrap());
        assert_eq!(since(&logs), last.checked_add(1.nanosecond()).ok(), "twice");
        logs.clear();
        assert_eq!(since(&logs), None, "another part of the past is wanted");
    }

    #[test]
    fn lines_are_followed_until_the_reader_goes_up_and_again_from_the_last() {
        let mut logs = logs(100);
        assert_eq!(texts(&logs, 2), ["line 98", "line 99"]);
        logs.step(Step::Rows(-1), 2, |_| 1);
        logs.push(line(100, "new"));
        assert_eq!(texts(&logs, 2), ["line 98", "line 99"]);
        assert_eq!(&*logs.current().unwrap().text, "line 98");
        logs.step(Step::Rows(-1), 2, |_| 1);
        assert_eq!(texts(&logs, 2), ["line 97", "line 98"]);
        logs.step(Step::Last, 2, |_| 1);
        assert_eq!(texts(&logs, 2), ["line 99", "new"]);
    }

    #[test]
    fn the_first_line_stands_at_the_top() {
        let mut logs = logs(100);
        logs.step(Step::First, 3, |_| 1);
        assert_eq!(texts(&logs, 3), ["line 0", "line 1", "line 2"]);
        logs.step(Step::Rows(3), 3, |_| 1);
        assert_eq!(texts(&logs, 3), ["line 1", "line 2", "line 3"]);
    }

    #[test]
    fn a_filter_sees_the_newest_lines_at_once_and_the_others_one_part_after_the_other() {
        let mut logs = logs(2500);
        logs.set_filter(Filter::new("7$"));
        assert_eq!((logs.shown(), logs.is_judging()), (100, true));
        logs.push(line(7, "new 7"));
        logs.set_filter(Filter::new("~ne7"));
        while logs.judge(AT_ONCE) {}
        let shown: Vec<_> = logs.all_shown().map(|entry| &*entry.text).collect();
        let mut wanted: Vec<_> = (0..2500).map(|number| format!("line {number}")).collect();
        wanted.retain(|text| text.contains('7'));
        wanted.push("new 7".to_owned());
        assert_eq!(shown, wanted);
        // Lines that go meanwhile are neither shown nor looked for.
        logs.set_filter(Filter::default());
        (0..9000).for_each(|number| logs.push(line(number, "more")));
        while logs.judge(AT_ONCE) {}
        assert_eq!((logs.len(), logs.shown()), (CAPACITY, CAPACITY));
    }

    #[test]
    fn a_filter_looks_as_far_back_as_the_reader_stands() {
        let mut logs = logs(5000);
        logs.step(Step::First, 5, |_| 1);
        logs.set_filter(Filter::new("0$"));
        assert_eq!(&*logs.current().unwrap().text, "line 0");
    }

    #[test]
    fn a_filter_keeps_the_reader_near_the_line() {
        let mut logs = logs(100);
        logs.step(Step::Rows(-50), 5, |_| 1);
        let at = logs.cursor;
        logs.set_filter(Filter::new("7$"));
        assert_eq!(logs.shown(), 10);
        assert_eq!(&*logs.current().unwrap().text, "line 57");
        logs.set_filter(Filter::default());
        assert!(logs.cursor > at);
        assert_eq!(logs.shown(), 100);
    }

    proptest! {
        #[test]
        fn a_filter_that_is_typed_shows_what_one_that_is_given_whole_does(
            text in "[!~]?[lin |.*$0-9A]{0,6}",
        ) {
            let mut typed = logs(120);
            let mut so_far = String::new();
            for character in text.chars() {
                so_far.push(character);
                typed.set_filter(Filter::new(&so_far));
            }
            let mut given = logs(120);
            given.set_filter(Filter::new(&text));
            prop_assert!(!typed.is_judging());
            prop_assert_eq!(typed.shown, given.shown);
        }

        #[test]
        fn the_reader_is_always_on_a_line_that_is_on_the_screen(
            steps in prop::collection::vec((0u8..7, -40isize..40, 1usize..12, 1usize..4), 1..60),
        ) {
            let mut logs = logs(30);
            for (kind, rows, height, tall) in steps {
                let rows_of = |entry: &Entry| 1 + entry.text.len() % tall;
                match kind {
                    0 => logs.step(Step::First, height, rows_of),
                    1 => logs.step(Step::Last, height, rows_of),
                    2 => logs.step(Step::Pages(rows), height, rows_of),
                    3 => logs.push(line(7, "more")),
                    4 => logs.set_filter(Filter::new(["", "1", "!1", "~l2", "("][rows.unsigned_abs() % 5])),
                    _ => logs.step(Step::Rows(rows), height, rows_of),
                }
                let window = logs.window(height, rows_of);
                prop_assert!(window.end <= logs.shown());
                if kind != 4 && kind != 3 && let Some(cursor) = logs.cursor_place() {
                    prop_assert!(window.contains(&cursor), "{cursor} in {window:?}");
                }
            }
        }
    }
}
