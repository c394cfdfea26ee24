//! Shows the events of a plan as they happen: redrawn lines on a terminal, plain lines elsewhere, or JSON lines.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use indicatif::MultiProgress;
use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;
use unicode_width::UnicodeWidthStr;

use super::output::Output;
use super::output::style;
use crate::engine::Progress;
use crate::environment::Environment;
use crate::environment::event::Event;
use crate::environment::event::Events;
use crate::environment::event::Latest;
use crate::environment::event::Planned;
use crate::error::Error;
use crate::error::Report;
use crate::error::Result;
use crate::text::Charset;
pub use crate::text::duration;

/// How often running steps are redrawn.
const TICK: Duration = Duration::from_millis(100);

/// The width of the column that names the steps.
const TITLE: usize = 34;

/// Shows events until the last of them.
pub async fn follow(events: Events, out: &Output, json: bool) -> Result<()> {
    if json {
        follow_json(events, out).await
    } else {
        Lines::new(out).follow(events).await;
        Ok(())
    }
}

/// Every event, and now and then how far the running steps are.
async fn follow_json(mut events: Events, out: &Output) -> Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            event = events.events.recv() => match event {
                Some(event) => out.json(&event)?,
                None => return Ok(()),
            },
            _ = ticks.tick() => {
                if events.progress.has_changed().unwrap_or(false) {
                    progress_json(&events.progress.borrow_and_update(), out)?;
                }
            }
        }
    }
}

/// The command that makes published ports reachable from here, as it must be typed; none where they are.
pub fn way(environment: &Environment, ports: &[SocketAddr], out: &Output) -> Option<String> {
    let command = environment.engine.tunnel(ports)?;
    Some(out.flags().complete(command))
}

/// Names the command that makes published ports reachable from here.
pub fn tunnel(command: &str, out: &Output) {
    let label = "tunnel";
    out.note(format_args!("  {0}{label:<9}{0:#} {command}", style::DIM));
}

/// Ends a stream of JSON that ended badly. The error is told on stderr too, and matters more than a reader that has gone.
pub fn failure_json(error: &Error, out: &Output) {
    #[derive(serde::Serialize)]
    struct Failed {
        event: &'static str,
        error: Report,
    }
    drop(out.json(&Failed {
        event: "failed",
        error: out.report(error),
    }));
}

fn progress_json(latest: &Latest, out: &Output) -> Result<()> {
    #[derive(serde::Serialize)]
    struct Line {
        event: &'static str,
        step: usize,
        #[serde(flatten)]
        progress: Progress,
    }
    let steps = latest.iter().enumerate();
    let known = steps.filter_map(|(step, progress)| Some((step, (*progress)?)));
    known.into_iter().try_for_each(|(step, progress)| {
        out.json(&Line {
            event: "progress",
            step,
            progress,
        })
    })
}

/// What has to be done, as text.
pub fn plan(steps: &[Planned]) -> impl Iterator<Item = String> {
    steps.iter().map(|step| match &step.reason {
        Some(reason) => format!("  {}  {}({reason}){:#}", step.title, style::DIM, style::DIM),
        None => format!("  {}", step.title),
    })
}

/// Lines for a person. On a terminal the running steps are redrawn below the finished ones.
struct Lines<'a> {
    out: &'a Output,
    charset: Charset,
    screen: MultiProgress,
    steps: Vec<Planned>,
    running: BTreeMap<usize, ProgressBar>,
}

impl<'a> Lines<'a> {
    fn new(out: &'a Output) -> Self {
        let target = if out.is_live() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            out,
            charset: Charset::from_locale(|name| std::env::var(name).ok()),
            screen: MultiProgress::with_draw_target(target),
            steps: Vec::new(),
            running: BTreeMap::new(),
        }
    }

    async fn follow(mut self, mut events: Events) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                event = events.events.recv() => match event {
                    Some(event) => self.show(event),
                    None => break,
                },
                _ = ticks.tick() => self.refresh(&events.progress.borrow()),
            }
        }
    }

    fn show(&mut self, event: Event) {
        match event {
            Event::Engine { because, .. } => self.print(&because),
            Event::Planned { steps } => self.steps = steps,
            Event::Started { step } => self.begin(step),
            Event::Output { step, line } => self.output(step, &line),
            Event::Notice { text, .. } => {
                let text = self.out.flags().repeat(&text);
                self.print(&format!("  {0}!{0:#} {text}", style::WARN));
            }
            Event::Finished {
                step,
                remark,
                elapsed,
            } => {
                let glyph = format!(
                    "{}{}{:#}",
                    style::GOOD,
                    self.charset.pick('✓', '+'),
                    style::GOOD
                );
                self.end(step, &glyph, elapsed, remark.as_deref().unwrap_or_default());
            }
            Event::Failed { step, elapsed, .. } => {
                let glyph = format!(
                    "{}{}{:#}",
                    style::BAD,
                    self.charset.pick('✗', 'x'),
                    style::BAD
                );
                self.end(step, &glyph, elapsed, "failed");
            }
            Event::Cancelled { step } => {
                let glyph = format!(
                    "{}{}{:#}",
                    style::DIM,
                    self.charset.pick('○', 'o'),
                    style::DIM
                );
                self.end(
                    step,
                    &glyph,
                    Duration::ZERO,
                    "stopped half-way; it will be gone on with",
                );
            }
        }
    }

    fn begin(&mut self, step: usize) {
        let frames = self.charset.pick("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ", "|/-\\ ");
        let template = ProgressStyle::with_template("  {spinner} {prefix} {wide_msg}");
        let bar = self.screen.add(ProgressBar::new_spinner());
        if let Ok(template) = template {
            bar.set_style(template.tick_chars(frames));
        }
        bar.set_prefix(padded(self.title(step)));
        bar.tick();
        self.running.insert(step, bar);
    }

    fn output(&self, step: usize, line: &str) {
        if let Some(bar) = self.running.get(&step) {
            bar.set_message(crate::text::printable(line, 200));
        }
    }

    fn end(&mut self, step: usize, glyph: &str, elapsed: Duration, remark: &str) {
        if let Some(bar) = self.running.remove(&step) {
            bar.finish_and_clear();
        }
        let time = if elapsed.is_zero() {
            String::new()
        } else {
            duration(elapsed)
        };
        let title = padded(self.title(step));
        self.print(format!("  {glyph} {title} {0}{time:>9}{0:#}  {remark}", style::DIM).trim_end());
    }

    fn print(&self, line: &str) {
        self.screen.suspend(|| self.out.note(line));
    }

    fn refresh(&self, latest: &Latest) {
        for (step, bar) in &self.running {
            if let Some(progress) = latest.get(*step).copied().flatten() {
                bar.set_message(progress.to_string());
            }
            bar.tick();
        }
    }

    fn title(&self, step: usize) -> &str {
        self.steps.get(step).map_or("", |step| step.title.as_str())
    }
}

fn padded(title: &str) -> String {
    let missing = TITLE.saturating_sub(title.width());
    format!("{title}{}", " ".repeat(missing))
}
