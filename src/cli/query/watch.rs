//! `--watch`: asks again and again, shows what changed, and outlives errors.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use tokio::time::MissedTickBehavior;

use super::Form;
use super::Request;
use crate::cli::Context;
use crate::cli::output::style;
use crate::cli::screen::Screen;
use crate::cli::table::fit;
use crate::error::Report;
use crate::error::Result;
use crate::query::Response;
use crate::query::Timing;
use crate::query::figures;
use crate::rates::Answer;
use crate::rates::DailyAverage;

/// Lines that say why a question failed; the table above keeps its room.
const MOST_REASONS: usize = 3;

/// What has been seen so far.
#[derive(Debug, Default)]
struct Watch {
    asked: u64,
    last: Option<(Answer, Timing)>,
    changed: BTreeSet<Date>,
    failure: Option<Report>,
}

/// Whether the last question brought something that has not been shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Rates,
    Failure,
    Nothing,
}

/// Asks every so often until the command is asked to end, which is its ordinary end.
pub async fn run(request: &Request, every: Duration, context: &Context) -> Result<()> {
    let mut watch = Watch::default();
    let mut drawn = 0;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = context.shutdown.requested() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let asked = request.ask(context).await;
        if context.shutdown.is_requested() {
            return Ok(());
        }
        let body = asked
            .as_ref()
            .map(|response| response.body.clone())
            .unwrap_or_default();
        let news = watch.take(asked);
        match Screen::of_stdout() {
            screen @ Screen {
                height: Some(height),
                ..
            } if request.form == Form::Table => {
                let lines = watch.frame(request, every, height, screen);
                redraw(&lines, drawn, context)?;
                drawn = lines.len();
            }
            _ if news == News::Rates && request.form == Form::Raw => context.out.raw(&body)?,
            _ => watch.print(news, request, context)?,
        }
    }
}

/// Puts a frame in the place of the one before it, which had `drawn` lines.
fn redraw(lines: &[String], drawn: usize, context: &Context) -> Result<()> {
    // Sent as bytes: where colours are dropped, moves of the cursor would be dropped too.
    if drawn > 0 {
        context
            .out
            .raw(format!("\x1b[{drawn}A\r\x1b[J").as_bytes())?;
    }
    context.out.line(lines.join("\n"))
}

impl Watch {
    /// Takes the outcome of one question in.
    fn take(&mut self, asked: Result<Response>) -> News {
        self.asked += 1;
        let answered = asked.and_then(|response| Ok((response.answer()?, response.timing)));
        match answered {
            Ok((answer, timing)) => self.take_answer(answer, timing),
            Err(error) => self.take_failure(error.report()),
        }
    }

    fn take_answer(&mut self, answer: Answer, timing: Timing) -> News {
        let recovered = self.failure.take().is_some();
        let Some((before, _)) = self.last.replace((answer, timing)) else {
            return News::Rates;
        };
        let now = self.last.iter().flat_map(|(answer, _)| &answer.rates);
        let changed = changes(&before.rates, now);
        if changed.is_empty() {
            return if recovered {
                News::Rates
            } else {
                News::Nothing
            };
        }
        self.changed = changed;
        News::Rates
    }

    fn take_failure(&mut self, failure: Report) -> News {
        let known = self.failure.as_ref() == Some(&failure);
        self.failure = Some(failure);
        if known { News::Nothing } else { News::Failure }
    }

    /// Writes what is new as a block of its own.
    fn print(&self, news: News, request: &Request, context: &Context) -> Result<()> {
        match (news, &self.failure, &self.last) {
            (News::Failure, Some(failure), _) => context.out.failure(failure),
            (News::Rates, _, Some((answer, timing))) if request.form == Form::Table => {
                let mut view = request.view(answer, *timing);
                view.marks = Some(&self.changed);
                let mut lines = view.lines(Screen::of_stdout());
                lines.push(String::new());
                context.out.line(lines.join("\n"))?;
            }
            (News::Rates, _, Some((answer, timing))) => request.show(answer, *timing, context)?,
            _ => {}
        }
        Ok(())
    }

    /// The whole screen: as many days as fit, the failure if there is one, and a footer.
    fn frame(
        &self,
        request: &Request,
        every: Duration,
        height: usize,
        screen: Screen,
    ) -> Vec<String> {
        let mut below = self.failure_lines(screen);
        below.push(self.footer(every, screen));
        let mut lines = self.table(request, height.saturating_sub(below.len() + 1), screen);
        lines.append(&mut below);
        lines
    }

    fn table(&self, request: &Request, height: usize, screen: Screen) -> Vec<String> {
        let Some((answer, timing)) = &self.last else {
            return Vec::new();
        };
        let mut view = request.view(answer, *timing);
        view.marks = Some(&self.changed);
        let lines = view.lines(screen);
        if lines.len() <= height {
            return lines;
        }
        // One line less for the note that says how many days are left out.
        let over = lines.len() - height + 1;
        view.rows = answer.rates.len().saturating_sub(over);
        view.lines(screen)
    }

    fn failure_lines(&self, screen: Screen) -> Vec<String> {
        let Some(failure) = &self.failure else {
            return Vec::new();
        };
        let head = format!("error[{}] {}", failure.code, failure.message);
        let head = fit(&head, screen.width, screen.charset);
        let causes = failure
            .causes
            .iter()
            .map(|cause| format!("  caused by: {cause}"));
        let detail = failure.detail.iter().map(|line| format!("  {line}"));
        std::iter::once(format!("{0}{head}{0:#}", style::BAD))
            .chain(
                causes
                    .chain(detail)
                    .take(MOST_REASONS)
                    .map(|line| fit(&line, screen.width, screen.charset)),
            )
            .collect()
    }

    fn footer(&self, every: Duration, screen: Screen) -> String {
        let dot = screen.charset.pick("·", "|");
        let changed = match self.changed.len() {
            0 => "no change".to_owned(),
            1 => "1 day changed".to_owned(),
            days => format!("{days} days changed"),
        };
        let times = match self.asked {
            1 => "once".to_owned(),
            asked => format!("{asked} times"),
        };
        let every = figures::duration(every);
        let text = format!("asked {times}, every {every} {dot} {changed} {dot} Ctrl-C ends");
        format!(
            "{0}{1}{0:#}",
            style::DIM,
            fit(&text, screen.width, screen.charset)
        )
    }
}

/// The days whose figures are not what they were.
fn changes<'a>(
    before: &[DailyAverage],
    now: impl IntoIterator<Item = &'a DailyAverage>,
) -> BTreeSet<Date> {
    let known: std::collections::BTreeMap<Date, &DailyAverage> =
        before.iter().map(|day| (day.day, day)).collect();
    let differs = |day: &&DailyAverage| known.get(&day.day).is_none_or(|known| known != day);
    now.into_iter().filter(differs).map(|day| day.day).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use hyper::StatusCode;

    use super::super::view::samples;
    use super::*;
    use crate::text::Charset;

    const SCREEN: Screen = Screen {
        width: 80,
        height: Some(24),
        charset: Charset::Unicode,
    };

    fn response(status: u16, answer: &Answer) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from(serde_json::to_vec(answer).unwrap()),
            timing: samples::TIMING,
        }
    }

    fn request() -> Request {
        Request {
            base: "http://127.0.0.1:15000".parse().unwrap(),
            question: samples::question(),
            form: Form::Table,
            timing: false,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn only_what_has_not_been_shown_is_news() {
        let (first, mut second) = (samples::five_days(), samples::five_days());
        second.rates[1].price = Some(1.0);
        let mut watch = Watch::default();
        let steps = [
            (200, &first, News::Rates),
            (200, &first, News::Nothing),
            (500, &first, News::Failure),
            (500, &first, News::Nothing),
            (503, &first, News::Failure),
            (200, &first, News::Rates),
            (200, &second, News::Rates),
            (200, &second, News::Nothing),
        ];
        for (at, (status, answer, news)) in steps.into_iter().enumerate() {
            assert_eq!(watch.take(Ok(response(status, answer))), news, "step {at}");
        }
        assert_eq!(watch.changed, BTreeSet::from([second.rates[1].day]));
    }

    #[test]
    fn a_frame_keeps_the_last_rates_beside_a_failure_and_never_outgrows_the_screen() {
        let mut watch = Watch::default();
        watch.take(Ok(response(200, &samples::five_days())));
        watch.take(Ok(response(503, &samples::five_days())));
        for height in 11..30 {
            let lines = watch.frame(&request(), Duration::from_secs(5), height, SCREEN);
            assert!(lines.len() < height, "{} lines on {height}", lines.len());
        }
        let lines = watch.frame(&request(), Duration::from_secs(5), 13, SCREEN);
        let text = anstream::adapter::strip_str(&lines.join("\n")).to_string();
        insta::assert_snapshot!(text);
    }
}
