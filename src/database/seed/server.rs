//! What a load does on the server as a whole: look, make the scratch database, swap it in, clean up.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use postgres::Client;
use postgres::Config;
use postgres::NoTls;
use postgres::error::SqlState;

use super::SeedRecord;
use super::error::Doing;
use super::error::SeedError;
use super::interrupt::Interrupt;
use crate::database::Settings;

/// How long a server that was there may be away.
const AWAY: Duration = Duration::from_secs(30);
/// How long to wait before a server that is starting is asked again.
const PAUSE: Duration = Duration::from_millis(20);
/// Every load of a server takes this advisory lock in the database `postgres` ("rates" in ASCII).
const LOCK: i64 = 0x72_61_74_65_73;
/// What was said to be loaded must not go when the server dies a moment later, whatever the server's own setting is.
const SAFE: &str = "-c synchronous_commit=on";
/// Commits are written in their order, so the next one that is safe brings these to the disk too.
const UNHURRIED: &str = "-c synchronous_commit=off";
/// Requests to cancel that may still be under way when no more are sent; the manager repeats them a few times a second.
const CANCELS_UNDER_WAY: usize = 10;
/// The comment by which databases that a load made for a moment are known.
const MARK: &str = "ratesdev: made for a moment while a seed is loaded";

/// What the database holds before a load.
#[derive(Debug)]
pub enum Present {
    /// It does not exist.
    Absent,
    /// It has no tables, views, sequences.
    Empty,
    /// A seed that was loaded by ratesdev.
    Seeded(SeedRecord),
    /// So many tables of somebody else.
    Foreign(u64),
}

/// The server, through its database `postgres`.
pub struct Server<'a> {
    settings: &'a Settings,
    interrupt: &'a Interrupt,
    client: Client,
}

impl<'a> Server<'a> {
    /// Connects; a server that is still starting is waited for.
    pub fn connect(
        settings: &'a Settings,
        interrupt: &'a Interrupt,
        wait: Duration,
    ) -> Result<Self, SeedError> {
        let client = connect(settings, "postgres", SAFE, (interrupt, wait))?;
        Ok(Self {
            settings,
            interrupt,
            client,
        })
    }

    /// Opens a connection to one database of the server.
    pub fn open(&self, database: &str) -> Result<Client, SeedError> {
        connect(self.settings, database, SAFE, (self.interrupt, AWAY))
    }

    /// Opens a connection to the scratch database. What it commits is on the disk when the database takes its name, and
    /// is not waited for before: a scratch database that is lost with its server has only to be made again.
    pub fn open_scratch(&self) -> Result<Client, SeedError> {
        connect(
            self.settings,
            &self.scratch(),
            UNHURRIED,
            (self.interrupt, AWAY),
        )
    }

    /// Waits until no other load works on this server; `waiting` is called where there is one.
    pub fn lock(&mut self, waiting: impl FnOnce()) -> Result<(), SeedError> {
        let doing = "wait for the other load of this server";
        let free = "SELECT pg_try_advisory_lock($1)";
        let row = self.client.query_one(free, &[&LOCK]);
        if row.map_err(own(doing))?.get(0) {
            return Ok(());
        }
        waiting();
        let row = self.client.query("SELECT pg_advisory_lock($1)", &[&LOCK]);
        row.map(drop).map_err(own(doing))
    }

    /// Looks what the database holds.
    pub fn look(&mut self) -> Result<Present, SeedError> {
        if !self.exists(&self.settings.name.clone())? {
            return Ok(Present::Absent);
        }
        let mut client = self.open(&self.settings.name)?;
        if let Some(record) = SeedRecord::read(&mut client)? {
            return Ok(Present::Seeded(record));
        }
        match count_objects(&mut client)? {
            0 => Ok(Present::Empty),
            tables => Ok(Present::Foreign(tables)),
        }
    }

    fn exists(&mut self, database: &str) -> Result<bool, SeedError> {
        let sql = "SELECT 1 FROM pg_database WHERE datname = $1";
        let row = self.client.query_opt(sql, &[&database]);
        Ok(row.map_err(own("list the databases"))?.is_some())
    }

    /// The database that a load fills before it takes its name.
    pub fn scratch(&self) -> String {
        derived(&self.settings.name, "_loading")
    }

    fn replaced(&self) -> String {
        derived(&self.settings.name, "_replaced")
    }

    /// Drops what an earlier load left when it was killed.
    pub fn drop_leftovers(&mut self) -> Result<(), SeedError> {
        for database in [self.scratch(), self.replaced()] {
            if self.exists(&database)? {
                self.check_leftover(&database)?;
                self.drop_database(&database)?;
            }
        }
        Ok(())
    }

    /// A leftover is marked, or was killed before it could be, and is then empty.
    fn check_leftover(&mut self, database: &str) -> Result<(), SeedError> {
        let sql = "SELECT shobj_description(oid, 'pg_database') IS NOT DISTINCT FROM $2
            FROM pg_database WHERE datname = $1";
        let row = self.client.query_one(sql, &[&database, &MARK]);
        if row.map_err(own("look for leftovers"))?.get(0) {
            return Ok(());
        }
        let mut client = self.open(database)?;
        match count_objects(&mut client)? {
            0 => Ok(()),
            _ => Err(SeedError::NameTaken(database.to_owned())),
        }
    }

    /// Drops a database and ends the sessions in it.
    pub fn drop_database(&mut self, database: &str) -> Result<(), SeedError> {
        self.try_drop(database)
            .map_err(own(&format!("drop the database {database}")))
    }

    fn try_drop(&mut self, database: &str) -> Result<(), postgres::Error> {
        let database = identifier(database);
        let sql = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        self.client.batch_execute(&sql)
    }

    /// Drops a database as the last thing a load does; what cannot be dropped now is dropped by the next run.
    ///
    /// A request to cancel travels on a connection of its own, so that one sent before may still arrive and hit this
    /// statement, which is then said again.
    pub fn clear_up(&mut self, database: &str) {
        self.interrupt.hold_off();
        for _ in 0..CANCELS_UNDER_WAY {
            let dropped = self.try_drop(database);
            let cancelled = dropped.err().and_then(|error| error.code().cloned());
            if cancelled != Some(SqlState::QUERY_CANCELED) {
                return;
            }
        }
    }

    /// Makes the scratch database. It has the owner and the locale of the one it will replace.
    pub fn create_scratch(&mut self) -> Result<(), SeedError> {
        let sql = "SELECT pg_get_userbyid(datdba), datcollate, datctype
            FROM pg_database WHERE datname = $1";
        let like = self.client.query_opt(sql, &[&self.settings.name]);
        let like = like.map_err(own("list the databases"))?.map(|row| {
            format!(
                " OWNER {} LC_COLLATE {} LC_CTYPE {}",
                identifier(row.get(0)),
                literal(row.get(1)),
                literal(row.get(2))
            )
        });
        let scratch = identifier(&self.scratch());
        let create = format!(
            "CREATE DATABASE {scratch} TEMPLATE template0 ENCODING 'UTF8'{}",
            like.unwrap_or_default()
        );
        let mark = format!("COMMENT ON DATABASE {scratch} IS {}", literal(MARK));
        let created = self.client.batch_execute(&create);
        created
            .and_then(|()| self.client.batch_execute(&mark))
            .map_err(own("make the scratch database"))
    }

    /// Gives the scratch database the name of the database, in one transaction, and drops what had that name.
    pub fn swap(&mut self) -> Result<(), SeedError> {
        let name = self.settings.name.clone();
        let replaces = self.exists(&name)?;
        let (scratch, old) = (self.scratch(), self.replaced());
        let mut helper = self.open("postgres")?;
        end_sessions(&mut helper, &[&name, &scratch])?;
        let mut sql = String::from("BEGIN;");
        if replaces {
            sql += &rename(&name, &old, &literal(MARK));
        }
        sql += &rename(&scratch, &name, "NULL");
        sql += "COMMIT";
        self.while_ending_sessions(helper, &[&name, &scratch], &sql)?;
        if replaces {
            self.clear_up(&old);
        }
        Ok(())
    }

    /// `ALTER DATABASE … RENAME` holds off new sessions and waits five seconds for the old ones to go.
    fn while_ending_sessions(
        &mut self,
        mut helper: Client,
        databases: &[&str],
        sql: &str,
    ) -> Result<(), SeedError> {
        let (done, is_done) = std::sync::mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let pause = Duration::from_millis(20);
                while is_done.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                {
                    if end_sessions_once(&mut helper, databases).is_err() {
                        break;
                    }
                }
            });
            let result = self.rename_with_patience(sql);
            drop(done);
            result
        })
    }

    fn rename_with_patience(&mut self, sql: &str) -> Result<(), SeedError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let Err(error) = self.client.batch_execute(sql) else {
                return Ok(());
            };
            self.client
                .batch_execute("ROLLBACK")
                .map_err(own("put the seed in its place"))?;
            self.interrupt.check()?;
            if error.code() != Some(&SqlState::OBJECT_IN_USE) || attempts == 3 {
                return Err(own("put the seed in its place")(error));
            }
        }
    }
}

fn rename(from: &str, to: &str, comment: &str) -> String {
    let (from, to) = (identifier(from), identifier(to));
    format!("ALTER DATABASE {from} RENAME TO {to}; COMMENT ON DATABASE {to} IS {comment};")
}

/// Ends the sessions of these databases and waits, for a second at most, until they have gone.
fn end_sessions(client: &mut Client, databases: &[&str]) -> Result<(), SeedError> {
    let deadline = Instant::now() + Duration::from_secs(1);
    while end_sessions_once(client, databases)? > 0 && Instant::now() < deadline {
        thread::park_timeout(Duration::from_millis(2));
    }
    Ok(())
}

fn end_sessions_once(client: &mut Client, databases: &[&str]) -> Result<u64, SeedError> {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = ANY($1) AND pid <> pg_backend_pid()";
    let ended = client.execute(sql, &[&databases]);
    ended.map_err(own("end the sessions of the database"))
}

/// Tables, views, sequences and the like that are not PostgreSQL's own.
fn count_objects(client: &mut Client) -> Result<u64, SeedError> {
    let sql = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'";
    let row = client.query_one(sql, &[]);
    let count: i64 = row.map_err(own("look at the tables"))?.get(0);
    Ok(count.unsigned_abs())
}

/// Connects to one database; a server that is still starting is waited for.
fn connect(
    settings: &Settings,
    database: &str,
    options: &str,
    (interrupt, wait): (&Interrupt, Duration),
) -> Result<Client, SeedError> {
    let mut config = Config::from(settings.config("load"));
    config.dbname(database).options(options);
    let deadline = Instant::now() + wait;
    loop {
        interrupt.check()?;
        match config.connect(NoTls) {
            Ok(client) => {
                interrupt.watch(&client);
                return Ok(client);
            }
            Err(error) if is_starting(&error) && Instant::now() < deadline => {
                thread::park_timeout(PAUSE);
            }
            Err(error) => {
                let (host, port) = (&settings.host, settings.port);
                let doing = format!("connect to the database {database} on {host}:{port}");
                return Err(own(&doing)(error));
            }
        }
    }
}

/// Nobody listens yet, the name is not known yet, or the server says that it starts or has no room.
fn is_starting(error: &postgres::Error) -> bool {
    if let Some(code) = error.code() {
        return *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS;
    }
    let cause = std::error::Error::source(error);
    cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

/// An adapter for `map_err` where a statement of our own failed.
pub fn own(doing: &str) -> impl FnOnce(postgres::Error) -> SeedError + '_ {
    move |error| SeedError::new(Doing::Own(doing), &error)
}

/// A name with a suffix, within the 63 bytes that PostgreSQL keeps of a name.
fn derived(name: &str, suffix: &str) -> String {
    let room = 63 - suffix.len();
    let fits = |&(position, c): &(usize, char)| position + c.len_utf8() <= room;
    let head: String = name
        .char_indices()
        .take_while(fits)
        .map(|(_, c)| c)
        .collect();
    head + suffix
}

/// A name in double quotes.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_name_fits_into_a_name_of_postgres() {
        assert_eq!(derived("rates", "_loading"), "rates_loading");
        assert_eq!(derived(&"x".repeat(63), "_loading").len(), 63);
        assert_eq!(derived(&"é".repeat(31), "_replaced").len(), 63);
    }
}
