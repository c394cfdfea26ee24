//! Questions and answers.
//!
//! ```text
//! $ curl 'http://127.0.0.1:15000/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL'
//!   from CNGGZ     to EETLL     days 2021-01                             Table   Chart   JSON   Headers
//! ── 200 · 31 days · 2.8 ms (connect 0.2 ms · first byte 2.3 ms) ─────────────────────────────────
//!   2021-01-31   3   1 154.33  ███████████████████▎
//!   2021-01-29   2          –  fewer than three prices
//! ```

mod chart;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::operation::failure;
use super::part;
use super::render;
use crate::query::figures;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::query::Answered;
use crate::tui::state::query::Field;
use crate::tui::state::query::Form;
use crate::tui::state::query::Query;
use crate::tui::theme::Theme;

/// Rows above the answer: the line, the form, a rule.
const HEAD: u16 = 3;

/// Columns of the list of places that are offered.
const OFFER: u16 = 44;

/// Where the rows of the answer stand.
pub fn rows_area(area: Rect) -> Rect {
    part::below(area, HEAD)
}

/// Draws the panel; returns where the cursor belongs while something is typed.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let query = &state.chosen()?.query;
    let typed = draw_line(state, query, part::top(area, 1), buffer);
    let typed = draw_form(state, query, part::top(part::below(area, 1), 1), buffer).or(typed);
    draw_rule(state, query, part::top(part::below(area, 2), 1), buffer);
    draw_answer(state, query, rows_area(area), buffer);
    if let Some(at) = typed {
        draw_offers(state, query, (area, at), buffer);
    }
    typed.filter(|_| state.pane == Pane::Main)
}

fn draw_line(state: &State, query: &Query, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &state.theme;
    render(Span::styled(" $ ", theme.dim), area, buffer);
    let place = Rect {
        x: area.x.saturating_add(3).min(area.right()),
        width: area.width.saturating_sub(3),
        ..area
    };
    draw_input(theme, query, Field::Curl, place, buffer)
}

/// Draws the part of an input around its cursor; returns where the cursor stands.
fn draw_input(
    theme: &Theme,
    query: &Query,
    field: Field,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let typing = query.typing == Some(field);
    let style = match field {
        Field::Curl => theme.dim,
        _ => Style::new(),
    };
    part::input(theme, query.input(field), (typing, style), area, buffer)
}

fn draw_form(state: &State, query: &Query, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &state.theme;
    let views = views(state, query, area.width);
    let taken = u16::try_from(views.width()).unwrap_or(0).min(area.width);
    let place = Rect {
        x: area.right() - taken,
        width: taken,
        ..area
    };
    let mut left = Rect {
        width: area.width - taken,
        ..area
    };
    let mut typed = None;
    // The days take what the places leave: 24 columns hold the longest span.
    for (label, field, width) in [
        ("from", Field::From, 18),
        ("to", Field::To, 18),
        ("days", Field::Days, 24),
    ] {
        let wide = if area.width < 100 {
            width.min(if field == Field::Days { 10 } else { 9 })
        } else {
            width
        };
        let label = format!(" {label} ");
        let label_width = u16::try_from(label.len()).unwrap_or(0);
        render(Span::styled(label, theme.dim), left, buffer);
        left = after(left, label_width);
        let input = Rect {
            width: wide.min(left.width),
            ..left
        };
        typed = draw_input(theme, query, field, input, buffer).or(typed);
        draw_place_name(theme, query, field, input, buffer);
        left = after(left, wide + 1);
    }
    render(views, place, buffer);
    typed
}

/// The name of a place behind its code, where that leaves room.
fn draw_place_name(theme: &Theme, query: &Query, field: Field, area: Rect, buffer: &mut Buffer) {
    let is_place = matches!(field, Field::From | Field::To) && query.typing != Some(field);
    let Some(name) = query.place_name(field).filter(|_| is_place) else {
        return;
    };
    let code = u16::try_from(query.input(field).value().width()).unwrap_or(u16::MAX);
    let room = after(area, code.saturating_add(1));
    if room.width >= 4 {
        let name = part::safe(theme, name, room.width.into());
        render(Span::styled(name, theme.dim), room, buffer);
    }
}

/// The places that have the letters, below the input in which they are typed.
fn draw_offers(state: &State, query: &Query, (area, at): (Rect, Position), buffer: &mut Buffer) {
    let theme = &state.theme;
    let offered = query.offered();
    let below = part::below(area, HEAD - 1);
    let height = u16::try_from(offered.len() + 2)
        .unwrap_or(u16::MAX)
        .min(below.height);
    if offered.is_empty() || height < 3 {
        return;
    }
    let width = OFFER.min(below.width);
    let left =
        at.x.saturating_sub(6)
            .min(below.right() - width)
            .max(below.x);
    let place = Rect {
        x: left,
        y: below.y,
        width,
        height,
    };
    let inside = part::over(state, "tab takes", place, buffer);
    for ((row, (text, name)), at) in offered.iter().enumerate().zip(inside.rows()) {
        let room = usize::from(at.width).saturating_sub(3);
        let text = part::safe(theme, text, room);
        let rest = room.saturating_sub(text.chars().count() + 2);
        let name = part::safe(theme, name, rest);
        let line = Line::from(vec![
            Span::raw(format!(" {text}  ")),
            Span::styled(name, theme.dim),
        ]);
        part::row(theme, line, row == query.offers.selected, at, buffer);
    }
}

fn after(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}

/// Where there is no room for all views, the one that is shown.
fn views(state: &State, query: &Query, width: u16) -> Line<'static> {
    let theme = &state.theme;
    let mut spans = Vec::new();
    let shown = |form: &Form| width >= 76 || *form == query.form;
    for form in Form::ALL.into_iter().filter(shown) {
        let style = if form == query.form {
            theme.accent.add_modifier(Modifier::BOLD)
        } else {
            theme.dim
        };
        spans.push(Span::styled(form.title(), style));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

/// The rule says how it went.
fn draw_rule(state: &State, query: &Query, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let rule = theme.pick("─", "-").repeat(area.width.into());
    render(Span::styled(rule, theme.dim), area, buffer);
    let words = verdict(state, query);
    let inside = Rect {
        x: area.x.saturating_add(2).min(area.right()),
        width: area.width.saturating_sub(4),
        ..area
    };
    let width = words.iter().map(Span::width).sum::<usize>();
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(inside.width);
    let spans = part::cut(words, inside.width.into());
    render(Line::from(spans), Rect { width, ..inside }, buffer);
}

fn verdict(state: &State, query: &Query) -> Vec<Span<'static>> {
    let theme = &state.theme;
    let mut words = vec![Span::raw(" ")];
    if query.asking.is_some() {
        words.push(Span::styled(
            format!("{} asking ", part::spinner(state)),
            theme.accent,
        ));
    }
    match (&query.unreachable, &query.answered) {
        (Some(_), _) => words.push(Span::styled("no answer ", theme.bad)),
        (None, Some(answered)) => words.extend(verdict_of(theme, answered)),
        (None, None) if query.asking.is_none() => {
            words.push(Span::styled("not asked yet ", theme.dim));
        }
        _ => {}
    }
    if let Some(seconds) = query.live {
        words.push(Span::styled(
            format!("{} live, {seconds} s ", theme.pick("·", "-")),
            theme.accent,
        ));
    }
    words
}

fn verdict_of(theme: &Theme, answered: &Answered) -> Vec<Span<'static>> {
    let dot = theme.pick(" · ", " - ");
    let status = answered.response.status;
    let style = if status.is_success() {
        theme.good
    } else {
        theme.bad
    };
    let timing = answered.response.timing;
    let days = answered
        .rates
        .as_ref()
        .map(|answer| match answer.rates.len() {
            1 => format!("{dot}1 day"),
            days => format!("{dot}{days} days"),
        });
    let times = format!(
        "{dot}{} (connect {}{dot}first byte {}) ",
        figures::duration(timing.total),
        figures::duration(timing.connect),
        figures::duration(timing.first_byte),
    );
    vec![
        Span::styled(status.as_u16().to_string(), style),
        Span::styled(days.unwrap_or_default(), theme.dim),
        Span::styled(times, theme.dim),
    ]
}

fn draw_answer(state: &State, query: &Query, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    if let Some(report) = &query.unreachable {
        return draw_lines(failure(theme, report, area.width), area, buffer);
    }
    let Some(answered) = &query.answered else {
        if query.asking.is_some() {
            return part::empty(theme, &[Line::from("asking")], area, buffer);
        }
        let key = state
            .keymap
            .key(Action::Ask)
            .map(|key| key.to_string())
            .unwrap_or_default();
        let words = [Line::from(format!("{key} puts the question"))];
        return part::empty(theme, &words, area, buffer);
    };
    match (query.form, &answered.rates) {
        (Form::Json, _) => draw_body(state, query, answered, area, buffer),
        (Form::Headers, _) => draw_headers(state, query, answered, area, buffer),
        (_, Err(report)) => draw_lines(failure(theme, report, area.width), area, buffer),
        (Form::Table, Ok(answer)) => table::draw(state, query, answer, area, buffer),
        (Form::Chart, Ok(answer)) => chart::draw(state, answer, area, buffer),
    }
}

fn draw_lines(lines: Vec<Line<'static>>, area: Rect, buffer: &mut Buffer) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        render(line, row, buffer);
    }
}

fn draw_body(state: &State, query: &Query, answered: &Answered, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    if let Some(tree) = &answered.tree {
        let focused = state.pane == Pane::Main;
        return super::tree::draw(state, tree, focused, area, buffer);
    }
    let lines = answered.body.iter().enumerate().skip(query.row.offset);
    for ((place, line), row) in lines.zip(area.rows()) {
        let text = part::safe(theme, line, usize::from(row.width).saturating_sub(2));
        let chosen = state.pane == Pane::Main && place == query.row.selected;
        part::row(
            theme,
            Line::from(vec![Span::raw(" "), Span::raw(text)]),
            chosen,
            row,
            buffer,
        );
    }
}

fn draw_headers(
    state: &State,
    query: &Query,
    answered: &Answered,
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = &state.theme;
    let headers = answered
        .response
        .headers
        .iter()
        .enumerate()
        .skip(query.row.offset);
    for ((place, (name, value)), row) in headers.zip(area.rows()) {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let line = Line::from(vec![
            Span::styled(
                format!(" {:<26} ", part::safe(theme, name.as_str(), 26)),
                theme.dim,
            ),
            Span::raw(part::safe(theme, &value, row.width.into())),
        ]);
        let chosen = state.pane == Pane::Main && place == query.row.selected;
        part::row(theme, line, chosen, row, buffer);
    }
}

/// Draws what is looked for in the body; returns where the cursor belongs while it is typed.
pub fn draw_search(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let query = &state.chosen().filter(|_| state.tab == Tab::Query)?.query;
    let answered = query
        .answered
        .as_ref()
        .filter(|_| query.form == Form::Json)?;
    let tree = answered.tree.as_ref()?;
    if query.seeking.is_none() && tree.sought().is_empty() {
        return None;
    }
    super::tree::draw_search(state, tree, query.seeking.as_ref(), area, buffer)
}

/// What stands on the lower border.
pub fn foot(state: &State) -> Option<Line<'static>> {
    let query = &state.chosen()?.query;
    query.typing?;
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in [
        ("enter", " ask  "),
        ("tab", " next field  "),
        ("esc", " done "),
    ] {
        spans.push(Span::styled(key, Style::new().add_modifier(Modifier::BOLD)));
        spans.push(Span::styled(word, state.theme.dim));
    }
    Some(Line::from(spans))
}
