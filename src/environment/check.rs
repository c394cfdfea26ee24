//! Questions with known answers: an environment is ready when they are answered right.

use std::time::Duration;

use super::status::endpoint;
use crate::engine::Error;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Remark;
use crate::engine::Role;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;
use crate::profile::Check;
use crate::query;
use crate::query::BaseUrl;
use crate::rates::DailyAverage;
use crate::rates::Question;
use crate::rates::Span;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A known answer that was not given.
#[derive(Debug, thiserror::Error)]
#[error("check {name}: {orig} → {dest} on {day} is {actual}, not {expected}")]
pub struct Rejected {
    name: String,
    orig: String,
    dest: String,
    day: jiff::civil::Date,
    actual: String,
    expected: String,
}

impl Explain for Rejected {
    fn code(&self) -> Code {
        Code::CheckFailed
    }

    fn hint(&self) -> Option<String> {
        Some("load the profile's seed with `ratesdev seed --reset`, or correct the check in the profile".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Rejected
    }
}

/// Asks an API of the environment that runs.
pub async fn pass(observed: &Observed, check: &Check) -> Result<Remark> {
    let endpoint = endpoint(observed, Role::Api);
    let endpoint =
        endpoint.ok_or_else(|| Error::new(Code::ApiUnreachable, "the API does not run"))?;
    let answered = answer(&BaseUrl::from(endpoint), check).await;
    let is_foreign = observed.find(Instance::first(Role::Api));
    let is_foreign = is_foreign.is_some_and(|found| found.contract.is_some());
    answered
        .map(Some)
        .map_err(|error| match error.report().code {
            Code::AnswerRejected if is_foreign => breach(&error, check).into(),
            _ => error,
        })
}

/// A team's own API whose answer is no rates. In the middle of its making that is more likely than a wrong question.
fn breach(error: &crate::error::Error, check: &Check) -> Error {
    let what = format!(
        "check {}: the API's answer to GET /rates is not as it must be",
        check.name
    );
    let report = error.report();
    let lines = std::iter::once(report.message)
        .chain(report.causes)
        .chain(report.detail);
    Error::new(Code::ApiContract, what)
        .detail(lines.collect())
        .hint("docs/API.md has the answer to /rates, field by field")
}

/// Asks the API at `base` and returns its answer in words.
pub async fn answer(base: &BaseUrl, check: &Check) -> Result<String> {
    let day = check.expect.day;
    let span = Span::new(day, day).expect("a day does not end before it begins");
    let question = Question {
        orig: check.orig.clone(),
        dest: check.dest.clone(),
        span,
    };
    let answer = query::ask(base, &question, PATIENCE).await?.answer()?;
    let actual = answer.rates.first().cloned().unwrap_or(DailyAverage {
        count: None,
        day,
        price: None,
    });
    if agrees(&actual, &check.expect) {
        return Ok(words(&actual));
    }
    let rejected = Rejected {
        name: check.name.clone(),
        orig: check.orig.to_string(),
        dest: check.dest.to_string(),
        day,
        actual: words(&actual),
        expected: words(&check.expect),
    };
    Err(rejected.into())
}

/// Prices may differ by less than half a cent: profiles are written by people.
fn agrees(actual: &DailyAverage, expected: &DailyAverage) -> bool {
    let same_price = match (actual.price, expected.price) {
        (Some(actual), Some(expected)) => (actual - expected).abs() < 0.005,
        // A profile may know the count alone.
        (_, None) => true,
        (None, Some(_)) => false,
    };
    same_price && actual.count == expected.count && actual.day == expected.day
}

fn words(day: &DailyAverage) -> String {
    match (day.price, day.count) {
        (Some(price), _) => format!("{price:.2}"),
        (None, Some(count)) => format!("{count} of the prices an average needs"),
        (None, None) => "without a price".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_answer_agrees_to_the_cent_and_in_its_count() {
        let day = |count, price| DailyAverage {
            count,
            day: date(2021, 1, 31),
            price,
        };
        let known = day(Some(3), Some(1154.33));
        assert!(agrees(&day(Some(3), Some(1_154.333_333)), &known));
        for other in [
            day(Some(4), Some(1154.33)),
            day(Some(3), Some(1154.4)),
            day(Some(2), None),
            day(None, None),
        ] {
            assert!(!agrees(&other, &known), "{other:?}");
        }
    }
}
