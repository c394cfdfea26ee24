//! The words of the rates domain as types: ports, regions, spans of days, daily averages.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::civil::ISOWeekDate;
use jiff::civil::Weekday;
use serde::Deserialize;
use serde::Serialize;

/// Prices a day needs before it has an average.
pub const PRICES_FOR_AN_AVERAGE: i64 = 3;

/// One end of a question: a port, or a region that stands for its ports and those of all regions below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A port by its UN/LOCODE, for example `CNGGZ`.
    Port(String),
    /// A region by its slug, for example `northern_europe`.
    Region(String),
}

impl Place {
    /// The code or slug as it is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Port(text) | Self::Region(text) => text,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is neither a port code nor a region slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a port code (five letters or digits, like CNGGZ) nor a region slug (like northern_europe)"
)]
pub struct PlaceError(pub String);

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if text.len() == 5 && text.chars().all(upper) {
            Ok(Self::Port(text.to_owned()))
        } else if !text.is_empty() && text.len() <= 63 && text.chars().all(lower) {
            Ok(Self::Region(text.to_owned()))
        } else {
            Err(PlaceError(text.to_owned()))
        }
    }
}

/// Consecutive days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    first: Date,
    last: Date,
}

/// Why a text or a pair of days is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The text has none of the known forms, or names a day that does not exist.
    #[error(
        "{0:?} is not a span of days; write 2021-01, 2021-01-05, 2021-01-01..2021-01-15 or 2021-W03"
    )]
    Form(String),
    /// The last day comes before the first.
    #[error("the span ends on {last}, before it begins on {first}")]
    Reversed {
        /// The first day as given.
        first: Date,
        /// The last day as given.
        last: Date,
    },
}

impl Span {
    /// The days from `first` to `last`, both included.
    pub fn new(first: Date, last: Date) -> Result<Self, SpanError> {
        if last < first {
            return Err(SpanError::Reversed { first, last });
        }
        Ok(Self { first, last })
    }

    /// The first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day, which is part of the span.
    pub fn last(self) -> Date {
        self.last
    }

    /// How many days it has; at least one.
    pub fn len(self) -> i64 {
        i64::from(
            self.last
                .since(self.first)
                .map_or(0, |span| span.get_days()),
        ) + 1
    }

    /// Every day, newest first.
    pub fn days(self) -> impl Iterator<Item = Date> {
        let older = |day: &Date| day.yesterday().ok();
        std::iter::successors(Some(self.last), older).take_while(move |day| *day >= self.first)
    }

    fn month(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month) = (digits(year, 4)?, digits(month, 2)?);
        let first = Date::new(year, month.try_into().ok()?, 1).ok()?;
        Some(Self {
            first,
            last: first.last_of_month(),
        })
    }

    fn week(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        let (year, week) = (digits(year, 4)?, digits(week, 2)?.try_into().ok()?);
        let day = |weekday| {
            ISOWeekDate::new(year, week, weekday)
                .ok()
                .map(ISOWeekDate::date)
        };
        Some(Self {
            first: day(Weekday::Monday)?,
            last: day(Weekday::Sunday)?,
        })
    }
}

/// A number of so many digits and nothing else, such as a sign.
fn digits(text: &str, count: usize) -> Option<i16> {
    let shape = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if shape { text.parse().ok() } else { None }
}

/// Reads `YYYY-MM-DD` and nothing else.
pub fn parse_day(text: &str) -> Option<Date> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if shape { text.parse().ok() } else { None }
}

impl fmt::Display for Span {
    /// The shortest form that is read again as the same: `2021-01`, `2021-01-05` or `2021-01-01..2021-01-15`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last {
            write!(f, "{first}")
        } else if *self
            == (Self {
                first: first.first_of_month(),
                last: first.last_of_month(),
            })
        {
            write!(f, "{:04}-{:02}", first.year(), first.month())
        } else {
            write!(f, "{first}..{last}")
        }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || SpanError::Form(text.to_owned());
        if let Some((first, last)) = text.split_once("..") {
            let first = parse_day(first).ok_or_else(form)?;
            return Self::new(first, parse_day(last).ok_or_else(form)?);
        }
        let day = || {
            parse_day(text).map(|day| Self {
                first: day,
                last: day,
            })
        };
        Self::month(text)
            .or_else(|| Self::week(text))
            .or_else(day)
            .ok_or_else(form)
    }
}

/// What the service exists for: the average price of every day between two places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Where from.
    pub orig: Place,
    /// Where to.
    pub dest: Place,
    /// Which days.
    pub span: Span,
}

/// One day of an answer. Its fields are in the order of the API's JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DailyAverage {
    /// How many prices the day has; absent when it has none.
    pub count: Option<i64>,
    /// The day.
    pub day: Date,
    /// The average price; absent when the day has fewer than [`PRICES_FOR_AN_AVERAGE`].
    pub price: Option<f64>,
}

impl DailyAverage {
    /// A day with `count` prices that add up to `sum`.
    pub fn new(day: Date, count: i64, sum: i64) -> Self {
        Self {
            count: (count > 0).then_some(count),
            day,
            price: (count >= PRICES_FOR_AN_AVERAGE).then(|| average(count, sum)),
        }
    }
}

/// `sum / count` to 15 significant digits, all that a double holds for certain: 3463 / 3 is 1154.33333333333.
fn average(count: i64, sum: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums of prices stay far below 2^53"
    )]
    let exact = sum as f64 / count as f64;
    match (sum / count).unsigned_abs().checked_ilog10() {
        Some(log @ 0..DIGITS) => to_places(exact, DIGITS - 1 - log),
        _ => by_text(exact),
    }
}

const DIGITS: u32 = 15;

/// A number from 1 to 10^15 to so many decimal places. It is a whole number of 2^-52 or more, so this can be worked out
/// in whole numbers, in a tenth of the time that the way through a text takes.
fn to_places(exact: f64, places: u32) -> f64 {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    const BIAS: u64 = 1023;
    let bits = exact.abs().to_bits();
    let mantissa = (bits & ((1 << MANTISSA) - 1)) | (1 << MANTISSA);
    let below_one = u64::from(MANTISSA) + BIAS - (bits >> MANTISSA);
    let scale = 10_u64.pow(places);
    let product = u128::from(mantissa) * u128::from(scale);
    let (below, rest) = (product >> below_one, product & ((1 << below_one) - 1));
    // Halves go to the even neighbour, as in a text.
    let up = u128::from(rest * 2 + (below & 1) > 1 << below_one);
    let scaled = below + up;
    #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
    let rounded = scaled as f64 / scale as f64;
    rounded.copysign(exact)
}

/// Any number to 15 significant digits.
fn by_text(exact: f64) -> f64 {
    format!("{exact:.14e}").parse().unwrap_or(exact)
}

/// The answer to a question: every day of the span, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The days.
    pub rates: Vec<DailyAverage>,
}

/// One price between two ports on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Where from.
    pub orig_code: String,
    /// Where to.
    pub dest_code: String,
    /// The day.
    pub day: Date,
    /// The price.
    pub price: i32,
}

/// The prices behind the answer to a question: newest first, then by ports and price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// The prices.
    pub prices: Vec<Price>,
    /// Whether there are more than one answer holds.
    pub truncated: bool,
}

/// A port, and the region it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its UN/LOCODE.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The slug of its region.
    pub region: Option<String>,
}

/// A region, and the one that it is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The slug of the region above it.
    pub parent: Option<String>,
}

/// Everything that may stand at an end of a question, by code and slug.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Atlas {
    /// The ports.
    pub ports: Vec<Port>,
    /// The regions.
    pub regions: Vec<Region>,
    /// Whether there are more than one answer holds.
    pub truncated: bool,
}

impl Atlas {
    /// Every code and slug with its name, ports first.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        let ports = self.ports.iter();
        let ports = ports.map(|port| (port.code.as_str(), port.name.as_str()));
        let regions = self.regions.iter();
        ports.chain(regions.map(|region| (region.slug.as_str(), region.name.as_str())))
    }
}

/// The up to three words of `known` that are nearest to a mistyped one, best first.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let limit = 1 + word.chars().count() / 3;
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.to_lowercase());
    let mut near: Vec<_> = known
        .into_iter()
        .map(|known| (distance(known), known))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn spans_are_read_in_every_documented_form() {
        let cases = [
            ("2021-01", date(2021, 1, 1), date(2021, 1, 31), 31),
            ("2020-02", date(2020, 2, 1), date(2020, 2, 29), 29),
            ("2021-01-05", date(2021, 1, 5), date(2021, 1, 5), 1),
            (
                "2021-01-01..2021-01-15",
                date(2021, 1, 1),
                date(2021, 1, 15),
                15,
            ),
            ("2021-W03", date(2021, 1, 18), date(2021, 1, 24), 7),
            ("2020-W53", date(2020, 12, 28), date(2021, 1, 3), 7),
        ];
        for (text, first, last, days) in cases {
            let span: Span = text.parse().unwrap();
            assert_eq!(
                (span.first(), span.last(), span.len()),
                (first, last, days),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_span_is_refused() {
        for text in [
            "",
            "2021",
            "2021-1",
            "2021-13",
            "2021-02-30",
            "2021-W54",
            "2021-+1",
            "+021-01",
            "2021-W+3",
            "+021-W03",
            "2021-01-01..",
            "x..y",
            "2021-01-01T00:00",
        ] {
            assert_eq!(
                text.parse::<Span>(),
                Err(SpanError::Form(text.to_owned())),
                "{text}"
            );
        }
        let reversed = "2021-02-01..2021-01-01".parse::<Span>();
        assert!(matches!(reversed, Err(SpanError::Reversed { .. })));
    }

    #[test]
    fn places_are_told_apart_by_their_shape() {
        assert_eq!("CNGGZ".parse(), Ok(Place::Port("CNGGZ".to_owned())));
        assert_eq!(
            "china_main".parse(),
            Ok(Place::Region("china_main".to_owned()))
        );
        for text in ["", "cnGGZ", "CNGG", "CNGGZ ", "a b", "é", "DROP TABLE"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_has_an_average_from_three_prices_on() {
        let day = date(2021, 1, 31);
        let json = |count, sum| serde_json::to_string(&DailyAverage::new(day, count, sum)).unwrap();
        assert_eq!(
            json(0, 0),
            r#"{"count":null,"day":"2021-01-31","price":null}"#
        );
        assert_eq!(
            json(2, 2000),
            r#"{"count":2,"day":"2021-01-31","price":null}"#
        );
        assert_eq!(
            json(3, 3463),
            r#"{"count":3,"day":"2021-01-31","price":1154.33333333333}"#
        );
    }

    #[test]
    fn the_nearest_known_words_come_best_first() {
        let known = ["CNGGZ", "CNGZG", "EETLL", "SEGOT"];
        assert_eq!(nearest("CNGGX", known), ["CNGGZ", "CNGZG"]);
        assert_eq!(nearest("segto", known), ["SEGOT"]);
        assert!(nearest("QQQQQ", known).is_empty());
    }

    proptest! {
        #[test]
        fn an_average_is_what_its_text_to_15_digits_says(count in 1_i64..5000, sum in -1_000_000_000_000_i64..1_000_000_000_000) {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let text = by_text(sum as f64 / count as f64);
            prop_assert_eq!(average(count, sum).to_bits(), text.to_bits(), "{} / {}: {}", sum, count, text);
        }

        #[test]
        fn a_span_lists_each_of_its_days_once_newest_first(start in -20_000i32..20_000, days in 0i32..800) {
            let first = date(2021, 1, 1).checked_add(start.days()).unwrap();
            let span = Span::new(first, first.checked_add(days.days()).unwrap()).unwrap();
            let listed: Vec<_> = span.days().collect();
            prop_assert_eq!(i64::try_from(listed.len()).unwrap(), span.len());
            prop_assert!(listed.windows(2).all(|pair| pair[0] > pair[1]));
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC*") {
            drop((text.parse::<Span>(), text.parse::<Place>()));
        }
    }
}
