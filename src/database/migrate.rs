//! Brings ratesdev's own part of the schema up to date; the history is kept in `ratesdev.migrations`.

use postgres::Client;

use crate::error::Code;
use crate::error::Explain;

mod embedded {
    //! The files of `db/migrations`, in the program.
    refinery::embed_migrations!("db/migrations");
}

/// The first migration, which the load of a seed runs in its own transaction.
pub const FIRST: &str = include_str!("../../db/migrations/V1__ratesdev_schema.sql");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("cannot migrate the database {database}")]
pub struct MigrateError {
    /// The database.
    pub database: String,
    #[source]
    source: Box<refinery::Error>,
}

impl Explain for MigrateError {
    fn code(&self) -> Code {
        Code::DatabaseRefused
    }

    fn hint(&self) -> Option<String> {
        use refinery::error::Kind;
        match self.source.kind() {
            Kind::MissingVersion(_) | Kind::DivergentVersion(..) => Some(
                "the database was migrated by another version of ratesdev; use that one, or load the seed again with --reset"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Runs the migrations that the database has not had, each in its own transaction.
pub fn run(client: &mut Client, database: &str) -> Result<(), MigrateError> {
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name("ratesdev.migrations");
    match runner.run(client) {
        Ok(_) => Ok(()),
        Err(source) => Err(MigrateError {
            database: database.to_owned(),
            source: Box::new(source),
        }),
    }
}
