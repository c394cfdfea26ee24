//! `ratesdev up`: everything, ready and verified.

mod watch;

use std::time::Duration;
use std::time::Instant;

use clap::ValueHint;

use super::Context;
use super::complete;
use super::dashboard;
use super::output::Output;
use super::output::style;
use super::report;
use super::target::refuse_another_checkout;
use crate::engine::About;
use crate::engine::Role;
use crate::environment::Environment;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Ready;
use crate::environment::Up;
use crate::environment::changes::Changes;
use crate::environment::event;
use crate::environment::event::Event;
use crate::environment::plan::Choices;
use crate::environment::program;
use crate::environment::status::published;
use crate::error::Exit;
use crate::error::Result;
use crate::profile::EngineChoice;
use crate::profile::Profile;
use crate::profile::Resolved;
use crate::query::BaseUrl;

/// Make the environment of a profile, or bring it to what the profile says now.
///
/// Running it again changes only what has to change, and goes on from wherever an earlier run was cut off.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "Examples:
  ratesdev up                               the profile dev
  ratesdev up staging                       another profile, beside the first
  ratesdev up -e feature-x                  a second environment of dev, on free ports
  ratesdev up --set api.port=15001          with one setting changed
  ratesdev up --engine embedded             without Docker, as processes of this machine
  ratesdev up --watch                       and start roles again whose mounted code changes
  ratesdev up --dry-run                     what would be done")]
pub struct Args {
    /// The profile: its name, or the path of its file [default: dev]
    #[arg(add = complete::profiles())]
    profile: Option<String>,
    /// Overrule a setting of the profile, for example api.port=15001
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Run the PostgreSQL that is installed in this folder, without Docker
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    postgres: Option<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Build the API image even if it is there
    #[arg(long)]
    build: bool,
    /// Replace every container, even where nothing changed
    #[arg(long, visible_alias = "force-recreate")]
    recreate: bool,
    /// What up does anyway; whoever comes from compose types it
    #[arg(short, long, hide = true)]
    detach: bool,
    /// When to pull images
    #[arg(long, value_enum, default_value_t)]
    pull: Pull,
    /// How many seconds a role may take until it answers
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    wait_timeout: u32,
    /// Then start roles again whose mounted code changes (`sync`, `restart_on_change`), until Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Tell what happens as JSON, one line per event
    #[arg(long)]
    json: bool,
    /// Bring it up in the dashboard
    #[arg(long, conflicts_with_all = ["json", "dry_run", "set", "postgres", "build", "recreate", "pull", "wait_timeout", "watch"])]
    tui: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    context.out.flags().keep_profile(args.profile.as_deref());
    let resolved = chosen(args.profile.as_deref(), &args.settings(), context).await?;
    let profile = &resolved.profile;
    let choices = Choices {
        build: args.build,
        recreate: args.recreate,
        reset: false,
    };
    let up = Up {
        extent: Extent::Everything,
        choices,
        pull: args.pull,
        wait_timeout: Duration::from_secs(args.wait_timeout.into()),
    };
    let environment = context.place(&resolved, args.pull, args.json).await?;
    if args.tui {
        let file = resolved.profile.file;
        return dashboard::open(environment, Some(file), true, context).await;
    }
    if args.dry_run {
        return dry_run(&environment, profile, up, &args, context).await;
    }
    if !args.watch {
        return bring_up(&environment, profile, up, args.json, context).await;
    }
    let changes = Changes::watch(profile)?;
    bring_up(&environment, profile, up, args.json, context).await?;
    watch::run(changes, &environment, up.wait_timeout, args.json, context).await
}

/// The profile that is named; for an environment of this checkout that is named, the one that it was made from.
pub async fn chosen(name: Option<&str>, set: &[String], context: &Context) -> Result<Resolved> {
    let mut file = name.map(str::to_owned);
    if file.is_none() && context.named().is_some() {
        let environment = context.environment(None).await?;
        let observed = environment.observe().await?;
        let ours = refuse_another_checkout(&observed, &environment).is_ok();
        let made_from = observed.instances.first().map(|found| &found.profile_file);
        let made_from = made_from.filter(|file| ours && file.is_file());
        file = made_from.map(|file| file.display().to_string());
    }
    context.resolve(file.as_deref(), set)
}

impl Args {
    /// What is set for this run. Who names a PostgreSQL means it to run, unless `--engine` says otherwise.
    fn settings(&self) -> Vec<String> {
        let folder = self.postgres.iter();
        let postgres = folder.flat_map(|folder| {
            [
                EngineChoice::Embedded.as_flag(),
                format!("database.postgres={folder}"),
            ]
        });
        self.set.iter().cloned().chain(postgres).collect()
    }
}

/// Brings an environment up and shows how it goes; `seed` uses it too.
pub async fn bring_up(
    environment: &Environment,
    profile: &Profile,
    up: Up,
    json: bool,
    context: &Context,
) -> Result<Exit> {
    let begun = Instant::now();
    let _lock = context.hold(environment).await?;
    let (emitter, events) = event::channel();
    let work = async {
        // Dropping the emitter at the end is what ends the stream for its reader.
        let emitter = emitter;
        environment
            .bring_up(profile, up, &emitter, &context.shutdown)
            .await
    };
    let (done, shown) = tokio::join!(work, report::follow(events, &context.out, json));
    if let (Err(error), true) = (&done, json) {
        report::failure_json(error, &context.out);
    }
    let ready = done?;
    shown?;
    let outcome = Outcome::of(environment, &ready, begun.elapsed(), &context.out);
    if json {
        context.out.json(&outcome)?;
    } else {
        outcome.show(context, environment);
    }
    Ok(Exit::Done)
}

/// How it ended, and where to go from here.
#[derive(Debug, serde::Serialize)]
struct Outcome {
    event: &'static str,
    environment: String,
    /// Whether there was nothing to do.
    unchanged: bool,
    seconds: f64,
    api: Option<String>,
    database: Option<String>,
    /// The command that makes both reachable from here, where that takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<String>,
}

impl Outcome {
    fn of(environment: &Environment, ready: &Ready, elapsed: Duration, out: &Output) -> Self {
        let api = published(&ready.observed, Role::Api);
        let database = published(&ready.observed, Role::Database);
        let ports: Vec<_> = api.into_iter().chain(database).collect();
        Self {
            event: "ready",
            environment: environment.name.to_string(),
            unchanged: ready.unchanged,
            seconds: elapsed.as_secs_f64(),
            api: api.map(|endpoint| BaseUrl::from(endpoint).to_string()),
            database: database.map(|endpoint| format!("postgres://rates@{endpoint}/rates")),
            tunnel: report::way(environment, &ports, out),
        }
    }

    fn show(&self, context: &Context, environment: &Environment) {
        let took = report::duration(Duration::from_secs_f64(self.seconds));
        let how = if self.unchanged {
            "; nothing had to change"
        } else {
            ""
        };
        let name = &self.environment;
        context.out.note(format_args!(
            "{0}{name} is ready{0:#} in {took}{how}",
            style::BOLD
        ));
        let about = environment.engine.about();
        let lines = [
            ("api", self.api.clone()),
            ("database", self.database.clone()),
            ("engine", Some(engine(about))),
            ("tunnel", self.tunnel.clone()),
        ];
        for (label, text) in lines {
            if let Some(text) = text {
                context
                    .out
                    .note(format_args!("  {0}{label:<9}{0:#} {text}", style::DIM));
            }
        }
    }
}

/// What it runs on; the Engine of this machine needs no address.
fn engine(about: &About) -> String {
    let name = format!("{} {}", about.engine, about.version);
    if about.local {
        name
    } else {
        format!("{name} at {}", about.endpoint)
    }
}

async fn dry_run(
    environment: &Environment,
    profile: &Profile,
    up: Up,
    args: &Args,
    context: &Context,
) -> Result<Exit> {
    let prepared = environment.prepare(profile, &program()?, up).await?;
    let steps = prepared.plan.announce();
    if prepared.keeps_another_seed() {
        let kept = "the database holds another seed than the profile's; `ratesdev seed --reset` replaces it";
        context.out.advice(kept);
    }
    if args.json {
        context.out.json(&Event::Planned { steps })?;
    } else if prepared.plan.is_empty() {
        context.out.line(format_args!(
            "nothing to do: {} is as {} wants it",
            environment.name, profile.name
        ))?;
    } else {
        context.out.line(format_args!(
            "{} would take {} steps:",
            environment.name,
            steps.len()
        ))?;
        report::plan(&steps).try_for_each(|line| context.out.line(line))?;
    }
    Ok(if prepared.keeps_another_seed() {
        Exit::Rejected
    } else {
        Exit::Done
    })
}
