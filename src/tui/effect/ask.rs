//! Putting questions to an API.

use std::time::Duration;

use super::Tasks;
use crate::error::Error;
use crate::query;
use crate::query::Line;
use crate::query::Response;
use crate::text::printable;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::query::Answered;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lines of a body that can be read in the dashboard; a file takes all of it.
const MOST_LINES: usize = 20_000;

/// Characters of a line of a body that are shown.
const LONGEST: usize = 2000;

impl Tasks {
    /// Puts a question.
    pub fn ask(&self, key: Key, number: u64, line: Line) {
        self.spawn(async move {
            let asked = query::get(&line.base, &line.path_and_query(), PATIENCE).await;
            let result = match asked {
                Ok(response) => Ok(answered(response)),
                Err(error) => Err(Error::from(error).report()),
            };
            Some(Message::Answered {
                key,
                number,
                result: Box::new(result),
            })
        });
    }
}

fn answered(response: Response) -> Answered {
    let rates = response.answer();
    Answered {
        rates: rates.map_err(|error| Error::from(error).report()),
        body: lines(&response.body),
        response,
    }
}

/// JSON is laid out for people; anything else is shown as it is.
fn lines(body: &[u8]) -> Vec<String> {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let lines = text.lines().take(MOST_LINES);
    lines.map(|line| printable(line, LONGEST)).collect()
}
