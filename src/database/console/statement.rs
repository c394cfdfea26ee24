//! One statement, and its rows as many at a time as are asked for.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::SimpleQueryRow;

use super::Access;
use super::ConsoleError;
use super::Session;

/// Rows that are fetched at once.
const PAGE: usize = 200;
/// Rows of a statement that has no cursor, such as EXPLAIN or an INSERT that returns what it wrote.
const MOST: usize = 10_000;
/// Characters of a value that are kept.
const LONGEST: usize = 4000;
/// The transaction of a statement that reads. Its first statement takes the snapshot: from then on the server refuses to
/// make it writable.
const BEGIN: &str = "begin isolation level repeatable read read only; select; savepoint ratesdev";

/// The values of a row as text; none where they are null.
pub type Row = Vec<Option<String>>;

/// Some rows of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The names of the columns; none where the statement has no rows to give.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether there are more to fetch.
    pub more: bool,
    /// Rows that were not kept because there are too many.
    pub dropped: u64,
    /// Rows that the statement wrote or gave, as the server counts them.
    pub affected: u64,
}

impl Session {
    /// Runs one statement and returns its first rows. A session runs one.
    pub async fn run(&self, sql: &str) -> Result<Page, ConsoleError> {
        if first_word(sql).eq_ignore_ascii_case("copy") {
            return Err(ConsoleError::Copy);
        }
        let refused = |error| ConsoleError::of_statement(error, sql);
        // The server takes one statement only, and says where it is wrong.
        let prepared = self.client.prepare(sql).await.map_err(refused)?;
        let names = prepared
            .columns()
            .iter()
            .map(|column| column.name().to_owned());
        let columns: Vec<_> = names.collect();
        let page = match self.access {
            Access::Writing => self.whole(sql).await.map_err(refused)?,
            Access::ReadOnly => self.read(sql).await.map_err(refused)?,
        };
        Ok(Page { columns, ..page })
    }

    async fn read(&self, sql: &str) -> Result<Page, tokio_postgres::Error> {
        self.client.batch_execute(BEGIN).await?;
        if has_cursor(sql) {
            let declare = format!("declare ratesdev no scroll cursor for {sql}");
            if self.client.batch_execute(&declare).await.is_ok() {
                return self.fetch_rows(sql).await;
            }
            // What the statement itself fails with says more.
            self.client.batch_execute("rollback to ratesdev").await?;
        }
        let page = self.whole(sql).await?;
        self.client.batch_execute("rollback").await?;
        Ok(page)
    }

    /// The next rows of the statement that was run.
    pub async fn fetch(&self, sql: &str) -> Result<Page, ConsoleError> {
        let fetched = self.fetch_rows(sql).await;
        fetched.map_err(|error| ConsoleError::of_rows(error, sql))
    }

    async fn fetch_rows(&self, sql: &str) -> Result<Page, tokio_postgres::Error> {
        // Whoever looks what the server does finds the statement itself.
        let told: String = sql.chars().take(LONGEST).collect();
        let told = told.replace(char::is_control, " ");
        let fetch = format!("fetch forward {PAGE} from ratesdev -- {told}");
        let mut page = self.whole(&fetch).await?;
        page.more = page.rows.len() == PAGE;
        if !page.more {
            // Nothing is held up by rows that have all been read.
            self.client.batch_execute("rollback").await?;
        }
        Ok(page)
    }

    async fn whole(&self, sql: &str) -> Result<Page, tokio_postgres::Error> {
        let mut page = Page::default();
        let mut messages = pin!(self.client.simple_query_raw(sql).await?);
        while let Some(message) = messages.try_next().await? {
            match message {
                SimpleQueryMessage::Row(_) if page.rows.len() == MOST => page.dropped += 1,
                SimpleQueryMessage::Row(row) => page.rows.push(values(&row)),
                SimpleQueryMessage::CommandComplete(rows) => page.affected = rows,
                _ => {}
            }
        }
        Ok(page)
    }
}

fn values(row: &SimpleQueryRow) -> Row {
    let value = |place| row.try_get(place).ok().flatten().map(shortened);
    (0..row.len()).map(value).collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the statement may be one whose rows can be fetched piece by piece.
fn has_cursor(sql: &str) -> bool {
    let word = first_word(sql).to_ascii_lowercase();
    ["select", "with", "values", "table"].contains(&word.as_str()) || word.is_empty()
}

/// The first word of a statement, past comments; empty where something else comes first, such as a parenthesis.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            after_comment(comment)
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic());
            return rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        };
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    }
}

/// What follows a comment that may hold others.
fn after_comment(mut rest: &str) -> &str {
    let mut depth = 1_u32;
    while depth > 0 {
        let (opens, closes) = (rest.find("/*"), rest.find("*/"));
        let (at, by) = match (opens, closes) {
            (_, None) => return "",
            (Some(opens), Some(closes)) if opens < closes => (opens, 1),
            (_, Some(closes)) => (closes, -1),
        };
        depth = depth.saturating_add_signed(by);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_found_behind_comments() {
        let cases = [
            ("select 1", "select"),
            ("  ;; Values (1)", "Values"),
            ("-- copy\nshow all", "show"),
            ("/* a /* b */ copy */explain select 1", "explain"),
            ("(select 1)", ""),
            ("/* open", ""),
            ("--", ""),
        ];
        for (sql, word) in cases {
            assert_eq!(first_word(sql), word, "{sql}");
        }
    }
}
