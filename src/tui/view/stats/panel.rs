//! One chart, or a few rows, with a title and what it shows now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Axis;
use ratatui::widgets::Chart;
use ratatui::widgets::Dataset;
use ratatui::widgets::GraphType;

use crate::tui::state::State;
use crate::tui::view::part;
use crate::tui::view::render;

/// One panel: its title, what it shows now, and what stands below.
pub struct Panel {
    title: Vec<Span<'static>>,
    now: String,
    /// The value that the top stands for at least: a quiet environment has a flat line.
    least: f64,
    lines: Vec<(Style, Runs)>,
    rows: Vec<Line<'static>>,
}

/// Values that follow each other without a gap, by their places.
pub type Runs = Vec<Vec<(f64, f64)>>;

/// The values with a break wherever one is missing.
pub fn runs(values: impl Iterator<Item = Option<f64>>) -> Runs {
    let mut runs = vec![Vec::new()];
    for (place, value) in (0u32..).zip(values) {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((f64::from(place), value)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

impl Panel {
    /// One without anything below its title.
    pub fn new(title: Vec<Span<'static>>, now: String, least: f64) -> Self {
        Self {
            title,
            now,
            least,
            lines: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The same with a line.
    pub fn line(mut self, style: Style, runs: Runs) -> Self {
        self.lines.push((style, runs));
        self
    }

    /// The same with rows in place of a chart.
    pub fn rows(mut self, rows: Vec<Line<'static>>) -> Self {
        self.rows = rows;
        self
    }

    /// Draws it.
    pub fn draw(&self, state: &State, area: Rect, buffer: &mut Buffer) {
        let title = [vec![Span::raw(" ")], self.title.clone()].concat();
        let now = vec![Span::styled(format!("{} ", self.now), state.theme.dim)];
        let head = part::apart(title, now, area.width);
        render(head, part::top(area, 1), buffer);
        let below = part::below(area, 1);
        let below = part::top(below, below.height.saturating_sub(1));
        if self.rows.is_empty() {
            self.draw_chart(state, below, buffer);
        }
        for (line, row) in self.rows.iter().zip(below.rows()) {
            render(line, row, buffer);
        }
    }

    fn draw_chart(&self, state: &State, area: Rect, buffer: &mut Buffer) {
        let marker = state.theme.pick(Marker::Braille, Marker::Dot);
        let data = self.lines.iter().flat_map(|(style, runs)| {
            runs.iter().map(move |run| {
                Dataset::default()
                    .marker(marker)
                    .graph_type(GraphType::Line)
                    .style(*style)
                    .data(run)
            })
        });
        let (across, up) = self.bounds();
        let chart = Chart::new(data.collect())
            .x_axis(Axis::default().bounds(across))
            .y_axis(Axis::default().bounds(up));
        render(chart, area, buffer);
    }

    fn bounds(&self) -> ([f64; 2], [f64; 2]) {
        let all = || {
            self.lines
                .iter()
                .flat_map(|(_, runs)| runs.iter().flatten())
        };
        let most = all().map(|(_, value)| *value).fold(0.0, f64::max);
        let top = (most * 1.1).max(self.least).max(f64::MIN_POSITIVE);
        let first = all().map(|(place, _)| *place).fold(f64::INFINITY, f64::min);
        let first = if first.is_finite() { first } else { 0.0 };
        let last = all().map(|(place, _)| *place).fold(first + 30.0, f64::max);
        ([first, last], [0.0, top])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_missing_breaks_the_line() {
        let values = [None, Some(1.0), Some(2.0), None, None, Some(3.0)];
        let broken = runs(values.into_iter());
        assert_eq!(broken, [vec![(1.0, 1.0), (2.0, 2.0)], vec![(5.0, 3.0)]]);
    }
}
