//! How text is shown: which characters the terminal knows, and what of foreign text is harmless.

use std::time::Duration;

use jiff::SpanRound;
use jiff::Timestamp;
use jiff::Unit;
use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

/// The characters a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    Unicode,
    /// ASCII only.
    Ascii,
}

impl Charset {
    /// What the locale promises; `variable` looks an environment variable up.
    pub fn from_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        if cfg!(windows) {
            return Self::Unicode;
        }
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    /// The one of two twins that this terminal can show.
    pub fn pick<T>(self, unicode: T, ascii: T) -> T {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// A count with thin spaces between its thousands: `56 689`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in milliseconds, to the microsecond, as documents and log lines have it.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// How long something took: `12 ms`, `1.8 s`, `2 min 5 s`.
pub fn duration(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => format!("{} ms", elapsed.as_millis()),
        1..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// The two largest units of an uptime: `2 h 5 min`.
pub fn uptime(since: Timestamp, now: Timestamp) -> String {
    let round = SpanRound::new().largest(Unit::Hour).smallest(Unit::Second);
    let Some(span) = now
        .since(since)
        .ok()
        .and_then(|span| span.round(round).ok())
    else {
        return String::new();
    };
    let (hours, minutes, seconds) = (span.get_hours(), span.get_minutes(), span.get_seconds());
    match (hours, minutes) {
        (48.., _) => format!("{} d", hours / 24),
        (1.., _) => format!("{hours} h {minutes} min"),
        (_, 1..) => format!("{minutes} min"),
        _ => format!("{} s", seconds.max(0)),
    }
}

/// The text cut to `width` columns; a mark at its end says that there was more.
pub fn fit(text: &str, width: usize, charset: Charset) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = charset.pick('…', '~');
    let Some(room) = width.checked_sub(1) else {
        return String::new();
    };
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    // Joined characters can be wider together than their parts.
    while kept.width() > room {
        kept.pop();
    }
    kept.push(mark);
    kept
}

/// Text from outside with at most `limit` characters and no control character, so that it cannot steer the terminal.
pub fn printable(text: &str, limit: usize) -> String {
    let harmless = |c: char| if is_harmful(c) { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(limit).map(harmless).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that turn the direction of the text around them.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(variables: &[(&str, &str)]) -> Charset {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Charset::from_locale(|name| value(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    #[cfg(not(windows))]
    fn the_first_locale_variable_that_is_set_decides() {
        assert_eq!(charset(&[]), Charset::Ascii);
        assert_eq!(charset(&[("LANG", "en_GB.UTF-8")]), Charset::Unicode);
        assert_eq!(charset(&[("LC_CTYPE", "C.utf8")]), Charset::Unicode);
        let overruled = [("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")];
        assert_eq!(charset(&overruled), Charset::Ascii);
        let empty = [("LC_ALL", ""), ("LANG", "en_GB.UTF-8")];
        assert_eq!(charset(&empty), Charset::Unicode);
    }

    #[test]
    fn numbers_and_bytes_are_written_one_way() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(56_689), "56\u{2009}689");
        assert_eq!(thousands(1_000_000), "1\u{2009}000\u{2009}000");
        assert_eq!(hex(&[0, 15, 255]), "000fff");
    }

    #[test]
    fn durations_are_written_with_the_digits_that_matter() {
        let cases = [
            (12, "12 ms"),
            (999, "999 ms"),
            (1_840, "1.8 s"),
            (59_900, "59.9 s"),
            (125_000, "2 min 5 s"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn an_uptime_is_told_in_its_largest_units() {
        let now: Timestamp = "2021-01-31T12:00:00Z".parse().unwrap();
        let cases = [
            ("2021-01-31T11:59:18Z", "42 s"),
            ("2021-01-31T11:40:00Z", "20 min"),
            ("2021-01-31T09:55:00Z", "2 h 5 min"),
            ("2021-01-26T12:00:00Z", "5 d"),
        ];
        for (since, text) in cases {
            assert_eq!(uptime(since.parse().unwrap(), now), text);
        }
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}", 80), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }
}
