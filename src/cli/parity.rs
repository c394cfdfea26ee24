//! `ratesdev parity`: ask two environments the same, and show where their answers differ.

mod verdict;

use std::str::FromStr;
use std::time::Duration;
use std::time::Instant;

use clap::ValueEnum;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use futures_util::stream;
use tokio::time::sleep;

use super::Context;
use super::complete;
use super::screen::Screen;
use super::target::NotRunning;
use crate::database::Places;
use crate::error::Exit;
use crate::error::Result;
use crate::parity::Difference;
use crate::parity::Ground;
use crate::parity::Trial;
use crate::parity::differences;
use crate::parity::trials;
use crate::profile::EngineChoice;
use crate::profile::Profile;
use crate::query;
use crate::query::BaseUrl;
use crate::query::BaseUrlError;
use crate::query::Unreachable;
use verdict::Differing;
use verdict::Verdict;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions that are asked at the same time.
const AT_ONCE: usize = 4;
/// How often a question is asked while a side cannot answer for the moment, and the pause before it is asked again.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Ask two environments the same questions, and show where their answers differ.
///
/// Asked are the checks of their profiles, a sample of questions between the ports and regions of the seed, and every kind
/// of mistake. Compared are status, body (JSON by its values) and the headers that clients act upon.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all answers are equal, 3 a side does not answer, 4 some differ.

Examples:
  ratesdev parity                                  dev on Docker and dev embedded
  ratesdev parity --left dev --right staging       two environments
  ratesdev parity --left dev --right http://rates.example:8080
  ratesdev parity --left dev@docker --right dev@embedded --sample 1000 --draw 7"
)]
pub struct Args {
    /// An environment, one of a certain engine, or the URL of an API [default: the environment on docker]
    #[arg(long, value_name = "NAME[@ENGINE]|URL", add = complete::environments())]
    left: Option<Side>,
    /// The same for the other side [default: the environment, embedded]
    #[arg(long, value_name = "NAME[@ENGINE]|URL", add = complete::environments())]
    right: Option<Side>,
    /// How many questions to draw
    #[arg(long, value_name = "N", default_value = "100")]
    sample: u16,
    /// Which sample to draw: the same number draws the same questions
    #[arg(long, value_name = "N", default_value = "1")]
    draw: u64,
    /// One JSON document, with every difference
    #[arg(long)]
    json: bool,
}

/// What is asked on one side.
#[derive(Debug, Clone)]
enum Side {
    /// The API of an environment; on this engine, if one is named.
    Environment(String, Option<EngineChoice>),
    /// An API wherever it is.
    Url(BaseUrl),
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            let url = text.parse().map(Self::Url);
            return url.map_err(|error: BaseUrlError| error.to_string());
        }
        let Some((name, engine)) = text.split_once('@') else {
            return Ok(Self::Environment(text.to_owned(), None));
        };
        let known = <EngineChoice as ValueEnum>::from_str(engine, false).ok();
        let engine = known.ok_or("an engine is auto, docker or embedded")?;
        Ok(Self::Environment(name.to_owned(), Some(engine)))
    }
}

/// A side whose API is known.
#[derive(Debug)]
struct Open {
    /// What it is called.
    name: String,
    base: BaseUrl,
    /// The profile of an environment, where its checkout is in reach.
    profile: Option<Profile>,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let begun = Instant::now();
    let (left, right) = sides(&args, context).await?;
    let ground = ground([&left, &right], context).await;
    let trials = trials(&ground, usize::from(args.sample), args.draw);
    let asked = trials.len();
    let differing = context.shutdown.guard(ask(trials, &left, &right)).await?;
    let verdict = Verdict {
        left: (&left).into(),
        right: (&right).into(),
        asked,
        sample: args.sample,
        draw: args.draw,
        seconds: begun.elapsed().as_secs_f64(),
        differing,
    };
    if args.json {
        context.out.json(&verdict)?;
    } else {
        let lines = verdict.lines(Screen::of_stdout().charset);
        lines.iter().try_for_each(|line| context.out.line(line))?;
    }
    Ok(verdict.exit())
}

/// Both sides. Where nothing is said, an environment on Docker is compared with the embedded one of the same name.
async fn sides(args: &Args, context: &Context) -> Result<(Open, Open)> {
    let name = context.name(None)?.to_string();
    let usual = |engine| Side::Environment(name.clone(), Some(engine));
    let or = |side: &Option<Side>, engine| side.clone().unwrap_or_else(|| usual(engine));
    let left = or(&args.left, EngineChoice::Docker);
    let right = or(&args.right, EngineChoice::Embedded);
    Ok((open(left, context).await?, open(right, context).await?))
}

async fn open(side: Side, context: &Context) -> Result<Open> {
    let (name, engine) = match side {
        Side::Environment(name, engine) => (name, engine),
        Side::Url(base) => {
            return Ok(Open {
                name: "API".to_owned(),
                base,
                profile: None,
            });
        }
    };
    let named = match engine {
        Some(engine) => engine,
        None => context.named_engine()?,
    };
    let found = context.engines.find(name.parse()?, named);
    let environment = context.shutdown.guard(found).await?;
    let observed = environment.observe().await?;
    let Some(base) = environment.api().await? else {
        return Err(NotRunning::new(&environment, context).await.into());
    };
    Ok(Open {
        name: format!("{name}@{}", environment.engine.about().engine),
        base,
        profile: context.profile_of(&observed)?,
    })
}

/// What can be asked about: the seed of a side, else of this checkout's profile, and the checks of both.
async fn ground(sides: [&Open; 2], context: &Context) -> Ground {
    let here = || Some(context.resolve(None, &[]).ok()?.profile);
    let known = sides.iter().filter_map(|side| side.profile.clone());
    let mut profiles: Vec<_> = known.collect();
    if profiles.is_empty() {
        profiles.extend(here());
    }
    let Places {
        ports,
        regions,
        days,
    } = places(profiles.first(), context).await;
    let checks = profiles.into_iter().flat_map(|profile| profile.checks);
    let ground = Ground {
        ports,
        regions,
        days,
        checks: checks.collect(),
    };
    ground.with_places_of_checks()
}

/// The places of a profile's seed. Without them there are still those of the checks, so that is no failure.
async fn places(profile: Option<&Profile>, context: &Context) -> Places {
    let Some(file) = profile.map(|profile| profile.seed.file.clone()) else {
        return Places::default();
    };
    let read = tokio::task::spawn_blocking(move || Places::of_dump(&file));
    match read.await {
        Ok(Ok(places)) => places,
        Ok(Err(error)) => {
            let note = format!("only what the checks know is asked about: {error}");
            context.out.note(note);
            Places::default()
        }
        Err(_) => Places::default(),
    }
}

/// Puts every trial to both sides, some at the same time, and keeps those whose answers differ, in their order.
async fn ask(trials: Vec<Trial>, left: &Open, right: &Open) -> Result<Vec<Differing>> {
    let asked = stream::iter(trials).map(|trial| attempt(trial, left, right));
    let all: Vec<_> = asked.buffered(AT_ONCE).try_collect().await?;
    Ok(all.into_iter().flatten().collect())
}

async fn attempt(trial: Trial, left: &Open, right: &Open) -> Result<Option<Differing>> {
    let found = compare(&trial, left, right).await?;
    Ok((!found.is_empty()).then(|| Differing::new(trial.call, found)))
}

/// A side that has no room or no database for a moment is asked again: that is no difference.
async fn compare(trial: &Trial, left: &Open, right: &Open) -> Result<Vec<Difference>, Unreachable> {
    let mut attempt = 1;
    loop {
        let (one, other) = futures_util::try_join!(
            query::send(&left.base, &trial.call, PATIENCE),
            query::send(&right.base, &trial.call, PATIENCE),
        )?;
        let found = differences(&one, &other, trial);
        let passing = one.status.is_server_error() || other.status.is_server_error();
        if found.is_empty() || !passing || attempt == ATTEMPTS {
            return Ok(found);
        }
        attempt += 1;
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        text.parse().map(|side: Side| format!("{side:?}"))
    }

    #[test]
    fn a_side_is_an_environment_perhaps_of_a_certain_engine_or_a_url() {
        assert_eq!(read("dev").unwrap(), "Environment(\"dev\", None)");
        assert_eq!(
            read("dev@embedded").unwrap(),
            "Environment(\"dev\", Some(Embedded))"
        );
        assert!(read("http://127.0.0.1:1").unwrap().starts_with("Url("));
        assert!(
            read("dev@moon")
                .unwrap_err()
                .contains("auto, docker or embedded")
        );
        assert!(read("https://x").unwrap_err().contains("https"));
    }
}
