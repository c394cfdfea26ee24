//! `ratesdev load`: the job that loads a seed beside the database. Its reader is the manager.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::output::Output;
use crate::database::Fingerprint;
use crate::database::Settings;
use crate::database::seed;
use crate::database::seed::Interrupt;
use crate::database::seed::LoadEvent;
use crate::database::seed::Loaded;
use crate::database::seed::Request;
use crate::error::Error;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;

/// Load a dump into the database that the environment names; events as JSON lines
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// A plain dump of `pg_dump`
    file: PathBuf,
    /// What the user calls the dump, where the file at hand is a copy of it
    #[arg(long, value_name = "PATH")]
    name: Option<PathBuf>,
    /// Replace a database that holds something else
    #[arg(long)]
    reset: bool,
    /// The fingerprint the dump must have
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<Fingerprint>,
    /// How long the server may need to come up
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    wait: u64,
}

/// Runs the load on a blocking thread; a signal ends it and rolls it back.
pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let result = load(args, context).await;
    let (event, exit) = match result {
        Ok(loaded) => (LoadEvent::Done(loaded), Exit::Done),
        Err(error) => (LoadEvent::Failed(error.report()), error.exit()),
    };
    context.out.json(&event)?;
    Ok(exit)
}

async fn load(args: Args, context: &Context) -> Result<Loaded> {
    let request = Request {
        settings: Settings::from_env(|name| std::env::var(name).ok())?,
        name: args.name.unwrap_or_else(|| args.file.clone()),
        file: args.file,
        reset: args.reset,
        expected: args.fingerprint,
        wait: Duration::from_secs(args.wait),
    };
    let interrupt = Arc::new(Interrupt::default());
    let job = tokio::task::spawn_blocking({
        let (interrupt, out) = (Arc::clone(&interrupt), context.out.clone());
        move || blocking(&request, &interrupt, &out)
    });
    let watch = async {
        context.shutdown.requested().await;
        loop {
            let interrupt = Arc::clone(&interrupt);
            // It cannot fail, and the load is waited for in any case.
            drop(tokio::task::spawn_blocking(move || interrupt.request()).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        result = job => result.map_err(|error| IoError::new("run the load")(error.into()))?,
        () = watch => std::future::pending().await,
    }
}

/// A reader that has gone is no reason to stop: the load goes on without it.
fn blocking(request: &Request, interrupt: &Interrupt, out: &Output) -> Result<Loaded> {
    let loaded = seed::load(request, interrupt, &mut |event| drop(out.json(&event)));
    loaded.map_err(Error::from)
}
