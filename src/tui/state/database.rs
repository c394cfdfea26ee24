//! The database as it is looked at, and the statement that is typed.

use std::time::Duration;

use jiff::Timestamp;
use tui_input::Input;

use super::list::List;
use crate::database::console::Access;
use crate::database::console::Activity;
use crate::database::console::Held;
use crate::database::console::Page;
use crate::database::console::Row;
use crate::database::console::Survey;
use crate::error::Report;

/// Rows that are kept at most.
const MOST_ROWS: usize = 10_000;
/// Bytes of them at most.
const MOST_BYTES: usize = 16_000_000;
/// How near to the last row that is here the next ones are fetched.
const AHEAD: usize = 60;

/// What is shown below the prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// The tables.
    #[default]
    Tables,
    /// The statements that run.
    Running,
    /// The rows of the statement.
    Rows,
}

impl View {
    /// All of them, from left to right.
    pub const ALL: [Self; 3] = [Self::Tables, Self::Running, Self::Rows];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tables => "Tables",
            Self::Running => "Running",
            Self::Rows => "Rows",
        }
    }
}

/// A statement that was sent, and what came of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its number; what is told of an older one is not shown.
    pub number: u64,
    /// The statement.
    pub sql: String,
    /// Whether it could write.
    pub access: Access,
    /// Since when it has been waited for, while it is.
    pub waits: Option<Timestamp>,
    /// How long its first rows took.
    pub took: Option<Duration>,
    /// What came back; of its rows, all that are here.
    pub page: Page,
    /// Bytes of those rows.
    bytes: usize,
    /// Whether no more rows are kept although there are more.
    pub full: bool,
    /// Why it has no rows, or no more.
    pub failure: Option<Report>,
}

/// The database of one environment.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Database {
    /// The statement as it is typed.
    pub prompt: Input,
    /// Whether it is being typed.
    pub typing: bool,
    /// Which of the older statements stands in the prompt.
    pub recalled: Option<usize>,
    /// What was typed before one of them was brought.
    pub draft: Input,
    /// Whether statements may write.
    pub writing: bool,
    /// Whether the environment's name was typed for that.
    pub named: bool,
    /// What is shown.
    pub view: View,
    /// The list of tables.
    pub tables: List,
    /// The list of statements that run.
    pub running: List,
    /// The session that was chosen there: what stands on a row can change with every look.
    pub session: Option<i32>,
    /// The list of rows.
    pub rows: List,
    /// The first column that is shown of the rows.
    pub column: usize,
    /// What the server does.
    pub survey: Option<Survey>,
    /// What it holds.
    pub held: Option<Held>,
    /// Why that could not be seen the last time.
    pub trouble: Option<Report>,
    /// Whether it is being looked at.
    pub surveying: bool,
    /// When it was looked at last.
    pub surveyed_at: Option<Timestamp>,
    /// When its tables were measured last.
    pub held_at: Option<Timestamp>,
    /// The statement that was sent last.
    pub statement: Option<Statement>,
    /// How many were sent.
    sent: u64,
}

impl Statement {
    /// Rows that are here.
    pub fn rows(&self) -> &[Row] {
        &self.page.rows
    }

    fn add(&mut self, page: Page) {
        let more = page.more;
        for row in page.rows {
            self.bytes += size(&row);
            self.page.rows.push(row);
        }
        if self.page.columns.is_empty() {
            self.page.columns = page.columns;
        }
        self.page.dropped = page.dropped;
        self.page.affected = page.affected;
        self.full = more && (self.page.rows.len() >= MOST_ROWS || self.bytes >= MOST_BYTES);
        self.page.more = more && !self.full;
    }
}

fn size(row: &Row) -> usize {
    let values = row.iter().flatten().map(String::len).sum::<usize>();
    values + size_of::<Option<String>>() * row.len()
}

impl Database {
    /// What statements may do.
    pub fn access(&self) -> Access {
        if self.writing {
            Access::Writing
        } else {
            Access::ReadOnly
        }
    }

    /// Notes that the statement of the prompt goes out, and returns its number.
    pub fn send(&mut self, sql: String, now: Timestamp) -> u64 {
        self.sent += 1;
        self.statement = Some(Statement {
            number: self.sent,
            sql,
            access: self.access(),
            waits: Some(now),
            took: None,
            page: Page::default(),
            bytes: 0,
            full: false,
            failure: None,
        });
        self.view = View::Rows;
        self.rows = List::default();
        self.column = 0;
        self.recalled = None;
        self.sent
    }

    /// Whether a statement is waited for.
    pub fn waits(&self) -> bool {
        let statement = self.statement.as_ref();
        statement.is_some_and(|statement| statement.waits.is_some())
    }

    /// Takes in what came of a statement; whether its session is of no more use although it has more rows.
    pub fn take(&mut self, number: u64, took: Duration, result: Result<Page, Report>) -> bool {
        let statement = self.statement.as_mut();
        let Some(statement) = statement.filter(|statement| statement.number == number) else {
            return false;
        };
        statement.waits = None;
        statement.took.get_or_insert(took);
        match result {
            Ok(page) => statement.add(page),
            Err(report) => {
                statement.failure = Some(report);
                statement.page.more = false;
            }
        }
        statement.full
    }

    /// Notes that more rows are fetched, where the reader is near the last that is here; returns their statement.
    pub fn fetch(&mut self, now: Timestamp) -> Option<u64> {
        let near = self.rows.selected + AHEAD;
        let statement = self.statement.as_mut()?;
        let wanted = self.view == View::Rows && statement.page.more && statement.waits.is_none();
        if !wanted || near < statement.page.rows.len() {
            return None;
        }
        statement.waits = Some(now);
        Some(statement.number)
    }

    /// Takes in what was seen. After a look that failed, the next does not measure: measuring may be what it failed with.
    pub fn see(&mut self, result: Result<Survey, Report>, now: Timestamp) {
        self.surveying = false;
        match result {
            Ok(mut survey) => {
                match survey.held.take() {
                    Some(held) => (self.held, self.held_at) = (Some(held), Some(now)),
                    None if self.held.is_none() => self.held_at = None,
                    None => {}
                }
                self.survey = Some(survey);
                self.follow_running();
                self.trouble = None;
            }
            Err(report) => {
                self.trouble = Some(report);
                self.held_at = Some(now);
            }
        }
    }

    /// The rows of what is shown.
    pub fn count(&self) -> usize {
        match self.view {
            View::Tables => self.held.as_ref().map_or(0, |held| held.tables.len()),
            View::Running => self.activities().len(),
            View::Rows => {
                let statement = self.statement.as_ref();
                statement.map_or(0, |statement| statement.rows().len())
            }
        }
    }

    /// The list of what is shown.
    pub fn list(&self) -> List {
        match self.view {
            View::Tables => self.tables,
            View::Running => self.running,
            View::Rows => self.rows,
        }
    }

    /// The same, to be walked.
    pub fn list_mut(&mut self) -> &mut List {
        match self.view {
            View::Tables => &mut self.tables,
            View::Running => &mut self.running,
            View::Rows => &mut self.rows,
        }
    }

    /// The statements that run.
    pub fn activities(&self) -> &[Activity] {
        let survey = self.survey.as_ref();
        survey.map_or(&[], |survey| &survey.activities)
    }

    /// The chosen one of them; none when it has ended.
    pub fn activity(&self) -> Option<&Activity> {
        let activity = self.activities().get(self.running.selected)?;
        let is_chosen = self.session.is_none_or(|session| session == activity.pid);
        is_chosen.then_some(activity)
    }

    /// Chooses the session whose row the list of those that run is on.
    pub fn choose_running(&mut self) {
        if self.view == View::Running {
            let activity = self.activities().get(self.running.selected);
            self.session = activity.map(|activity| activity.pid);
        }
    }

    fn follow_running(&mut self) {
        let mut activities = self.activities().iter();
        if let Some(row) = activities.position(|activity| Some(activity.pid) == self.session) {
            self.running.follow(row);
        }
    }

    /// The chosen row with the names of its columns.
    pub fn record(&self) -> Option<(&[String], &Row)> {
        let page = &self.statement.as_ref()?.page;
        Some((&page.columns, page.rows.get(self.rows.selected)?))
    }

    /// The rows that are here as comma-separated values; null is nothing between two commas.
    pub fn csv(&self) -> Option<String> {
        let page = &self.statement.as_ref()?.page;
        let head: Vec<_> = page.columns.iter().map(|name| quoted(name)).collect();
        let line = |row: &Row| {
            let values = row.iter().map(|value| value.as_deref().map(quoted));
            let values: Vec<_> = values.map(Option::unwrap_or_default).collect();
            values.join(",")
        };
        let lines = std::iter::once(head.join(",")).chain(page.rows.iter().map(line));
        Some(lines.flat_map(|line| [line, "\n".to_owned()]).collect())
    }
}

fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && !value.contains([',', '"', '\n', '\r']);
    if plain {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::console::ConsoleError;
    use crate::error::Error;

    fn page(rows: usize, more: bool) -> Page {
        Page {
            columns: vec!["n".to_owned(), "odd, one".to_owned()],
            rows: (0..rows)
                .map(|row| vec![Some(row.to_string()), None])
                .collect(),
            more,
            ..Page::default()
        }
    }

    #[test]
    fn rows_are_fetched_near_the_end_and_not_without_bound() {
        let mut database = Database::default();
        let number = database.send("select".to_owned(), Timestamp::UNIX_EPOCH);
        assert!(database.waits());
        assert!(!database.take(number, Duration::ZERO, Ok(page(200, true))));
        assert_eq!(
            database.fetch(Timestamp::UNIX_EPOCH),
            None,
            "the reader is far from the end"
        );
        database.rows.selected = 150;
        assert_eq!(database.fetch(Timestamp::UNIX_EPOCH), Some(number));
        assert_eq!(
            database.fetch(Timestamp::UNIX_EPOCH),
            None,
            "they are on their way"
        );
        assert!(database.take(number, Duration::ZERO, Ok(page(MOST_ROWS, true))));
        let statement = database.statement.as_ref().unwrap();
        assert!(statement.full && !statement.page.more);
    }

    #[test]
    fn after_a_look_that_failed_the_next_measures_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let survey = |held| Survey {
            server: String::new(),
            activities: Vec::new(),
            idle: 0,
            held,
        };
        let held = Held {
            bytes: 0,
            tables: Vec::new(),
            seed: None,
        };
        let late = ConsoleError::Silent(Duration::from_secs(15));
        let late = Error::from(late).report();
        let mut database = Database::default();
        database.see(Err(late.clone()), now);
        assert_eq!(database.held_at, Some(now));
        database.see(Ok(survey(None)), now);
        assert_eq!(database.held_at, None, "nothing was measured yet");
        database.see(Ok(survey(Some(held))), now);
        database.see(Err(late), now);
        database.see(Ok(survey(None)), now);
        assert_eq!(database.held_at, Some(now), "that takes its time again");
    }

    #[test]
    fn what_comes_of_an_older_statement_is_not_shown() {
        let mut database = Database::default();
        let old = database.send("old".to_owned(), Timestamp::UNIX_EPOCH);
        database.send("new".to_owned(), Timestamp::UNIX_EPOCH);
        database.take(old, Duration::ZERO, Ok(page(3, false)));
        assert_eq!((database.count(), database.waits()), (0, true));
    }

    #[test]
    fn rows_are_saved_as_comma_separated_values() {
        let mut database = Database::default();
        let number = database.send("select".to_owned(), Timestamp::UNIX_EPOCH);
        let mut page = page(1, false);
        page.rows
            .push(vec![Some("a \"b\"".to_owned()), Some(String::new())]);
        database.take(number, Duration::ZERO, Ok(page));
        assert_eq!(
            database.csv().unwrap(),
            "n,\"odd, one\"\n0,\n\"a \"\"b\"\"\",\"\"\n"
        );
    }
}
