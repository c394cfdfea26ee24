//! The answer as a line over the days, broken where a day has no average.

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

use crate::query::figures;
use crate::query::figures::Summary;
use crate::rates::Answer;
use crate::text::Charset;
use crate::tui::state::State;
use crate::tui::view::part;
use crate::tui::view::render;

/// Draws the chart.
pub fn draw(state: &State, answer: &Answer, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let summary = Summary::of(answer);
    let Some(scale) = summary.scale else {
        return part::empty(theme, &[Line::from("no day has an average")], area, buffer);
    };
    let runs = runs(answer);
    let margin = ((scale.max - scale.min) * 0.1)
        .max(scale.max.abs() * 0.01)
        .max(1.0);
    let bounds = [scale.min - margin, scale.max + margin];
    let points: Vec<_> = runs.concat();
    let lines = runs.iter().filter(|run| run.len() > 1);
    let lines =
        lines.map(|run| dataset(run, theme.pick(Marker::Braille, Marker::Dot), theme.accent));
    // A day between two gaps has no line, so every day has its point.
    let points = dataset(&points, Marker::Dot, theme.accent).graph_type(GraphType::Scatter);
    let data = lines.chain([points]).collect();
    let chart = Chart::new(data)
        .x_axis(days(answer, theme.dim))
        .y_axis(prices(bounds, theme.charset, theme.dim));
    render(chart, area, buffer);
}

fn dataset(points: &[(f64, f64)], marker: Marker, style: Style) -> Dataset<'_> {
    Dataset::default()
        .marker(marker)
        .graph_type(GraphType::Line)
        .style(style)
        .data(points)
}

/// Days that follow each other and have an average.
fn runs(answer: &Answer) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (place, day) in (0u32..).zip(answer.rates.iter().rev()) {
        match (day.price, runs.last_mut()) {
            (Some(price), Some(run)) => run.push((f64::from(place), price)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn days(answer: &Answer, style: Style) -> Axis<'static> {
    let last = u32::try_from(answer.rates.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let oldest_first = answer
        .rates
        .last()
        .into_iter()
        .chain(answer.rates.get(answer.rates.len() / 2));
    let shown = oldest_first.chain(answer.rates.first());
    let labels: Vec<_> = shown
        .map(|day| Span::styled(day.day.to_string(), style))
        .collect();
    Axis::default()
        .style(style)
        .bounds([0.0, f64::from(last.max(1))])
        .labels(labels)
}

fn prices(bounds: [f64; 2], charset: Charset, style: Style) -> Axis<'static> {
    let [low, high] = bounds;
    let labels = [low, f64::midpoint(low, high), high];
    let label = |price| Span::styled(format!("{:>10}", figures::price(price, charset)), style);
    Axis::default()
        .style(style)
        .bounds(bounds)
        .labels(labels.map(label))
}
