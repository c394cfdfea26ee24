//! The connection that listens for changes, and makes another one when it is lost.

use std::convert::Infallible;
use std::future::poll_fn;
use std::time::Duration;
use std::time::Instant;

use serde_json::json;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::time::error::Elapsed;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_postgres::AsyncMessage;
use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::Connection;
use tokio_postgres::NoTls;

use super::Cache;
use super::HOLDS;
use crate::api::log::Log;
use crate::error::chain;

const LISTEN: &str = "listen ratesdev_rates_changed";
/// Whether the session listens, and the tables have the triggers that tell.
const HEARS: &str = include_str!("hears_of_changes.sql");
/// Between two proofs, and before another connection is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// Why nobody hears of changes.
#[derive(Debug, thiserror::Error)]
enum Deaf {
    #[error("the listening connection has ended")]
    Ended,
    #[error("the listening connection failed")]
    Failed(#[from] tokio_postgres::Error),
    #[error("the database did not answer on the listening connection in time")]
    Silent(#[from] Elapsed),
    #[error("the database does not tell of changes; its migrations have not run")]
    Untold,
}

/// Listens for ever. While it cannot, the cache gives nothing.
pub async fn listen(cache: &Cache, config: &Config, log: &Log) -> Infallible {
    let mut told = None;
    loop {
        let Err(deaf) = hear(cache, config, log, &mut told).await;
        cache.close();
        let texts: Vec<_> = chain(&deaf).map(ToString::to_string).collect();
        let text = texts.join(": ");
        if told.as_ref() != Some(&text) {
            log.warn("no answers are kept", json!({ "error": &text }));
            told = Some(text);
        }
        sleep(PAUSE).await;
    }
}

/// Listens until that fails.
async fn hear(
    cache: &Cache,
    config: &Config,
    log: &Log,
    told: &mut Option<String>,
) -> Result<Infallible, Deaf> {
    let (client, connection) = timeout(HOLDS, config.connect(NoTls)).await??;
    let begin = async {
        timeout(HOLDS, client.batch_execute(LISTEN)).await??;
        prove(cache, &client).await?;
        *told = None;
        log.info("answers are kept", json!({}));
        keep_proving(cache, &client).await
    };
    tokio::select! {
        biased;
        ended = relay(cache, connection) => ended,
        failed = begin => failed,
    }
}

/// Passes every notification on.
async fn relay<S, T>(cache: &Cache, mut connection: Connection<S, T>) -> Result<Infallible, Deaf>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(_))) => cache.forget(),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(Deaf::Ended),
        }
    }
}

async fn keep_proving(cache: &Cache, client: &Client) -> Result<Infallible, Deaf> {
    loop {
        sleep(PAUSE).await;
        prove(cache, client).await?;
    }
}

/// One question and its answer on the listening connection: what was told before has arrived before the answer.
async fn prove(cache: &Cache, client: &Client) -> Result<(), Deaf> {
    let asked = Instant::now();
    let row = timeout(HOLDS, client.query_one(HEARS, &[])).await??;
    let hears: bool = row.try_get(0)?;
    if !hears {
        return Err(Deaf::Untold);
    }
    cache.prove(asked);
    Ok(())
}
