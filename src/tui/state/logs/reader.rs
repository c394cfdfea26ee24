//! Where the reader is, and which lines are on the screen then.

use std::ops::Range;

use super::Entry;
use super::Logs;
use crate::tui::state::list::Step;

impl Logs {
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

    /// The place of a line among those that are shown, or of the next one that is.
    pub(super) fn place(&self, number: u64) -> usize {
        let place = self.shown.partition_point(|shown| *shown < number);
        place.min(self.shown.len().saturating_sub(1))
    }

    pub(super) fn number(&self, place: usize) -> u64 {
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Filter;
    use super::super::tests::line;
    use super::super::tests::logs;
    use super::*;

    fn texts(logs: &Logs, height: usize) -> Vec<String> {
        let window = logs.window(height, |_| 1);
        let entries = window.filter_map(|place| logs.at(place));
        entries.map(|entry| entry.text.to_string()).collect()
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

    proptest! {
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
