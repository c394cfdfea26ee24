//! Putting questions to an API.

use std::time::Duration;

use super::Tasks;
use crate::error::Error;
use crate::query;
use crate::query::BaseUrl;
use crate::query::Line;
use crate::query::Response;
use crate::query::explained::Explained;
use crate::rates::Prices;
use crate::rates::Question;
use crate::text::printable;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::query::Answered;
use crate::tui::state::tree::Tree;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lines of a body that can be read in the dashboard; a file takes all of it.
const MOST_LINES: usize = 20_000;

/// How deep a body is open at first: a row for every day.
const OPEN: usize = 1;

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

    /// Asks what there is to ask about. An API that does not tell is asked without.
    pub fn places(&self, key: Key, base: BaseUrl) {
        self.spawn(async move {
            let asked = query::ask_places(&base, PATIENCE).await.ok()?;
            let atlas = asked.places().ok()?;
            Some(Message::Places { key, atlas })
        });
    }

    /// Asks for the prices behind a day.
    pub fn explain(&self, key: Key, base: BaseUrl, question: Question) {
        self.spawn(async move {
            let explained = async {
                let response = query::ask_prices(&base, &question, PATIENCE).await?;
                Ok(explained(&question, &response.prices()?))
            };
            let result = explained.await.map_err(|error: Error| error.report());
            Some(Message::Explained { key, result })
        });
    }
}

/// The title and the lines of what the prices of a day come to.
fn explained(question: &Question, prices: &Prices) -> (String, Vec<String>) {
    let explained = Explained::new(question, question.span.first(), prices);
    let title = format!(
        "{} to {} on {}",
        question.orig, question.dest, question.span
    );
    let mut lines = vec![explained.why];
    if !prices.prices.is_empty() {
        lines.push(String::new());
    }
    lines.extend(prices.prices.iter().map(|row| {
        format!(
            "{:<5}  {:<5}  {:>12}",
            row.orig_code, row.dest_code, row.price
        )
    }));
    (title, lines)
}

fn answered(response: Response) -> Answered {
    let rates = response.answer();
    let tree = Tree::read(&response.body, OPEN);
    Answered {
        rates: rates.map_err(|error| Error::from(error).report()),
        body: match tree {
            Some(_) => Vec::new(),
            None => lines(&response.body),
        },
        tree,
        response,
    }
}

/// What is no JSON is shown as it is.
fn lines(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().take(MOST_LINES);
    lines.map(|line| printable(line, LONGEST)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::query::Timing;

    fn response(body: Vec<u8>) -> Response {
        Response {
            status: hyper::StatusCode::OK,
            headers: hyper::HeaderMap::new(),
            body: body.into(),
            timing: Timing {
                connect: Duration::ZERO,
                first_byte: Duration::ZERO,
                total: Duration::ZERO,
            },
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_answer_of_ten_megabytes_takes_little_more_than_itself() {
        let most = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status
                .lines()
                .find(|line| line.starts_with("VmHWM"))
                .unwrap();
            let pages: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            pages / 1000
        };
        let day = r#"{"count":3,"day":"2021-01-31","price":1154.25}"#;
        let days = vec![day; 10_000_000 / day.len()].join(",");
        let response = response(format!("{{\"rates\":[{days}]}}").into());
        drop(days);
        let before = most();
        let shown = answered(response);
        assert!(shown.rates.is_ok() && shown.tree.is_some());
        assert!(most() - before < 60, "{} MB", most() - before);
    }

    #[test]
    fn what_an_api_answers_is_bounded_before_it_is_shown() {
        let noise: Vec<u8> = (0..10_000_000u32).map(|byte| (byte % 251) as u8).collect();
        let shown = answered(response(noise));
        assert!(shown.tree.is_none() && shown.rates.is_err());
        assert!(shown.body.len() <= MOST_LINES);
        assert!(
            shown
                .body
                .iter()
                .all(|line| line.chars().count() <= LONGEST + 1)
        );
        assert!(!shown.body.concat().contains(char::is_control));
        let many = format!("[{}1]", "1,".repeat(5_000_000));
        let tree = answered(response(many.into())).tree.unwrap();
        assert!(tree.rows() <= 20_000 && tree.left_out > 4_000_000);
        let deep = answered(response("[".repeat(1_000_000).into()));
        assert!(deep.tree.is_none());
    }
}
