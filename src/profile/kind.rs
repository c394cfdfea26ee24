//! What a value may be: each kind of setting reads it, writes it, and describes itself to people and editors.

mod domain;
mod list;
mod mapping;
mod measure;
mod plain;
mod team;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::DeValue;

pub use domain::Day;
pub use domain::Installed;
pub use domain::Known;
pub use domain::Price;
pub use domain::Prices;
pub use domain::PublishedPort;
pub use list::Command;
pub use list::List;
pub use list::Variables;
pub use mapping::PORTS;
pub use mapping::ROLES;
pub use mapping::SECRETS;
pub use mapping::SYNC;
pub use mapping::VOLUMES;
pub use measure::Cores;
pub use measure::Size;
pub use measure::Time;
pub use plain::File;
pub use plain::OneOf;
pub use plain::Switch;
pub use plain::Text;
pub use plain::Whole;
pub use plain::tidy;
pub use team::Folder;
pub use team::ImageOrOurs;
pub use team::Pairs;
pub use team::Stage;

/// A place in a profile that a setting fills, together with what may stand there.
pub trait Kind {
    /// What may stand there, as a fragment: `a whole number from 1 to 16`.
    fn expected(&self) -> String;

    /// Takes a value, or leaves the place as it is and returns nothing. Paths are relative to `base`.
    fn read(&mut self, raw: &Raw, base: &Path) -> Option<()>;

    /// The value as it would be written in a profile; null where it is absent.
    fn write(&self) -> Json;

    /// The part of the JSON Schema that says what may stand there.
    fn schema(&self) -> Json;

    /// Whether it takes a table of names that are not known beforehand, one [`Raw::Pair`] after the other.
    fn takes_pairs(&self) -> bool {
        false
    }

    /// What was probably meant by a value that was refused.
    fn meant(&self, _raw: &Raw) -> Option<String> {
        None
    }

    /// The part of a value because of which it was refused.
    fn blamed(&self, raw: &Raw) -> Raw {
        raw.clone()
    }
}

/// A value as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// `true` or `false` of a file.
    Switch(bool),
    /// An integer of a file.
    Whole(i64),
    /// A text in quotes.
    Text(String),
    /// A number or a day of a file, without quotes.
    Bare(String),
    /// The text of a variable or flag, where nothing has quotes.
    Word(String),
    /// A name and its value in a table.
    Pair(String, Box<Self>),
    /// A list of a file.
    List(Vec<Self>),
    /// A table of a file, in the order of its keys.
    Table(Vec<(String, Self)>),
    /// What is never right, with its article: `a number beyond all bounds`.
    Other(&'static str),
}

impl Raw {
    /// A value of a TOML file.
    pub fn new(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::Boolean(value) => Self::Switch(*value),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Self::Other("a number beyond all bounds"), Self::Whole),
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Float(number) => Self::Bare(number.as_str().to_owned()),
            DeValue::Datetime(day) => Self::Bare(day.to_string()),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::new(item.get_ref())).collect())
            }
            DeValue::Table(table) => {
                let pair = |(name, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                    (name.get_ref().to_string(), Self::new(value.get_ref()))
                };
                Self::Table(table.iter().map(pair).collect())
            }
        }
    }

    /// A text as it would have to be written instead of this: words have no quotes.
    fn quoted(&self, text: &str) -> String {
        match self {
            Self::Word(_) => text.to_owned(),
            _ => format!("{text:?}"),
        }
    }

    /// A text or a number as it stands in a profile.
    fn source(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            other => other.to_string(),
        }
    }

    fn switch(&self) -> Option<bool> {
        match self {
            Self::Switch(value) => Some(*value),
            Self::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(value) => Some(*value),
            Self::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    fn decimal(&self) -> Option<String> {
        match self {
            Self::Whole(value) => Some(value.to_string()),
            Self::Bare(text) | Self::Word(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Word(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Raw {
    /// As it reads after `not`: long texts are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Text(text) | Self::Word(text) if text.is_empty() => f.write_str("an empty text"),
            Self::Text(text) => write!(f, "{:?}", cut(text)),
            Self::Bare(text) | Self::Word(text) => f.write_str(&cut(text)),
            Self::Pair(name, value) => write!(f, "{} = {value}", cut(name)),
            Self::List(_) => f.write_str("a list"),
            Self::Table(_) => f.write_str("a table"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// The beginning of a long text, for sentences.
pub fn cut(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
