//! Why a day has the average it has, as text or JSON.

use hyper::StatusCode;
use jiff::civil::Date;

use super::Request;
use crate::cli::Context;
use crate::cli::output::style;
use crate::cli::screen::Screen;
use crate::cli::table::Cell;
use crate::cli::table::Column;
use crate::cli::table::Table;
use crate::error::Code;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Interrupted;
use crate::error::Result;
use crate::query;
use crate::query::explained::Explained;
use crate::query::explained::of_day;
use crate::text::Charset;

/// Asks for the prices of one day of the span and shows what they come to.
pub async fn run(request: &Request, day: Date, json: bool, context: &Context) -> Result<()> {
    let question = of_day(&request.question, day)?;
    let response = tokio::select! {
        response = query::ask_prices(&request.base, &question, request.timeout) => response?,
        () = context.shutdown.requested() => return Err(Interrupted.into()),
    };
    let prices = response.prices().map_err(not_offered)?;
    let explained = Explained::new(&question, day, &prices);
    if json {
        return context.out.json(&explained);
    }
    let screen = Screen::of_stdout();
    let mut lines = lines(&explained, &screen).into_iter();
    lines.try_for_each(|line| context.out.line(line))
}

/// A team's own API need not give prices away.
fn not_offered(rejection: query::Rejection) -> Error {
    match rejection {
        query::Rejection::Status(StatusCode::NOT_FOUND, _) => NotOffered.into(),
        rejection => rejection.into(),
    }
}

/// The API knows no such path.
#[derive(Debug, thiserror::Error)]
#[error("this API does not offer /prices")]
struct NotOffered;

impl Explain for NotOffered {
    fn code(&self) -> Code {
        Code::AnswerRejected
    }

    fn hint(&self) -> Option<String> {
        Some(
            "the API that comes with ratesdev does; `ratesdev psql` asks the database itself"
                .to_owned(),
        )
    }

    fn exit(&self) -> Exit {
        Exit::Rejected
    }
}

fn lines(explained: &Explained<'_>, screen: &Screen) -> Vec<String> {
    let arrow = screen.charset.pick("→", "->");
    let (bold, day) = (style::BOLD, explained.day);
    let head = format!(
        "{bold}{} {arrow} {}  {day}{bold:#}",
        explained.orig_code, explained.dest_code
    );
    let mut lines = vec![head, explained.why.clone()];
    if !explained.prices.prices.is_empty() {
        lines.extend(table(explained, screen.charset).lines(screen.width));
    }
    lines
}

fn table(explained: &Explained<'_>, charset: Charset) -> Table {
    let columns = [
        Column::left("from"),
        Column::left("to"),
        Column::right("price"),
    ];
    let mut table = Table::new(charset, columns);
    for row in &explained.prices.prices {
        table.row([
            Cell::new(&row.orig_code),
            Cell::new(&row.dest_code),
            Cell::new(row.price.to_string()),
        ]);
    }
    table
}
