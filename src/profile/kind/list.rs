//! Kinds of several values: lists, commands, tables of variables.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Kind;
use super::Raw;

/// What may stand in a list.
pub struct Item<T> {
    /// All of them, as a fragment after `a list of`.
    pub expected: &'static str,
    /// Reads one; paths are relative to the folder.
    pub read: fn(&Raw, &Path) -> Option<T>,
    /// Writes one as in a profile.
    pub write: fn(&T) -> Json,
    /// What a JSON Schema says about one.
    pub schema: fn() -> Json,
    /// What was probably meant by one that was refused.
    pub meant: fn(&Raw) -> Option<String>,
}

/// A list. As a word, its values are separated by commas.
pub struct List<'a, T: 'static> {
    /// Where it is kept.
    pub place: &'a mut Vec<T>,
    /// What it consists of.
    pub item: &'static Item<T>,
}

impl<T> Kind for List<'_, T> {
    fn expected(&self) -> String {
        format!("a list of {}", self.item.expected)
    }

    fn read(&mut self, raw: &Raw, base: &Path) -> Option<()> {
        let items = items(raw)?;
        let read: Option<Vec<_>> = items
            .iter()
            .map(|raw| (self.item.read)(raw, base))
            .collect();
        *self.place = read?;
        Some(())
    }

    fn write(&self) -> Json {
        self.place.iter().map(self.item.write).collect()
    }

    fn schema(&self) -> Json {
        json!({ "type": "array", "items": (self.item.schema)() })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        match raw {
            Raw::Text(_) | Raw::Whole(_) | Raw::Table(_) => {
                let is_right = (self.item.read)(raw, Path::new("")).is_some();
                is_right.then(|| format!("[{}]", raw.source()))
            }
            _ => (self.item.meant)(&self.blamed(raw)),
        }
    }

    fn blamed(&self, raw: &Raw) -> Raw {
        let refused = |item: &Raw| (self.item.read)(item, Path::new("")).is_none();
        let first = items(raw).and_then(|items| items.into_iter().find(refused));
        first.unwrap_or_else(|| raw.clone())
    }
}

fn items(raw: &Raw) -> Option<Vec<Raw>> {
    match raw {
        Raw::List(items) => Some(items.clone()),
        Raw::Word(words) => {
            let words = words.split(',').map(str::trim);
            let words = words.filter(|word| !word.is_empty());
            Some(words.map(|word| Raw::Word(word.to_owned())).collect())
        }
        _ => None,
    }
}

/// A program and its arguments: a list of texts, or one text that is split at its spaces, except inside of quotes. No
/// shell sees either.
pub struct Command<'a>(pub &'a mut Vec<String>);

impl Kind for Command<'_> {
    fn expected(&self) -> String {
        "a program and its arguments: a list of texts, or one text without open quotes".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let words = match raw {
            Raw::List(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Raw::text).collect();
                texts?.into_iter().map(str::to_owned).collect()
            }
            _ => split(raw.text()?)?,
        };
        let is_program = |word: &String| !word.is_empty() && !word.contains('\0');
        if words.first().is_some_and(|program| !is_program(program)) {
            return None;
        }
        *self.0 = words;
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.0.clone())
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "type": "string" }] })
    }
}

/// The words of a command line: single quotes keep everything, double quotes all but a backslash before `"` or `\`.
fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', Some('"')) if matches!(rest.peek(), Some('"' | '\\')) => {
                word.get_or_insert_default().extend(rest.next());
            }
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None) => word.get_or_insert_default().push(rest.next()?),
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Environment variables: a table of texts, numbers and switches. A profile adds to those it inherits.
pub struct Variables<'a>(pub &'a mut BTreeMap<String, String>);

impl Kind for Variables<'_> {
    fn expected(&self) -> String {
        "a table of variables, each a text, a number or a switch".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let pairs: Option<Vec<_>> = match raw {
            Raw::Table(pairs) => pairs.iter().map(variable).collect(),
            Raw::Word(words) => words
                .split(',')
                .filter(|word| !word.is_empty())
                .map(|word| {
                    let (name, value) = word.split_once('=')?;
                    is_variable(name).then(|| (name.to_owned(), value.to_owned()))
                })
                .collect(),
            _ => None,
        };
        self.0.extend(pairs?);
        Some(())
    }

    fn write(&self) -> Json {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), Json::from(value.as_str())));
        Json::Object(pairs.collect::<Map<_, _>>())
    }

    fn schema(&self) -> Json {
        json!({
            "type": "object",
            "additionalProperties": {
                "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }],
            },
        })
    }
}

fn variable((name, value): &(String, Raw)) -> Option<(String, String)> {
    let value = match value {
        Raw::Text(text) | Raw::Bare(text) => text.clone(),
        Raw::Whole(number) => number.to_string(),
        Raw::Switch(switch) => switch.to_string(),
        Raw::Word(_) | Raw::Other(_) | Raw::Pair(..) | Raw::List(_) | Raw::Table(_) => return None,
    };
    let is_right = is_variable(name) && !value.contains('\0');
    is_right.then(|| (name.clone(), value))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_as_a_shell_would_and_nothing_in_it_is_expanded() {
        let cases: [(&str, Option<&[&str]>); 9] = [
            ("", Some(&[])),
            ("  a  b ", Some(&["a", "b"])),
            (
                "sh -c 'sleep 1; echo \"x\"'",
                Some(&["sh", "-c", "sleep 1; echo \"x\""]),
            ),
            (r#"a "b c" d"#, Some(&["a", "b c", "d"])),
            (r#"a "b \" \\ \n""#, Some(&["a", r#"b " \ \n"#])),
            (r"a\ b $HOME *", Some(&["a b", "$HOME", "*"])),
            ("a ''", Some(&["a", ""])),
            ("a 'b", None),
            ("a\\", None),
        ];
        for (line, expected) in cases {
            let words = split(line);
            let words = words
                .as_ref()
                .map(|words| words.iter().map(String::as_str).collect());
            assert_eq!(words, expected.map(<[&str]>::to_vec), "{line}");
        }
    }
}
