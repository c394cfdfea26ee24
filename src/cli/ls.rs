//! `ratesdev ls`: every environment of every engine, whichever checkout made it.

use serde::Serialize;

use super::Context;
use super::output::style;
use super::screen::Screen;
use super::table::Cell;
use super::table::Column;
use super::table::Table;
use crate::engine::Glimpse;
use crate::engine::Overview;
use crate::engine::choice::Kind;
use crate::environment::locate::Everything;
use crate::error::Exit;
use crate::error::Result;
use crate::text::Charset;

const UNCUT: usize = 100_000;

/// List every environment of every engine, whichever checkout made it.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "Examples:
  ratesdev ls                               what is there
  ratesdev ls --all                         also what is down and has kept its data
  ratesdev ls -q | xargs -n 1 ratesdev status -e")]
pub struct Args {
    /// Those too that are down and have kept their data
    #[arg(short, long)]
    all: bool,
    /// Only their names
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let engine = context.named_engine()?;
    let overview = context
        .engines
        .overview(engine, args.all, context.engines.patience());
    let told = context.shutdown.guard(async { Ok(overview.await?) });
    let Everything { all, unasked } = told.await?;
    for (kind, reason) in &unasked {
        context.out.note(not_asked(*kind, reason));
    }
    for (_, one) in &all {
        if let Some(trouble) = &one.trouble {
            context.out.note(format!("{}: {trouble}", one.environment));
        }
    }
    if args.json {
        let environments = all
            .iter()
            .map(|(kind, one)| Listed::new(*kind, one))
            .collect();
        context.out.json(&Document { environments })?;
    } else if args.quiet {
        let mut names = all.iter().map(|(_, one)| &one.environment);
        names.try_for_each(|name| context.out.line(name))?;
    } else if all.is_empty() {
        context
            .out
            .advice("there is no environment; `ratesdev up` makes one");
    } else {
        let screen = Screen::of_stdout();
        // What goes to another program is not cut.
        let width = screen.height.map_or(UNCUT, |_| screen.width);
        let lines = table(&all, screen.charset).lines(width);
        lines.iter().try_for_each(|line| context.out.line(line))?;
    }
    Ok(Exit::Done)
}

fn not_asked(kind: Kind, reason: &str) -> String {
    let engine = match kind {
        Kind::Docker => "Docker",
        Kind::Embedded => "the embedded engine",
    };
    format!("{engine} cannot be asked: {reason}")
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    environments: Vec<Listed<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    environment: &'a str,
    engine: Kind,
    profile: &'a str,
    checkout: String,
    /// Services that run.
    running: usize,
    /// Services that are there.
    total: usize,
    roles: Vec<ListedRole>,
    /// What is wrong with it as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ListedRole {
    name: String,
    running: bool,
    endpoint: Option<String>,
}

impl<'a> Listed<'a> {
    fn new(engine: Kind, overview: &'a Overview) -> Self {
        let (running, total) = tally(&overview.instances);
        let role = |glimpse: &Glimpse| ListedRole {
            name: glimpse.instance.to_string(),
            running: glimpse.runs,
            endpoint: glimpse.endpoint.map(|endpoint| endpoint.to_string()),
        };
        Self {
            environment: overview.environment.as_str(),
            engine,
            profile: &overview.profile,
            checkout: overview.root.display().to_string(),
            running,
            total,
            roles: overview.instances.iter().map(role).collect(),
            trouble: overview.trouble.as_deref(),
        }
    }
}

/// How many services run, and how many there are.
fn tally(instances: &[Glimpse]) -> (usize, usize) {
    let services = instances
        .iter()
        .filter(|glimpse| glimpse.instance.role.is_service());
    let running = services.clone().filter(|glimpse| glimpse.runs);
    (running.count(), services.count())
}

fn table(all: &[(Kind, Overview)], charset: Charset) -> Table {
    let columns = [
        Column::left("environment"),
        Column::left("engine"),
        Column::left("profile"),
        Column::right("roles"),
        Column::left("ports"),
        Column::left("checkout"),
    ];
    let mut table = Table::new(charset, columns);
    for (kind, one) in all {
        table.row([
            Cell::styled(one.environment.as_str(), style::BOLD),
            Cell::new(kind.to_string()),
            Cell::new(&one.profile),
            roles(one),
            Cell::new(ports(&one.instances)),
            Cell::styled(one.root.display().to_string(), style::DIM),
        ]);
    }
    table
}

fn roles(one: &Overview) -> Cell {
    match tally(&one.instances) {
        (_, 0) if one.trouble.is_some() => Cell::styled("?", style::BAD),
        (running, total) if one.trouble.is_some() => {
            Cell::styled(format!("{running}/{total} ?"), style::BAD)
        }
        (_, 0) => Cell::styled("down", style::DIM),
        (running, total) if running == total => {
            Cell::styled(format!("{running}/{total}"), style::GOOD)
        }
        (running, total) => Cell::styled(format!("{running}/{total}"), style::WARN),
    }
}

/// The API first: it is what is asked for.
fn ports(instances: &[Glimpse]) -> String {
    let ports = instances.iter().rev().filter_map(|glimpse| {
        let port = glimpse.endpoint?.port();
        Some(format!("{} {port}", glimpse.instance))
    });
    ports.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Instance;
    use crate::engine::Role;

    fn glimpse(role: Role, runs: bool, port: u16) -> Glimpse {
        Glimpse {
            instance: Instance::first(role),
            runs,
            endpoint: runs.then(|| ([127, 0, 0, 1], port).into()),
        }
    }

    #[test]
    fn environments_are_listed_with_what_runs_of_them() {
        let one = |name: &str, instances| {
            let overview = Overview {
                environment: name.parse().unwrap(),
                profile: "dev".to_owned(),
                root: "/home/me/rates".into(),
                instances,
                trouble: (name == "odd").then(|| "it does not answer".to_owned()),
            };
            (Kind::Docker, overview)
        };
        let all = [
            one(
                "dev",
                vec![
                    glimpse(Role::Database, true, 15432),
                    glimpse(Role::Seed, false, 0),
                    glimpse(Role::Api, true, 15000),
                ],
            ),
            one(
                "half",
                vec![
                    glimpse(Role::Database, false, 0),
                    glimpse(Role::Api, true, 9),
                ],
            ),
            one("kept", vec![]),
            one("odd", vec![glimpse(Role::Api, true, 8)]),
        ];
        let lines = table(&all, Charset::Unicode).lines(100).join("\n");
        insta::assert_snapshot!(anstream::adapter::strip_str(&lines).to_string(), @r"
        environment  engine  profile  roles  ports                      checkout
        dev          docker  dev        2/2  api 15000, database 15432  /home/me/rates
        half         docker  dev        1/2  api 9                      /home/me/rates
        kept         docker  dev       down                             /home/me/rates
        odd          docker  dev      1/1 ?  api 8                      /home/me/rates
        ");
    }
}
