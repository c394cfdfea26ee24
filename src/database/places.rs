//! What there is to ask about in a dump: its ports, its regions, and the days that have prices.

use std::fs::File;
use std::path::Path;

use jiff::civil::Date;

use super::dump::DumpError;
use super::dump::Item;
use super::dump::Reader;
use crate::rates::parse_day;

/// What a dump knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The codes of its ports.
    pub ports: Vec<String>,
    /// The slugs of its regions.
    pub regions: Vec<String>,
    /// The first and the last day with a price.
    pub days: Option<(Date, Date)>,
}

impl Places {
    /// Reads a whole dump as a stream.
    pub fn of_dump(file: &Path) -> Result<Self, DumpError> {
        let source = File::open(file).map_err(|error| DumpError::missing(file, error))?;
        let mut reader = Reader::new(source, file)?;
        let mut places = Self::default();
        while let Some(item) = reader.next_item()? {
            if let Item::Copy(statement) = item {
                let sql = String::from_utf8_lossy(&statement.sql).into_owned();
                if let Some((table, column)) = wanted(&sql) {
                    each_value(&mut reader, column, |value| places.take(table, value))?;
                }
            }
        }
        Ok(places)
    }

    fn take(&mut self, table: Table, value: &str) {
        match table {
            Table::Ports => self.ports.push(value.to_owned()),
            Table::Regions => self.regions.push(value.to_owned()),
            Table::Prices => {
                let Some(day) = parse_day(value) else { return };
                let (first, last) = self.days.unwrap_or((day, day));
                self.days = Some((first.min(day), last.max(day)));
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Ports,
    Regions,
    Prices,
}

/// The table that a `COPY` fills and the column of it that matters, where it matters.
fn wanted(copy: &str) -> Option<(Table, usize)> {
    let (head, rest) = copy.split_once('(')?;
    let (columns, _) = rest.split_once(')')?;
    let name = head.split_whitespace().nth(1)?;
    let bare = |name: &str| name.trim().trim_matches('"').to_owned();
    let (table, wanted) = match bare(name.rsplit('.').next()?).as_str() {
        "ports" => (Table::Ports, "code"),
        "regions" => (Table::Regions, "slug"),
        "prices" => (Table::Prices, "day"),
        _ => return None,
    };
    let column = columns.split(',').position(|name| bare(name) == wanted)?;
    Some((table, column))
}

/// Hands over one column of every row of a `COPY`. The values that are wanted have no characters that need escapes.
fn each_value(
    reader: &mut Reader<File>,
    column: usize,
    mut take: impl FnMut(&str),
) -> Result<(), DumpError> {
    let mut value = |row: &[u8]| {
        let row = String::from_utf8_lossy(row);
        take(row.trim_end().split('\t').nth(column).unwrap_or_default());
    };
    let mut rest = Vec::new();
    while let Some(piece) = reader.rows()? {
        rest.extend_from_slice(piece);
        let whole = rest.iter().rposition(|&byte| byte == b'\n');
        let next = rest.split_off(whole.map_or(0, |end| end + 1));
        rest.split_inclusive(|&byte| byte == b'\n')
            .for_each(&mut value);
        rest = next;
    }
    if !rest.is_empty() {
        value(&rest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_shipped_seed_is_known_by_its_places_and_days() {
        let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("db/rates.sql");
        let places = Places::of_dump(&seed).unwrap();
        assert_eq!((places.ports.len(), places.regions.len()), (143, 20));
        assert!(places.ports.contains(&"CNGGZ".to_owned()));
        assert!(places.regions.contains(&"northern_europe".to_owned()));
        assert_eq!(places.days, Some((date(2021, 1, 1), date(2021, 2, 28))));
    }

    #[test]
    fn a_column_is_found_wherever_it_stands() {
        let cases = [
            (
                "COPY public.ports (code, name) FROM stdin",
                Some((Table::Ports, 0)),
            ),
            (
                "copy \"ports\" (name, \"code\") from stdin",
                Some((Table::Ports, 1)),
            ),
            (
                "COPY prices(orig_code, day) FROM stdin",
                Some((Table::Prices, 1)),
            ),
            (
                "COPY public.prices (orig_code, day) FROM stdin",
                Some((Table::Prices, 1)),
            ),
            ("COPY public.other (day) FROM stdin", None),
            ("COPY public.ports FROM stdin", None),
        ];
        for (copy, expected) in cases {
            assert_eq!(wanted(copy), expected, "{copy}");
        }
    }
}
