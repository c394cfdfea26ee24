//! `ratesdev down`: stop and remove what `up` made; data stays unless asked otherwise.

use std::io::IsTerminal;
use std::time::Instant;

use super::Context;
use super::ask;
use super::halt::GraceArgs;
use super::output::style;
use super::report;
use super::target::refuse_another_checkout;
use crate::engine::Contents;
use crate::engine::Observed;
use crate::environment;
use crate::environment::Environment;
use crate::environment::event;
use crate::environment::event::Event;
use crate::environment::plan;
use crate::environment::status;
use crate::environment::status::SeedStatus;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;
use crate::text::thousands;

/// Stop an environment and remove its containers and network. Its data stays unless -v is given.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "Examples:
  ratesdev down                             keep the data; the next up is quick
  ratesdev down -t 1                        kill what has not ended after a second
  ratesdev down -v                          remove the data too, after asking
  ratesdev down -v --yes -e feature-x       without asking")]
pub struct Args {
    /// Remove the data too, after saying what will be lost
    #[arg(short, long)]
    volumes: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    grace: GraceArgs,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell what happens as JSON, one line per event
    #[arg(long)]
    json: bool,
}

/// Data that was not given up.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the environment {0} is protected; --yes alone does not remove its data")]
    Protected(String),
    #[error("the data of {0} stays: nobody is there to be asked")]
    NobodyToAsk(String),
    #[error("the data of {0} stays")]
    Declined(String),
}

impl Explain for Refused {
    fn code(&self) -> Code {
        Code::Protected
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Protected(_) => {
                "run it in a terminal, where the environment's name can be typed".to_owned()
            }
            Self::NobodyToAsk(_) => "say --yes if it is to go".to_owned(),
            Self::Declined(_) => return None,
        })
    }
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let _lock = context.hold(&environment).await?;
    let observed = environment.observe().await?;
    if context.named().is_none() {
        // Whoever names an environment means it, wherever it was made.
        refuse_another_checkout(&observed, &environment)?;
    }
    let plan = plan::down(&observed, args.volumes);
    if plan.is_empty() {
        let away = context.engines.docker_away();
        context.out.advice(&idle(&observed, &environment, away));
        return Ok(Exit::Done);
    }
    if args.dry_run {
        return dry_run(&plan, &args, context);
    }
    if args.volumes && !observed.volumes.is_empty() {
        consent(&args, &observed, &environment, context).await?;
    }
    take_down(&environment, &args, context).await
}

/// The last line of a stream of JSON.
#[derive(Debug, serde::Serialize)]
struct Down {
    event: &'static str,
    environment: String,
    /// Whether its data is still there.
    kept: bool,
}

async fn take_down(environment: &Environment, args: &Args, context: &Context) -> Result<Exit> {
    let Args { volumes, json, .. } = *args;
    let down = environment::Down {
        volumes,
        grace: args.grace.grace(),
    };
    let begun = Instant::now();
    let (emitter, events) = event::channel();
    let work = async {
        let emitter = emitter;
        environment
            .take_down(down, &emitter, &context.shutdown)
            .await
    };
    let (done, shown) = tokio::join!(work, report::follow(events, &context.out, json));
    done?;
    shown?;
    let kept = !environment.observe().await?.volumes.is_empty();
    if json {
        let environment = environment.name.to_string();
        context.out.json(&Down {
            event: "down",
            environment,
            kept,
        })?;
    }
    let data = if kept { "; its data is kept" } else { "" };
    context.out.note(format_args!(
        "{} is down in {}{data}",
        environment.name,
        report::duration(begun.elapsed())
    ));
    Ok(Exit::Done)
}

fn idle(observed: &Observed, environment: &Environment, away: Option<&str>) -> String {
    let name = &environment.name;
    let engine = environment.engine.about().engine;
    let but = away.map(|reason| format!("; Docker cannot be asked: {reason}"));
    let but = but.unwrap_or_default();
    if observed.volumes.is_empty() {
        format!("nothing of {name} is there{but}")
    } else {
        format!(
            "{name} is down already; its data is kept (`ratesdev down -v -e {name} --engine {engine}` removes it){but}"
        )
    }
}

fn dry_run(plan: &plan::Plan, args: &Args, context: &Context) -> Result<Exit> {
    let steps = plan.announce();
    if args.json {
        context.out.json(&Event::Planned { steps })?;
    } else {
        report::plan(&steps).try_for_each(|line| context.out.line(line))?;
    }
    Ok(Exit::Done)
}

/// Says what will be lost and asks. The default answer is no; a protected environment wants its name typed.
async fn consent(
    args: &Args,
    observed: &Observed,
    environment: &Environment,
    context: &Context,
) -> Result<()> {
    let name = environment.name.to_string();
    let interactive = std::io::stdin().is_terminal();
    let protected = is_protected(observed, context);
    match (protected, args.yes, interactive) {
        (false, true, _) => return Ok(()),
        (true, _, false) => return Err(Refused::Protected(name).into()),
        (false, false, false) => return Err(Refused::NobodyToAsk(name).into()),
        _ => {}
    }
    context.out.note("This removes for good:");
    let seed = status::seed(&environment.engine, observed).await.known();
    for volume in &observed.volumes {
        let what = match volume.contents {
            Contents::Data => held(seed.as_ref()),
            Contents::Secrets => "its password".to_owned(),
            Contents::Named(_) => "what services keep".to_owned(),
            Contents::Dump => "a dump".to_owned(),
        };
        context.out.note(format_args!(
            "  {0}{1}{0:#}  {what}",
            style::BOLD,
            volume.name
        ));
    }
    let (question, wanted) = if protected {
        (
            format!("{name} is protected. Type its name to remove its data: "),
            name.as_str(),
        )
    } else {
        ("Remove it? [y/N] ".to_owned(), "y")
    };
    if ask::line(&question, context)
        .await?
        .eq_ignore_ascii_case(wanted)
    {
        Ok(())
    } else {
        Err(Refused::Declined(name).into())
    }
}

/// A profile may have become protected after its environment was made.
fn is_protected(observed: &Observed, context: &Context) -> bool {
    let profile = context.profile_of(observed).ok().flatten();
    observed.is_protected() || profile.is_some_and(|profile| profile.protected)
}

fn held(seed: Option<&SeedStatus>) -> String {
    seed.map_or_else(
        || "the database".to_owned(),
        |seed| {
            format!(
                "the database: {} rows of {} and all that was added since",
                thousands(seed.rows),
                seed.file
            )
        },
    )
}
