//! Kinds of any program: switches, numbers, texts, files.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value as Json;
use serde_json::json;

use super::Kind;
use super::Raw;
use crate::rates::nearest;

/// `true` or `false`.
pub struct Switch<'a>(pub &'a mut bool);

impl Kind for Switch<'_> {
    fn expected(&self) -> String {
        "true or false".to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        *self.0 = raw.switch()?;
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(*self.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "boolean" })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        let word = raw.text()?;
        let near = nearest(word, ["true", "false"]);
        near.first().map(|&near| near.to_owned())
    }
}

/// A whole number and the least and greatest that make sense.
pub struct Whole<'a, N>(pub &'a mut N, pub N, pub N);

impl<N: Copy + PartialOrd + TryFrom<i64> + Serialize + std::fmt::Display> Kind for Whole<'_, N> {
    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.1, self.2)
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let value = N::try_from(raw.whole()?).ok()?;
        if value < self.1 || value > self.2 {
            return None;
        }
        *self.0 = value;
        Some(())
    }

    fn write(&self) -> Json {
        json!(*self.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "integer", "minimum": self.1, "maximum": self.2 })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        without_quotes(raw)
    }
}

/// A number that was put in quotes.
pub fn without_quotes(raw: &Raw) -> Option<String> {
    match raw {
        Raw::Text(text) if text.parse::<f64>().is_ok_and(f64::is_finite) => Some(text.clone()),
        _ => None,
    }
}

/// A text of a certain form: what it is called, and a pattern that editors understand too.
pub struct Text<'a> {
    /// Where it is kept.
    pub place: &'a mut String,
    /// What may stand there, as a fragment.
    pub expected: &'static str,
    /// Whether a text has the form.
    pub is_valid: fn(&str) -> bool,
    /// The form as a regular expression.
    pub pattern: &'static str,
}

impl Kind for Text<'_> {
    fn expected(&self) -> String {
        self.expected.to_owned()
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let text = raw.text().filter(|text| (self.is_valid)(text))?;
        text.clone_into(self.place);
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.place.as_str())
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": self.pattern })
    }
}

/// One of a few words, each with what it stands for.
pub struct OneOf<'a, T: 'static> {
    /// Where it is kept.
    pub place: &'a mut T,
    /// The words.
    pub words: &'static [(&'static str, T)],
}

impl<T> OneOf<'_, T> {
    fn all(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().map(|(word, _)| *word)
    }
}

impl<T: Copy + PartialEq> Kind for OneOf<'_, T> {
    fn expected(&self) -> String {
        let words: Vec<_> = self.all().map(|word| format!("{word:?}")).collect();
        match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => words.concat(),
        }
    }

    fn read(&mut self, raw: &Raw, _base: &Path) -> Option<()> {
        let text = raw.text()?;
        let (_, value) = self.words.iter().find(|(word, _)| *word == text)?;
        *self.place = *value;
        Some(())
    }

    fn write(&self) -> Json {
        let mut words = self.words.iter();
        let word = words.find(|(_, value)| value == self.place);
        Json::from(word.map(|(word, _)| *word))
    }

    fn schema(&self) -> Json {
        json!({ "enum": self.all().collect::<Vec<_>>() })
    }

    fn meant(&self, raw: &Raw) -> Option<String> {
        let near = nearest(raw.text()?, self.all());
        near.first().map(|near| raw.quoted(near))
    }
}

/// The path of a file, which need not be there yet.
pub struct File<'a>(pub &'a mut PathBuf);

impl Kind for File<'_> {
    fn expected(&self) -> String {
        "the path of a file".to_owned()
    }

    fn read(&mut self, raw: &Raw, base: &Path) -> Option<()> {
        let is_file = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
        *self.0 = tidy(&base.join(raw.text().filter(is_file)?));
        Some(())
    }

    fn write(&self) -> Json {
        Json::from(self.0.to_string_lossy())
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1 })
    }
}

/// The path without `.` and `..`. It may name nothing yet, so the file system cannot be asked.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match tidy.components().next_back() {
                Some(Component::Normal(_)) => drop(tidy.pop()),
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => tidy.push(part),
            },
            part => tidy.push(part),
        }
    }
    tidy
}
