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

use super::part;
use super::render;
use crate::query::figures;
use crate::tui::state::State;
use crate::tui::state::charts::Sample;
use crate::tui::state::charts::Traffic;
use crate::tui::state::known::Known;

/// Columns of a sparkline.
const SPARK: usize = 14;

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
    let rate = |_: &Sample, traffic: &Traffic| Some(traffic.rate);
    let errors = |_: &Sample, traffic: &Traffic| Some(traffic.errors);
    let p99 = |_: &Sample, traffic: &Traffic| traffic.quantiles.map(|[_, _, p99]| p99);
    let mut lines = vec![
        figure(
            state,
            known,
            ("req/s", Style::new()),
            rate,
            &per_second(traffic.rate),
            width,
        ),
        figure(
            state,
            known,
            ("errors", Style::new()),
            errors,
            &per_second(traffic.errors),
            width,
        ),
        figure(
            state,
            known,
            ("p99", Style::new()),
            p99,
            &quantile(traffic),
            width,
        ),
    ];
    let load = known.charts.last().and_then(|sample| sample.load.as_ref());
    if let Some(load) = load {
        let pool = format!("{:.0} of {:.0}", load.pool_in_use, load.pool_size);
        let used = |sample: &Sample, _: &Traffic| sample.load.as_ref().map(|load| load.pool_in_use);
        lines.push(figure(
            state,
            known,
            ("pool", Style::new()),
            used,
            &pool,
            width,
        ));
    }
    lines.push(Line::default());
    lines.extend(roles(state, known, width));
    lines
}

/// The share of a core and the memory of each role.
fn roles(state: &State, known: &Known, width: u16) -> Vec<Line<'static>> {
    let usage = known
        .charts
        .last()
        .map(|sample| sample.usage.clone())
        .unwrap_or_default();
    let line = |(instance, usage): &(crate::engine::Instance, crate::engine::Usage)| {
        let one = *instance;
        let cpu = move |sample: &Sample, _: &Traffic| sample.of(one).map(|usage| usage.cpu_percent);
        let style = state.theme.role(instance.role);
        let value = format!("{:.1} %", usage.cpu_percent);
        figure(
            state,
            known,
            (&instance.to_string(), style),
            cpu,
            &value,
            width,
        )
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
fn figure(
    state: &State,
    known: &Known,
    (label, style): (&str, Style),
    of: impl Fn(&Sample, &Traffic) -> Option<f64>,
    now: &str,
    width: u16,
) -> Line<'static> {
    let all: Vec<_> = known.charts.series(of).collect();
    let last = all
        .get(all.len().saturating_sub(SPARK)..)
        .unwrap_or_default();
    let left = vec![
        Span::raw("  "),
        Span::styled(format!("{label:<9}"), style),
        Span::styled(spark(state, last), state.theme.accent),
    ];
    let right = vec![Span::raw(now.to_owned()), Span::raw(" ")];
    part::apart(left, right, width)
}

/// A sparkline that stands on zero: a quiet environment has a flat line, not noise that fills the height.
fn spark(state: &State, values: &[Option<f64>]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];
    let levels = state.theme.pick(LEVELS, ASCII);
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let level = |value: f64| {
        let share = if most > 0.0 { value / most } else { 0.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 7"
        )]
        let step = (share.clamp(0.0, 1.0) * 7.0).round() as usize;
        levels.get(step).copied().unwrap_or(' ')
    };
    values
        .iter()
        .map(|value| value.map_or(' ', level))
        .collect()
}
