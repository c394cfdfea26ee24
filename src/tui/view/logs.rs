//! What the roles write.
//!
//! ```text
//! 12:00:41.112 database  checkpoint complete: wrote 3 buffers
//! 12:00:52.004 api       GET /rates 200  3.1 ms  CNGGZ → EETLL  31 days
//! / CNGGZ                                                    3 of 1 204
//! ```

use std::borrow::Cow;
use std::ops::Range;

use ansi_to_tui::IntoText;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

use super::part;
use crate::log_line;
use crate::text::Charset;
use crate::text::printable;
use crate::text::thousands;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::known::Known;
use crate::tui::state::logs::Entry;
use crate::tui::state::logs::Layout;
use crate::tui::state::logs::Logs;
use crate::tui::state::logs::Window;
use crate::tui::theme::Theme;

/// Columns of the bar before a line.
const BAR: usize = 1;
/// Columns of a time and the space behind it.
const TIME: usize = 13;
/// Characters of one line that are laid out at most in one row; more fits on no screen.
const LONGEST: usize = 4000;
/// The same where long lines are wrapped: all that is kept of one.
const WRAPPED: usize = 16_400;

/// Where the lines stand: without the row of the filter, while there is one.
pub fn lines_area(state: &State, area: Rect) -> Rect {
    let filtered = state
        .chosen()
        .is_some_and(|known| shows_filter(&known.logs));
    let rows = u16::from(filtered);
    part::top(area, area.height.saturating_sub(rows))
}

fn shows_filter(logs: &Logs) -> bool {
    logs.typing.is_some() || !logs.filter.is_open()
}

/// Draws the lines; returns where the cursor belongs while the filter is typed.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let known = state.chosen()?;
    let lines = lines_area(state, area);
    if known.logs.shown() == 0 {
        part::empty(&state.theme, &nothing(state, known), lines, buffer);
    } else {
        draw_lines(state, &known.logs, lines, buffer);
    }
    if lines.height == area.height {
        return None;
    }
    draw_filter(state, &known.logs, part::bottom(area, 1), buffer)
}

fn nothing(state: &State, known: &Known) -> Vec<Line<'static>> {
    let logs = &known.logs;
    if let Some(report) = &logs.trouble {
        return vec![
            Line::from(report.message.clone()),
            Line::from("the log is read on as soon as it can be"),
        ];
    }
    if logs.is_judging() {
        return vec![Line::from("looking through the lines")];
    }
    if logs.len() > 0 {
        let key = state.keymap.key(Action::Back);
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        return vec![
            Line::from(format!(
                "none of {} lines match",
                thousands(logs.len() as u64)
            )),
            Line::from(format!("{key} shows all of them")),
        ];
    }
    if known.look.is_none() {
        return vec![Line::from("looking")];
    }
    if known.instances().is_empty() && !known.is_working() {
        let key = state.keymap.key(Action::Up);
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let name = &known.key.name;
        return vec![
            Line::from(format!(
                "nothing of {name} runs, so there is nothing to read"
            )),
            Line::from(format!("{key} starts {name}")),
        ];
    }
    let words = if !logs.begun {
        "reading"
    } else if logs.is_cleared() {
        "nothing was written since the lines were forgotten"
    } else {
        "nothing was written yet"
    };
    vec![Line::from(words)]
}

/// The place of the line under the mouse among those that are shown.
pub fn place_at(state: &State, area: Rect, at: Position) -> Option<usize> {
    let logs = &state.chosen()?.logs;
    let rows_of = |entry: &Entry| rows(entry, logs.layout, area.width);
    let window = logs.window(area.height.into(), rows_of);
    let mut below = usize::from(area.contains(at).then(|| area.bottom() - at.y)?);
    // The last line stands at the bottom, unless there are too few to fill the screen.
    let all: usize = window
        .clone()
        .filter_map(|place| logs.at(place))
        .map(rows_of)
        .sum();
    below = below.saturating_sub(usize::from(area.height).saturating_sub(all));
    let mut places = window
        .rev()
        .filter_map(|place| Some((place, rows_of(logs.at(place)?))));
    places.find_map(|(place, rows)| {
        let is_it = (1..=rows).contains(&below);
        below = below.saturating_sub(rows);
        is_it.then_some(place)
    })
}

fn draw_lines(state: &State, logs: &Logs, area: Rect, buffer: &mut Buffer) {
    let layout = logs.layout;
    let height = usize::from(area.height);
    let window = logs.window(height, |entry| rows(entry, layout, area.width));
    let cursor = logs.cursor_place().filter(|_| state.pane == Pane::Main);
    let mut drawn = Vec::new();
    for place in window.clone() {
        let Some(entry) = logs.at(place) else {
            continue;
        };
        for line in lines(state, logs, entry, area.width) {
            drawn.push((line, cursor == Some(place)));
        }
    }
    // The last line stands at the bottom; one that is taller than what is left is cut at its top.
    let skipped = if window.end == logs.shown() || window.start > 0 {
        drawn.len().saturating_sub(height)
    } else {
        0
    };
    for ((line, chosen), row) in drawn.into_iter().skip(skipped).zip(area.rows()) {
        part::row(&state.theme, line, chosen, row, buffer);
    }
}

fn prefix(layout: Layout) -> usize {
    BAR + layout.name + 1 + if layout.hide_times { 0 } else { TIME }
}

/// Rows that a line takes.
pub fn rows(entry: &Entry, layout: Layout, width: u16) -> usize {
    if !layout.wrap {
        return 1;
    }
    let room = usize::from(width).saturating_sub(prefix(layout)).max(10);
    let text = shown(entry, layout);
    pieces(&[Span::raw(plain(&text, layout))], room)
        .len()
        .max(1)
}

/// What is shown of a line: its gist, or its fields.
fn shown(entry: &Entry, layout: Layout) -> Cow<'_, str> {
    if layout.fields {
        fields(&entry.text)
    } else {
        log_line::gist(&entry.text)
    }
}

/// Characters that the terminal does not know are stood in for.
fn known_to(charset: Charset, text: &str) -> Cow<'_, str> {
    if charset == Charset::Unicode || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match c {
        '→' => '>',
        '·' | '–' => '-',
        c if c.is_ascii() => c,
        _ => '?',
    };
    Cow::Owned(text.chars().map(stand_in).collect())
}

fn fields(text: &str) -> Cow<'_, str> {
    let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
    let Ok(parsed) = parsed else {
        return log_line::gist(text);
    };
    let field = |(name, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(value) => format!("{name}={value}"),
        value => format!("{name}={value}"),
    };
    Cow::Owned(parsed.into_iter().map(field).collect::<Vec<_>>().join("  "))
}

/// The text without its escape sequences.
fn plain(text: &str, layout: Layout) -> String {
    spans(text, layout, Style::new())
        .into_iter()
        .map(|span| span.content.into_owned())
        .collect()
}

/// The text with the colours that its writer gave it, and nothing else of what steers terminals.
fn spans(text: &str, layout: Layout, style: Style) -> Vec<Span<'static>> {
    let most = if layout.wrap { WRAPPED } else { LONGEST };
    let text: String = text.chars().take(most).collect();
    let text = text.replace('\t', "    ");
    if !text.contains('\x1b') {
        return vec![Span::styled(printable(&text, usize::MAX), style)];
    }
    let Ok(coloured) = text.replace(['\r', '\n'], " ").into_text() else {
        return vec![Span::styled(printable(&text, usize::MAX), style)];
    };
    let spans = coloured.lines.into_iter().flat_map(|line| line.spans);
    let safe = spans.map(|span| {
        Span::styled(
            printable(&span.content, usize::MAX),
            style.patch(span.style),
        )
    });
    safe.collect()
}

/// A line as it stands on the screen, in as many rows as it takes.
fn lines(state: &State, logs: &Logs, entry: &Entry, width: u16) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let layout = logs.layout;
    let head = head(theme, entry, layout);
    let room = usize::from(width).saturating_sub(prefix(layout)).max(10);
    let text = shown(entry, layout);
    let text = known_to(theme.charset, &text);
    let spans = spans(&text, layout, theme.level(entry.level));
    let spans = raised(
        spans,
        &logs.filter.found(&plain(&text, layout)),
        theme.found,
    );
    let pieces = if layout.wrap {
        pieces(&spans, room)
    } else {
        vec![part::cut(spans, room)]
    };
    let mut lines = Vec::with_capacity(pieces.len());
    for (row, piece) in pieces.into_iter().enumerate() {
        let mut spans = if row == 0 {
            head.clone()
        } else {
            vec![Span::raw(" ".repeat(prefix(layout) - BAR))]
        };
        spans.extend(piece);
        lines.push(Line::from(spans));
    }
    lines
}

fn head(theme: &Theme, entry: &Entry, layout: Layout) -> Vec<Span<'static>> {
    let mut head = Vec::with_capacity(3);
    if !layout.hide_times {
        let time = entry.time.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.3f");
        head.push(Span::styled(format!("{time} "), theme.dim));
    }
    let mark = if entry.marked {
        theme.pick("◆", "#")
    } else {
        " "
    };
    let name = part::name(theme, &entry.instance.to_string(), layout.name);
    head.push(Span::styled(name, theme.role(entry.instance.role)));
    head.push(Span::styled(mark, theme.warn));
    head
}

/// The spans with what was found in them raised.
fn raised(spans: Vec<Span<'static>>, found: &[Range<usize>], style: Style) -> Vec<Span<'static>> {
    if found.is_empty() {
        return spans;
    }
    let mut out = Vec::new();
    let mut start = 0;
    for span in spans {
        let end = start + span.content.len();
        let mut at = start;
        for range in found
            .iter()
            .filter(|range| range.start < end && range.end > start)
        {
            let (from, to) = (range.start.max(at), range.end.min(end));
            push(&mut out, &span, at - start..from - start, span.style);
            push(
                &mut out,
                &span,
                from - start..to - start,
                span.style.patch(style),
            );
            at = to;
        }
        push(&mut out, &span, at - start..end - start, span.style);
        start = end;
    }
    out
}

fn push(out: &mut Vec<Span<'static>>, span: &Span<'_>, range: Range<usize>, style: Style) {
    if let Some(text) = span.content.get(range).filter(|text| !text.is_empty()) {
        out.push(Span::styled(text.to_owned(), style));
    }
}

/// The spans in rows of at most so many columns.
fn pieces(spans: &[Span<'static>], room: usize) -> Vec<Vec<Span<'static>>> {
    let mut rows = vec![Vec::new()];
    let mut left = room;
    for span in spans {
        let mut text = String::new();
        for character in span.content.chars() {
            let needed = character.width().unwrap_or(0);
            if needed > left {
                push_row(&mut rows, &mut text, span.style);
                rows.push(Vec::new());
                left = room;
            }
            left = left.saturating_sub(needed);
            text.push(character);
        }
        push_row(&mut rows, &mut text, span.style);
    }
    rows
}

fn push_row(rows: &mut [Vec<Span<'static>>], text: &mut String, style: Style) {
    if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
        row.push(Span::styled(std::mem::take(text), style));
    }
}

fn draw_filter(state: &State, logs: &Logs, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let theme = &state.theme;
    let conditions = [
        logs.filter
            .least
            .map(|level| format!("{level:?} and worse").to_lowercase()),
        logs.filter
            .instance
            .map(|instance| format!("{instance} only")),
        logs.filter.keep_others.then(|| "all lines".to_owned()),
    ];
    let mut words: Vec<_> = conditions.into_iter().flatten().collect();
    words.push(format!(
        "{} of {} ",
        thousands(logs.shown() as u64),
        thousands(logs.len() as u64)
    ));
    let right = vec![Span::styled(
        words.join(theme.pick(" · ", " - ")),
        theme.dim,
    )];
    let filter = (&logs.filter, logs.typing.as_ref());
    part::filter(state, filter, right, area, buffer)
}

/// What stands on the lower border.
pub fn foot(state: &State) -> Option<Line<'static>> {
    let theme = &state.theme;
    let logs = &state.chosen()?.logs;
    if logs.len() == 0 {
        return None;
    }
    let dot = theme.pick(" · ", " - ");
    let how = match logs.cursor_place() {
        Some(place) => format!("held at {}", thousands(place as u64 + 1)),
        None => "following".to_owned(),
    };
    let window = match logs.window {
        Window::Tail => None,
        Window::Head => Some("from the beginning".to_owned()),
        Window::Minutes(minutes) => Some(format!("last {minutes} min")),
    };
    let dropped = (logs.dropped > 0).then(|| format!("{} dropped", thousands(logs.dropped)));
    let lines = format!("{} lines", thousands(logs.len() as u64));
    let zone = (!logs.layout.hide_times).then(|| "UTC".to_owned());
    let parts = [Some(how), Some(lines), dropped, window, zone];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(dot);
    let text = theme.pick(text.clone(), text.replace('\u{2009}', " "));
    let mut spans = vec![Span::styled(format!(" {text} "), theme.dim)];
    if let Some(report) = &logs.trouble {
        let glyph = theme.pick("✗", "x");
        let words = part::safe(theme, &report.message, 200);
        spans.insert(0, Span::styled(format!(" {glyph} {words} "), theme.bad));
        spans.insert(1, Span::styled(theme.pick("·", "-"), theme.dim));
    }
    Some(Line::from(spans))
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn a_line_keeps_its_colours_and_loses_what_steers_the_terminal() {
        let text = "\x1b[31mred\x1b[0m \x1b[2J\x1b]52;c;aGk=\x07\x1b[?1049h end\u{202e}";
        let spans = spans(text, Layout::default(), Style::new());
        let all: String = spans.iter().map(|span| &*span.content).collect();
        assert!(
            all.starts_with("red") && !all.contains(char::is_control),
            "{all:?}"
        );
        assert_eq!(spans[0].style.fg, Some(ratatui::style::Color::Red));
        assert!(!all.contains('\u{202e}'));
    }

    #[test]
    fn long_lines_are_broken_by_columns_not_by_bytes() {
        let rows = pieces(&[Span::raw("广州港ab"), Span::raw("cd")], 4);
        let texts: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(|span| &*span.content).collect())
            .collect();
        assert_eq!(texts, ["广州", "港ab", "cd"]);
    }

    #[test]
    fn what_was_found_is_raised_across_spans() {
        let spans = vec![Span::raw("abc"), Span::raw("def")];
        let found = Style::new().bg(ratatui::style::Color::Red);
        let range = 2..4;
        let out = raised(spans, std::slice::from_ref(&range), found);
        let marked: String = out
            .iter()
            .filter(|span| span.style == found)
            .map(|span| &*span.content)
            .collect();
        assert_eq!((out.len(), marked.as_str()), (4, "cd"));
        assert_eq!(
            out.iter().map(|span| span.content.width()).sum::<usize>(),
            6
        );
    }
}
