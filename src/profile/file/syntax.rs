//! What the TOML parser did not understand, in words of ours.

use std::collections::BTreeSet;

use super::Reader;
use crate::profile::fault::Fault;
use crate::profile::fault::Spot;
use crate::profile::kind;

/// What the parser says of a key that was there before.
const DUPLICATE: &str = "duplicate key";

/// What the parser says of a text without quotes, and of nothing at all.
const UNQUOTED: &str = "string values must be quoted, expected literal string";

impl Reader<'_> {
    /// Takes in what the TOML parser did not understand, and drops what else was said about those lines.
    pub(super) fn syntax(&mut self, errors: &[toml::de::Error]) {
        let faults: Vec<_> = errors.iter().map(|error| self.broken(error)).collect();
        let lines: BTreeSet<_> = faults.iter().map(line).collect();
        let is_lost = errors
            .iter()
            .any(|error| hides_what_follows(error.message()));
        if errors.iter().any(|error| error.message() != DUPLICATE) {
            self.layer.is_partial = true;
            self.layer
                .faults
                .retain(|fault| !is_lost && !lines.contains(&line(fault)));
            let lines: Vec<_> = lines.into_iter().flatten().collect();
            let is_sound =
                |spot: &Option<Spot>| spot.as_ref().is_some_and(|s| !lines.contains(&s.line()));
            self.layer
                .entries
                .retain(|entry| !is_lost && is_sound(&entry.spot));
            let services = &mut self.layer.services;
            services.retain(|entry| !is_lost && !lines.contains(&entry.spot.line()));
        }
        let mut seen = BTreeSet::new();
        self.layer
            .faults
            .extend(faults.into_iter().filter(|fault| seen.insert(line(fault))));
    }

    fn broken(&self, error: &toml::de::Error) -> Fault {
        let span = error.span().unwrap_or_default();
        let text = self
            .source
            .text
            .get(span.clone())
            .unwrap_or_default()
            .trim();
        let text = kind::cut(text);
        let (message, help) = match error.message() {
            DUPLICATE => (
                format!("`{text}` is given twice"),
                "keep one of them".to_owned(),
            ),
            UNQUOTED if text.is_empty() => (
                "a value is missing".to_owned(),
                "write one after the `=`".to_owned(),
            ),
            _ if is_switch(&text) => (
                format!("{text} is not a value"),
                format!("write {}", text.to_lowercase()),
            ),
            UNQUOTED => (
                format!("{text} is neither a number nor a text"),
                format!("a text needs quotes: {text:?}"),
            ),
            other => (format!("this is not TOML: {other}"), String::new()),
        };
        self.fault(span, message)
            .help(Some(help).filter(|help| !help.is_empty()))
    }
}

fn is_switch(text: &str) -> bool {
    ["true", "false"].contains(&text.to_lowercase().as_str())
}

/// After some mistakes the parser cannot know where the next key belongs, so that what it says then would mislead.
fn hides_what_follows(message: &str) -> bool {
    ["table", "array", "multi-line"]
        .iter()
        .any(|word| message.contains(word))
}

fn line(fault: &Fault) -> Option<usize> {
    fault.spot.as_ref().map(Spot::line)
}
