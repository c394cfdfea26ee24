//! An answer for programs: JSON and CSV.

use std::fmt::Display;

use serde::Serialize;

use super::Request;
use crate::query::Timing;
use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::text::milliseconds;

/// The JSON document of one answer.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    question: Asked,
    timing: Milliseconds,
    rates: &'a [DailyAverage],
}

/// The question under the names its URL gives it.
#[derive(Debug, Serialize)]
struct Asked {
    url: String,
    date_from: String,
    date_to: String,
    orig_code: String,
    dest_code: String,
}

#[derive(Debug, Serialize)]
struct Milliseconds {
    connect_ms: f64,
    first_byte_ms: f64,
    total_ms: f64,
}

/// The answer as a document, with what was asked and how long it took.
pub fn json<'a>(request: &Request, answer: &'a Answer, timing: Timing) -> Document<'a> {
    let question = &request.question;
    Document {
        question: Asked {
            url: request.base.join(&question.path_and_query()),
            date_from: question.span.first().to_string(),
            date_to: question.span.last().to_string(),
            orig_code: question.orig.to_string(),
            dest_code: question.dest.to_string(),
        },
        timing: Milliseconds {
            connect_ms: milliseconds(timing.connect),
            first_byte_ms: milliseconds(timing.first_byte),
            total_ms: milliseconds(timing.total),
        },
        rates: &answer.rates,
    }
}

/// The days as RFC 4180 has it: a header, lines that end in CR LF, nothing where there is no value.
pub fn csv(answer: &Answer) -> String {
    let row =
        |day: &DailyAverage| format!("{},{},{}\r\n", day.day, cell(day.count), cell(day.price));
    std::iter::once("day,count,price\r\n".to_owned())
        .chain(answer.rates.iter().map(row))
        .collect()
}

fn cell(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::super::view::samples;
    use std::time::Duration;

    use super::*;

    #[test]
    fn csv_has_a_header_and_empty_cells_where_there_is_no_value() {
        insta::assert_debug_snapshot!(csv(&samples::five_days()));
    }

    #[test]
    fn json_holds_the_question_the_timing_and_the_rates() {
        let request = Request {
            base: "http://127.0.0.1:15000".parse().unwrap(),
            question: samples::question(),
            form: Form::Json,
            timing: false,
            timeout: Duration::from_secs(1),
        };
        let answer = samples::five_days();
        let document = json(&request, &answer, samples::TIMING);
        insta::assert_json_snapshot!(document);
    }
}
