//! Something too long for its row: a statement, a row with all its columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::part;
use super::render;
use crate::text::printable;
use crate::text::thousands;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::overlay::Text;

/// Columns of the box at most.
const WIDEST: u16 = 120;
/// Characters of a line at most: more than any line of the log has.
const LONGEST: usize = 20_000;
/// Lines of a text at most; all of it can be copied.
const MOST: usize = 5000;

/// Every line of it on a terminal of this width.
pub fn lines(text: &Text, width: u16) -> Vec<String> {
    let room = usize::from(width.min(WIDEST)).saturating_sub(6);
    let lines = text.lines.iter().take(MOST);
    let lines = lines.flat_map(|line| part::wrapped(&printable(line, LONGEST), room));
    let more = text.lines.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("and {} lines more", thousands(more as u64)));
    lines.chain(more).collect()
}

/// Draws the box.
pub fn draw(state: &State, text: &Text, area: Rect, buffer: &mut Buffer) {
    let lines = lines(text, area.width);
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let width = area.width.min(WIDEST).saturating_sub(2);
    let place = part::centred(area, width, height.min(area.height.saturating_sub(2)));
    let inside = part::over(state, &text.title, place, buffer);
    let hidden = lines.len().saturating_sub(inside.height.into());
    let shown = lines.into_iter().skip(text.scroll.min(hidden));
    for (line, row) in shown.zip(inside.rows()) {
        render(Line::from(format!(" {line}")), row, buffer);
    }
    let mut keys = vec![" ".into()];
    keys.extend(part::hint(state, Action::Back, "close "));
    part::foot(Line::from(keys), place, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_huge_text_as_much_is_laid_out_as_can_be_read() {
        let text = |lines| Text::new(String::new(), vec!["x".to_owned(); lines]);
        assert_eq!(lines(&text(MOST), 80).len(), MOST);
        let cut = lines(&text(1_001_000 + MOST), 80);
        assert_eq!(
            (cut.len(), cut[MOST].as_str()),
            (MOST + 1, "and 1\u{2009}001\u{2009}000 lines more")
        );
    }
}
