//! Numbers with a unit, `1.5 GB` or `250 ms`: exact, no floating point between the text and the value.

use std::time::Duration;

/// A unit and how many of the smallest unit it is.
pub type Unit = (&'static str, u64);

/// Sizes, in bytes; the order is that of preference when one is written.
pub const SIZES: &[Unit] = &[
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// Times, in milliseconds.
pub const TIMES: &[Unit] = &[("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a number and one of `units`; nothing when it is not a whole number of the smallest unit.
pub fn read(text: &str, units: &[Unit]) -> Option<u64> {
    let (number, unit) = split(text)?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    scaled(number, *scale)
}

/// The number and the unit, which may be empty or unknown.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((number, unit.strip_prefix(' ').unwrap_or(unit)))
}

/// A decimal number times `scale`, where that is a whole number.
pub fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = match fraction.trim_end_matches('0') {
        "" => "0",
        significant => significant,
    };
    let parts = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole: u128 = whole.parse().ok()?;
    let all = whole
        .checked_mul(parts)?
        .checked_add(fraction.parse().ok()?)?
        .checked_mul(u128::from(scale))?;
    all.is_multiple_of(parts)
        .then(|| u64::try_from(all / parts).ok())?
}

/// Writes a value in the first of `units` that divides it, so that reading gives the same again.
pub fn write(value: u64, units: &[Unit], gap: &str) -> String {
    let fits = |(_, scale): &&Unit| value >= *scale && value.is_multiple_of(*scale);
    let smallest = units.last().copied().unwrap_or_default();
    let (unit, scale) = units.iter().find(fits).copied().unwrap_or(smallest);
    format!("{}{gap}{unit}", value / scale.max(1))
}

/// Writes a time; what is below a millisecond is dropped.
pub fn time(time: Duration) -> String {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    write(milliseconds, TIMES, "")
}

/// The units as a person reads them: `GB, MB or B`.
pub fn names(units: &[Unit]) -> String {
    let mut names: Vec<_> = units.iter().rev().map(|(name, _)| *name).collect();
    let last = names.pop().unwrap_or_default();
    format!("{} or {last}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_are_read_exactly() {
        let sizes = [
            ("512 MB", Some(512_000_000)),
            ("512MB", Some(512_000_000)),
            ("1.5 GiB", Some(1_610_612_736)),
            ("0.1 kB", Some(100)),
            ("1.50 kB", Some(1_500)),
            ("6 MiB", Some(6_291_456)),
            ("7 B", Some(7)),
            ("0.5 B", None),
            ("512", None),
            ("512 Mb", None),
            ("512  MB", None),
            ("-1 MB", None),
            (".5 GB", None),
            ("1.2.3 GB", None),
            ("", None),
            ("99999999999 GB", None),
            ("1e3 B", None),
        ];
        for (text, bytes) in sizes {
            assert_eq!(read(text, SIZES), bytes, "{text}");
        }
        let times = [
            ("250 ms", Some(250)),
            ("2s", Some(2_000)),
            ("1.5m", Some(90_000)),
            ("1h", None),
        ];
        for (text, milliseconds) in times {
            assert_eq!(read(text, TIMES), milliseconds, "{text}");
        }
    }

    #[test]
    fn quantities_are_written_in_the_largest_unit_that_fits() {
        assert_eq!(write(512_000_000, SIZES, " "), "512 MB");
        assert_eq!(write(6 << 20, SIZES, " "), "6 MiB");
        assert_eq!(write(1_000, TIMES, ""), "1s");
        assert_eq!(write(0, TIMES, ""), "0ms");
        assert_eq!(names(TIMES), "ms, s or m");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(value in any::<u64>(), zeros in 0u32..12) {
            let value = value / 10u64.pow(zeros) * 10u64.pow(zeros);
            prop_assert_eq!(read(&write(value, SIZES, " "), SIZES), Some(value));
            prop_assert_eq!(read(&write(value, TIMES, ""), TIMES), Some(value));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", number in "[0-9.]{0,60}") {
            let _: (Option<u64>, Option<u64>) = (read(&text, SIZES), scaled(&number, 1_000));
        }
    }
}
