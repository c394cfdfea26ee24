//! Which lines are shown, and what in them is found.

use std::ops::Range;

use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;
use regex::Regex;
use regex::RegexBuilder;

use super::Entry;
use crate::engine::Instance;
use crate::log_line;
use crate::log_line::Level;

/// What a reader wants to see.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// As it was typed.
    pub text: String,
    kind: Kind,
    inverse: bool,
    /// Whether lines that do not match are shown too.
    pub keep_others: bool,
    /// The least serious level that is shown.
    pub least: Option<Level>,
    /// The only instance whose lines are shown.
    pub instance: Option<Instance>,
    /// Why the text is no regular expression; it is then looked for as it is.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    Anything,
    Regex(Regex),
    Fuzzy(Pattern),
}

impl Filter {
    /// Reads what was typed: a regular expression, `~` and letters in order, or either after `!` for what does not match.
    pub fn new(text: &str) -> Self {
        let (inverse, wanted) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (kind, fault) = kind(wanted);
        Self {
            text: text.to_owned(),
            kind,
            inverse,
            fault,
            ..Self::default()
        }
    }

    /// The same levels and instance with another text.
    pub fn with_text(&self, text: &str) -> Self {
        Self {
            keep_others: self.keep_others,
            least: self.least,
            instance: self.instance,
            ..Self::new(text)
        }
    }

    /// The same, changed in one thing.
    pub fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut filter = self.clone();
        change(&mut filter);
        filter
    }

    /// Whether it lets everything through.
    pub fn is_open(&self) -> bool {
        self.text.is_empty() && self.least.is_none() && self.instance.is_none()
    }

    /// Whether a line is shown.
    pub fn shows(&self, entry: &Entry) -> bool {
        let is_wanted = self
            .instance
            .is_none_or(|instance| instance == entry.instance);
        let is_serious = self.least.is_none_or(|least| entry.level >= least);
        is_wanted && is_serious && (self.keep_others || self.matches(entry))
    }

    /// Whether a line is one that was looked for.
    pub fn finds(&self, entry: &Entry) -> bool {
        !self.text.is_empty() && self.matches(entry)
    }

    /// A line matches by what was written, or by what is shown of it.
    fn matches(&self, entry: &Entry) -> bool {
        let matches = match &self.kind {
            Kind::Anything => return true,
            Kind::Regex(regex) => {
                regex.is_match(&entry.text) || regex.is_match(&log_line::gist(&entry.text))
            }
            Kind::Fuzzy(pattern) => score(pattern, &log_line::gist(&entry.text)).is_some(),
        };
        matches != self.inverse
    }

    /// Whether a text that is no line of the log is one that is shown.
    pub fn shows_text(&self, text: &str) -> bool {
        let matches = match &self.kind {
            Kind::Anything => return true,
            Kind::Regex(regex) => regex.is_match(text),
            Kind::Fuzzy(pattern) => score(pattern, text).is_some(),
        };
        matches != self.inverse
    }

    /// What is found in a text, to be raised.
    pub fn found(&self, text: &str) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Regex(regex) if !self.inverse => {
                let found = regex.find_iter(text).map(|found| found.range());
                found.filter(|range| !range.is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Small letters find capitals too; a capital finds only itself.
fn kind(wanted: &str) -> (Kind, Option<String>) {
    if let Some(letters) = wanted.strip_prefix('~') {
        let pattern = Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart);
        return (Kind::Fuzzy(pattern), None);
    }
    if wanted.is_empty() {
        return (Kind::Anything, None);
    }
    let build = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(!wanted.chars().any(char::is_uppercase));
        builder.size_limit(1_000_000).build()
    };
    match build(wanted) {
        Ok(regex) => (Kind::Regex(regex), None),
        Err(_) => match build(&regex::escape(wanted)) {
            Ok(regex) => (
                Kind::Regex(regex),
                Some("no regular expression; looked for as it is".to_owned()),
            ),
            Err(_) => (Kind::Anything, Some("too long to look for".to_owned())),
        },
    }
}

/// How well a text has these letters, in order.
pub fn score(pattern: &Pattern, text: &str) -> Option<u32> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    pattern.score(
        nucleo_matcher::Utf32Str::new(text, &mut buffer),
        &mut matcher,
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::engine::Role;

    fn entry(text: &str) -> Entry {
        Entry {
            time: Timestamp::UNIX_EPOCH,
            instance: Instance::first(Role::Api),
            level: log_line::level(text),
            marked: false,
            text: text.into(),
        }
    }

    #[test]
    fn a_filter_is_a_regular_expression_unless_it_begins_otherwise() {
        let cases = [
            ("", "anything", true),
            ("GET", "get", false),
            ("get", "GET /rates", true),
            ("^a.c$", "abc", true),
            ("!abc", "abc", false),
            ("!abc", "xyz", true),
            ("~gtrts", "GET /rates", true),
            ("~xyz", "GET /rates", false),
            ("(", "a ( b", true),
            ("(", "a b", false),
        ];
        for (filter, text, shown) in cases {
            assert_eq!(
                Filter::new(filter).shows(&entry(text)),
                shown,
                "{filter} {text}"
            );
        }
        assert!(Filter::new("(").fault.is_some());
    }

    #[test]
    fn a_filter_finds_what_is_shown_of_a_json_line_and_what_was_written() {
        let text = r#"{"time":"x","level":"warn","method":"GET","path":"/rates","status":404,"duration_ms":1}"#;
        assert!(Filter::new("rates 404").shows(&entry(text)));
        assert!(Filter::new("\"status\":404").shows(&entry(text)));
        let least = |least| Filter {
            least: Some(least),
            ..Filter::default()
        };
        assert!(least(Level::Warn).shows(&entry(text)));
        assert!(!least(Level::Error).shows(&entry(text)));
    }

    #[test]
    fn a_huge_filter_is_harmless() {
        let filter = Filter::new(&"(a{1000}){1000}".repeat(1000));
        assert!(filter.fault.is_some());
        assert_eq!(Filter::new("a").found("banana"), [1..2, 3..4, 5..6]);
    }
}
