//! What the server of the database does.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::NARROW;
use super::panel::Panel;
use super::panel::Runs;
use super::panel::runs;
use crate::database::console::Activity;
use crate::database::console::Pulse;
use crate::engine::Role;
use crate::tui::state::State;
use crate::tui::state::charts::Sample;
use crate::tui::state::charts::Work;
use crate::tui::state::known::Known;
use crate::tui::view::database::age;
use crate::tui::view::part;

/// Panels of the database.
pub const COUNT: usize = 4;

/// Its panels.
pub fn panels(state: &State, known: &Known, width: u16) -> [Panel; COUNT] {
    let pulse = known.charts.last().and_then(Sample::pulse);
    [
        sessions(state, known, pulse, width),
        transactions(state, known),
        hits(state, known),
        statements(state, pulse, width),
    ]
}

fn panel(state: &State, what: &str, now: String, least: f64) -> Panel {
    let role = state.theme.role(Role::Database);
    let title = vec![
        Span::styled(format!("{:<9} ", Role::Database), role),
        Span::raw(what.to_owned()),
    ];
    Panel::new(title, now, least)
}

fn line(known: &Known, of: impl Fn(&Pulse, &Work) -> Option<f64>) -> Runs {
    runs(known.charts.of_database(of))
}

#[expect(clippy::cast_precision_loss, reason = "a chart has some hundred steps")]
fn sessions(state: &State, known: &Known, pulse: Option<&Pulse>, width: u16) -> Panel {
    let theme = &state.theme;
    let of = |count: fn(&Pulse) -> u64| line(known, move |pulse, _| Some(count(pulse) as f64));
    let now = pulse.map_or_else(String::new, |pulse| by_state(state, pulse, width));
    panel(state, "connections", now, 10.0)
        .line(theme.dim, of(Pulse::sessions))
        .line(theme.warn, of(|pulse| pulse.in_transaction + pulse.waiting))
        .line(theme.role(Role::Database), of(|pulse| pulse.active))
}

fn by_state(state: &State, pulse: &Pulse, width: u16) -> String {
    if width < NARROW {
        return format!("{} of {}", pulse.sessions(), pulse.most);
    }
    let dot = state.theme.pick(" · ", " - ");
    let parts = [
        format!("{} active", pulse.active),
        format!("{} idle", pulse.idle),
        format!("{} in transaction", pulse.in_transaction),
        format!("{} at most", pulse.most),
    ];
    parts.join(dot)
}

fn transactions(state: &State, known: &Known) -> Panel {
    let now = known.charts.work().transactions;
    let now = now.map_or_else(String::new, |rate| format!("{rate:.1}/s"));
    panel(state, "transactions", now, 10.0).line(
        state.theme.role(Role::Database),
        line(known, |_, work| work.transactions),
    )
}

fn hits(state: &State, known: &Known) -> Panel {
    let now = known.charts.work().hits;
    let now = now.map_or_else(|| "nothing read".to_owned(), |hits| format!("{hits:.1} %"));
    panel(state, "cache hits", now, 100.0).line(
        state.theme.role(Role::Database),
        line(known, |_, work| work.hits),
    )
}

/// The statements that have run longest; those that stand still are raised.
fn statements(state: &State, pulse: Option<&Pulse>, width: u16) -> Panel {
    let now = pulse.map_or_else(String::new, |pulse| match pulse.waiting {
        0 => String::new(),
        some if width < NARROW => format!("{some} waiting"),
        1 => "1 waits for a lock".to_owned(),
        more => format!("{more} wait for locks"),
    });
    let slowest = pulse.map_or(&[][..], |pulse| &pulse.slowest);
    let mut rows: Vec<_> = slowest.iter().map(|one| row(state, one, width)).collect();
    if rows.is_empty() {
        let words = "  no statement runs".to_owned();
        rows.push(Line::from(Span::styled(words, state.theme.dim)));
    }
    panel(state, "slowest", now, 0.0).rows(rows)
}

fn row(state: &State, activity: &Activity, width: u16) -> Line<'static> {
    let theme = &state.theme;
    let style = if activity.waits_for_a_lock() {
        theme.warn
    } else {
        Style::new()
    };
    let room = usize::from(width).saturating_sub(14);
    let words: Vec<_> = activity.sql.split_whitespace().collect();
    Line::from(vec![
        Span::styled(format!("{:>9}  ", age(activity.seconds)), theme.dim),
        Span::styled(part::safe(theme, &words.join(" "), room), style),
    ])
}
