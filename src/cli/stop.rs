//! `ratesdev stop`: roles stop and stay as they are.

use std::time::Duration;

use super::Context;
use super::halt;
use super::halt::GraceArgs;
use super::halt::RoleArgs;
use super::halt::Verb;
use crate::environment::plan;
use crate::error::Exit;
use crate::error::Result;

/// Stop roles; they keep everything, and do not start again by themselves.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev stop                             everything; `ratesdev start` goes on
  ratesdev stop api                         the API, with all its replicas
  ratesdev stop api-2                       one replica
  ratesdev stop -t 1                        kill what has not ended after a second")]
pub struct Args {
    #[command(flatten)]
    roles: RoleArgs,
    #[command(flatten)]
    grace: GraceArgs,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let verb = Verb {
        done: "stopped",
        plan: plan::stop,
        wait: Duration::ZERO,
        grace: args.grace.grace(),
    };
    halt::run(&args.roles, verb, context).await
}
