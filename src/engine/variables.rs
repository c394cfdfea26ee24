//! Placeholders in variables: `${DB_HOST}` stands for what the engine knows, `$${` for a `${` that means itself.

use std::collections::BTreeMap;

/// The texts with every placeholder replaced by what is `known`; what is not known stays as it is.
pub fn fill(
    given: &BTreeMap<String, String>,
    known: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let filled = given.iter();
    filled
        .map(|(name, text)| (name.clone(), filled_in(text, known)))
        .collect()
}

fn filled_in(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let value = after
            .split_once('}')
            .and_then(|(name, behind)| Some((known.get(name)?, behind)));
        match (before.strip_suffix('$'), value) {
            (Some(before), _) => {
                filled.extend([before, "${"]);
                rest = after;
            }
            (None, Some((value, behind))) => {
                filled.extend([before, value]);
                rest = behind;
            }
            (None, None) => {
                filled.extend([before, "${"]);
                rest = after;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_and_everything_else_stays() {
        let known = BTreeMap::from([
            ("DB_HOST".to_owned(), "database".to_owned()),
            ("DB_PORT".to_owned(), "5432".to_owned()),
        ]);
        let cases = [
            ("plain $HOME {x}", "plain $HOME {x}"),
            ("${DB_HOST}", "database"),
            ("tcp://${DB_HOST}:${DB_PORT}/", "tcp://database:5432/"),
            ("$${DB_HOST} $$", "${DB_HOST} $$"),
            ("${OTHER} ${DB_HOST", "${OTHER} ${DB_HOST"),
        ];
        for (text, expected) in cases {
            assert_eq!(filled_in(text, &known), expected);
        }
    }
}
