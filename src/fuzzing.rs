//! What scripts/fuzz feeds with any bytes whatever: readers of what comes from outside, and what must hold of them.

#![expect(
    clippy::panic,
    reason = "a fuzzer learns by a panic that something does not hold"
)]

use std::io::Cursor;
use std::io::Read;
use std::path::Path;

use crate::database::Item;
use crate::database::Reader;
use crate::profile;
use crate::rates::Place;
use crate::rates::Span;

/// A profile: every fault names a place in the text.
pub fn profile(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        for start in profile::fault_positions(text) {
            assert!(start <= text.len(), "a fault at {start} of {}", text.len());
        }
    }
}

/// A dump: what it says does not depend on how many bytes of it arrive at a time.
pub fn dump(data: &[u8]) {
    let Some((step, dump)) = data.split_first() else {
        return;
    };
    let whole = read(Cursor::new(dump));
    let pieces = read(Slow(dump, usize::from(*step).max(1)));
    assert_eq!(whole, pieces);
}

/// A span or a place: what was read reads the same when it is written.
pub fn span(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(span) = text.parse::<Span>() {
        let written = format!("{}..{}", span.first(), span.last());
        assert_eq!(written.parse(), Ok(span));
        let capped = span.days().take(1000).count();
        assert_eq!(capped, usize::try_from(span.len().min(1000)).unwrap_or(0));
    }
    if let Ok(place) = text.parse::<Place>() {
        assert_eq!(place.to_string().parse(), Ok(place));
    }
}

/// Gives so many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = buffer.len().min(self.1);
        match buffer.get_mut(..room) {
            Some(buffer) => self.0.read(buffer),
            None => Ok(0),
        }
    }
}

/// Everything a dump has: the line and text of statements, and rows.
fn read(source: impl Read) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let show = |error: crate::database::DumpError| error.to_string();
    let mut reader = Reader::new(source, Path::new("fuzz.sql")).map_err(show)?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().map_err(show)? {
        let (Item::Statement(statement) | Item::Copy(statement)) = &item;
        items.push((statement.line, statement.sql.clone()));
        if matches!(item, Item::Copy(_)) {
            let mut rows = Vec::new();
            while let Some(piece) = reader.rows().map_err(show)? {
                rows.extend_from_slice(piece);
            }
            items.push((reader.line(), rows));
        }
    }
    Ok(items)
}
