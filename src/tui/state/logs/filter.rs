//! Which lines are shown, and what in them is found.

use std::cell::RefCell;
use std::ops::Range;

use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::Utf32Str;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;
use regex::Regex;
use regex::RegexBuilder;

use super::Entry;
use crate::engine::Instance;
use crate::log_line;
use crate::log_line::Level;

/// Characters that can make a longer text match more than its beginning does.
const NOT_PLAIN: [char; 15] = [
    '\\', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '!', '\'',
];

thread_local! {
    /// The memory in which letters are looked for: making it takes longer than looking through a line.
    static MATCHER: RefCell<(Matcher, Vec<char>)> =
        RefCell::new((Matcher::new(Config::DEFAULT), Vec::new()));
}

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

    /// Whether nothing that an older filter hides can be shown by this one, because its text only grew.
    pub fn narrows(&self, older: &Self) -> bool {
        let same = self.keep_others == older.keep_others
            && self.least == older.least
            && self.instance == older.instance;
        same && self.text.starts_with(&older.text) && !self.text.contains(NOT_PLAIN)
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
            _ if self.inverse => Vec::new(),
            Kind::Anything => Vec::new(),
            Kind::Regex(regex) => {
                let found = regex.find_iter(text).map(|found| found.range());
                found.filter(|range| !range.is_empty()).collect()
            }
            Kind::Fuzzy(pattern) => letters(pattern, text),
        }
    }
}

/// Small letters find capitals too; a capital finds only itself.
fn kind(wanted: &str) -> (Kind, Option<String>) {
    if matches!(wanted, "" | "~") {
        return (Kind::Anything, None);
    }
    if let Some(letters) = wanted.strip_prefix('~') {
        let pattern = Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart);
        return (Kind::Fuzzy(pattern), None);
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

/// Where a text has these letters; nowhere in a text whose characters are joined from several.
fn letters(pattern: &Pattern, text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let found = MATCHER.with_borrow_mut(|(matcher, buffer)| {
        let text = Utf32Str::new(text, buffer);
        pattern
            .indices(text, matcher, &mut places)
            .map(|_| text.len())
    });
    let mut starts: Vec<_> = text.char_indices().map(|(start, _)| start).collect();
    if found != Some(starts.len()) {
        return Vec::new();
    }
    starts.push(text.len());
    places.sort_unstable();
    places.dedup();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for place in places
        .into_iter()
        .filter_map(|place| usize::try_from(place).ok())
    {
        let (Some(start), Some(end)) = (starts.get(place), starts.get(place + 1)) else {
            continue;
        };
        match ranges.last_mut() {
            Some(last) if last.end == *start => last.end = *end,
            _ => ranges.push(*start..*end),
        }
    }
    ranges
}

/// How well a text has these letters, in order.
pub fn score(pattern: &Pattern, text: &str) -> Option<u32> {
    MATCHER.with_borrow_mut(|(matcher, buffer)| pattern.score(Utf32Str::new(text, buffer), matcher))
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
    fn a_filter_narrows_one_that_it_begins_with_unless_more_can_match() {
        let narrows = |older: &str, newer: &str| Filter::new(newer).narrows(&Filter::new(older));
        for (older, newer) in [("", "r"), ("ra", "rates"), ("~ra", "~rat"), ("2.", "2.5")] {
            assert!(narrows(older, newer), "{older} {newer}");
        }
        for (older, newer) in [
            ("a", "a|b"),
            ("ab", "abc*"),
            ("!a", "!ab"),
            ("", "!a"),
            ("rates", "rate"),
            ("~a$", "~a$b"),
        ] {
            assert!(!narrows(older, newer), "{older} {newer}");
        }
        let error = Filter::new("a").but(|filter| filter.least = Some(Level::Error));
        assert!(!Filter::new("ab").narrows(&error));
    }

    #[test]
    fn a_huge_filter_is_harmless() {
        let filter = Filter::new(&"(a{1000}){1000}".repeat(1000));
        assert!(filter.fault.is_some());
        assert_eq!(Filter::new("a").found("banana"), [1..2, 3..4, 5..6]);
    }

    #[test]
    fn the_letters_of_a_fuzzy_filter_are_found_too() {
        assert_eq!(Filter::new("~gtr").found("GET /rates"), [0..1, 2..3, 5..6]);
        assert_eq!(Filter::new("~广ra").found("é 广州 rates"), [3..6, 10..12]);
        assert!(Filter::new("~e").found("e\u{301}e").is_empty(), "joined");
        assert!(Filter::new("~xyz").found("GET").is_empty());
        assert!(Filter::new("!~gtr").found("GET /rates").is_empty());
    }
}
