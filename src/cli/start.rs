//! `ratesdev start`: roles that were stopped go on.

use super::Context;
use super::halt;
use super::halt::RoleArgs;
use super::halt::Verb;
use super::halt::WaitArgs;
use crate::environment::plan;
use crate::error::Exit;
use crate::error::Result;

/// Start roles that were stopped, and wait until they answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev start                            everything that is stopped
  ratesdev start api                        the API, and its database where that is stopped

What does not exist yet, or has to change, is `ratesdev up`'s to make.")]
pub struct Args {
    #[command(flatten)]
    roles: RoleArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let verb = Verb {
        done: "started",
        plan: plan::start,
        wait: args.wait.limit(),
        grace: None,
    };
    halt::run(&args.roles, verb, context).await
}
