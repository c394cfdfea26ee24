//! What is being done: the plan as a list of steps with how far each is; when it failed, why.
//!
//! ```text
//! ╭ up dev ─────────────────────────────────────────────────────────╮
//! │  ✓ network                                              0.1 s   │
//! │  ⠹ image ratesdev/api:5c1e…     ███████▌      11.2 of 14.0 MB   │
//! │  · api                          waits for seed                  │
//! ╰ ctrl-k cancel (what is done stays) ──────────────────── 3.4 s ──╯
//! ```

use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use super::part;
use super::render;
use crate::engine::Progress;
use crate::error::Report;
use crate::text::duration;
use crate::tui::keymap::Action;
use crate::tui::state::State;
use crate::tui::state::operation::Operation;
use crate::tui::state::operation::Phase;
use crate::tui::state::operation::StepState;
use crate::tui::theme::Theme;

/// Columns of a title.
const TITLE: usize = 30;
/// Columns of a bar.
const BAR: u16 = 14;
/// Lines of a failure that stand in the box; Enter opens all of them.
const FAILURE: usize = 9;
/// Of the lines that it left, the last ones.
const LAST: usize = 3;

/// Rows that the box would like to have.
pub fn height(state: &State, width: u16) -> u16 {
    let operation = state.chosen().and_then(|known| known.operation.as_ref());
    let Some(operation) = operation else {
        return 0;
    };
    let lines = lines(state, operation, width.saturating_sub(2)).len();
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2)
}

/// Draws the box.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) {
    let Some(known) = state.chosen().filter(|_| !area.is_empty()) else {
        return;
    };
    let Some(operation) = &known.operation else {
        return;
    };
    let theme = &state.theme;
    let title = part::title(
        theme,
        &operation.doing.title(known.key.name.as_str()),
        false,
    );
    render(part::frame(theme, title, false), area, buffer);
    let inside = part::inside(area);
    let lines = lines(state, operation, inside.width);
    let hidden = lines.len().saturating_sub(inside.height.into());
    // Where there is no room for all steps, those that are done go first.
    for (line, row) in lines.into_iter().skip(hidden).zip(inside.rows()) {
        render(line, row, buffer);
    }
    foot(state, operation, area, buffer);
}

fn foot(state: &State, operation: &Operation, area: Rect, buffer: &mut Buffer) {
    let mut spans = vec![Span::raw(" ")];
    match (operation.failure(), operation.cancelled) {
        (Some(_), _) => {
            spans.extend(part::hint(state, Action::TryAgain, "try again  "));
            spans.extend(part::hint(state, Action::Open, "all of it  "));
            spans.extend(part::hint(state, Action::Back, "close "));
        }
        (None, true) => spans.push(Span::styled(
            "cancelling, what is done stays ",
            state.theme.dim,
        )),
        (None, false) => spans.extend(part::hint(
            state,
            Action::Cancel,
            "cancel (what is done stays) ",
        )),
    }
    part::foot(Line::from(spans), area, buffer);
    let taken = format!(
        " {} ",
        taken(
            operation.begun,
            operation.ended.as_ref().map_or(state.now, |ended| ended.at)
        )
    );
    let width = u16::try_from(taken.len()).unwrap_or(0);
    if area.width > 50 {
        let place = Rect {
            x: area.right().saturating_sub(width + 2),
            width,
            ..part::bottom(area, 1)
        };
        render(Span::styled(taken, state.theme.dim), place, buffer);
    }
}

fn taken(since: Timestamp, now: Timestamp) -> String {
    let taken = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    // Tenths of a second are enough for what is redrawn ten times a second.
    if taken < Duration::from_secs(1) {
        return format!("{:.1} s", taken.as_secs_f64());
    }
    duration(taken)
}

fn lines(state: &State, operation: &Operation, width: u16) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let mut lines = Vec::new();
    if let Some(holder) = &operation.waits_for {
        let words = format!("  waits for {holder}");
        lines.push(Line::from(Span::styled(
            part::safe(theme, &words, width.into()),
            theme.warn,
        )));
    } else if operation.steps.is_empty() && operation.is_running() {
        let words = format!("  {} working out what has to be done", part::spinner(state));
        lines.push(Line::from(Span::styled(words, theme.dim)));
    }
    let failed = operation.failure().is_some();
    for step in &operation.steps {
        // After a failure, what was never begun is of no interest.
        if !(failed && step.phase == Phase::Waiting) {
            lines.push(step_line(state, operation, step, width));
        }
    }
    for notice in &operation.notices {
        lines.push(Line::from(vec![
            Span::styled("  ! ", theme.warn),
            Span::raw(part::safe(
                theme,
                notice,
                usize::from(width).saturating_sub(5),
            )),
        ]));
    }
    if let Some(report) = operation.failure() {
        lines.extend(in_short(theme, report, width));
    }
    lines
}

fn step_line(state: &State, operation: &Operation, step: &StepState, width: u16) -> Line<'static> {
    let theme = &state.theme;
    let (glyph, style) = glyph(state, &step.phase);
    let room = usize::from(width).saturating_sub(24).clamp(8, TITLE);
    let title = part::safe(theme, &step.planned.title, room);
    let quiet = if step.phase == Phase::Waiting {
        theme.dim
    } else {
        Style::new()
    };
    let mut left = vec![
        Span::styled(format!("  {glyph} "), style),
        Span::styled(format!("{title:<room$}  "), quiet),
    ];
    let right = match &step.phase {
        Phase::Waiting => {
            left.push(Span::styled(waits_for(operation, step), theme.dim));
            String::new()
        }
        Phase::Running(_) => running(theme, step, &mut left),
        Phase::Done { elapsed, remark } => {
            let remark = part::safe(theme, remark.as_deref().unwrap_or_default(), 60);
            left.push(Span::styled(remark, theme.dim));
            duration(*elapsed)
        }
        Phase::Failed { elapsed } => {
            left.push(Span::styled("failed", theme.bad));
            duration(*elapsed)
        }
        Phase::Cancelled => {
            left.push(Span::styled(
                "stopped half-way; it will be gone on with",
                theme.dim,
            ));
            String::new()
        }
    };
    part::apart(
        left,
        vec![Span::styled(format!("{right}  "), theme.dim)],
        width,
    )
}

fn glyph(state: &State, phase: &Phase) -> (&'static str, Style) {
    let theme = &state.theme;
    match phase {
        Phase::Waiting => (theme.pick("·", "."), theme.dim),
        Phase::Running(_) => (part::spinner(state), theme.accent),
        Phase::Done { .. } => (theme.pick("✓", "+"), theme.good),
        Phase::Failed { .. } => (theme.pick("✗", "x"), theme.bad),
        Phase::Cancelled => (theme.pick("○", "o"), theme.dim),
    }
}

fn waits_for(operation: &Operation, step: &StepState) -> String {
    let waits = step
        .planned
        .after
        .iter()
        .filter_map(|place| operation.steps.get(*place));
    let open = waits.filter(|step| !matches!(step.phase, Phase::Done { .. }));
    let names: Vec<_> = open.map(|step| short(&step.planned.title)).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("waits for {}", names.join(", "))
    }
}

/// The first word of a title says enough where several stand in a row.
fn short(title: &str) -> &str {
    title.split(' ').next().unwrap_or(title)
}

/// A bar where the end is known, else the last line of output.
fn running(theme: &Theme, step: &StepState, left: &mut Vec<Span<'static>>) -> String {
    match (step.progress, &step.output) {
        (Some(progress), _) => {
            let share = share(progress);
            if let Some(share) = share {
                let bar = part::bar(theme, share, BAR);
                left.push(Span::styled(
                    format!("{bar:<0$}", usize::from(BAR)),
                    theme.accent,
                ));
            }
            progress.to_string()
        }
        (None, Some(line)) => {
            left.push(Span::styled(part::safe(theme, line, 200), theme.dim));
            String::new()
        }
        (None, None) => String::new(),
    }
}

fn share(progress: Progress) -> Option<f64> {
    let total = progress.total_bytes.filter(|total| *total > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "a bar has some hundred steps")]
    let share = progress.bytes as f64 / total as f64;
    Some(share.min(1.0))
}

/// What failed, why, the last lines, what to do.
pub fn failure(theme: &Theme, report: &Report, width: u16) -> Vec<Line<'static>> {
    let mut lines = what(theme, report, width);
    lines.extend(last(theme, &report.detail, width));
    lines.extend(cure(theme, report, width));
    lines
}

/// The same in few lines: how it begins, the last of the lines, what to do.
fn in_short(theme: &Theme, report: &Report, width: u16) -> Vec<Line<'static>> {
    let detail = &report.detail;
    let detail = detail
        .get(detail.len().saturating_sub(LAST)..)
        .unwrap_or_default();
    let mut end = last(theme, detail, width);
    end.extend(cure(theme, report, width));
    let mut lines = what(theme, report, width);
    lines.truncate(FAILURE.saturating_sub(end.len()).max(1));
    lines.extend(end);
    lines
}

fn what(theme: &Theme, report: &Report, width: u16) -> Vec<Line<'static>> {
    let what = format!("{} {}", report.code, report.message);
    let mut lines = led("", Style::new(), (&what, theme.bad), width);
    let causes = report.causes.iter();
    lines.extend(causes.flat_map(|cause| led("  ", Style::new(), (cause, Style::new()), width)));
    lines
}

fn last(theme: &Theme, detail: &[String], width: u16) -> Vec<Line<'static>> {
    let lead = theme.pick("│ ", "| ");
    let lines = detail.iter();
    lines
        .flat_map(|line| led(lead, theme.dim, (line, theme.dim), width))
        .collect()
}

fn cure(theme: &Theme, report: &Report, width: u16) -> Vec<Line<'static>> {
    let lead = theme.pick("→ ", "> ");
    let hint = report.hint.iter();
    hint.flat_map(|hint| led(lead, theme.accent, (hint, Style::new()), width))
        .collect()
}

/// A text in as many rows as it takes, with something before the first of them.
fn led(
    lead: &'static str,
    lead_style: Style,
    (text, style): (&str, Style),
    width: u16,
) -> Vec<Line<'static>> {
    let rest = " ".repeat(lead.chars().count());
    let text = crate::text::printable(text, 2000);
    let width = usize::from(width).saturating_sub(4 + rest.len());
    let pieces = part::wrapped(&text, width).into_iter().enumerate();
    let line = |(row, piece): (usize, String)| {
        let lead = if row == 0 { lead } else { rest.as_str() };
        Line::from(vec![
            Span::raw("  "),
            Span::styled(lead.to_owned(), lead_style),
            Span::styled(piece, style),
        ])
    };
    pieces.map(line).collect()
}
