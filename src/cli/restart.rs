//! `ratesdev restart`: roles stop and start again.

use super::Context;
use super::halt;
use super::halt::GraceArgs;
use super::halt::RoleArgs;
use super::halt::Verb;
use super::halt::WaitArgs;
use crate::environment::plan;
use crate::error::Exit;
use crate::error::Result;

/// Stop roles, start them again, and wait until they answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev restart                          everything, in the order in which roles need each other
  ratesdev restart api                      the API, with all its replicas
  ratesdev restart database                 the database; the API waits for it
  ratesdev restart worker -t 0              without waiting for it to end

A changed profile takes effect with `ratesdev up`, not with a restart.")]
pub struct Args {
    #[command(flatten)]
    roles: RoleArgs,
    #[command(flatten)]
    grace: GraceArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let verb = Verb {
        done: "restarted",
        plan: plan::restart,
        wait: args.wait.limit(),
        grace: args.grace.grace(),
    };
    halt::run(&args.roles, verb, context).await
}
