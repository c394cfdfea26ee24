//! `ratesdev query`: ask the API of an environment for the prices between two places.

mod document;
mod explain;
mod view;
mod watch;

use std::time::Duration;

use clap::ArgMatches;
use clap::ValueEnum;
use clap::parser::ValueSource;
use jiff::civil::Date;

use super::Context;
use super::complete;
use super::screen::Screen;
use super::target::NotRunning;
use crate::error::Exit;
use crate::error::Interrupted;
use crate::error::Result;
use crate::query;
use crate::query::BaseUrl;
use crate::query::Response;
use crate::query::Timing;
use crate::query::figures;
use crate::query::history;
use crate::rates::Answer;
use crate::rates::Place;
use crate::rates::Question;
use crate::rates::Span;
use view::View;

const EXAMPLES: &str = "Examples:
  ratesdev query CNGGZ EETLL 2021-01                     a month
  ratesdev query CNGGZ EETLL 2021-01-31                  a day
  ratesdev query CNGGZ EETLL 2021-01-01..2021-01-15      from one day to another
  ratesdev query china_main northern_europe 2021-W03     regions, a calendar week
  ratesdev query CNGGZ EETLL 2021-01 -o csv > rates.csv  for a spreadsheet
  ratesdev query CNGGZ EETLL 2021-01 --watch 2           ask again every two seconds
  ratesdev query CNGGZ EETLL 2021-01 --explain 2021-01-29  the prices of a day
  ratesdev query CNGGZ EETLL 2021-01 --curl              only the line to paste

Exit codes: 0 rates, 2 wrong usage, 3 nothing answers, 4 the answer is an error";

/// Ask for the average price of every day between two places
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where from: a port by its code, or a region by its slug
    #[arg(value_name = "ORIG", add = complete::places())]
    orig: Place,
    /// Where to
    #[arg(value_name = "DEST", add = complete::places())]
    dest: Place,
    /// Which days: 2021-01, 2021-01-05, 2021-01-01..2021-01-15 or 2021-W03
    #[arg(value_name = "SPAN")]
    span: Span,
    /// Ask the API at this URL instead of an environment's; `-e` on the command line overrules the variable
    #[arg(long, value_name = "URL", env = "RATESDEV_URL")]
    url: Option<BaseUrl>,
    #[command(flatten)]
    form: FormArgs,
    /// Print the question as a curl command and do not ask it
    #[arg(long, conflicts_with_all = ["output", "json", "watch", "timing"])]
    curl: bool,
    /// Show the prices behind the average of this day, or why it has none
    #[arg(long, value_name = "DAY", conflicts_with_all = ["output", "curl", "watch", "timing"])]
    explain: Option<Date>,
    /// Ask again every so many seconds until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = interval)]
    watch: Option<Duration>,
    /// Show how long each phase took
    #[arg(long)]
    timing: bool,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct FormArgs {
    /// How to write the answer
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Form,
    /// The same as `-o json`
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Columns and bars for people.
    Table,
    /// One document.
    Json,
    /// Comma-separated values.
    Csv,
    /// The body byte for byte.
    Raw,
}

/// What to ask, where, and how to write the answer.
#[derive(Debug)]
struct Request {
    base: BaseUrl,
    question: Question,
    form: Form,
    timing: bool,
    timeout: Duration,
}

impl Args {
    /// A flag beats a variable: where `-e` was typed, `RATESDEV_URL` has no say. Both flags together contradict.
    pub fn prefer_flags(&mut self, typed: &ArgMatches) -> Result<(), &'static str> {
        if typed.value_source("env") != Some(ValueSource::CommandLine) {
            return Ok(());
        }
        if typed.value_source("url") == Some(ValueSource::CommandLine) {
            return Err("--url and --env both say where to ask; write one of them");
        }
        self.url = None;
        Ok(())
    }
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let base = match args.url {
        Some(base) => base,
        None => endpoint(context, args.curl).await?,
    };
    let request = Request {
        base,
        question: Question {
            orig: args.orig,
            dest: args.dest,
            span: args.span,
        },
        form: args.form.form(),
        timing: args.timing,
        timeout: args.timeout,
    };
    if let Some(day) = args.explain {
        explain::run(&request, day, args.form.json, context).await?;
        return Ok(Exit::Done);
    }
    match args.watch {
        _ if args.curl => context.out.line(request.question.curl(&request.base))?,
        Some(every) => {
            watch::run(&request, every, context).await?;
        }
        None => once(&request, context).await?,
    }
    Ok(Exit::Done)
}

/// Where the API of the chosen environment answers: this process, or whoever types what is shown.
async fn endpoint(context: &Context, shown: bool) -> Result<BaseUrl> {
    let environment = context.environment(None).await?;
    let found = if shown {
        environment.published_api().await?
    } else {
        environment.api().await?
    };
    match found {
        Some(base) => Ok(base),
        None => Err(NotRunning::new(&environment, context).await.into()),
    }
}

async fn once(request: &Request, context: &Context) -> Result<()> {
    let response = request.ask(context).await?;
    remember(&request.question);
    if request.form == Form::Raw {
        context.out.raw(&response.body)?;
    }
    let answer = response.answer()?;
    request.show(&answer, response.timing, context)
}

/// The dashboard offers the question again. That is never worth failing for.
fn remember(question: &Question) {
    if let Some(file) = history::file() {
        drop(history::remember(&file, question));
    }
}

impl FormArgs {
    fn form(self) -> Form {
        if self.json { Form::Json } else { self.output }
    }
}

impl Request {
    /// Asks once, unless the command is to end.
    async fn ask(&self, context: &Context) -> Result<Response> {
        tokio::select! {
            response = query::ask(&self.base, &self.question, self.timeout) => Ok(response?),
            () = context.shutdown.requested() => Err(Interrupted.into()),
        }
    }

    /// Writes rates in the chosen form; a raw body has been written before it was read.
    fn show(&self, answer: &Answer, timing: Timing, context: &Context) -> Result<()> {
        let out = &context.out;
        match self.form {
            Form::Table => {
                let lines = self.view(answer, timing).lines(Screen::of_stdout());
                out.line(lines.join("\n"))?;
            }
            Form::Json => out.json(&document::json(self, answer, timing))?,
            Form::Csv => out.raw(document::csv(answer).as_bytes())?,
            Form::Raw => {}
        }
        if self.timing && self.form != Form::Table {
            out.note(phases(timing).join("\n"));
        }
        Ok(())
    }

    fn view<'a>(&'a self, answer: &'a Answer, timing: Timing) -> View<'a> {
        View {
            question: &self.question,
            answer,
            timing,
            phases: self.timing,
            marks: None,
            rows: usize::MAX,
        }
    }
}

/// The phases of an exchange, a line each.
fn phases(timing: Timing) -> [String; 3] {
    [
        ("connect", timing.connect),
        ("first byte", timing.first_byte),
        ("total", timing.total),
    ]
    .map(|(phase, time)| format!("{phase:<10}  {:>8}", figures::duration(time)))
}

/// Reads what follows `--watch`, which may also be the next argument by mistake.
fn interval(text: &str) -> Result<Duration, &'static str> {
    let duration = seconds(text).ok();
    duration.ok_or("write a number of seconds above zero, or put --watch at the end")
}

/// Reads a time limit: a number of seconds above zero, with a fraction where one is wanted.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let duration = text.parse().map(Duration::try_from_secs_f64);
    let duration = duration.ok().and_then(Result::ok);
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or("write a number of seconds above zero, such as 10 or 0.5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_takes_the_next_argument_says_so() {
        assert_eq!(interval("2"), Ok(Duration::from_secs(2)));
        assert!(interval("CNGGZ").unwrap_err().contains("at the end"));
    }

    #[test]
    fn time_limits_are_seconds_above_zero() {
        assert_eq!(seconds("10"), Ok(Duration::from_secs(10)));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "NaN", "inf", "", "1s", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
