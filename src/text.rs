//! How text is shown: which characters the terminal knows, and what of foreign text is harmless.

use std::time::Duration;

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
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}", 80), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }
}
