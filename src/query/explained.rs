//! Why a day has the average it has: the prices behind it.

use jiff::civil::Date;
use serde::Serialize;

use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::rates::DailyAverage;
use crate::rates::PRICES_FOR_AN_AVERAGE;
use crate::rates::Prices;
use crate::rates::Question;
use crate::rates::Span;

/// The day is not one of those that are asked for.
#[derive(Debug, thiserror::Error)]
#[error("{day} is not between {first} and {last}")]
pub struct NotInSpan {
    day: Date,
    first: Date,
    last: Date,
}

impl Explain for NotInSpan {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("name a day of the span with --explain".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// The question about one day of the span.
pub fn of_day(question: &Question, day: Date) -> Result<Question, NotInSpan> {
    let (first, last) = (question.span.first(), question.span.last());
    if day < first || day > last {
        return Err(NotInSpan { day, first, last });
    }
    let span = Span::new(day, day).expect("a day does not end before it begins");
    let (orig, dest) = (question.orig.clone(), question.dest.clone());
    Ok(Question { orig, dest, span })
}

/// A day, its prices, and what they come to.
#[derive(Debug, Serialize)]
pub struct Explained<'a> {
    /// Where from.
    pub orig_code: String,
    /// Where to.
    pub dest_code: String,
    /// The day.
    pub day: Date,
    /// How many prices it has.
    pub count: Option<i64>,
    /// Their average.
    pub price: Option<f64>,
    /// What the prices come to, in words.
    pub why: String,
    /// The prices.
    #[serde(flatten)]
    pub prices: &'a Prices,
}

impl<'a> Explained<'a> {
    /// Works out what the prices of a day come to.
    pub fn new(question: &Question, day: Date, prices: &'a Prices) -> Self {
        let count = i64::try_from(prices.prices.len()).unwrap_or(i64::MAX);
        let sum = prices.prices.iter().map(|row| i64::from(row.price)).sum();
        let average = DailyAverage::new(day, count, sum);
        // Of prices that are not all here nothing can be worked out.
        let average = Some(average).filter(|_| !prices.truncated);
        Self {
            orig_code: question.orig.to_string(),
            dest_code: question.dest.to_string(),
            day,
            count: average.as_ref().and_then(|average| average.count),
            price: average.as_ref().and_then(|average| average.price),
            why: average.map_or_else(
                || format!("only the first {count} prices are shown"),
                |average| why(&average, sum),
            ),
            prices,
        }
    }
}

fn why(average: &DailyAverage, sum: i64) -> String {
    match (average.count, average.price) {
        (None, _) => "no price, so neither count nor average".to_owned(),
        (Some(count), None) => {
            let prices = if count == 1 { "price" } else { "prices" };
            format!(
                "{count} {prices}, and an average needs {PRICES_FOR_AN_AVERAGE}: the answer is null"
            )
        }
        (Some(count), Some(price)) => {
            format!("{count} prices that add up to {sum}: the average is {price:.2}")
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rates::Price;

    const DAY: Date = date(2021, 1, 31);

    fn explained(prices: &[i32], truncated: bool) -> String {
        let price = |price: &i32| Price {
            orig_code: "CNGGZ".to_owned(),
            dest_code: "EETLL".to_owned(),
            day: DAY,
            price: *price,
        };
        let prices = Prices {
            prices: prices.iter().map(price).collect(),
            truncated,
        };
        let question = Question {
            orig: "CNGGZ".parse().unwrap(),
            dest: "EETLL".parse().unwrap(),
            span: Span::new(DAY, DAY).unwrap(),
        };
        Explained::new(&question, DAY, &prices).why
    }

    #[test]
    fn an_average_is_explained_by_its_prices_and_its_absence_too() {
        let cases = [
            (&[][..], "no price"),
            (&[1000], "1 price, and an average needs 3"),
            (&[1000, 1100], "2 prices, and an average needs 3"),
            (
                &[1000, 1200, 1263],
                "3 prices that add up to 3463: the average is 1154.33",
            ),
        ];
        for (prices, words) in cases {
            let why = explained(prices, false);
            assert!(why.contains(words), "{why}");
        }
        assert!(explained(&[1, 2, 3], true).contains("only the first 3"));
    }

    #[test]
    fn only_a_day_of_the_span_can_be_explained() {
        let question = Question {
            orig: "CNGGZ".parse().unwrap(),
            dest: "EETLL".parse().unwrap(),
            span: "2021-01".parse().unwrap(),
        };
        assert_eq!(of_day(&question, DAY).unwrap().span.len(), 1);
        let outside = of_day(&question, date(2021, 2, 1)).unwrap_err();
        assert_eq!(Explain::exit(&outside), Exit::Usage);
    }
}
