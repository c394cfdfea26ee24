//! The client of the rates API: one question, its curl line, its answer.

mod answer;
mod base;
mod exchange;
pub mod explained;
pub mod figures;
pub mod history;
mod line;
mod load;

use std::time::Duration;

pub use answer::Rejection;
pub use answer::first_line;
pub use base::BaseUrl;
pub use base::BaseUrlError;
pub use exchange::Call;
pub use exchange::Response;
pub use exchange::Timing;
pub use exchange::Unreachable;
pub use exchange::get;
pub use exchange::send;
pub use line::Line;
pub use load::Load;

use crate::rates::Question;

impl Question {
    /// The path and the query of the question's URL.
    pub fn path_and_query(&self) -> String {
        format!("/rates?{}", self.parameters())
    }

    fn parameters(&self) -> String {
        let Self { orig, dest, span } = self;
        format!(
            "date_from={}&date_to={}&orig_code={orig}&dest_code={dest}",
            span.first(),
            span.last(),
        )
    }

    /// The question as a line to paste into a shell.
    pub fn curl(&self, base: &BaseUrl) -> String {
        format!("curl {}", quoted(&base.join(&self.path_and_query())))
    }
}

/// Puts the question to the API at `base`; everything together may take `deadline`. Any status is an answer:
/// [`Response::answer`] tells rates from errors.
pub async fn ask(
    base: &BaseUrl,
    question: &Question,
    deadline: Duration,
) -> Result<Response, Unreachable> {
    get(base, &question.path_and_query(), deadline).await
}

/// Asks the API at `base` for the prices behind the answer to a question.
pub async fn ask_prices(
    base: &BaseUrl,
    question: &Question,
    deadline: Duration,
) -> Result<Response, Unreachable> {
    let path_and_query = format!("/prices?{}", question.parameters());
    get(base, &path_and_query, deadline).await
}

/// Asks the API at `base` what there is to ask about.
pub async fn ask_places(base: &BaseUrl, deadline: Duration) -> Result<Response, Unreachable> {
    get(base, "/places", deadline).await
}

/// One word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
