//! The figures of an answer as text, the same in every command and panel: prices, durations, bars, sparklines.

use std::time::Duration;

use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::rates::PRICES_FOR_AN_AVERAGE;
use crate::text::Charset;

/// From here on a price is written in powers of ten.
const LARGEST_PLAIN_PRICE: f64 = 1e15;

const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];

/// What is said of an answer as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Days in the answer.
    pub days: usize,
    /// Days that have an average.
    pub averages: usize,
    /// The prices' range, when there is one.
    pub scale: Option<Scale>,
    /// The mean of the daily averages; zero when there is none.
    pub mean: f64,
}

/// The lowest and the highest of some prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
}

impl Summary {
    /// Sums an answer up.
    pub fn of(answer: &Answer) -> Self {
        let prices: Vec<f64> = answer.rates.iter().filter_map(|day| day.price).collect();
        Self {
            days: answer.rates.len(),
            averages: prices.len(),
            scale: Scale::of(prices.iter().copied()),
            mean: mean(&prices).unwrap_or_default(),
        }
    }
}

impl Scale {
    /// The range of these prices; `None` when there are none.
    pub fn of(prices: impl IntoIterator<Item = f64>) -> Option<Self> {
        let wider = |scale: Self, price: f64| Self {
            min: scale.min.min(price),
            max: scale.max.max(price),
        };
        let point = |price| Self {
            min: price,
            max: price,
        };
        prices
            .into_iter()
            .map(point)
            .reduce(|scale, point| wider(scale, point.min))
    }

    /// Where a price lies between the lowest (0) and the highest (1); 1 where all are the same.
    pub fn share(self, price: f64) -> f64 {
        let range = self.max - self.min;
        if range > 0.0 {
            (price - self.min) / range
        } else {
            1.0
        }
    }
}

fn mean(prices: &[f64]) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an answer has far fewer than 2^53 days"
    )]
    let count = prices.len() as f64;
    (count > 0.0).then(|| prices.iter().sum::<f64>() / count)
}

/// Why a day has no average.
pub fn why_no_price(day: &DailyAverage) -> &'static str {
    match day.count.unwrap_or(0) {
        ..=0 => "no price",
        1..PRICES_FOR_AN_AVERAGE => "fewer than three prices",
        PRICES_FOR_AN_AVERAGE.. => "no average",
    }
}

/// A price with two decimals and its thousands apart: `1 154.33`.
pub fn price(price: f64, charset: Charset) -> String {
    if price.abs() >= LARGEST_PLAIN_PRICE {
        return format!("{price:.2e}");
    }
    let text = format!("{:.2}", price.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if price < 0.0 { "-" } else { "" };
    format!("{sign}{}.{decimals}", grouped(whole, charset))
}

/// A whole number with its thousands apart: `56 689`.
pub fn count(number: i64, charset: Charset) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!(
        "{sign}{}",
        grouped(&number.unsigned_abs().to_string(), charset)
    )
}

fn grouped(digits: &str, charset: Charset) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(charset.pick('\u{2009}', ' '));
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration as people say it: `0.2 ms`, `31 ms`, `1.2 s`, `10 s`.
pub fn duration(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    match ms {
        ..9.95 => format!("{ms:.1} ms"),
        ..999.5 => format!("{ms:.0} ms"),
        ..9950.0 if duration.subsec_millis() > 0 => format!("{:.1} s", ms / 1000.0),
        _ => format!("{:.0} s", ms / 1000.0),
    }
}

/// A bar of at most `width` cells: one cell for a share of 0, all of them for 1.
pub fn bar(share: f64, width: u16, charset: Charset) -> String {
    let Some(more) = width.checked_sub(1) else {
        return String::new();
    };
    if charset == Charset::Ascii {
        return "#".repeat(1 + steps(share, more));
    }
    let eighths = 8 + steps(share, more.saturating_mul(8));
    let rest = (eighths % 8).checked_sub(1).and_then(|at| EIGHTHS.get(at));
    let mut bar = "█".repeat(eighths / 8);
    bar.extend(rest);
    bar
}

/// The prices, oldest first, as one line of at most `width` cells; a gap where there is none.
pub fn spark(prices: &[Option<f64>], width: usize, charset: Charset) -> String {
    let cells = resampled(prices, width);
    let Some(scale) = Scale::of(cells.iter().filter_map(|cell| *cell)) else {
        return String::new();
    };
    let levels = charset.pick(LEVELS, ASCII_LEVELS);
    let level = |price| levels.get(steps(scale.share(price), 7)).copied();
    let cell = |price: Option<f64>| price.and_then(level).unwrap_or(' ');
    cells.into_iter().map(cell).collect()
}

/// At most `width` prices: each the mean of its neighbours where there are more.
fn resampled(prices: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    if prices.len() <= width {
        return prices.to_vec();
    }
    let cell = |at: usize| {
        let part = prices.get(at * prices.len() / width..(at + 1) * prices.len() / width);
        let known: Vec<f64> = part
            .unwrap_or_default()
            .iter()
            .filter_map(|price| *price)
            .collect();
        mean(&known)
    };
    (0..width).map(cell).collect()
}

/// A share of `all` steps, rounded; a share outside 0 to 1 counts as the nearer end.
fn steps(share: f64, all: u16) -> usize {
    let steps = (share.clamp(0.0, 1.0) * f64::from(all)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and u16::MAX, and a NaN becomes 0"
    )]
    let steps = steps as usize;
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_have_two_decimals_and_their_thousands_apart() {
        let cases = [
            (1_154.333_333_333_33, "1 154.33"),
            (0.0, "0.00"),
            (999.999, "1 000.00"),
            (-1_234_567.5, "-1 234 567.50"),
            (1e15, "1.00e15"),
        ];
        for (value, text) in cases {
            assert_eq!(price(value, Charset::Ascii), text);
            assert_eq!(
                price(value, Charset::Unicode),
                text.replace(' ', "\u{2009}")
            );
        }
        assert_eq!(count(56_689, Charset::Ascii), "56 689");
        assert_eq!(
            count(i64::MIN, Charset::Ascii),
            "-9 223 372 036 854 775 808"
        );
    }

    #[test]
    fn durations_are_as_precise_as_they_are_short() {
        let cases = [
            (49, "0.0 ms"),
            (210, "0.2 ms"),
            (2_800, "2.8 ms"),
            (9_960, "10 ms"),
            (31_400, "31 ms"),
            (999_400, "999 ms"),
            (1_000_000, "1 s"),
            (1_240_000, "1.2 s"),
            (10_000_000, "10 s"),
        ];
        for (us, text) in cases {
            assert_eq!(duration(Duration::from_micros(us)), text);
        }
    }

    #[test]
    fn bars_grow_from_one_cell_to_all() {
        let bar = |share, width| bar(share, width, Charset::Unicode);
        assert_eq!(bar(0.0, 4), "█");
        assert_eq!(bar(0.5, 4), "██▌");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(f64::NAN, 4), "█");
        assert_eq!(bar(1.0, 0), "");
        assert_eq!(super::bar(0.5, 5, Charset::Ascii), "###");
    }

    #[test]
    fn a_sparkline_has_gaps_and_shrinks_to_its_width() {
        let prices = [Some(1.0), None, Some(8.0), Some(4.0)];
        assert_eq!(spark(&prices, 10, Charset::Unicode), "▁ █▄");
        assert_eq!(spark(&prices, 10, Charset::Ascii), "_ #~");
        assert_eq!(spark(&prices, 2, Charset::Unicode), "▁█");
        assert_eq!(spark(&[Some(5.0); 3], 10, Charset::Unicode), "███");
        assert_eq!(spark(&[None; 3], 10, Charset::Unicode), "");
        assert_eq!(spark(&prices, 0, Charset::Unicode), "");
    }

    proptest! {
        #[test]
        fn no_price_makes_a_bar_or_a_sparkline_longer_than_its_width(
            prices in prop::collection::vec(prop::option::of(any::<f64>()), 0..400),
            width in 0u16..200,
        ) {
            for charset in [Charset::Unicode, Charset::Ascii] {
                let line = spark(&prices, usize::from(width), charset);
                prop_assert!(line.chars().count() <= usize::from(width));
                let known = || prices.iter().filter_map(|price| *price);
                for price in known() {
                    let share = Scale::of(known()).unwrap().share(price);
                    let bar = bar(share, width, charset);
                    prop_assert!(bar.chars().count() <= usize::from(width));
                }
            }
        }
    }
}
