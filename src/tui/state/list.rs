//! A list whose rows can be walked.

/// Which row is chosen, and which is the first on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct List {
    /// The chosen row.
    pub selected: usize,
    /// The first row that is shown.
    pub offset: usize,
}

/// A step through rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many rows towards the end; towards the beginning when negative.
    Rows(isize),
    /// So many pages towards the end; towards the beginning when negative.
    Pages(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl Step {
    /// The row it leads to from `row`, of `count` rows of which `height` are on the screen.
    pub fn from(self, row: usize, count: usize, height: usize) -> usize {
        let last = count.saturating_sub(1);
        let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
        match self {
            Self::Rows(rows) => row.saturating_add_signed(rows).min(last),
            Self::Pages(pages) => row
                .saturating_add_signed(pages.saturating_mul(page))
                .min(last),
            Self::First => 0,
            Self::Last => last,
        }
    }
}

impl List {
    /// Takes a step; the chosen row stays on the screen.
    pub fn step(&mut self, step: Step, count: usize, height: usize) {
        self.selected = step.from(self.selected, count, height);
        self.keep(count, height);
    }

    /// Follows the chosen row to its new place; on the screen it stays where it is, as far as that goes.
    pub fn follow(&mut self, row: usize) {
        self.offset = (self.offset + row).saturating_sub(self.selected);
        self.selected = row;
    }

    /// Keeps the choice among `count` rows, and on a screen of `height` rows.
    pub fn keep(&mut self, count: usize, height: usize) {
        self.selected = self.selected.min(count.saturating_sub(1));
        let lowest = (self.selected + 1).saturating_sub(height.max(1));
        // Where all rows have room, none is hidden.
        let highest = count.saturating_sub(height.max(1)).max(lowest);
        self.offset = self.offset.clamp(lowest, self.selected.min(highest));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_chosen_row_exists_and_is_on_the_screen(
            steps in prop::collection::vec((-30isize..30, 0usize..40, 0usize..12, 0u8..4), 1..40),
        ) {
            let mut list = List::default();
            for (rows, count, height, kind) in steps {
                let step = match kind {
                    0 => Step::Rows(rows),
                    1 => Step::Pages(rows),
                    2 => Step::First,
                    _ => Step::Last,
                };
                list.step(step, count, height);
                prop_assert!(list.selected < count.max(1));
                prop_assert!(list.offset <= list.selected);
                prop_assert!(list.selected < list.offset + height.max(1));
            }
        }
    }
}
