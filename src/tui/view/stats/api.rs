//! What the API says of its load.

use std::time::Duration;

use ratatui::text::Span;

use super::NARROW;
use super::panel::Panel;
use super::panel::Runs;
use super::panel::runs;
use crate::query::figures;
use crate::tui::state::State;
use crate::tui::state::charts::Sample;
use crate::tui::state::charts::Traffic;
use crate::tui::state::known::Known;

/// Panels of the API.
pub const COUNT: usize = 4;

/// Its panels.
pub fn panels(state: &State, known: &Known, width: u16) -> [Panel; COUNT] {
    let theme = &state.theme;
    let traffic = known.charts.traffic().unwrap_or_default();
    let load = known.charts.last().and_then(Sample::load);
    let pool = load.map_or_else(String::new, |load| {
        format!("{:.0} of {:.0}", load.pool_in_use, load.pool_size)
    });
    let quantile = |place: usize| {
        line(known, move |_, traffic| {
            Some(traffic.quantiles?.get(place)? * 1000.0)
        })
    };
    [
        plain("requests a second", format!("{:.1}", traffic.rate), 10.0)
            .line(theme.accent, line(known, |_, traffic| Some(traffic.rate))),
        plain(
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
        plain("errors a second", format!("{:.1}", traffic.errors), 1.0)
            .line(theme.bad, line(known, |_, traffic| Some(traffic.errors))),
        plain("pool", pool, load.map_or(0.0, |load| load.pool_size)).line(
            theme.accent,
            line(known, |sample, _| Some(sample.load()?.pool_in_use)),
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

fn plain(title: &str, now: String, least: f64) -> Panel {
    Panel::new(vec![Span::raw(title.to_owned())], now, least)
}

fn line(known: &Known, of: impl Fn(&Sample, &Traffic) -> Option<f64>) -> Runs {
    // While it is away it does nothing that is known, which is not nothing.
    let while_it_tells = move |sample: &Sample, traffic: &Traffic| {
        sample.load()?;
        of(sample, traffic)
    };
    runs(known.charts.series(while_it_tells))
}
