//! `ratesdev probe URL`: the health check of a container that has no other program in it.

use std::time::Duration;

use super::Context;
use crate::error::Exit;
use crate::error::Result;
use crate::query;
use crate::query::BaseUrl;

const DEADLINE: Duration = Duration::from_secs(2);

/// Ask a URL once; the exit code says whether it answers with a success
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// The URL to ask
    url: String,
}

/// Succeeds silently, or fails with one line on stdout, where Docker keeps it for `docker inspect`.
pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    match fault(&args.url).await {
        None => Ok(Exit::Done),
        Some(line) => {
            context.out.line(line)?;
            Ok(Exit::Failed)
        }
    }
}

/// What speaks against the URL being healthy, in one line.
async fn fault(url: &str) -> Option<String> {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (url, String::new()),
    };
    // Docker reserves the exit code 2, so a wrong URL is an unhealthy one.
    let base: BaseUrl = match base.parse() {
        Ok(base) => base,
        Err(error) => return Some(error.to_string()),
    };
    match query::get(&base, &query, DEADLINE).await {
        Ok(response) if response.status.is_success() => None,
        Ok(response) => Some(format!(
            "{} {}",
            response.status,
            query::first_line(&response.body)
        )),
        Err(error) => Some(format!("{error}: {}", error.cause)),
    }
}
