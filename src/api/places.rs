//! `/places`: every port and region, for whoever offers them to choose from.

use std::sync::Arc;

use axum::extract;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio_postgres::Row;

use super::cache::Subject;
use super::problem::Problem;
use super::rates::page;
use super::state::State;
use super::store::Store;
use super::store::StoreError;
use crate::rates::Atlas;
use crate::rates::Port;
use crate::rates::Region;

const PLACES: &str = include_str!("places/places.sql");

/// The most places of one answer, so that it stays small whatever the database holds.
const MOST: usize = 20_000;

/// `GET /places`
pub async fn places(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
) -> Response {
    match page(&state, Subject::Places).await {
        Ok(page) => page.response(&headers),
        Err(problem) => problem.into_response(),
    }
}

/// Every port and region of the database.
pub async fn atlas(store: &Store) -> Result<Atlas, Problem> {
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let rows = store.rows(PLACES, &[&limit]).await?;
    let mut atlas = Atlas {
        truncated: rows.len() > MOST,
        ..Atlas::default()
    };
    for row in rows.iter().take(MOST) {
        add(&mut atlas, row).map_err(StoreError::from)?;
    }
    Ok(atlas)
}

fn add(atlas: &mut Atlas, row: &Row) -> Result<(), tokio_postgres::Error> {
    let (text, name, above) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if row.try_get(3)? {
        atlas.ports.push(Port {
            code: text,
            name,
            region: above,
        });
    } else {
        atlas.regions.push(Region {
            slug: text,
            name,
            parent: above,
        });
    }
    Ok(())
}
