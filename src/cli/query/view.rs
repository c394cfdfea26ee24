//! An answer for people: a title, a line for every day, a line that sums up.
//!
//! ```text
//! CNGGZ → EETLL  2021-01-01 … 2021-01-31
//! day         count     price  from 1 102.67 to 1 398.00
//! 2021-01-31      3  1 154.33  ███████████████▎
//! 2021-01-30      2         –  fewer than three prices
//!
//! ▁▃▅ █▇▅▃  min 1 102.67 · avg 1 203.12 · max 1 398.00
//! 31 days · 26 with an average · 2.8 ms
//! ```

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::phases;
use crate::cli::output::style;
use crate::cli::screen::Screen;
use crate::cli::table::Cell;
use crate::cli::table::Column;
use crate::cli::table::Table;
use crate::cli::table::fit;
use crate::query::Timing;
use crate::query::figures;
use crate::query::figures::Scale;
use crate::query::figures::Summary;
use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::rates::Question;
use crate::text::Charset;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The answer to it.
    pub answer: &'a Answer,
    /// How long it took.
    pub timing: Timing,
    /// Whether every phase of it is shown.
    pub phases: bool,
    /// The days that changed, where changes are marked.
    pub marks: Option<&'a BTreeSet<Date>>,
    /// How many days are shown at most.
    pub rows: usize,
}

impl View<'_> {
    /// The lines, none wider than the screen.
    pub fn lines(&self, screen: Screen) -> Vec<String> {
        let summary = Summary::of(self.answer);
        let mut lines = title(self.question, screen);
        lines.extend(self.table(summary, screen).lines(screen.width));
        let hidden = self.answer.rates.len().saturating_sub(self.rows);
        if hidden > 0 {
            let more = screen.charset.pick("…", "..");
            lines.push(styled(
                &format!("{more} {}", days(hidden, "older day")),
                style::DIM,
                screen,
            ));
        }
        lines.push(String::new());
        lines.push(fit(
            &self.trend(summary, screen),
            screen.width,
            screen.charset,
        ));
        lines.push(styled(
            &self.counts(summary, screen.charset),
            style::DIM,
            screen,
        ));
        if self.phases {
            lines.extend(phases(self.timing));
        }
        lines
    }

    fn table(&self, summary: Summary, screen: Screen) -> Table {
        let charset = screen.charset;
        // The last column takes what the others leave, so those are measured first.
        let mut measured = Table::new(charset, self.columns());
        for day in self.shown() {
            measured.row(self.figures(day, charset));
        }
        let width = u16::try_from(measured.remaining(screen.width)).unwrap_or(u16::MAX);
        let last = Column::left(scale(summary.scale, charset));
        let mut table = Table::new(charset, self.columns().chain([last]));
        for day in self.shown() {
            let last = last_cell(day, summary.scale, width, charset);
            table.row(self.figures(day, charset).into_iter().chain([last]));
        }
        table
    }

    fn shown(&self) -> impl Iterator<Item = &DailyAverage> {
        self.answer.rates.iter().take(self.rows)
    }

    /// The columns without the last.
    fn columns(&self) -> impl Iterator<Item = Column> {
        let mark = self.marks.map(|_| Column::left(" "));
        let figures = [
            Column::left("day"),
            Column::right("count"),
            Column::right("price"),
        ];
        mark.into_iter().chain(figures)
    }

    /// The cells of a day, without the last.
    fn figures(&self, day: &DailyAverage, charset: Charset) -> Vec<Cell> {
        let changed = self.marks.map(|marks| marks.contains(&day.day));
        let accent = if changed == Some(true) {
            style::WARN
        } else {
            anstyle::Style::new()
        };
        let mark = changed.map(|changed| {
            if changed {
                charset.pick("•", "*")
            } else {
                " "
            }
        });
        let price = day
            .price
            .map(|price| Cell::styled(figures::price(price, charset), accent));
        let none = || Cell::styled(charset.pick("–", "-"), style::DIM);
        let cells = [
            Cell::styled(day.day.to_string(), accent),
            Cell::styled(figures::count(day.count.unwrap_or(0), charset), accent),
            price.unwrap_or_else(none),
        ];
        let mark = mark.map(|mark| Cell::styled(mark, accent));
        mark.into_iter().chain(cells).collect()
    }

    fn trend(&self, summary: Summary, screen: Screen) -> String {
        let charset = screen.charset;
        let Some(scale) = summary.scale else {
            return "no day has an average".to_owned();
        };
        let price = |price| figures::price(price, charset);
        let dot = dot(charset);
        let (min, max) = (price(scale.min), price(scale.max));
        let range = format!(
            "min {min} {dot} avg {} {dot} max {max}",
            price(summary.mean)
        );
        let oldest_first: Vec<_> = self
            .answer
            .rates
            .iter()
            .rev()
            .map(|day| day.price)
            .collect();
        let room = screen.width.saturating_sub(range.chars().count() + 2);
        let spark = figures::spark(&oldest_first, room, charset);
        if spark.is_empty() {
            range
        } else {
            format!("{spark}  {range}")
        }
    }

    fn counts(&self, summary: Summary, charset: Charset) -> String {
        let dot = dot(charset);
        let total = figures::duration(self.timing.total);
        format!(
            "{} {dot} {} with an average {dot} {total}",
            days(summary.days, "day"),
            summary.averages,
        )
    }
}

/// The places and the days: on one line, or on three where they are long.
fn title(question: &Question, screen: Screen) -> Vec<String> {
    let Question { orig, dest, span } = question;
    let arrow = screen.charset.pick("→", "->");
    let to = screen.charset.pick("…", "..");
    let days = format!("{} {to} {}", span.first(), span.last());
    let whole = format!("{orig} {arrow} {dest}  {days}");
    let lines = if whole.chars().count() <= screen.width {
        vec![whole]
    } else {
        vec![orig.to_string(), format!("{arrow} {dest}"), days]
    };
    lines
        .into_iter()
        .map(|line| styled(&line, style::BOLD, screen))
        .collect()
}

/// What the bars' ends mean.
fn scale(scale: Option<Scale>, charset: Charset) -> String {
    let price = |price| figures::price(price, charset);
    match scale {
        Some(Scale { min, max }) if min < max => format!("from {} to {}", price(min), price(max)),
        _ => String::new(),
    }
}

/// The bar of a day, or why it has none.
fn last_cell(day: &DailyAverage, scale: Option<Scale>, width: u16, charset: Charset) -> Cell {
    if let (Some(price), Some(scale)) = (day.price, scale) {
        return Cell::new(figures::bar(scale.share(price), width, charset));
    }
    Cell::styled(figures::why_no_price(day), style::DIM)
}

fn styled(line: &str, style: anstyle::Style, screen: Screen) -> String {
    format!(
        "{style}{}{style:#}",
        fit(line, screen.width, screen.charset)
    )
}

fn dot(charset: Charset) -> &'static str {
    charset.pick("·", "|")
}

fn days(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

#[cfg(test)]
pub mod samples {
    //! Questions and answers for the tests of this command.

    use std::time::Duration;

    use super::*;

    pub const TIMING: Timing = Timing {
        connect: Duration::from_micros(210),
        first_byte: Duration::from_micros(2_300),
        total: Duration::from_micros(2_840),
    };

    pub fn question() -> Question {
        Question {
            orig: "CNGGZ".parse().unwrap(),
            dest: "EETLL".parse().unwrap(),
            span: "2021-01-27..2021-01-31".parse().unwrap(),
        }
    }

    /// Five days with everything a day can have.
    pub fn five_days() -> Answer {
        let prices = [(3, 3463), (3, 3463), (2, 2000), (0, 0), (4, 6000)];
        let days = question().span.days().zip(prices);
        Answer {
            rates: days
                .map(|(day, (count, sum))| DailyAverage::new(day, count, sum))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::samples::*;
    use super::*;

    fn screen(width: usize, charset: Charset) -> Screen {
        Screen {
            width,
            height: None,
            charset,
        }
    }

    fn view<'a>(question: &'a Question, answer: &'a Answer) -> View<'a> {
        View {
            question,
            answer,
            timing: TIMING,
            phases: false,
            marks: None,
            rows: usize::MAX,
        }
    }

    fn shown(view: View<'_>, width: usize, charset: Charset) -> String {
        let lines = view.lines(screen(width, charset)).join("\n");
        anstream::adapter::strip_str(&lines).to_string()
    }

    /// A month with a wave of prices and two gaps.
    fn month() -> (Question, Answer) {
        let question = Question {
            span: "2021-01".parse().unwrap(),
            ..question()
        };
        let days = question.span.days().zip(0i64..);
        let count = |at: i64| match at {
            5 | 6 => 2,
            17 => 0,
            _ => 3 + at % 4,
        };
        let price = |at: i64| 1100 + (at * 37) % 301;
        let rates = days
            .map(|(day, at)| DailyAverage::new(day, count(at), count(at) * price(at) + 1))
            .collect();
        (question, Answer { rates })
    }

    #[test]
    fn a_month_at_80_columns() {
        let (question, answer) = month();
        insta::assert_snapshot!(shown(view(&question, &answer), 80, Charset::Unicode));
    }

    #[test]
    fn a_month_at_120_columns() {
        let (question, answer) = month();
        insta::assert_snapshot!(shown(view(&question, &answer), 120, Charset::Unicode));
    }

    #[test]
    fn a_few_days_at_80_columns_in_ascii() {
        let (question, answer) = (question(), five_days());
        let text = shown(view(&question, &answer), 80, Charset::Ascii);
        assert!(text.is_ascii());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_few_days_at_120_columns_in_ascii() {
        let (question, answer) = (question(), five_days());
        insta::assert_snapshot!(shown(view(&question, &answer), 120, Charset::Ascii));
    }

    #[test]
    fn marked_days_phases_and_a_short_page() {
        let (question, answer) = (question(), five_days());
        let marks = BTreeSet::from([answer.rates[1].day]);
        let view = View {
            phases: true,
            marks: Some(&marks),
            rows: 3,
            ..view(&question, &answer)
        };
        insta::assert_snapshot!(shown(view, 80, Charset::Unicode));
    }

    #[test]
    fn an_answer_without_days_and_one_without_averages_say_so() {
        let question = question();
        let none = shown(
            view(&question, &Answer { rates: vec![] }),
            80,
            Charset::Unicode,
        );
        insta::assert_snapshot!(none);
        let mut answer = five_days();
        answer.rates.retain(|day| day.price.is_none());
        insta::assert_snapshot!(shown(view(&question, &answer), 80, Charset::Unicode));
    }

    #[test]
    fn long_regions_take_three_lines() {
        let long = |letter: &str| letter.repeat(63).parse().unwrap();
        let question = Question {
            orig: long("a"),
            dest: long("b"),
            ..question()
        };
        let text = shown(view(&question, &five_days()), 80, Charset::Unicode);
        assert!(text.lines().nth(1).unwrap().starts_with("→ bbb"));
    }

    prop_compose! {
        fn any_day()(
            count in prop::option::of(any::<i64>()),
            price in prop::option::of(any::<f64>()),
            day in -9_000i32..9_000,
        ) -> DailyAverage {
            let day = jiff::civil::date(2021, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            DailyAverage { count, day, price }
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_a_line_wider_than_the_screen(
            rates in prop::collection::vec(any_day(), 0..100),
            orig in "[a-z_]{1,63}",
            width in 40usize..=120,
            rows in 0usize..50,
        ) {
            let answer = Answer { rates };
            let question = Question { orig: orig.parse().unwrap(), ..question() };
            let marks = BTreeSet::from_iter(answer.rates.first().map(|day| day.day));
            let view = View { rows, marks: Some(&marks), phases: true, ..view(&question, &answer) };
            for charset in [Charset::Unicode, Charset::Ascii] {
                for line in shown(view, width, charset).lines() {
                    prop_assert!(line.width() <= width, "{} > {width}: {line}", line.width());
                }
            }
        }
    }
}
