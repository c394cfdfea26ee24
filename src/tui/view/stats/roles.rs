//! What the roles use.

use ratatui::text::Span;

use super::NARROW;
use super::panel::Panel;
use super::panel::runs;
use crate::engine::Flow;
use crate::engine::Instance;
use crate::engine::Usage;
use crate::profile::Bytes;
use crate::tui::state::State;
use crate::tui::state::known::Known;
use crate::tui::view::part;

/// Panels of each role.
pub const COUNT: usize = 4;

/// The panels of one.
#[expect(clippy::cast_precision_loss, reason = "a chart has some hundred steps")]
pub fn panels(
    state: &State,
    known: &Known,
    (one, now): (Instance, Usage),
    width: u16,
) -> [Panel; COUNT] {
    let style = state.theme.role(one.role);
    // What is measured and its figure have to stand behind it.
    let most = usize::from(width).saturating_sub(24);
    let name = one.to_string();
    let name = part::name(&state.theme, &name, name.len().clamp(9, most.max(9)));
    let title = |what: &str| {
        vec![
            Span::styled(format!("{name} "), style),
            Span::raw(what.to_owned()),
        ]
    };
    let memory = match now.memory_limit {
        Some(limit) => format!("{} of {limit}", now.memory),
        None => now.memory.to_string(),
    };
    let limit = now.memory_limit.map_or(0.0, |Bytes(limit)| limit as f64);
    let of = |figure: fn(&Usage) -> f64| {
        runs(
            known
                .charts
                .series(move |sample, _| Some(figure(&sample.of(one)?))),
        )
    };
    let flow = |what: &str, now: Option<Flow>, of: fn(&Usage) -> Option<Flow>| {
        let line = |direction: fn(Flow) -> u64| {
            runs(
                known
                    .charts
                    .series(move |sample, _| Some(direction(of(&sample.of(one)?)?) as f64)),
            )
        };
        Panel::new(title(what), carried(state, what, now, width), 10_000.0)
            .line(state.theme.dim, line(|flow| flow.inward))
            .line(style, line(|flow| flow.outward))
    };
    [
        Panel::new(title("cpu"), format!("{:.1} %", now.cpu_percent), 10.0)
            .line(style, of(|usage| usage.cpu_percent)),
        Panel::new(title("memory"), memory, limit).line(style, of(|usage| usage.memory.0 as f64)),
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
