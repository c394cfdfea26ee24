//! Which lines a filter lets through: it sees the newest at once and the others one part after the other.

use super::Filter;
use super::Logs;

/// Lines that a new filter looks through at once, the newest first. The others follow tick by tick: whoever types is not
/// to wait for ten thousand lines.
pub const AT_ONCE: usize = 1000;

impl Logs {
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::CAPACITY;
    use super::super::tests::line;
    use super::super::tests::logs;
    use super::*;
    use crate::tui::state::list::Step;

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
    }
}
