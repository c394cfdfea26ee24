//! `ratesdev open`: the API in a browser.

use std::process::Stdio;

use tokio::process::Command;

use super::Context;
use super::target::NotRunning;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;

/// The program that shows a URL as its user likes it.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Open the API of an environment in a browser.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev open                             what the API says of itself
  ratesdev open /openapi.json               its description
  ratesdev open --print                     only the URL")]
pub struct Args {
    /// The path to open
    #[arg(default_value = "/")]
    path: String,
    /// Print the URL and open nothing
    #[arg(long)]
    print: bool,
}

/// Nothing could be opened.
#[derive(Debug, thiserror::Error)]
#[error("{OPENER} cannot open {url}")]
struct OpenFailed {
    url: String,
    #[source]
    cause: std::io::Error,
}

impl Explain for OpenFailed {
    fn code(&self) -> Code {
        Code::OpenFailed
    }

    fn hint(&self) -> Option<String> {
        Some("`ratesdev open --print` prints the URL".to_owned())
    }
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let Some(base) = environment.api().await? else {
        return Err(NotRunning::new(&environment).await.into());
    };
    let url = base.join(&args.path);
    if args.print {
        context.out.line(url)?;
        return Ok(Exit::Done);
    }
    context.shutdown.guard(open(url)).await?;
    Ok(Exit::Done)
}

async fn open(url: String) -> Result<()> {
    let mut opener = Command::new(OPENER);
    opener.arg(&url).stdin(Stdio::null()).stdout(Stdio::null());
    let ended = opener.stderr(Stdio::null()).status().await;
    let ended = ended.and_then(|status| {
        let refused = || std::io::Error::other(format!("it ended with {status}"));
        status.success().then_some(()).ok_or_else(refused)
    });
    Ok(ended.map_err(|cause| OpenFailed { url, cause })?)
}
