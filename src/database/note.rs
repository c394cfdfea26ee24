//! The note that a load leaves in the database it fills, read from the database itself.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::NoTls;
use tokio_postgres::Row;

use super::Password;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asked first, so that a database without a note logs no error.
const HAS_NOTE: &str = "select to_regclass('ratesdev.seed') is not null";
const NOTE: &str = "select fingerprint, file, rows from ratesdev.seed";

/// What a database was loaded with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// SHA-256 of the dump, in hexadecimal.
    pub fingerprint: String,
    /// The dump's file name.
    pub file: String,
    /// Rows it brought.
    pub rows: u64,
}

/// Asks the database `name`, as its owner of the same name. No note means that ratesdev loaded nothing; the error is why
/// nobody can tell.
pub async fn read(
    endpoint: SocketAddr,
    name: &str,
    password: &Password,
) -> Result<Option<Note>, String> {
    let mut config = Config::new();
    config
        .host(endpoint.ip().to_string())
        .port(endpoint.port())
        .dbname(name)
        .user(name)
        .password(password.reveal())
        .application_name(concat!("ratesdev/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(PATIENCE);
    let asked = tokio::time::timeout(PATIENCE, ask(&config)).await;
    let late = |_| {
        format!(
            "the database does not answer within {} s",
            PATIENCE.as_secs()
        )
    };
    asked.map_err(late)?.map_err(|error| words(&error))
}

async fn ask(config: &Config) -> Result<Option<Note>, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    let conversation = find(&client);
    tokio::pin!(conversation);
    // The connection moves the bytes, and may end before the last of them have been looked at.
    tokio::select! {
        note = &mut conversation => note,
        _ = connection => conversation.await,
    }
}

/// The note, by a connection that is there.
pub async fn find(client: &Client) -> Result<Option<Note>, tokio_postgres::Error> {
    let has_note = client.query_one(HAS_NOTE, &[]).await?;
    if !has_note.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let row = client.query_opt(NOTE, &[]).await?;
    row.as_ref().map(of_row).transpose()
}

fn of_row(row: &Row) -> Result<Note, tokio_postgres::Error> {
    Ok(Note {
        fingerprint: row.try_get(0)?,
        file: row.try_get(1)?,
        rows: row.try_get::<_, i64>(2)?.unsigned_abs(),
    })
}

/// PostgreSQL's own words stand behind those of the library.
fn words(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}
