//! Kinds of a team's own API: its image, the folder it is built from, variables and arguments by name.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value as Json;
use serde_json::json;

use super::Kind;
use super::Raw;
use super::plain::tidy;
use crate::rates::nearest;

/// The word for the API that comes with this program.
const OURS: &str = "built-in";

/// What a placeholder may name. The password is not among them: whoever may look at a container sees its variables.
const PLACEHOLDERS: [&str; 5] = [
    "DB_HOST",
    "DB_NAME",
    "DB_PASSWORD_FILE",
    "DB_PORT",
    "DB_USER",
];

/// The name of an image, or `"built-in"`. An image that is called `built-in` is written with its tag.
pub struct ImageOrOurs<'a> {
    /// Where it is kept; absent means the one that is built in.
    pub place: &'a mut Option<String>,
    /// Whether a text is the name of an image.
    pub is_valid: fn(&str) -> bool,
}

impl Kind for ImageOrOurs<'_> {
    fn expected(&self) -> String {
        format!("the name of an image, without spaces, or {OURS:?}")
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let text = raw.text().filter(|text| (self.is_valid)(text))?;
        *self.place = (text != OURS).then(|| text.to_owned());
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.place.as_deref().unwrap_or(OURS))
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// A folder, which need not be there yet; absent when nobody says.
pub struct Folder<'a>(pub &'a mut Option<PathBuf>);

impl Kind for Folder<'_> {
    fn expected(&self) -> String {
        "the path of a folder".to_owned()
    }

    fn read(&mut self, raw: &Raw, base: &Path) -> Option<()> {
        let is_path = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
        *self.0 = Some(tidy(&base.join(raw.text().filter(is_path)?)));
        Some(())
    }

    fn write(&self) -> Json {
        let path = self.0.as_ref().map(|path| path.to_string_lossy());
        path.map_or(Json::Null, Json::from)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// The name of a stage of a Dockerfile; absent when nobody says.
pub struct Stage<'a>(pub &'a mut Option<String>);

impl Kind for Stage<'_> {
    fn expected(&self) -> String {
        "the name or the number of a stage of the Dockerfile".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_stage = |text: &&str| !text.is_empty() && text.chars().all(allowed);
        *self.0 = Some(raw.text().filter(is_stage)?.to_owned());
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.0.clone())
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]+$" })
    }
}

/// Texts by name. A layer adds to those below it, and replaces those of the same name. As a word: `NAME=value`.
pub struct Pairs<'a> {
    /// Where they are kept.
    pub place: &'a mut BTreeMap<String, String>,
    /// Whether `${NAME}` in a text stands for something.
    pub has_placeholders: bool,
}

impl Pairs<'_> {
    fn put(&mut self, name: &str, value: &Raw) -> Option<()> {
        let text = value.text().filter(|text| self.is_sound(text))?;
        is_name(name).then_some(())?;
        self.place.insert(name.to_owned(), text.to_owned());
        Some(())
    }

    fn is_sound(&self, text: &str) -> bool {
        let known = |name: &str| PLACEHOLDERS.contains(&name);
        !text.contains('\0') && (!self.has_placeholders || placeholders(text).all(known))
    }
}

/// The names in `${NAME}` of a text; `$${` is a `${` that means itself.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let mut parts = text.split("${");
    let mut before = parts.next().unwrap_or_default();
    parts.filter_map(move |part| {
        let is_itself = before.ends_with('$');
        before = part;
        // One that is never closed names nothing that is known.
        let (name, _) = part.split_once('}').unwrap_or((part, ""));
        (!is_itself).then_some(name)
    })
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit())
}

impl Kind for Pairs<'_> {
    fn expected(&self) -> String {
        let texts = "texts by name";
        if !self.has_placeholders {
            return texts.to_owned();
        }
        let names = PLACEHOLDERS.map(|name| format!("${{{name}}}")).join(", ");
        format!("{texts} with no placeholders but {names}")
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        match raw {
            Raw::Pair(name, value) => self.put(name, value),
            Raw::Table(pairs) => pairs
                .iter()
                .try_for_each(|(name, value)| self.put(name, value)),
            // Nobody gives any.
            Raw::Word(word) if word.is_empty() => Some(()),
            Raw::Word(word) => {
                let (name, value) = word.split_once('=')?;
                self.put(name, &Raw::Word(value.to_owned()))
            }
            _ => None,
        }
    }

    fn write(&self) -> Json {
        json!(*self.place)
    }

    fn schema(&self) -> Json {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }

    fn takes_pairs(&self) -> bool {
        true
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        let Raw::Pair(name, value) = raw else {
            return None;
        };
        match (&**value, value.text()) {
            (Raw::Whole(_) | Raw::Switch(_) | Raw::Bare(_), _) => {
                Some(format!("{name} = \"{value}\""))
            }
            (_, Some(text)) if self.has_placeholders => {
                let mut unknown = placeholders(text).filter(|name| !PLACEHOLDERS.contains(name));
                let unknown = unknown.next()?;
                if unknown == "DB_PASSWORD" {
                    return Some("${DB_PASSWORD_FILE}, the file that holds it".to_owned());
                }
                let near = nearest(unknown, PLACEHOLDERS);
                near.first().map(|near| format!("${{{near}}}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_placeholders_are_found_and_a_doubled_sign_means_itself() {
        let cases: [(&str, &[&str]); 6] = [
            ("plain $HOME", &[]),
            ("${DB_HOST}", &["DB_HOST"]),
            ("a ${DB_HOST}:${DB_PORT} b", &["DB_HOST", "DB_PORT"]),
            ("$${DB_HOST} ${DB_PORT}", &["DB_PORT"]),
            ("${DB_HOST", &["DB_HOST"]),
            ("${}", &[""]),
        ];
        for (text, names) in cases {
            assert_eq!(placeholders(text).collect::<Vec<_>>(), names, "{text}");
        }
    }
}
