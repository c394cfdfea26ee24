//! `ratesdev events`: what happened to an environment's instances.

use anstyle::Style;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::Context;
use super::logs::colour;
use super::moment::Moment;
use super::output::style;
use crate::engine::Event;
use crate::engine::EventKind;
use crate::engine::HealthStatus;
use crate::engine::LogWindow;
use crate::error::Exit;
use crate::error::Result;

/// Show what happened to the instances of an environment.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An engine remembers only so much: Docker its last 256 events of all containers together. Before those, it is
known of every instance that is there when it was made, last started and last ended.

Examples:
  ratesdev events                           what the engine remembers
  ratesdev events -f --since 10m            the last ten minutes, and what is yet to happen
  ratesdev events -f --json | jq -c 'select(.event == \"exited\")'"
)]
pub struct Args {
    /// Go on with what is yet to happen
    #[arg(short, long)]
    follow: bool,
    /// Nothing before this: 10m, 2h, or 2021-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// One JSON document per event
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let window = LogWindow {
        since: args.since.map(|since| since.resolve(Timestamp::now())),
        follow: args.follow,
        ..LogWindow::default()
    };
    let mut events = environment.engine.events(Some(&environment.name), window);
    let mut is_empty = true;
    loop {
        let event = tokio::select! {
            event = events.next() => event.transpose()?,
            () = context.shutdown.requested() => break,
        };
        let Some(event) = event else { break };
        is_empty = false;
        if args.json {
            context.out.json(&event)?;
        } else {
            context.out.line(line(&event))?;
        }
    }
    if is_empty && !args.follow {
        let name = &environment.name;
        let engine = environment.engine.about().engine;
        context
            .out
            .note(format_args!("{engine} remembers nothing of {name}"));
    }
    Ok(Exit::Done)
}

fn line(event: &Event) -> String {
    let (words, severity) = words(&event.kind);
    let colour = colour(event.instance.role);
    let name = event.instance.to_string();
    format!(
        "{0}{1:.0}{0:#}  {colour}{name:<9}{colour:#} {severity}{words}{severity:#}",
        style::DIM,
        event.time
    )
}

fn words(kind: &EventKind) -> (String, Style) {
    let plain = Style::new();
    let (words, style) = match kind {
        EventKind::Created => ("was made", plain),
        EventKind::Started => ("was started", plain),
        EventKind::Exited { code: 0 } => ("ended", plain),
        EventKind::Exited { code } => return (format!("ended with {code}"), style::WARN),
        EventKind::OutOfMemory => ("used more memory than it may", style::BAD),
        EventKind::Health { status } => match status {
            HealthStatus::Healthy => ("is healthy", style::GOOD),
            HealthStatus::Unhealthy => ("is unhealthy", style::BAD),
            HealthStatus::Starting => ("is being looked at", plain),
        },
        EventKind::Paused => ("was frozen", style::WARN),
        EventKind::Unpaused => ("goes on", plain),
        EventKind::Removed => ("was removed", plain),
    };
    (words.to_owned(), style)
}
