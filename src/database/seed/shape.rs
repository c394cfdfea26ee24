//! The tables and columns that the API and the batches need, and how those of a dump differ from them.

use std::fmt;

use postgres::Row;

/// The kind of each needed table that is there, with each of its columns and their types.
pub const SQL: &str = "SELECT c.relname::text, c.relkind::text, a.attname::text,
    format_type(a.atttypid, a.atttypmod) FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid IN (to_regclass('regions'), to_regclass('ports'), to_regclass('prices'))
    ORDER BY c.relname, a.attname";

const NEEDED: [(&str, &[(&str, Need)]); 3] = [
    (
        "regions",
        &[
            ("slug", Need::Text),
            ("name", Need::Text),
            ("parent_slug", Need::Text),
        ],
    ),
    (
        "ports",
        &[
            ("code", Need::Text),
            ("name", Need::Text),
            ("parent_slug", Need::Text),
        ],
    ),
    (
        "prices",
        &[
            ("orig_code", Need::Text),
            ("dest_code", Need::Text),
            ("day", Need::Date),
            ("price", Need::Integer),
        ],
    ),
];

/// What a column has to hold.
#[derive(Debug, Clone, Copy)]
enum Need {
    Text,
    Date,
    Integer,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Integer => "integer",
        }
    }

    /// Whether a type, as PostgreSQL writes it, will do.
    fn accepts(self, written: &str) -> bool {
        let name = written.split('(').next().unwrap_or(written);
        match self {
            Self::Text => ["text", "character varying", "character", "bpchar"].contains(&name),
            Self::Date => name == "date",
            Self::Integer => ["smallint", "integer", "bigint"].contains(&name),
        }
    }
}

/// A column of the database.
#[derive(Debug)]
pub struct Column {
    table: String,
    /// What sort of relation the table is, as one letter.
    relation: String,
    name: String,
    /// The type as PostgreSQL writes it.
    written: String,
}

impl Column {
    /// One row of the answer to [`SQL`].
    pub fn of(row: &Row) -> Self {
        Self {
            table: row.get(0),
            relation: row.get(1),
            name: row.get(2),
            written: row.get(3),
        }
    }
}

/// How the database differs from what is needed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Tables and columns that are not there, each as a noun.
    missing: Vec<String>,
    /// What is there but of another kind, each as a sentence.
    unfit: Vec<String>,
}

impl Shape {
    /// Whether nothing is wrong.
    pub fn fits(&self) -> bool {
        self.missing.is_empty() && self.unfit.is_empty()
    }

    fn table(&mut self, table: &str, needed: &[(&str, Need)], found: &[&Column]) {
        let Some(first) = found.first() else {
            return self.missing.push(format!("table {table}"));
        };
        if let Some(relation) = no_table(&first.relation) {
            let unfit = format!("{table} is a {relation}; a seed needs a table");
            return self.unfit.push(unfit);
        }
        for &(name, need) in needed {
            match found.iter().find(|column| column.name == name) {
                None => self.missing.push(format!("column {table}.{name}")),
                Some(column) if need.accepts(&column.written) => {}
                Some(column) => self.unfit.push(format!(
                    "column {table}.{name} is {}; a seed needs {}",
                    column.written,
                    need.name()
                )),
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = format!("the dump has no {}", self.missing.join(", no "));
        let missing = Some(missing).filter(|_| !self.missing.is_empty());
        let faults: Vec<&str> = missing
            .iter()
            .chain(&self.unfit)
            .map(String::as_str)
            .collect();
        f.write_str(&faults.join("; "))
    }
}

/// What a relation is that cannot have rows and an index of its own.
fn no_table(relation: &str) -> Option<&'static str> {
    match relation {
        "r" | "p" => None,
        "v" => Some("view"),
        "m" => Some("materialized view"),
        "f" => Some("foreign table"),
        _ => Some("relation of another kind"),
    }
}

/// Compares what is there with what is needed.
pub fn check(columns: &[Column]) -> Shape {
    let mut shape = Shape::default();
    for (table, needed) in NEEDED {
        let found: Vec<&Column> = columns
            .iter()
            .filter(|column| column.table == table)
            .collect();
        shape.table(table, needed, &found);
    }
    shape
}
