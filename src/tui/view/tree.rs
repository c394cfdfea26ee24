//! A value with its parts.
//!
//! ```text
//!  ▾ state
//!      health   "healthy"
//!  ▸ settings   {"database.port":"15432"…}
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

use super::operation::failure;
use super::part;
use super::render;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::overlay::Described;
use crate::tui::state::tree::Kind;
use crate::tui::state::tree::Node;
use crate::tui::state::tree::Tree;
use crate::tui::theme::Theme;

/// Draws a value over everything; returns where the cursor belongs while something is looked for.
pub fn draw_over(
    state: &State,
    described: &Described,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let place = part::centred(
        area,
        area.width.saturating_sub(4),
        area.height.saturating_sub(4),
    );
    let inside = part::over(
        state,
        &part::safe(&state.theme, &described.title, 60),
        place,
        buffer,
    );
    let tree = match &described.parts {
        None => {
            part::empty(&state.theme, &[Line::from("asking")], inside, buffer);
            return None;
        }
        Some(Err(report)) => {
            let back = part::hint(state, Action::Back, "close ");
            part::foot(
                Line::from([vec![Span::raw(" ")], back].concat()),
                place,
                buffer,
            );
            let lines = failure(&state.theme, report, inside.width);
            for (line, row) in lines.into_iter().zip(inside.rows()) {
                render(line, row, buffer);
            }
            return None;
        }
        Some(Ok(tree)) => tree,
    };
    draw(state, tree, true, inside, buffer);
    if described.typing.is_none() {
        part::foot(keys(state, tree), place, buffer);
        return None;
    }
    draw_search(state, tree, described.typing.as_ref(), place, buffer)
}

fn keys(state: &State, tree: &Tree) -> Line<'static> {
    let mut keys = vec![Span::raw(" ")];
    if !tree.sought().is_empty() {
        let words = format!("{}  ", counted(tree));
        keys.push(Span::styled(words, state.theme.accent));
    }
    for (action, word) in [
        (Action::Open, "open  "),
        (Action::FoldAll, "fold all  "),
        (Action::Search, "search  "),
        (Action::NextMatch, "next  "),
        (Action::Back, "close "),
    ] {
        keys.extend(part::hint(state, action, word));
    }
    Line::from(keys)
}

/// Draws the rows that are on the screen.
pub fn draw(state: &State, tree: &Tree, focused: bool, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    // The list may have been kept for another height.
    let mut list = tree.list;
    list.keep(tree.rows(), area.height.into());
    for ((row, node, found), place) in tree.from(list.offset).zip(area.rows()) {
        let chosen = focused && row == list.selected;
        part::row(
            theme,
            line(theme, (tree, row, node), found, place.width),
            chosen,
            place,
            buffer,
        );
    }
}

fn line(
    theme: &Theme,
    (tree, row, node): (&Tree, usize, &Node),
    found: bool,
    width: u16,
) -> Line<'static> {
    let glyph = match (node.kind.is_branch(), node.open) {
        (true, true) => theme.pick("▾ ", "- "),
        (true, false) => theme.pick("▸ ", "+ "),
        (false, _) => "  ",
    };
    let indent = " ".repeat(2 * node.depth.min(40));
    let key = part::safe(theme, &node.key, 60);
    // The bar, a space, the glyph and the gap behind the key.
    let used = indent.len() + 6 + key.width();
    let room = usize::from(width).saturating_sub(used).max(1);
    let (text, style) = match node.kind {
        Kind::Object | Kind::Array if node.open => (String::new(), theme.dim),
        Kind::Object | Kind::Array => (tree.preview(row), theme.dim),
        Kind::Text => {
            // No more of it than the row can hold is put into quotation marks.
            let beginning: String = node.text.chars().take(room + 1).collect();
            (format!("{beginning:?}"), theme.accent)
        }
        Kind::Plain => (node.text.clone(), theme.accent),
    };
    let raise = |style: ratatui::style::Style| {
        if found {
            style.patch(theme.found)
        } else {
            style
        }
    };
    Line::from(vec![
        Span::styled(format!(" {indent}{glyph}"), theme.dim),
        Span::styled(key, raise(ratatui::style::Style::new())),
        Span::raw("  "),
        Span::styled(part::safe(theme, &text, room), raise(style)),
    ])
}

fn counted(tree: &Tree) -> String {
    match tree.matches() {
        0 => "nothing".to_owned(),
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    }
}

/// Draws what is looked for on the lower border of a box; returns where the cursor belongs while it is typed.
pub fn draw_search(
    state: &State,
    tree: &Tree,
    input: Option<&Input>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = &state.theme;
    let text = input.map_or_else(|| tree.sought(), Input::value);
    let count = if text.is_empty() {
        String::new()
    } else {
        format!("  {}", counted(tree))
    };
    let room = usize::from(area.width).saturating_sub(30);
    let shown = part::safe(theme, text, room);
    let column = u16::try_from(shown.chars().count()).unwrap_or(u16::MAX);
    let line = Line::from(vec![
        Span::styled(" / ", theme.accent),
        Span::raw(shown),
        Span::styled(format!("{count} "), theme.dim),
    ]);
    part::foot(line, area, buffer);
    let row = part::bottom(area, 1);
    let column = row.x.saturating_add(5).saturating_add(column);
    let last = row.right().saturating_sub(1);
    (input.is_some() && !row.is_empty()).then(|| Position::new(column.min(last), row.y))
}
