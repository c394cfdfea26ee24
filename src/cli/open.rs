//! `ratesdev open`: the API in a browser.

use std::process::Stdio;

use tokio::process::Command;

use super::Context;
use super::report;
use super::target::NotRunning;
use crate::engine::Role;
use crate::environment::status::published;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;
use crate::query::BaseUrl;

/// The program that shows a URL as its user likes it.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Open the API of an environment in a browser. Where that takes a tunnel, print the command that makes it.
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
    let observed = environment.observe().await?;
    let Some(published) = published(&observed, Role::Api) else {
        return Err(NotRunning::new(&environment, context).await.into());
    };
    let url = BaseUrl::from(published).join(&args.path);
    let way = report::way(&environment, &[published], &context.out);
    match (way, args.print) {
        (None, false) => context.shutdown.guard(open(url)).await?,
        (None, true) => context.out.line(url)?,
        (Some(tunnel), true) => {
            context.out.line(url)?;
            report::tunnel(&tunnel, &context.out);
        }
        // A tunnel of this command would be gone before the browser has asked.
        (Some(tunnel), false) => {
            context
                .out
                .note(format_args!("{url} can be opened while this runs:"));
            context.out.line(tunnel)?;
        }
    }
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
