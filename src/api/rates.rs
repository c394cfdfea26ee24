//! `/rates`: the average price of every day of a span between two places, newest day first.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract;
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use jiff::civil::Date;
use tokio_postgres::Row;

use super::cache::Found;
use super::cache::Subject;
use super::page::Page;
use super::places;
use super::problem::Fault;
use super::problem::Kind;
use super::problem::Problem;
use super::question;
use super::state::State;
use super::store::Store;
use super::store::StoreError;
use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::rates::Place;
use crate::rates::Question;
use crate::rates::Span;
use crate::rates::nearest;

/// The hot path, answered from the covering index alone; days without prices are filled in here.
const BETWEEN_PORTS: &str = include_str!("rates/between_ports.sql");
/// A region stands for its ports and those of all regions below it.
const BETWEEN_PLACES: &str = include_str!("rates/between_places.sql");
/// Every code and slug that may be asked for.
const KNOWN_PLACES: &str = include_str!("rates/known_places.sql");

/// What the access log says about a question besides its URL.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The code or slug of the origin.
    pub orig: String,
    /// The code or slug of the destination.
    pub dest: String,
    /// How many days were asked for.
    pub days: i64,
}

impl Asked {
    /// What it says about this one.
    pub fn of(question: &Question) -> Self {
        Self {
            orig: question.orig.to_string(),
            dest: question.dest.to_string(),
            days: question.span.len(),
        }
    }
}

/// `GET /rates`
pub async fn rates(
    extract::State(state): extract::State<Arc<State>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let question = match question::read(&uri, state.max_span_days) {
        Ok(question) => question,
        Err(faults) => {
            return Problem::with_faults(Kind::InvalidParameters, faults).into_response();
        }
    };
    let asked = Asked::of(&question);
    let mut response = match page(&state, Subject::Rates(question)).await {
        Ok(page) => page.response(&headers),
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(asked);
    response
}

/// An answer from the cache, else from the database.
pub async fn page(state: &State, subject: Subject) -> Result<Page, Problem> {
    let Some(cache) = &state.cache else {
        return made(&state.store, &subject).await;
    };
    let found = cache.find(&subject);
    state.metrics.looked_up(matches!(found, Found::Kept(_)));
    match found {
        Found::Kept(page) => Ok(page),
        Found::Deaf => made(&state.store, &subject).await,
        Found::Missing(ticket) => {
            let page = made(&state.store, &subject).await?;
            cache.keep(ticket, subject, page.clone());
            Ok(page)
        }
    }
}

async fn made(store: &Store, subject: &Subject) -> Result<Page, Problem> {
    Ok(match subject {
        Subject::Rates(question) => Page::new(&answer(store, question).await?),
        Subject::Places => Page::new(&places::atlas(store).await?),
    })
}

async fn answer(store: &Store, question: &Question) -> Result<Answer, Problem> {
    let rows = prices(store, question).await?;
    if rows.is_empty() {
        known(store, question).await?;
    }
    let averages = averages(&rows, question.span).map_err(StoreError::from)?;
    Ok(Answer { rates: averages })
}

async fn prices(store: &Store, question: &Question) -> Result<Vec<Row>, StoreError> {
    let Question { orig, dest, span } = question;
    let sql = match (orig, dest) {
        (Place::Port(_), Place::Port(_)) => BETWEEN_PORTS,
        _ => BETWEEN_PLACES,
    };
    let (first, last) = (span.first(), span.last());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&orig.as_str(), &dest.as_str(), &first, &last];
    store.rows(sql, &parameters).await
}

/// Every day of `span`, newest first, from rows of day, count and sum that come in any order.
fn averages(rows: &[Row], span: Span) -> Result<Vec<DailyAverage>, tokio_postgres::Error> {
    let entry = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let found: Result<Vec<(Date, i64, i64)>, _> = rows.iter().map(entry).collect();
    let mut found = found?;
    found.sort_unstable_by_key(|(day, ..)| Reverse(*day));
    let mut found = found.into_iter().peekable();
    let average = |day| {
        let (_, count, sum) = found
            .next_if(|(found, ..)| *found == day)
            .unwrap_or((day, 0, 0));
        DailyAverage::new(day, count, sum)
    };
    Ok(span.days().map(average).collect())
}

/// Nothing was found: fine where both places exist, otherwise the fault is in the question.
pub async fn known(store: &Store, question: &Question) -> Result<(), Problem> {
    let rows = store.rows(KNOWN_PLACES, &[]).await?;
    let known: Result<Vec<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    let faults = unknown(question, &known.map_err(StoreError::from)?);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem::with_faults(Kind::UnknownPlace, faults))
}

/// The places of a question that are not among the known ones, each with the nearest that are.
fn unknown(question: &Question, known: &[&str]) -> Vec<Fault> {
    let ends = [("orig_code", &question.orig), ("dest_code", &question.dest)];
    let unknown = ends
        .into_iter()
        .filter(|(_, place)| !known.contains(&place.as_str()));
    let fault = |(parameter, place): (&'static str, &Place)| Fault {
        parameter,
        detail: no_such_place(place, known),
    };
    unknown.map(fault).collect()
}

fn no_such_place(place: &Place, known: &[&str]) -> String {
    let what = match place {
        Place::Port(code) => format!("there is no port {code}"),
        Place::Region(slug) => format!("there is no region {slug}"),
    };
    let near = nearest(place.as_str(), known.iter().copied());
    if near.is_empty() {
        return what;
    }
    format!("{what}; the nearest known: {}", near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(orig: &str, dest: &str) -> Question {
        Question {
            orig: orig.parse().unwrap(),
            dest: dest.parse().unwrap(),
            span: "2021-01".parse().unwrap(),
        }
    }

    #[test]
    fn only_unknown_places_are_faults_and_each_names_its_nearest() {
        let known = ["CNGGZ", "SEGOT", "EETLL", "china_main", "northern_europe"];
        let cases = [
            ("CNGGZ", "northern_europe", vec![]),
            (
                "CNGGX",
                "EETLL",
                vec!["orig_code: there is no port CNGGX; the nearest known: CNGGZ"],
            ),
            (
                "cnggz",
                "northern_europa",
                vec![
                    "orig_code: there is no region cnggz; the nearest known: CNGGZ",
                    "dest_code: there is no region northern_europa; the nearest known: northern_europe",
                ],
            ),
            ("QQQQQ", "EETLL", vec!["orig_code: there is no port QQQQQ"]),
        ];
        for (orig, dest, expected) in cases {
            let faults = unknown(&question(orig, dest), &known);
            let line = |fault: Fault| format!("{}: {}", fault.parameter, fault.detail);
            let lines: Vec<_> = faults.into_iter().map(line).collect();
            assert_eq!(lines, expected);
        }
    }
}
