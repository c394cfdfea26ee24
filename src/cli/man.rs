//! `ratesdev man`: manual pages, made from the same words as `--help`.

use std::path::PathBuf;

use clap::CommandFactory;

use super::Cli;
use super::Context;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;

/// Write the manual pages of ratesdev and of every command into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev man ~/.local/share/man/man1      then: man ratesdev-up
  ratesdev man /tmp/man && man /tmp/man/ratesdev.1")]
pub struct Args {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let folder = &args.folder;
    let made = std::fs::create_dir_all(folder);
    made.and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .map_err(IoError::new(format!(
            "write manual pages to {}",
            folder.display()
        )))?;
    context
        .out
        .note(format_args!("manual pages are in {}", folder.display()));
    Ok(Exit::Done)
}
