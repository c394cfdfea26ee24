//! What happened, oldest first.
//!
//! ```text
//! 12:00:41 database  healthy
//! 12:00:52           up dev began
//! ```

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::events::Event;

/// Columns of an environment's name.
const ENVIRONMENT: usize = 14;

/// Where the rows stand: without the row of the filter, while there is one.
pub fn rows_area(state: &State, area: Rect) -> Rect {
    let filter = u16::from(state.events.shows_filter());
    part::top(area, area.height.saturating_sub(filter))
}

/// Draws the rows that are on the screen; returns where the cursor belongs while the filter is typed.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let known = state.chosen()?;
    let happenings = state.happenings();
    let rows = rows_area(state, area);
    if happenings.is_empty() {
        part::empty(&state.theme, &[Line::from(nothing(state))], rows, buffer);
    }
    let name = name_width(state);
    let shown = happenings.into_iter().enumerate().skip(known.events.offset);
    for ((place, event), row) in shown.zip(rows.rows()) {
        let chosen = state.pane == Pane::Main && place == known.events.selected;
        let line = line(state, event, name, row.width);
        part::row(&state.theme, line, chosen, row, buffer);
    }
    if rows.height == area.height {
        return None;
    }
    let filter = (&state.events.filter, state.events.typing.as_ref());
    part::filter(state, filter, Vec::new(), part::bottom(area, 1), buffer)
}

fn nothing(state: &State) -> String {
    if state.events.filter.is_open() {
        return "nothing has happened since the dashboard was opened".to_owned();
    }
    let key = state.keymap.word(Action::Back);
    format!("none of what happened matches; {key} shows all of it")
}

/// Columns of the longest name of an instance that anything can have happened to.
fn name_width(state: &State) -> usize {
    let known = state.environments.iter();
    let shown = known.enumerate();
    let shown = shown.filter(|(place, _)| state.events.of_all || *place == state.chosen);
    let names = shown.flat_map(|(_, known)| known.instances());
    part::name_width(names.map(|found| found.instance), 10, 20)
}

fn line(state: &State, event: Event<'_>, name_width: usize, width: u16) -> Line<'static> {
    let theme = &state.theme;
    let Event { of, happening, .. } = event;
    let time = happening.time.to_zoned(TimeZone::UTC).strftime("%H:%M:%S");
    let role = happening.instance.map(|instance| instance.role);
    let name = happening.instance.map(|instance| instance.to_string());
    let style = role.map_or_else(Style::new, |role| theme.role(role));
    let environment = if state.events.of_all {
        let name = part::safe(theme, of.key.name.as_str(), ENVIRONMENT);
        format!("{name:<ENVIRONMENT$} ")
    } else {
        String::new()
    };
    let before = 11 + name_width + environment.len();
    let text = part::safe(
        theme,
        &happening.text,
        usize::from(width).saturating_sub(before),
    );
    Line::from(vec![
        Span::styled(format!("{time} "), theme.dim),
        Span::raw(environment),
        Span::styled(
            part::name(theme, &name.unwrap_or_default(), name_width),
            style,
        ),
        Span::raw(" "),
        Span::styled(
            text,
            if happening.bad {
                theme.bad
            } else {
                Style::new()
            },
        ),
    ])
}

/// What stands on the lower border.
pub fn foot(state: &State) -> Option<Line<'static>> {
    let theme = &state.theme;
    let known = state.chosen()?;
    let tells = state.engine().is_some_and(|engine| engine.tells);
    let how = if tells {
        "as the engine tells it"
    } else {
        "as seen from look to look"
    };
    let shown = state.happened();
    let dot = theme.pick("·", "-");
    let events = if shown == 1 { "event" } else { "events" };
    let count = if state.events.filter.is_open() {
        format!("{shown} {events}")
    } else {
        format!("{shown} {events} that match")
    };
    let whose = if state.events.of_all {
        "all environments".to_owned()
    } else {
        known.key.name.to_string()
    };
    let words = format!(" {count} {dot} {whose} {dot} {how} {dot} UTC ");
    (shown > 0).then(|| Line::from(Span::styled(words, theme.dim)))
}
