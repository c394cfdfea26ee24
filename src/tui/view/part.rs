//! What all panels are made of: places, boxes, rows, figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Margin;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::text::Span;
use ratatui::widgets::Block;
use ratatui::widgets::Clear;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::render;
use crate::text::Charset;
use crate::text::fit;
use crate::text::printable;
use crate::tui::keymap::Action;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::logs::Filter;
use crate::tui::theme::Theme;

/// The border of a terminal without box characters.
const ASCII_BORDER: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The first rows of an area.
pub fn top(area: Rect, height: u16) -> Rect {
    Rect {
        height: height.min(area.height),
        ..area
    }
}

/// The row that stands so many rows above the end of an area, counted from 1.
pub fn bottom(area: Rect, row: u16) -> Rect {
    match area.height.checked_sub(row) {
        Some(above) => Rect {
            y: area.y + above,
            height: 1,
            ..area
        },
        None => Rect { height: 0, ..area },
    }
}

/// What is left of an area below its first rows.
pub fn below(area: Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    }
}

/// What is inside a border.
pub fn inside(area: Rect) -> Rect {
    area.inner(Margin::new(1, 1))
}

/// A place for a box in the middle of an area.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// A border with a title; in the accent where the focus is.
pub fn frame<'a>(theme: &Theme, title: impl Into<Line<'a>>, focused: bool) -> Block<'a> {
    let style = if focused { theme.accent } else { theme.dim };
    let set = theme.pick(border::ROUNDED, ASCII_BORDER);
    Block::bordered()
        .border_set(set)
        .border_style(style)
        .title_top(title)
}

/// The title of a box.
pub fn title(theme: &Theme, text: &str, focused: bool) -> Line<'static> {
    let style = if focused {
        theme.accent.add_modifier(Modifier::BOLD)
    } else {
        Style::new()
    };
    Line::from(Span::styled(format!(" {text} "), style))
}

/// An empty box over everything; returns its inside.
pub fn over(state: &State, text: &str, area: Rect, buffer: &mut Buffer) -> Rect {
    let theme = &state.theme;
    render(Clear, area, buffer);
    render(frame(theme, title(theme, text, true), true), area, buffer);
    inside(area)
}

/// Words on the lower border of a box.
pub fn foot(line: Line<'_>, area: Rect, buffer: &mut Buffer) {
    let row = bottom(area, 1).inner(Margin::new(2, 0));
    let width = u16::try_from(line.width())
        .unwrap_or(u16::MAX)
        .min(row.width);
    render(line, Rect { width, ..row }, buffer);
}

/// A key and what it does.
pub fn hint<'a>(state: &State, action: Action, word: &'a str) -> Vec<Span<'a>> {
    let key = |action| state.keymap.key(action).map(|key| key.to_string());
    let key = match action {
        // Two keys that belong together stand together.
        Action::PreviousTab => key(action)
            .zip(key(Action::NextTab))
            .map(|(one, other)| format!("{one} {other}")),
        _ => key(action),
    };
    let key = key.unwrap_or_default();
    vec![
        Span::styled(key, Style::new().add_modifier(Modifier::BOLD)),
        Span::styled(format!(" {word}"), state.theme.dim),
    ]
}

/// Draws a row; the chosen one with a bar and raised.
pub fn row(theme: &Theme, line: Line<'_>, chosen: bool, area: Rect, buffer: &mut Buffer) {
    let bar = if chosen { theme.pick("▌", ">") } else { " " };
    let bar = Span::styled(bar, theme.accent);
    let spans: Vec<_> = std::iter::once(bar).chain(line.spans).collect();
    render(Line::from(spans), area, buffer);
    if chosen {
        buffer.set_style(area, theme.raised);
    }
}

/// Words in an empty pane, in as many rows as they take.
pub fn empty(theme: &Theme, words: &[Line<'_>], area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width).saturating_sub(2);
    let rows = words
        .iter()
        .flat_map(|line| wrapped(&line.to_string(), width));
    let rows: Vec<_> = rows.collect();
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let middle = centred(area, area.width, height);
    for (text, row) in rows.into_iter().zip(middle.rows()) {
        render(Line::from(text).style(theme.dim).centered(), row, buffer);
    }
}

/// A label on the left, figures on the right, as wide as the area.
pub fn apart(left: Vec<Span<'_>>, right: Vec<Span<'_>>, width: u16) -> Line<'static> {
    let own = |spans: Vec<Span<'_>>| {
        let owned = spans
            .into_iter()
            .map(|span| Span::styled(span.content.into_owned(), span.style));
        owned.collect::<Vec<_>>()
    };
    let right = own(right);
    let needed: usize = right.iter().map(Span::width).sum();
    let room = usize::from(width).saturating_sub(needed + 1);
    let mut spans = cut(own(left), room);
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(Span::raw(
        " ".repeat(usize::from(width).saturating_sub(used + needed)),
    ));
    spans.extend(right);
    Line::from(spans)
}

/// Spans that take at most `width` columns; a mark says that there was more.
pub fn cut(spans: Vec<Span<'static>>, width: usize) -> Vec<Span<'static>> {
    let mut left = width;
    let mut kept = Vec::with_capacity(spans.len());
    for span in spans {
        let needed = span.width();
        if needed <= left {
            left -= needed;
            kept.push(span);
            continue;
        }
        kept.push(Span::styled(
            fit(&span.content, left, Charset::Unicode),
            span.style,
        ));
        break;
    }
    kept
}

/// Text from outside, harmless and cut to a width.
pub fn safe(theme: &Theme, text: &str, width: usize) -> String {
    fit(&printable(text, 4 * width.max(1)), width, theme.charset)
}

/// A name in so many columns, cut where it has more.
pub fn name(theme: &Theme, name: &str, width: usize) -> String {
    let name = safe(theme, name, width);
    let pad = width.saturating_sub(name.width());
    name + &" ".repeat(pad)
}

/// Columns for the longest of these names, between two bounds.
pub fn name_width(names: impl Iterator<Item = impl ToString>, least: usize, most: usize) -> usize {
    let longest = names.map(|name| name.to_string().width()).max();
    longest.unwrap_or(0).clamp(least, most.max(least))
}

/// Draws what is looked for below the rows of a tab; returns where the cursor belongs while it is typed.
pub fn filter(
    state: &State,
    (filter, typing): (&Filter, Option<&Input>),
    right: Vec<Span<'static>>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = &state.theme;
    let fault = filter.fault.as_ref().map(|fault| format!("{fault} "));
    let fault = Span::styled(fault.unwrap_or_default(), theme.warn);
    let right = [vec![fault], right].concat();
    let taken = right.iter().map(Span::width).sum::<usize>();
    let taken = u16::try_from(taken).unwrap_or(u16::MAX).min(area.width / 2);
    render(
        apart(vec![Span::styled("/ ", theme.accent)], right, area.width),
        area,
        buffer,
    );
    let place = Rect {
        x: area.x.saturating_add(2).min(area.right()),
        width: area.width.saturating_sub(taken + 3),
        ..area
    };
    let Some(typing) = typing else {
        let text = safe(theme, &filter.text, place.width.into());
        render(Span::raw(text), place, buffer);
        return None;
    };
    let cursor = input(theme, typing, (true, Style::new()), place, buffer);
    cursor.filter(|_| state.pane == Pane::Main)
}

/// A text in lines of at most `width` columns, broken between words where that is possible.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    if text.width() <= width {
        // What stands below something else stays there.
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.width());
        let gap = usize::from(line > 0);
        if line > 0 && line + gap + word.width() > width {
            lines.push(String::new());
        }
        push_word(&mut lines, word, width);
    }
    lines
}

/// A word that is longer than a line is broken where the line ends.
fn push_word(lines: &mut Vec<String>, word: &str, width: usize) {
    if let Some(line) = lines.last_mut().filter(|line| !line.is_empty()) {
        line.push(' ');
    }
    for character in word.chars() {
        let mut buffer = [0; 4];
        let needed = character.encode_utf8(&mut buffer).width();
        if lines
            .last()
            .is_some_and(|line| line.width() + needed > width && !line.is_empty())
        {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
}

/// Draws the part of an input around its cursor, underlined while it is typed in, else in a style; returns where the cursor
/// stands.
pub fn input(
    theme: &Theme,
    input: &Input,
    (typing, style): (bool, Style),
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let room = usize::from(area.width).saturating_sub(1);
    let scroll = if typing { input.visual_scroll(room) } else { 0 };
    let text = skipped(&in_one_line(theme, input.value()), scroll);
    let (shown, style) = if typing {
        (text, Style::new().add_modifier(Modifier::UNDERLINED))
    } else {
        (safe(theme, &text, area.width.into()), style)
    };
    render(Span::styled(shown, style), area, buffer);
    if typing {
        buffer.set_style(area, theme.raised);
    }
    let column = input.visual_cursor().saturating_sub(scroll);
    let column = u16::try_from(column)
        .unwrap_or(u16::MAX)
        .min(area.width.saturating_sub(1));
    typing.then(|| Position::new(area.x + column, area.y))
}

/// A text of several lines as it stands in one; every character keeps its column.
pub fn in_one_line(theme: &Theme, text: &str) -> String {
    let line_break = theme.pick("↵", " ");
    text.replace('\n', line_break).replace('\t', " ")
}

fn skipped(text: &str, columns: usize) -> String {
    let mut left = columns;
    let rest = text.chars().skip_while(|character| {
        let width = unicode_width::UnicodeWidthChar::width(*character).unwrap_or(0);
        let skip = left > 0;
        left = left.saturating_sub(width);
        skip
    });
    rest.collect()
}

/// A bar of so many cells for a share between 0 and 1, without an end below it.
pub fn bar(theme: &Theme, share: f64, width: u16) -> String {
    if share <= 0.0 || width == 0 {
        return String::new();
    }
    crate::query::figures::bar(share, width, theme.charset)
}

/// The text of a row as it stands on the screen.
pub fn text_of(buffer: &Buffer, row: Rect) -> String {
    let cells = row.positions().filter_map(|at| buffer.cell(at));
    let text: String = cells.map(ratatui::buffer::Cell::symbol).collect();
    text.trim_end().to_owned()
}

/// The frame of a spinner at this time.
pub fn spinner(state: &State) -> &'static str {
    const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
    let frames = state.theme.pick(FRAMES.as_slice(), ASCII.as_slice());
    let turn = usize::try_from(state.now.as_millisecond() / 100).unwrap_or(0);
    frames.get(turn % frames.len()).copied().unwrap_or("")
}
