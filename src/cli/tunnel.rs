//! `ratesdev tunnel`: the far end of the way to ports that only this machine reaches. Its reader is the manager.

use super::Context;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::tunnel;

/// Lead to ports of this machine over the standard streams, until the input ends
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {}

/// Serves whoever has the other end of the streams.
pub async fn run(_args: Args, context: &Context) -> Result<Exit> {
    let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
    let serving = async {
        let served = tunnel::serve(stream).await;
        let served = served.map_err(std::io::Error::other);
        Ok(served.map_err(IoError::new("lead to ports"))?)
    };
    context.shutdown.guard(serving).await?;
    Ok(Exit::Done)
}
