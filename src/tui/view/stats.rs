//! What is used and asked, over time.
//!
//! ```text
//!  requests a second              142        latency                p99 1.2 ms
//!  ⣀⣠⣴⣶⣿⣶⣤⣀⣀                                ⣀⣀⣀⣀⣠⣀⣀⣀⣀
//!  database  cpu                0.3 %        database  memory    48 of 512 MB
//!  database  network   in 1 · out 3 kB/s     database  disk   read 0 · written 1 MB/s
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
use crate::engine::Flow;
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

/// Columns below which a chart has no room for every word.
const NARROW: u16 = 48;
/// Columns from which on four charts stand beside each other.
const WIDE: u16 = 140;

/// One chart: its title, what it shows now, and its lines.
struct Panel {
    title: Vec<Span<'static>>,
    now: String,
    /// The value that the top stands for at least: a quiet environment has a flat line.
    least: f64,
    lines: Vec<(Style, Points)>,
}

type Points = Vec<(f64, f64)>;

impl Panel {
    fn new(title: Vec<Span<'static>>, now: String, least: f64) -> Self {
        Self {
            title,
            now,
            least,
            lines: Vec::new(),
        }
    }

    fn plain(title: &str, now: String, least: f64) -> Self {
        Self::new(vec![Span::raw(title.to_owned())], now, least)
    }

    fn line(mut self, style: Style, points: Points) -> Self {
        self.lines.push((style, points));
        self
    }
}

/// Charts that stand beside each other, and rows of them that have room.
fn grid(area: Rect) -> (usize, usize) {
    let columns = if area.width >= WIDE { 4 } else { 2 };
    (columns, usize::from(area.height / LOWEST).max(1))
}

/// How many rows of charts there are more than have room.
pub fn hidden(state: &State, area: Rect) -> usize {
    let Some(known) = state.chosen().filter(|known| known.charts.last().is_some()) else {
        return 0;
    };
    let (columns, rows) = grid(area);
    let all = API + ROLE * known.charts.last().map_or(0, |sample| sample.usage.len());
    all.div_ceil(columns).saturating_sub(rows)
}

/// Draws the charts that have room.
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
    let (columns, most) = grid(area);
    let skipped = known.stats.min(hidden(state, area)) * columns;
    let width = area.width / u16::try_from(columns).unwrap_or(1);
    let panels: Vec<_> = panels(state, known, width)
        .into_iter()
        .skip(skipped)
        .collect();
    let rows = panels.len().div_ceil(columns).min(most).max(1);
    let places = Layout::vertical((0..rows).map(|_| Constraint::Fill(1))).split(area);
    let cells = places.iter().flat_map(|row| {
        let cells = Layout::horizontal((0..columns).map(|_| Constraint::Fill(1))).spacing(2);
        cells.split(*row).to_vec()
    });
    for (panel, place) in panels.iter().zip(cells) {
        draw_panel(state, panel, place, buffer);
    }
}

/// What stands on the lower border: whether there is more.
pub fn foot(state: &State, area: Rect) -> Option<Line<'static>> {
    let hidden = hidden(state, area);
    let known = state.chosen().filter(|_| hidden > 0)?;
    let shown = known.stats.min(hidden);
    let words = format!(
        " rows {} to {} of {} ",
        shown + 1,
        shown + grid(area).1,
        hidden + grid(area).1
    );
    Some(Line::from(Span::styled(words, state.theme.dim)))
}

/// Charts of the API.
const API: usize = 4;
/// Charts of each role.
const ROLE: usize = 4;

fn panels(state: &State, known: &Known, width: u16) -> Vec<Panel> {
    let mut panels = Vec::from(of_api(state, known, width));
    let usage = known
        .charts
        .last()
        .map(|sample| sample.usage.clone())
        .unwrap_or_default();
    for (instance, usage) in usage {
        panels.extend(of_role(state, known, (instance, usage), width));
    }
    panels
}

fn of_api(state: &State, known: &Known, width: u16) -> [Panel; API] {
    let theme = &state.theme;
    let traffic = known.charts.traffic().unwrap_or_default();
    let load = known.charts.last().and_then(|sample| sample.load.as_ref());
    let pool = load.map_or_else(String::new, |load| {
        format!("{:.0} of {:.0}", load.pool_in_use, load.pool_size)
    });
    let quantile = |place: usize| {
        points(known, move |_, traffic| {
            Some(traffic.quantiles?.get(place)? * 1000.0)
        })
    };
    [
        Panel::plain("requests a second", format!("{:.1}", traffic.rate), 10.0)
            .line(theme.accent, points(known, |_, traffic| Some(traffic.rate))),
        Panel::plain(
            if width < NARROW {
                "p50 p95 p99"
            } else {
                "latency"
            },
            quantiles(traffic, width),
            10.0,
        )
        .line(theme.dim, quantile(0))
        .line(theme.dim, quantile(1))
        .line(theme.accent, quantile(2)),
        Panel::plain("errors a second", format!("{:.1}", traffic.errors), 1.0)
            .line(theme.bad, points(known, |_, traffic| Some(traffic.errors))),
        Panel::plain("connections", pool, load.map_or(0.0, |load| load.pool_size)).line(
            theme.accent,
            points(known, |sample, _| Some(sample.load.as_ref()?.pool_in_use)),
        ),
    ]
}

/// Where there is no room for their names, those stand in the title.
fn quantiles(traffic: Traffic, width: u16) -> String {
    let Some(quantiles) = traffic.quantiles else {
        return "nothing was asked".to_owned();
    };
    let [half, most, nearly] =
        quantiles.map(|seconds| figures::duration(Duration::from_secs_f64(seconds)));
    if width < NARROW {
        return format!("{half} {most} {nearly}");
    }
    format!("p50 {half} · p95 {most} · p99 {nearly}")
}

#[expect(clippy::cast_precision_loss, reason = "a chart has some hundred steps")]
fn of_role(
    state: &State,
    known: &Known,
    (one, now): (Instance, Usage),
    width: u16,
) -> [Panel; ROLE] {
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
    let limit = now.memory_limit.map_or(0.0, |Bytes(limit)| limit as f64);
    let flow = |what: &str, now: Option<Flow>, of: fn(&Usage) -> Option<Flow>| {
        let line = |direction: fn(Flow) -> u64| {
            points(known, move |sample, _| {
                Some(direction(of(&sample.of(one)?)?) as f64)
            })
        };
        Panel::new(title(what), carried(state, what, now, width), 10_000.0)
            .line(state.theme.dim, line(|flow| flow.inward))
            .line(style, line(|flow| flow.outward))
    };
    [
        Panel::new(title("cpu"), format!("{:.1} %", now.cpu_percent), 10.0).line(
            style,
            points(known, |sample, _| {
                sample.of(one).map(|usage| usage.cpu_percent)
            }),
        ),
        Panel::new(title("memory"), memory, limit).line(
            style,
            points(known, |sample, _| {
                sample.of(one).map(|usage| usage.memory.0 as f64)
            }),
        ),
        flow("network", now.network, |usage| usage.network),
        flow("disk", now.disk, |usage| usage.disk),
    ]
}

/// Bytes a second in both directions; processes of one machine share its network.
fn carried(state: &State, what: &str, now: Option<Flow>, width: u16) -> String {
    let (inward, outward) = if what == "disk" {
        ("read", "written")
    } else {
        ("in", "out")
    };
    let dot = state.theme.pick("·", "-");
    match now {
        Some(flow) if width < NARROW => {
            format!("{}/s", Bytes(flow.inward.saturating_add(flow.outward)))
        }
        Some(flow) => format!(
            "{inward} {}/s {dot} {outward} {}/s",
            Bytes(flow.inward),
            Bytes(flow.outward)
        ),
        None => "not told apart".to_owned(),
    }
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
    let all = || panel.lines.iter().flat_map(|(_, points)| points);
    let most = all().map(|(_, value)| *value).fold(0.0, f64::max);
    let top = (most * 1.1).max(panel.least).max(f64::MIN_POSITIVE);
    let first = all().map(|(place, _)| *place).fold(f64::INFINITY, f64::min);
    let first = if first.is_finite() { first } else { 0.0 };
    let last = all().map(|(place, _)| *place).fold(first + 30.0, f64::max);
    let marker = theme.pick(Marker::Braille, Marker::Dot);
    let data = panel.lines.iter().map(|(style, points)| {
        Dataset::default()
            .marker(marker)
            .graph_type(GraphType::Line)
            .style(*style)
            .data(points)
    });
    let chart = Chart::new(data.collect())
        .x_axis(Axis::default().bounds([first, last]))
        .y_axis(Axis::default().bounds([0.0, top]));
    let below = part::below(area, 1);
    render(
        chart,
        part::top(below, below.height.saturating_sub(1)),
        buffer,
    );
}
