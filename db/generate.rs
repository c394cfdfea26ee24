//! The program that writes `db/rates.sql`, the seed of the rates system: the same bytes on every run and every machine.
//!
//! `cargo run --example generate-rates -- db/rates.sql` writes the file; without a path it writes to standard output.

use std::io;
use std::io::Write;

// A test includes this file too; the paths below hold for both.
#[path = "generate/places.rs"]
mod places;
#[path = "generate/prices.rs"]
mod prices;
#[path = "generate/random.rs"]
mod random;
#[path = "generate/sql.rs"]
mod sql;

#[cfg(not(test))]
fn main() -> io::Result<()> {
    let result = match std::env::args_os().nth(1) {
        Some(path) => dump(&mut io::BufWriter::new(std::fs::File::create(path)?)),
        None => dump(&mut io::BufWriter::new(io::stdout().lock())),
    };
    match result {
        // The reader has seen enough, as in `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes the whole dump to `out` and flushes it; fails only as `out` fails.
pub fn dump(out: &mut impl Write) -> io::Result<()> {
    let regions = places::regions();
    let ports = places::ports();
    let prices = prices::generate(&ports);
    sql::write(out, &regions, &ports, &prices)?;
    out.flush()
}
