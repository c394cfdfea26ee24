//! What is used and asked, over time.
//!
//! ```text
//!  requests a second              142        p50 · p95 · p99        1.2 ms
//!  ⣀⣠⣴⣶⣿⣶⣤⣀⣀                                ⣀⣀⣀⣀⣠⣀⣀⣀⣀
//!  database  cpu                0.3 %        database  memory    48 of 512 MB
//!  api       cpu                0.1 %        api       memory    12 of 64 MB
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint;
use ratatui::layout::Layout;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Axis;
use ratatui::widgets::Chart;
use ratatui::widgets::Dataset;
use ratatui::widgets::GraphType;

use super::part;
use super::render;
use crate::engine::Instance;
use crate::engine::Usage;
use crate::profile::Bytes;
use crate::query::figures;
use crate::tui::state::State;
use crate::tui::state::charts::Sample;
use crate::tui::state::charts::Traffic;
use crate::tui::state::known::Known;

/// Rows below which a chart says nothing.
const LOWEST: u16 = 4;

/// One chart: its title, what it shows now, and its line.
struct Panel {
    title: Vec<Span<'static>>,
    now: String,
    style: Style,
    /// The value that the top stands for at least: a quiet environment has a flat line.
    least: f64,
    points: Vec<(f64, f64)>,
}

/// Draws the charts that have room, two beside each other.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(known) = state.chosen() else {
        return;
    };
    if known.charts.last().is_none() {
        let words = [
            Line::from("nothing runs here, so nothing is used"),
            Line::from("figures come every two seconds"),
        ];
        return part::empty(&state.theme, &words, area, buffer);
    }
    let panels = panels(state, known, area.width / 2);
    let wanted = u16::try_from(panels.len().div_ceil(2)).unwrap_or(1);
    let rows = wanted.min(area.height / LOWEST).max(1);
    let places = Layout::vertical((0..rows).map(|_| Constraint::Fill(1))).split(area);
    let pairs = places.iter().flat_map(|row| {
        let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2);
        halves.split(*row).to_vec()
    });
    for (panel, place) in panels.into_iter().zip(pairs) {
        draw_panel(state, &panel, place, buffer);
    }
}

fn panels(state: &State, known: &Known, width: u16) -> Vec<Panel> {
    let theme = &state.theme;
    let traffic = known.charts.traffic().unwrap_or_default();
    let plain = |text: &str| vec![Span::raw(text.to_owned())];
    let mut panels = vec![
        Panel {
            title: plain("requests a second"),
            now: format!("{:.1} · {:.1} errors", traffic.rate, traffic.errors),
            style: theme.accent,
            least: 10.0,
            points: points(known, |_, traffic| Some(traffic.rate)),
        },
        Panel {
            title: plain("latency"),
            now: quantiles(traffic, width),
            style: theme.accent,
            least: 10.0,
            points: points(known, |_, traffic| {
                traffic.quantiles.map(|[_, _, p99]| p99 * 1000.0)
            }),
        },
    ];
    let usage = known
        .charts
        .last()
        .map(|sample| sample.usage.clone())
        .unwrap_or_default();
    for (instance, usage) in usage {
        panels.extend(of_role(state, known, instance, usage));
    }
    panels
}

/// Where there is no room for three, the one that customers notice.
fn quantiles(traffic: Traffic, width: u16) -> String {
    let Some(quantiles) = traffic.quantiles else {
        return "nothing was asked".to_owned();
    };
    let [half, most, nearly] =
        quantiles.map(|seconds| figures::duration(Duration::from_secs_f64(seconds)));
    if width < 50 {
        return format!("p99 {nearly}");
    }
    format!("p50 {half} · p95 {most} · p99 {nearly}")
}

#[expect(clippy::cast_precision_loss, reason = "a chart has some hundred steps")]
fn of_role(state: &State, known: &Known, one: Instance, now: Usage) -> [Panel; 2] {
    let style = state.theme.role(one.role);
    let title = |what: &str| {
        vec![
            Span::styled(format!("{one:<9} "), style),
            Span::raw(what.to_owned()),
        ]
    };
    let memory = match now.memory_limit {
        Some(limit) => format!("{} of {limit}", now.memory),
        None => now.memory.to_string(),
    };
    [
        Panel {
            title: title("cpu"),
            now: format!("{:.1} %", now.cpu_percent),
            style,
            least: 10.0,
            points: points(known, |sample, _| {
                sample.of(one).map(|usage| usage.cpu_percent)
            }),
        },
        Panel {
            title: title("memory"),
            now: memory,
            style,
            least: now.memory_limit.map_or(0.0, |Bytes(limit)| limit as f64),
            points: points(known, |sample, _| {
                sample.of(one).map(|usage| usage.memory.0 as f64)
            }),
        },
    ]
}

fn points(known: &Known, of: impl Fn(&Sample, &Traffic) -> Option<f64>) -> Vec<(f64, f64)> {
    let values = (0u32..).zip(known.charts.series(of));
    values
        .filter_map(|(place, value)| Some((f64::from(place), value?)))
        .collect()
}

fn draw_panel(state: &State, panel: &Panel, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let title = [vec![Span::raw(" ")], panel.title.clone()].concat();
    let now = vec![Span::styled(format!("{} ", panel.now), theme.dim)];
    render(
        part::apart(title, now, area.width),
        part::top(area, 1),
        buffer,
    );
    let most = panel
        .points
        .iter()
        .map(|(_, value)| *value)
        .fold(0.0, f64::max);
    let top = (most * 1.1).max(panel.least).max(f64::MIN_POSITIVE);
    let first = panel.points.first().map_or(0.0, |(place, _)| *place);
    let last = panel
        .points
        .last()
        .map_or(1.0, |(place, _)| *place)
        .max(first + 30.0);
    let marker = theme.pick(Marker::Braille, Marker::Dot);
    let data = Dataset::default()
        .marker(marker)
        .graph_type(GraphType::Line)
        .style(panel.style)
        .data(&panel.points);
    let chart = Chart::new(vec![data])
        .x_axis(Axis::default().bounds([first, last]))
        .y_axis(Axis::default().bounds([0.0, top]));
    let below = part::below(area, 1);
    render(
        chart,
        part::top(below, below.height.saturating_sub(1)),
        buffer,
    );
}
