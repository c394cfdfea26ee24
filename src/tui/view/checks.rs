//! The list of checks, with what the database holds as its first row.
//!
//! ```text
//! ╭ Checks ──────────────────────────╮
//! │  ✓ seed       56 689 rows · 5c1e… │
//! │  ✓ known day  1154.33 in 3 ms     │
//! ╰───────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::environment::status::CheckStatus;
use crate::environment::status::SeedStatus;
use crate::text::thousands;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::theme::Theme;

/// Rows that the list would like to have, its border included.
pub fn height(state: &State) -> u16 {
    let checks = state
        .chosen()
        .map_or(0, |known| known.check_statuses().len());
    u16::try_from(checks + 1).unwrap_or(u16::MAX).clamp(2, 8) + 2
}

/// Draws the list.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let theme = &state.theme;
    let focused = state.pane == Pane::Checks;
    let title = part::title(theme, "Checks", focused);
    render(part::frame(theme, title, focused), area, buffer);
    let inside = part::inside(area);
    let Some(known) = state.chosen() else {
        return;
    };
    let seed = known
        .look
        .as_ref()
        .and_then(|look| look.status.seed.as_ref());
    if seed.is_none() && known.check_statuses().is_empty() {
        let words = [
            Line::from("nothing can be checked"),
            Line::from("while the API does not answer"),
        ];
        return part::empty(theme, &words, inside, buffer);
    }
    let width = inside.width.saturating_sub(1);
    let lines = std::iter::once(seed_line(theme, seed, width));
    let checks = known.check_statuses().iter();
    let lines = lines.chain(checks.map(|check| line(theme, check, width)));
    for ((place, line), row) in lines
        .enumerate()
        .skip(known.checks.offset)
        .zip(inside.rows())
    {
        let chosen = focused && place == known.checks.selected;
        part::row(theme, line, chosen, row, buffer);
    }
}

fn seed_line(theme: &Theme, seed: Option<&SeedStatus>, width: u16) -> Line<'static> {
    if let Some(seed) = seed {
        let short: String = seed.fingerprint.chars().take(6).collect();
        let dot = theme.pick("·", "-");
        let rows = theme.pick(thousands(seed.rows), seed.rows.to_string());
        return labelled(
            theme,
            true,
            "seed",
            &format!("{rows} rows {dot} {short}"),
            width,
        );
    }
    // Only the API knows it; while that is away, nothing is wrong with the data.
    let glyph = theme.pick("·", ".");
    let line = format!(" {glyph} {:<10} known once the API answers", "seed");
    Line::from(Span::styled(
        part::safe(theme, &line, width.into()),
        theme.dim,
    ))
}

fn line(theme: &Theme, check: &CheckStatus, width: u16) -> Line<'static> {
    let error = check.error.as_ref().map(|report| report.message.clone());
    let answer = check.answer.as_ref();
    let answer = answer.map(|answer| format!("{answer} in {} ms", check.milliseconds));
    let words = answer.or(error).unwrap_or_default();
    labelled(theme, check.passed, &check.name, &words, width)
}

fn labelled(theme: &Theme, good: bool, name: &str, words: &str, width: u16) -> Line<'static> {
    let (glyph, style) = if good {
        (theme.pick("✓", "+"), theme.good)
    } else {
        (theme.pick("✗", "x"), theme.bad)
    };
    let words_style = if good { theme.dim } else { Style::new() };
    let name = part::safe(theme, name, 12);
    let spans = vec![
        Span::raw(" "),
        Span::styled(glyph, style),
        Span::raw(format!(" {name:<10} ")),
        Span::styled(part::safe(theme, words, 200), words_style),
    ];
    Line::from(part::cut(spans, width.into()))
}
