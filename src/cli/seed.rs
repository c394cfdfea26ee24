//! `ratesdev seed`: load a dump into the environment's database.

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use super::complete;
use super::target::NotRunning;
use super::target::refuse_another_checkout;
use super::up;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Up;
use crate::environment::plan::Choices;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;

/// Load a dump into the database: the profile's, or another one.
///
/// The dump is loaded beside what is there, verified, and only then put in its place. The same dump again is nothing to
/// do; another one needs --reset, because it replaces all the data there is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev seed                             the profile's dump, if it is not loaded yet
  ratesdev seed --reset                     the profile's dump, in place of what is there
  ratesdev seed --file big.sql --reset      another dump")]
pub struct Args {
    /// The dump, in `pg_dump`'s plain format [default: the profile's]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace what the database holds
    #[arg(long)]
    reset: bool,
    /// The profile whose dump it is [default: the one that the environment was made from]
    #[arg(long, value_name = "PROFILE", add = complete::profiles())]
    profile: Option<String>,
    /// Tell what happens as JSON, one line per event
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let observed = environment.observe().await?;
    if observed.instances.is_empty() {
        return Err(NotRunning::new(&environment, context).await.into());
    }
    refuse_another_checkout(&observed, &environment)?;
    let made_from = match args.profile {
        None => context.profile_of(&observed)?,
        Some(_) => None,
    };
    let mut profile = match made_from {
        Some(profile) => profile,
        None => context.resolve(args.profile.as_deref(), &[])?.profile,
    };
    if let Some(file) = args.file {
        profile.seed.file = std::path::absolute(&file).map_err(IoError::new("find the dump"))?;
    }
    let choices = Choices {
        reset: args.reset,
        ..Choices::default()
    };
    let up = Up {
        extent: Extent::Seed,
        choices,
        pull: Pull::Missing,
        wait_timeout: Duration::from_mins(2),
    };
    up::bring_up(&environment, &profile, up, args.json, context).await
}
