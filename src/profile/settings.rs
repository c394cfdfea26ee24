//! The table of settings: which keys there are. Reading, variables, flags, origins, schema and docs follow from it.

mod blank;
mod check;
mod table;

use std::path::Path;

use serde_json::Value as Json;

use super::Profile;
use super::kind::Kind;
use super::kind::Raw;
use super::kind::Text;
pub use blank::blank_profile;
pub use check::CHECK;
pub use check::blank_check;
pub use table::LEAST_OF_DOCKER;
pub use table::SETTINGS;

/// One key: what it means, what it is when nobody says, and where in a `T` it is kept.
pub struct Setting<T> {
    /// The path of the key, `api.port`.
    pub key: &'static str,
    /// What it means, in one line.
    pub doc: &'static str,
    /// What happens when nobody says.
    pub absent: Absent,
    /// A value, as written in a profile.
    pub example: &'static str,
    /// The place it fills, which knows what may stand there.
    pub place: for<'a> fn(&'a mut T) -> Box<dyn Kind + 'a>,
}

/// What happens when nobody gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// This value is taken, written as in a flag.
    Means(&'static str),
    /// It stays absent.
    IsFine,
    /// It is a fault.
    IsWrong,
}

use Absent::Means;

/// The key that the flag `--engine` sets too.
pub const ENGINE: &str = "engine";

/// The key of a team's own image, which excludes a folder to build one from.
pub const API_IMAGE: &str = "api.image";

/// The table of how an image is built.
pub const API_BUILD: &str = "api.build.";

/// The key of the folder to build from.
pub const API_CONTEXT: &str = "api.build.context";

/// The keys that only a team's own API has: the one that comes with ratesdev knows them itself.
pub const OF_OWN_API: [&str; 4] = ["api.listen", "api.health", "api.entrypoint", "api.command"];

pub fn image(place: &mut String) -> Box<dyn Kind + '_> {
    Box::new(Text {
        place,
        expected: "the name of an image, without spaces",
        is_valid: is_image,
        pattern: r"^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$",
    })
}

pub fn is_image(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._/:@-".contains(c);
    text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
}

/// Why a value was not taken.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or an example.
    pub help: String,
}

impl Setting<Profile> {
    /// Whether it takes a table of names that are not known beforehand.
    pub fn takes_pairs(&self) -> bool {
        (self.place)(&mut blank_profile()).takes_pairs()
    }
}

impl<T> Setting<T> {
    /// The table the key is in; empty at the top.
    pub fn table(&self) -> &'static str {
        self.key.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The key inside its table.
    pub fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        let key = self.key.replace('.', "_").to_uppercase();
        format!("RATESDEV_{key}")
    }

    /// The example as a word, where nothing has quotes.
    pub fn word(&self) -> String {
        self.example.replace(['"', '[', ']'], "")
    }

    /// Keeps a value in `target`, or says why not. Paths are relative to `base`.
    pub fn store(&self, target: &mut T, raw: &Raw, base: &Path) -> Result<(), Refusal> {
        let mut place = (self.place)(target);
        place.read(raw, base).ok_or_else(|| Refusal {
            message: format!(
                "`{}` must be {}, not {}",
                self.key,
                place.expected(),
                place.blamed(raw)
            ),
            help: match (place.meant(raw), raw) {
                (Some(meant), _) => format!("did you mean {meant}?"),
                (None, Raw::Word(_)) => format!("for example {}", self.word()),
                (None, _) => format!("for example {} = {}", self.name(), self.example),
            },
        })
    }

    /// The value kept in `target`, as written in a profile; null where it is absent.
    pub fn value(&self, target: &mut T) -> Json {
        (self.place)(target).write()
    }
}

/// The setting with this path.
pub fn find(key: &str) -> Option<&'static Setting<Profile>> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The tables, in the order of the settings.
pub fn tables() -> Vec<&'static str> {
    let mut tables: Vec<_> = SETTINGS.iter().map(Setting::table).collect();
    tables.dedup();
    tables.retain(|table| !table.is_empty());
    tables
}

/// A profile with every default; its paths are relative to `profiles/`.
pub fn defaults() -> Profile {
    let mut profile = blank_profile();
    for setting in SETTINGS {
        if let Means(default) = setting.absent {
            let stored = setting.store(&mut profile, &Raw::Word(default.to_owned()), Path::new(""));
            debug_assert!(stored.is_ok(), "the default of {} is refused", setting.key);
        }
    }
    profile
}

#[cfg(test)]
mod tests;
