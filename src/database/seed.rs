//! Loads a dump into a fresh database: beside the old one, in one transaction, verified, then swapped in.
//!
//! Killed at any instant it leaves the old state or the new one, and the next run clears up.

mod error;
mod fill;
mod interrupt;
mod server;
mod shape;

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use postgres::Client;
use serde::Deserialize;
use serde::Serialize;

use super::Fingerprint;
use super::Settings;
use super::dump::DumpError;
use super::dump::Reader;
use super::fingerprint::Hashing;
use super::migrate;
use crate::error::Report;
pub use error::SeedError;
use fill::Filled;
pub use interrupt::Interrupt;
use server::Present;
use server::Server;
use server::own;

/// What is to be loaded, and where.
#[derive(Debug, Clone)]
pub struct Request {
    /// The database, which may or may not exist, and who loads it.
    pub settings: Settings,
    /// The dump.
    pub file: PathBuf,
    /// What the user calls the dump; messages name it so.
    pub name: PathBuf,
    /// Whether a database that holds something else may be replaced.
    pub reset: bool,
    /// The fingerprint the dump must have, where it is known.
    pub expected: Option<Fingerprint>,
    /// How long the server may need to come up.
    pub wait: Duration,
}

/// What a load says while it goes on; one JSON line each where it runs as a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum LoadEvent {
    /// How far it is, at most ten times a second.
    Progress {
        /// Bytes of the dump that were read.
        bytes: u64,
        /// Its size.
        total: u64,
        /// Rows that were sent.
        rows: u64,
    },
    /// Something the user should know, as one sentence.
    Notice(String),
    /// The load has ended well; the last event.
    Done(Loaded),
    /// It failed; the last event.
    Failed(Report),
}

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The database was loaded.
    Loaded,
    /// It holds this very dump already.
    Unchanged,
    /// It holds something else, which was not touched.
    Differs,
}

/// What the database holds after a load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// How the load ended.
    pub outcome: Outcome,
    /// The seed in the database; none where its tables are not from ratesdev.
    pub seed: Option<SeedRecord>,
    /// Tables, views and sequences of somebody else, where they are in the way.
    pub foreign: u64,
}

/// The row of `ratesdev.seed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedRecord {
    /// The fingerprint of the dump.
    pub fingerprint: Fingerprint,
    /// The dump's file name, without its folder.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Rows that its COPY blocks brought.
    pub rows: u64,
    /// The version of ratesdev that loaded it.
    pub version: String,
    /// When that was committed.
    pub loaded_at: Timestamp,
}

impl SeedRecord {
    /// Reads what a database was loaded with; none where it is not from ratesdev.
    pub fn read(client: &mut Client) -> Result<Option<Self>, SeedError> {
        let doing = "read what the database was loaded with";
        let there = client.query_one("SELECT to_regclass('ratesdev.seed') IS NOT NULL", &[]);
        if !there.map_err(own(doing))?.get::<_, bool>(0) {
            return Ok(None);
        }
        let sql = "SELECT fingerprint, file, bytes, rows, version, loaded_at FROM ratesdev.seed";
        let row = client.query_opt(sql, &[]).map_err(own(doing))?;
        Ok(row.and_then(|row| {
            let count = |column: &str| row.get::<_, i64>(column).unsigned_abs();
            Some(Self {
                fingerprint: row.get::<_, &str>("fingerprint").parse().ok()?,
                file: row.get("file"),
                bytes: count("bytes"),
                rows: count("rows"),
                version: row.get("version"),
                loaded_at: row.get("loaded_at"),
            })
        }))
    }
}

/// A dump whose first bytes have been looked at.
struct Dump {
    reader: Reader<Hashing<File>>,
    total: u64,
}

impl Dump {
    fn open(path: &Path, name: &Path) -> Result<Self, DumpError> {
        let missing = |cause| DumpError::missing(name, cause);
        let file = File::open(path).map_err(missing)?;
        let total = file.metadata().map_err(missing)?.len();
        let reader = Reader::new(Hashing::new(file), name)?;
        Ok(Self { reader, total })
    }
}

/// Makes the database hold the dump. Blocks; `events` is called on this thread, but never with the last event.
///
/// Nothing is destroyed unless `request.reset` says so: a database that holds something else is left as it is.
pub fn load(
    request: &Request,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Loaded, SeedError> {
    run(request, interrupt, events).map_err(|error| {
        // What failed because the user asked to stop is not worth another message.
        interrupt.check().err().unwrap_or(error)
    })
}

fn run(
    request: &Request,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Loaded, SeedError> {
    let name = &request.settings.name;
    if ["postgres", "template0", "template1"].contains(&name.as_str()) {
        return Err(SeedError::Reserved(name.clone()));
    }
    let dump = Dump::open(&request.file, &request.name)?;
    let mut server = Server::connect(&request.settings, interrupt, request.wait)?;
    server.lock(|| {
        let text = "another load works on this server; waiting until it has ended";
        events(LoadEvent::Notice(text.to_owned()));
    })?;
    server.drop_leftovers()?;
    match server.look()? {
        Present::Absent | Present::Empty => {}
        _ if request.reset => {}
        Present::Seeded(record) => return seeded(request, &server, record),
        Present::Foreign(foreign) => {
            return Ok(Loaded {
                outcome: Outcome::Differs,
                seed: None,
                foreign,
            });
        }
    }
    let seed = replace(request, interrupt, (&mut server, dump), events)?;
    Ok(Loaded {
        outcome: Outcome::Loaded,
        seed: Some(seed),
        foreign: 0,
    })
}

/// The database holds a seed: this one or another.
fn seeded(request: &Request, server: &Server<'_>, record: SeedRecord) -> Result<Loaded, SeedError> {
    let same = request.expected == Some(record.fingerprint)
        || Fingerprint::of_file(&request.file)? == record.fingerprint;
    if same {
        let mut client = server.open(&request.settings.name)?;
        migrate::run(&mut client, &request.settings.name)?;
    }
    Ok(Loaded {
        outcome: if same {
            Outcome::Unchanged
        } else {
            Outcome::Differs
        },
        seed: Some(record),
        foreign: 0,
    })
}

/// Fills the scratch database and puts it in its place; it is dropped where that fails.
fn replace(
    request: &Request,
    interrupt: &Interrupt,
    (server, dump): (&mut Server<'_>, Dump),
    events: &mut dyn FnMut(LoadEvent),
) -> Result<SeedRecord, SeedError> {
    server.create_scratch()?;
    let prepared = prepare(request, interrupt, (server, dump), events);
    let result = prepared.and_then(|record| server.swap().map(|()| record));
    if result.is_err() {
        server.clear_up(&server.scratch());
    }
    result
}

fn prepare(
    request: &Request,
    interrupt: &Interrupt,
    (server, dump): (&Server<'_>, Dump),
    events: &mut dyn FnMut(LoadEvent),
) -> Result<SeedRecord, SeedError> {
    let client = server.open_scratch()?;
    let Filled { tables, record } = fill::fill(client, dump, (request, interrupt), events)?;
    interrupt.check()?;
    let mut client = server.open_scratch()?;
    migrate::run(&mut client, &request.settings.name)?;
    vacuum(&mut client, &tables)?;
    Ok(record)
}

/// Index-only scans and good plans from the first question on.
fn vacuum(client: &mut Client, tables: &[String]) -> Result<(), SeedError> {
    if tables.is_empty() {
        return Ok(());
    }
    let sql = format!("VACUUM (ANALYZE) {}", tables.join(", "));
    client.batch_execute(&sql).map_err(own("vacuum the tables"))
}
