//! Runs a dump in one transaction of the scratch database, together with the row that says so.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use postgres::Client;
use postgres::types::Type;

use super::Dump;
use super::LoadEvent;
use super::Request;
use super::SeedRecord;
use super::error::Doing;
use super::error::SeedError;
use super::interrupt::Interrupt;
use super::server::literal;
use super::server::own;
use super::shape;
use super::shape::Column;
use crate::database::dump::DumpError;
use crate::database::dump::Encoding;
use crate::database::dump::Item;
use crate::database::dump::Kind;
use crate::database::dump::Reader;
use crate::database::dump::Statement;
use crate::database::dump::kind;
use crate::database::fingerprint::Hashing;
use crate::database::migrate;
use crate::error::IoError;

/// The time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);

/// A dump that is in the database.
#[derive(Debug)]
pub struct Filled {
    /// All its tables, as SQL names them.
    pub tables: Vec<String>,
    /// The row of `ratesdev.seed`.
    pub record: SeedRecord,
}

/// Loads the dump and commits, or fails and leaves the database empty.
pub fn fill(
    client: Client,
    dump: Dump,
    (request, interrupt): (&Request, &Interrupt),
    events: &mut dyn FnMut(LoadEvent),
) -> Result<Filled, SeedError> {
    let (client, roles) = roles(client)?;
    let mut filling = Filling {
        client,
        reader: dump.reader,
        interrupt,
        roles,
        left_out: LeftOut::default(),
        meter: Meter {
            total: dump.total,
            rows: 0,
            shown: None,
            events,
        },
    };
    filling.begin()?;
    filling.run()?;
    filling.finish(request)
}

fn roles(mut client: Client) -> Result<(Client, BTreeSet<String>), SeedError> {
    let rows = client.query("SELECT rolname::text FROM pg_roles", &[]);
    let names = rows.map_err(own("list the roles"))?;
    let names = names.iter().map(|row| row.get(0)).collect();
    Ok((client, names))
}

struct Filling<'a> {
    client: Client,
    reader: Reader<Hashing<File>>,
    interrupt: &'a Interrupt,
    /// All roles of the server.
    roles: BTreeSet<String>,
    left_out: LeftOut,
    meter: Meter<'a>,
}

impl Filling<'_> {
    fn begin(&mut self) -> Result<(), SeedError> {
        let begun = self.client.batch_execute("BEGIN");
        begun.map_err(own("begin the load"))
    }

    fn run(&mut self) -> Result<(), SeedError> {
        while let Some(item) = self.reader.next_item()? {
            self.interrupt.check()?;
            match item {
                Item::Statement(statement) => self.statement(&statement)?,
                Item::Copy(statement) => self.copy(&statement)?,
            }
            self.meter.tick(self.reader.source().bytes());
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), SeedError> {
        let sql = self.text(statement)?;
        match kind(&sql) {
            Kind::Plain => self.execute(&sql, statement),
            Kind::Setting(name) => self.setting(&name, &sql, statement),
            Kind::Roles(what, names) => {
                if self.have(what, &names) {
                    self.execute(&sql, statement)
                } else {
                    Ok(())
                }
            }
            Kind::Become(name) => {
                if self.have("SET ROLE", &[name]) {
                    self.execute(&sql, statement)
                } else {
                    self.execute("RESET SESSION AUTHORIZATION", statement)
                }
            }
            Kind::Transaction => Ok(()),
            Kind::Database => {
                self.left_out.database += 1;
                Ok(())
            }
            Kind::Refused(what) => Err(self.reader.refusal(statement.line, what).into()),
        }
    }

    /// Whether all these roles exist; those that do not are noted.
    fn have(&mut self, what: &'static str, names: &[String]) -> bool {
        let missing = names.iter().filter(|name| !self.roles.contains(*name));
        let missing: Vec<String> = missing.cloned().collect();
        if missing.is_empty() {
            return true;
        }
        let (count, all) = self.left_out.roles.entry(what).or_default();
        *count += 1;
        all.extend(missing);
        false
    }

    /// A setting of a newer server than this one is left out; psql would go on after the error, too.
    fn setting(&mut self, name: &str, sql: &str, statement: &Statement) -> Result<(), SeedError> {
        if name == "client_encoding" {
            return Ok(());
        }
        let known = "SELECT current_setting($1, true) IS NOT NULL";
        let known = self.client.query_one(known, &[&name]);
        let known: bool = known
            .map_err(|error| self.failed(&error, statement, None))?
            .get(0);
        if known || name.contains('.') {
            return self.execute(sql, statement);
        }
        self.left_out.settings.insert(name.to_owned());
        Ok(())
    }

    fn execute(&mut self, sql: &str, statement: &Statement) -> Result<(), SeedError> {
        let done = self.client.batch_execute(sql);
        done.map_err(|error| self.failed(&error, statement, None))
    }

    /// A statement as text. The connection stays in UTF-8 whatever the dump is in, so that messages can be read;
    /// the server converts what is not ASCII.
    fn text<'s>(&mut self, statement: &'s Statement) -> Result<Cow<'s, str>, SeedError> {
        let sql = &statement.sql;
        match self.reader.encoding() {
            Encoding::Server(name) if !sql.is_ascii() => {
                let name = name.clone();
                let convert = "SELECT pg_catalog.convert_from($1, $2)";
                let row = self
                    .client
                    .query_typed_one(convert, &[(sql, Type::BYTEA), (&name, Type::NAME)]);
                row.and_then(|row| row.try_get(0))
                    .map(Cow::Owned)
                    .map_err(|error| self.failed(&error, statement, None))
            }
            _ => Ok(String::from_utf8_lossy(sql)),
        }
    }

    /// Sends the rows as they stand in the dump, in the dump's encoding.
    fn copy(&mut self, statement: &Statement) -> Result<(), SeedError> {
        let sql = self.text(statement)?;
        let rows_from = self.reader.line();
        self.client_encoding(true, statement)?;
        let before = self.meter.rows;
        let (sent, kept) = self.send_rows(&sql).map_err(|error| match error {
            Sending::Database(error) => self.failed(&error, statement, Some(rows_from)),
            Sending::Other(error) => error,
        })?;
        self.client_encoding(false, statement)?;
        // Only the plain form ends a row where we see its end.
        if kept != sent && is_plain(&sql) {
            return Err(SeedError::Rows {
                file: self.reader.file().to_owned(),
                line: statement.line,
                sent,
                kept,
            });
        }
        self.meter.rows = before + kept;
        Ok(())
    }

    /// How many rows were sent, and how many the server kept.
    fn send_rows(&mut self, sql: &str) -> Result<(u64, u64), Sending> {
        let mut writer = self.client.copy_in(sql)?;
        let mut rows = Rows::default();
        let before = self.meter.rows;
        while let Some(piece) = self.reader.rows()? {
            rows.count(piece);
            writer.write_all(piece)?;
            self.interrupt.check()?;
            self.meter.rows = before + rows.ended;
            self.meter.tick(self.reader.source().bytes());
        }
        Ok((rows.ended, writer.finish()?))
    }

    /// Only rows are sent in the dump's own encoding.
    fn client_encoding(&mut self, dump: bool, statement: &Statement) -> Result<(), SeedError> {
        let Encoding::Server(name) = self.reader.encoding() else {
            return Ok(());
        };
        let name = if dump { name.as_str() } else { "UTF8" };
        let sql = format!("SET client_encoding = {}", literal(name));
        self.execute(&sql, statement)
    }

    fn failed(
        &self,
        error: &postgres::Error,
        statement: &Statement,
        rows_from: Option<u64>,
    ) -> SeedError {
        let doing = Doing::Dump {
            file: self.reader.file().to_owned(),
            statement,
            rows_from,
            line: self.reader.line(),
        };
        SeedError::new(doing, error)
    }

    /// Verifies, adds the row about the seed, commits.
    fn finish(mut self, request: &Request) -> Result<Filled, SeedError> {
        let found = self.reader.source().fingerprint();
        if let Some(expected) = request.expected.filter(|&expected| expected != found) {
            let file = request.name.clone();
            return Err(SeedError::Changed {
                file,
                expected,
                found,
            });
        }
        let reset = "RESET SESSION AUTHORIZATION; RESET ALL";
        self.client
            .batch_execute(reset)
            .map_err(own("finish the load"))?;
        self.check_schema(request)?;
        let tables = self.tables()?;
        let record = self.record(request)?;
        self.client
            .batch_execute("COMMIT")
            .map_err(own("commit the load"))?;
        self.meter.show(self.reader.source().bytes());
        for notice in self.left_out.notices() {
            (self.meter.events)(LoadEvent::Notice(notice));
        }
        self.client.close().map_err(own("finish the load"))?;
        Ok(Filled { tables, record })
    }

    fn record(&mut self, request: &Request) -> Result<SeedRecord, SeedError> {
        let doing = "write down what was loaded";
        self.client
            .batch_execute(migrate::FIRST)
            .map_err(own(doing))?;
        let source = self.reader.source();
        let name = request.name.file_name().unwrap_or_default();
        let mut record = SeedRecord {
            fingerprint: source.fingerprint(),
            file: name.to_string_lossy().into_owned(),
            bytes: source.bytes(),
            rows: self.meter.rows,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            loaded_at: Timestamp::UNIX_EPOCH,
        };
        // A dump of a database that was itself loaded brings the row of that load.
        let sql = "INSERT INTO ratesdev.seed (fingerprint, file, bytes, rows, version)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (only_row) DO UPDATE SET loaded_at = now(), version = excluded.version,
            fingerprint = excluded.fingerprint, file = excluded.file, bytes = excluded.bytes, rows = excluded.rows
            RETURNING loaded_at";
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let fingerprint = record.fingerprint.to_string();
        let (bytes, rows) = (count(record.bytes), count(record.rows));
        let row = self.client.query_one(
            sql,
            &[&fingerprint, &record.file, &bytes, &rows, &record.version],
        );
        record.loaded_at = row.map_err(own(doing))?.get(0);
        Ok(record)
    }

    /// The tables and columns of the rates system must be where the API finds them, and of types it reads.
    fn check_schema(&mut self, request: &Request) -> Result<(), SeedError> {
        let rows = self.client.query(shape::SQL, &[]);
        let rows = rows.map_err(own("look at the tables"))?;
        let columns: Vec<Column> = rows.iter().map(Column::of).collect();
        let shape = shape::check(&columns);
        if shape.fits() {
            return Ok(());
        }
        let file = request.name.clone();
        Err(SeedError::Schema { file, shape })
    }

    /// Everything the dump made that can be vacuumed and analysed.
    fn tables(&mut self) -> Result<Vec<String>, SeedError> {
        let sql = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'm')
            AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'";
        let rows = self
            .client
            .query(sql, &[])
            .map_err(own("list the tables"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

/// Whether it is the form that `pg_dump` writes, without options.
fn is_plain(sql: &str) -> bool {
    sql.trim_end().to_ascii_lowercase().ends_with("from stdin")
}

/// Counts rows in pieces of a COPY: a newline behind a backslash belongs to its row.
#[derive(Debug, Default)]
struct Rows {
    ended: u64,
    escaped: bool,
}

impl Rows {
    fn count(&mut self, piece: &[u8]) {
        for &byte in piece {
            self.ended += u64::from(byte == b'\n' && !self.escaped);
            self.escaped = byte == b'\\' && !self.escaped;
        }
    }
}

/// Why rows could not be sent.
enum Sending {
    Database(postgres::Error),
    Other(SeedError),
}

impl From<postgres::Error> for Sending {
    fn from(error: postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<DumpError> for Sending {
    fn from(error: DumpError) -> Self {
        Self::Other(error.into())
    }
}

impl From<SeedError> for Sending {
    fn from(error: SeedError) -> Self {
        Self::Other(error)
    }
}

impl From<std::io::Error> for Sending {
    /// The writer of a COPY wraps the client's errors.
    fn from(error: std::io::Error) -> Self {
        match error.downcast() {
            Ok(error) => Self::Database(error),
            Err(error) => Self::Other(IoError::new("send rows")(error).into()),
        }
    }
}

/// What was not run, to be told once.
#[derive(Debug, Default)]
struct LeftOut {
    /// By what the statements are called: how many, and the roles they name.
    roles: BTreeMap<&'static str, (u64, BTreeSet<String>)>,
    database: u64,
    settings: BTreeSet<String>,
}

impl LeftOut {
    fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        for (what, (count, names)) in &self.roles {
            let (what, was) = statements(*count, what);
            let names = join(names);
            notices.push(format!(
                "{what} for roles that do not exist here ({names}) {was} left out"
            ));
        }
        if self.database > 0 {
            let (what, was) = statements(self.database, "DATABASE");
            notices.push(format!(
                "{what} about the dumped database itself {was} left out"
            ));
        }
        if !self.settings.is_empty() {
            let names = join(&self.settings);
            notices.push(format!(
                "settings that this server does not know were left out: {names}"
            ));
        }
        notices
    }
}

/// How many statements of a kind, and the verb for them.
fn statements(count: u64, what: &str) -> (String, &'static str) {
    match count {
        1 => (format!("1 {what} statement"), "was"),
        _ => (format!("{count} {what} statements"), "were"),
    }
}

fn join(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Reports progress, not too often.
struct Meter<'a> {
    total: u64,
    rows: u64,
    shown: Option<Instant>,
    events: &'a mut dyn FnMut(LoadEvent),
}

impl Meter<'_> {
    fn tick(&mut self, bytes: u64) {
        if self.shown.is_none_or(|shown| shown.elapsed() >= PROGRESS) {
            self.show(bytes);
        }
    }

    fn show(&mut self, bytes: u64) {
        self.shown = Some(Instant::now());
        (self.events)(LoadEvent::Progress {
            bytes,
            total: self.total,
            rows: self.rows,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_behind_a_backslash_is_part_of_a_row_wherever_the_pieces_end() {
        let table = [
            ("a\nb\n", 2),
            ("a\\\nb\n", 1),
            ("a\\\\\nb\n", 2),
            ("\\\\\\\n\n", 1),
        ];
        for (text, expected) in table {
            for size in 1..=text.len() {
                let mut rows = Rows::default();
                text.as_bytes()
                    .chunks(size)
                    .for_each(|piece| rows.count(piece));
                assert_eq!(rows.ended, expected, "{text:?} {size}");
            }
        }
    }
}
