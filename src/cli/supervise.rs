//! `ratesdev supervise FOLDER`: looks after an environment of the engine `embedded`. Managers start it when they need it.

use std::path::PathBuf;

use super::Context;
use crate::engine::embedded;
use crate::error::Exit;
use crate::error::Result;

/// Look after the processes of an environment
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// The environment's folder
    folder: PathBuf,
}

/// Runs until nothing is left to look after.
pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    embedded::supervise(&args.folder, &context.shutdown).await?;
    Ok(Exit::Done)
}
