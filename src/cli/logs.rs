//! `ratesdev logs`: what all roles write, in the order of time.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::AnsiColor;
use anstyle::Style;
use jiff::Timestamp;
use regex::Regex;

use super::Context;
use super::complete;
use super::moment::Moment;
use super::output::style;
use super::target::nothing_of;
use super::target::refuse_unknown;
use crate::engine::LogWindow;
use crate::engine::Role;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::role;
use crate::environment::logs::Line;
use crate::error::Exit;
use crate::error::Result;
use crate::log_line;
use crate::log_line::Level;
use crate::text::printable;

/// Show what the roles write, all merged in the order of time.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "Examples:
  ratesdev logs -f                          everything, as it is written
  ratesdev logs api --since 10m             the API's last ten minutes
  ratesdev logs --level warn                warnings and worse
  ratesdev logs --grep 'CNGGZ|EETLL' --tail 50")]
pub struct Args {
    /// Only these roles: database, seed, api, or services of the profile
    #[arg(value_name = "ROLE", value_parser = role, add = complete::roles())]
    roles: Vec<Role>,
    /// Go on with what is yet to be written, across restarts
    #[arg(short, long)]
    follow: bool,
    /// Nothing before this: 10m, 2h, or 2021-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Nothing after this: 10m, 2h, or 2021-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<Moment>,
    /// At most so many of the last lines of each role
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<u64>,
    /// Only lines that match this regular expression
    #[arg(short, long, value_name = "REGEX")]
    grep: Option<Regex>,
    /// Only lines of this level or worse
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// Begin every line with its time
    #[arg(short, long)]
    timestamps: bool,
    /// Lines as they were written; on a terminal their gist is shown instead
    #[arg(long)]
    raw: bool,
}

pub async fn run(mut args: Args, context: &Context) -> Result<Exit> {
    args.raw |= !std::io::stdout().is_terminal();
    let environment = context.environment(None).await?;
    let observed = environment.observe().await?;
    refuse_unknown(args.roles.iter().copied(), &observed)?;
    let writers = environment.writers(&args.roles).await?;
    if writers.is_empty() {
        let chosen: Vec<_> = args.roles.iter().copied().map(Chosen::from).collect();
        return Err(nothing_of(&chosen, &environment, context).await?);
    }
    let now = Timestamp::now();
    let window = LogWindow {
        since: args.since.map(|since| since.resolve(now)),
        until: args.until.map(|until| until.resolve(now)),
        tail: args.tail,
        follow: false,
    };
    let show = |line: Line| {
        if args.wants(&line) {
            context.out.line(args.format(&line))
        } else {
            Ok(())
        }
    };
    if args.follow {
        tokio::select! {
            followed = environment.follow_logs(&args.roles, window, || {}, show) => followed?,
            () = context.shutdown.requested() => {}
        }
        return Ok(Exit::Done);
    }
    let mut past = environment.past_logs(&writers, window);
    while let Some(line) = past.next().await {
        show(line?)?;
    }
    Ok(Exit::Done)
}

impl Args {
    fn wants(&self, line: &Line) -> bool {
        let text = &line.line.text;
        let matches = self.grep.as_ref().is_none_or(|grep| grep.is_match(text));
        matches
            && self
                .level
                .is_none_or(|least| log_line::level(text) >= least)
    }

    fn format(&self, line: &Line) -> String {
        let colour = colour(line.instance.role);
        let time = if self.timestamps {
            format!("{0}{1:.3}{0:#} ", style::DIM, line.line.time)
        } else {
            String::new()
        };
        let text = if self.raw {
            Cow::Borrowed(line.line.text.as_str())
        } else {
            log_line::gist(&line.line.text)
        };
        let text = printable(&text, usize::MAX);
        let name = line.instance.to_string();
        let severe = match log_line::level(&line.line.text) {
            Level::Error => style::BAD,
            Level::Warn => style::WARN,
            _ => Style::new(),
        };
        format!("{time}{colour}{name:<9}{colour:#} {severe}{text}{severe:#}")
    }
}

/// Every role keeps its colour, everywhere.
pub fn colour(role: Role) -> Style {
    match role {
        Role::Database => AnsiColor::Blue.on_default(),
        Role::Seed => AnsiColor::Magenta.on_default(),
        Role::Api => AnsiColor::Cyan.on_default(),
        Role::Service(_) => AnsiColor::Green.on_default(),
    }
}
