//! The places that are offered while an end is typed.

use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;

use super::Field;
use super::Query;
use crate::tui::state::list::List;
use crate::tui::state::logs::score;

/// Places that are offered at once.
const OFFERED: usize = 8;

impl Query {
    /// The places that are offered while an end is typed, best first; none once it is one of them.
    pub fn offered(&self) -> &[(String, String)] {
        &self.offered
    }

    /// Thousands of places are looked through once for every letter, and not for every frame.
    pub(super) fn offer(&mut self) {
        let typed = match self.typing {
            Some(Field::From) => self.from.value().trim(),
            Some(Field::To) => self.to.value().trim(),
            _ => "",
        };
        let is_known = self.atlas.names().any(|(text, _)| text == typed);
        self.offered = if typed.is_empty() || is_known {
            Vec::new()
        } else {
            offers(typed, self.atlas.names())
        };
        let last = self.offered.len().saturating_sub(1);
        self.offers.selected = self.offers.selected.min(last);
    }

    /// Takes the chosen one of the places that are offered; whether there was one.
    pub fn take_offer(&mut self) -> bool {
        let chosen = self.offered.get(self.offers.selected);
        let (Some(field), Some((text, _))) = (self.typing, chosen.cloned()) else {
            return false;
        };
        *self.input_mut(field) = text.into();
        self.offers = List::default();
        self.typed(field);
        true
    }
}

/// The places whose code or name has these letters, best first; those that begin with them before all others.
fn offers<'a>(typed: &str, all: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let lower = typed.to_lowercase();
    let mut both = String::new();
    let scored = all.filter_map(|(text, name)| {
        both.clear();
        both.extend([text, " ", name]);
        let score = score(&pattern, &both)?;
        let begins = [text, name].map(|word| word.to_lowercase().starts_with(&lower));
        Some((std::cmp::Reverse((begins, score)), (text, name)))
    });
    let mut scored: Vec<_> = scored.collect();
    scored.sort();
    scored
        .into_iter()
        .map(|(_, (text, name))| (text.to_owned(), name.to_owned()))
        .take(OFFERED)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_code_and_by_name() {
        let all = [
            ("CNGGZ", "Guangzhou"),
            ("CNSGH", "Shanghai"),
            ("china_main", "China Main"),
            ("EETLL", "Tallinn"),
        ];
        let first = |typed: &str| {
            offers(typed, all.into_iter())
                .first()
                .map(|(text, _)| text.clone())
        };
        assert_eq!(first("cng").as_deref(), Some("CNGGZ"));
        assert_eq!(first("shang").as_deref(), Some("CNSGH"));
        assert_eq!(first("tln").as_deref(), Some("EETLL"));
        assert_eq!(first("china").as_deref(), Some("china_main"));
        assert_eq!(first("xyz"), None);
    }
}
