//! What the environment does and uses, in a few figures.
//!
//! ```text
//! ╭ Load ────────────────────────────╮
//! │  req/s  ⣀⣠⣴⣶⣿⣶⣤⣀⣀           142 │
//! │  p99    ⣀⣀⣀⣀⣠⣀⣀⣀⣀        4.1 ms │
//! │  pool                     2 of 8 │
//! ╰───────────────────────────────────╯
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::part;
use super::render;
use crate::engine::Instance;
use crate::engine::Usage;
use crate::query::figures;
use crate::tui::state::State;
use crate::tui::state::charts::Metrics;
use crate::tui::state::charts::Sample;
use crate::tui::state::charts::Traffic;
use crate::tui::state::known::Known;

/// Columns of a label at least.
const LABEL: usize = 10;
/// Columns of a sparkline at most.
const MOST: usize = 40;

/// Draws the figures that have room.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let title = part::title(theme, "Load", false);
    render(part::frame(theme, title, false), area, buffer);
    let inside = part::inside(area);
    let Some(known) = state.chosen() else {
        return;
    };
    if known.charts.last().is_none() {
        let words = [Line::from("figures come once something runs")];
        return part::empty(theme, &words, inside, buffer);
    }
    let lines = lines(state, known, inside.width);
    for (line, row) in lines.into_iter().zip(inside.rows()) {
        render(line, row, buffer);
    }
}

fn lines(state: &State, known: &Known, width: u16) -> Vec<Line<'static>> {
    let traffic = known.charts.traffic().unwrap_or_default();
    let draw = |figure: Figure<'_>, values: Vec<_>| figure.line(state, &values, width);
    let series =
        |of: fn(&Sample, &Traffic) -> Option<f64>| known.charts.series(of).collect::<Vec<_>>();
    let figure = |label, now, least| Figure {
        label,
        style: Style::new(),
        now,
        least,
    };
    if known
        .charts
        .last()
        .is_some_and(|sample| sample.metrics == Metrics::Lacking)
    {
        return lacking(state, known, width);
    }
    let mut lines = vec![
        draw(
            figure("req/s", per_second(traffic.rate), 5.0),
            series(|_, traffic| Some(traffic.rate)),
        ),
        draw(
            figure("errors", per_second(traffic.errors), 1.0),
            series(|_, traffic| Some(traffic.errors)),
        ),
        draw(
            figure("p99", quantile(traffic), 0.01),
            series(|_, traffic| traffic.quantiles.map(|[_, _, p99]| p99)),
        ),
    ];
    if let Some(load) = known.charts.last().and_then(Sample::load) {
        let now = format!("{:.0} of {:.0}", load.pool_in_use, load.pool_size);
        let used = series(|sample, _| sample.load().map(|load| load.pool_in_use));
        lines.push(draw(figure("pool", now, load.pool_size), used));
    }
    lines.push(Line::default());
    lines.extend(roles(state, known, width));
    lines
}

/// An API that counts nothing has no charts; what the roles use is known all the same.
fn lacking(state: &State, known: &Known, width: u16) -> Vec<Line<'static>> {
    let words = [
        "  the api has no /metrics that are known",
        "  here, so its requests are not counted",
    ];
    let words = words.map(|words| Line::from(Span::styled(words, state.theme.dim)));
    let mut lines = words.to_vec();
    lines.push(Line::default());
    lines.extend(roles(state, known, width));
    lines
}

/// The share of a core that each role uses.
fn roles(state: &State, known: &Known, width: u16) -> Vec<Line<'static>> {
    let usage = known
        .charts
        .last()
        .map(|sample| sample.usage.clone())
        .unwrap_or_default();
    let most = usize::from(width) / 3;
    let name = part::name_width(
        usage.iter().map(|(instance, _)| *instance),
        LABEL,
        most.min(20),
    );
    let line = |(instance, usage): &(Instance, Usage)| {
        let one = *instance;
        let values = known
            .charts
            .series(move |sample, _| Some(sample.of(one)?.cpu_percent));
        let figure = Figure {
            label: &part::name(&state.theme, &instance.to_string(), name),
            style: state.theme.role(instance.role),
            now: format!("{:.1} %", usage.cpu_percent),
            least: 10.0,
        };
        figure.line(state, &values.collect::<Vec<_>>(), width)
    };
    usage.iter().map(line).collect()
}

fn per_second(rate: f64) -> String {
    if rate > 0.0 && rate < 9.95 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

fn quantile(traffic: Traffic) -> String {
    match traffic.quantiles {
        Some([_, _, p99]) => figures::duration(Duration::from_secs_f64(p99)),
        None => "–".to_owned(),
    }
}

/// A label, a sparkline and the figure of now.
struct Figure<'a> {
    label: &'a str,
    style: Style,
    now: String,
    /// The value that the highest cell stands for at least: a quiet environment has a flat line.
    least: f64,
}

impl Figure<'_> {
    fn line(&self, state: &State, values: &[Option<f64>], width: u16) -> Line<'static> {
        let label = part::name(&state.theme, self.label, self.label.width().max(LABEL));
        let room = usize::from(width).saturating_sub(16 + label.width());
        let room = room.min(MOST);
        let last = values
            .get(values.len().saturating_sub(room)..)
            .unwrap_or_default();
        let left = vec![
            Span::raw("  "),
            Span::styled(label, self.style),
            Span::raw(" "),
            Span::styled(self.spark(state, last), state.theme.accent),
        ];
        let now = state
            .theme
            .pick(self.now.clone(), self.now.replace('–', "-"));
        part::apart(left, vec![Span::raw(now), Span::raw(" ")], width)
    }

    fn spark(&self, state: &State, values: &[Option<f64>]) -> String {
        const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        const ASCII: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];
        let levels = state.theme.pick(LEVELS, ASCII);
        let most = values.iter().flatten().copied().fold(self.least, f64::max);
        let level = |value: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 7"
            )]
            let step = ((value / most).clamp(0.0, 1.0) * 7.0).round() as usize;
            levels.get(step).copied().unwrap_or(' ')
        };
        values
            .iter()
            .map(|value| value.map_or(' ', level))
            .collect()
    }
}
