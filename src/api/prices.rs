//! `/prices`: the single prices behind the averages, for whoever wonders why a day has the average it has.

use std::sync::Arc;

use axum::Json;
use axum::extract;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio_postgres::Row;

use super::problem::Kind;
use super::problem::Problem;
use super::question;
use super::rates::Asked;
use super::rates::known;
use super::state::State;
use super::store::Store;
use super::store::StoreError;
use crate::rates::Price;
use crate::rates::Prices;
use crate::rates::Question;

const BETWEEN_PLACES: &str = include_str!("prices/between_places.sql");

/// The most prices of one answer, so that it stays small whatever is asked.
const MOST: usize = 10_000;

/// `GET /prices`
pub async fn prices(extract::State(state): extract::State<Arc<State>>, uri: Uri) -> Response {
    let question = match question::read(&uri, state.max_span_days) {
        Ok(question) => question,
        Err(faults) => {
            return Problem::with_faults(Kind::InvalidParameters, faults).into_response();
        }
    };
    let mut response = match answer(&state.store, &question).await {
        Ok(prices) => ([(header::CACHE_CONTROL, "no-store")], Json(prices)).into_response(),
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(Asked::of(&question));
    response
}

async fn answer(store: &Store, question: &Question) -> Result<Prices, Problem> {
    let Question { orig, dest, span } = question;
    let (first, last) = (span.first(), span.last());
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&orig.as_str(), &dest.as_str(), &first, &last, &limit];
    let rows = store.rows(BETWEEN_PLACES, &parameters).await?;
    if rows.is_empty() {
        known(store, question).await?;
    }
    let prices: Result<Vec<_>, _> = rows.iter().take(MOST).map(price).collect();
    Ok(Prices {
        prices: prices.map_err(StoreError::from)?,
        truncated: rows.len() > MOST,
    })
}

fn price(row: &Row) -> Result<Price, tokio_postgres::Error> {
    Ok(Price {
        orig_code: row.try_get(0)?,
        dest_code: row.try_get(1)?,
        day: row.try_get(2)?,
        price: row.try_get(3)?,
    })
}
