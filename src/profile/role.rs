//! What a service of an environment does: the roles that every environment has, and the team's own.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::PoisonError;
use std::sync::RwLock;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// What a service of an environment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// PostgreSQL.
    Database,
    /// The job that loads the dump; it ends when it is done.
    Seed,
    /// The rates API.
    Api,
    /// A service of the team's own, `[services.NAME]` in the profile.
    Service(ShortName),
}

impl Role {
    /// The roles of every environment, in the order in which they start.
    pub const BUILT_IN: [Self; 3] = [Self::Database, Self::Seed, Self::Api];

    /// The word for it, in names, labels, logs and on the screen.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "whoever goes through roles calls it with references"
    )]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Seed => "seed",
            Self::Api => "api",
            Self::Service(name) => name.as_str(),
        }
    }

    /// The table of a profile that has its settings.
    pub fn table(self) -> String {
        match self {
            Self::Service(name) => format!("services.{name}"),
            _ => self.to_string(),
        }
    }

    /// Whether it runs until it is stopped; the others are jobs.
    pub fn is_service(self) -> bool {
        self != Self::Seed
    }

    /// Whether it is one of the team's own.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Service(_))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match built_in(text) {
            Some(role) => Ok(role),
            None => text.parse().map(Self::Service),
        }
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn built_in(text: &str) -> Option<Role> {
    let mut roles = Role::BUILT_IN.into_iter();
    roles.find(|role| role.as_str() == text)
}

/// The most characters of a name.
const LONGEST: usize = 30;

/// What [`ShortName`] accepts, in words.
pub const ALLOWED: &str = "1 to 30 lower-case letters, digits and hyphens, begins with a letter, does not end with a \
                           hyphen or with a hyphen and a number, and is not database, seed or api";

/// The same as a pattern for editors, as far as one can say it.
pub const PATTERN: &str = "^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$";

/// The name of a service or a volume of the team's own: a label of DNS, because services find each other by it, that
/// cannot be mistaken for a role of every environment or for one of several replicas (`api-2`).
///
/// It is as small as a number, because every line of a log that is kept has one: texts are kept once, for good.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortName(u16);

/// Every name that was ever met, by its number.
static NAMES: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());

impl ShortName {
    /// The name as text.
    pub fn as_str(self) -> &'static str {
        let names = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        names.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// The number of a text; none where there are too many to count.
    fn of(text: &str) -> Option<Self> {
        let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        let known = names.iter().position(|name| *name == text);
        let number = u16::try_from(known.unwrap_or(names.len())).ok()?;
        if known.is_none() {
            names.push(String::from(text).leak());
        }
        Some(Self(number))
    }
}

impl Ord for ShortName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for ShortName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A text that cannot name a service or a volume.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the name of a service: a name has {ALLOWED}")]
pub struct NotAName(String);

impl FromStr for ShortName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAName(text.chars().take(60).collect());
        let name = Some(text).filter(|text| is_name(text));
        name.and_then(Self::of).ok_or_else(refused)
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends_with_number = text
        .rsplit_once('-')
        .is_some_and(|(_, end)| end.chars().all(|c| c.is_ascii_digit()));
    (1..=LONGEST).contains(&text.len())
        && text.chars().all(allowed)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !ends_with_number
        && built_in(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_like_a_host_and_like_no_role_or_replica() {
        for good in [
            "a",
            "redis",
            "message-queue",
            "s3",
            "a-b2",
            "apis",
            &"x".repeat(30),
        ] {
            let role: Role = good.parse().unwrap();
            assert_eq!((role.as_str(), role.is_own()), (good, true));
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(serde_json::from_str::<Role>(&json).unwrap(), role);
        }
        let bad = [
            "",
            "A",
            "a_b",
            "-a",
            "a-",
            "2a",
            "a-2",
            "a.b",
            "é",
            &"x".repeat(31),
        ];
        for bad in bad {
            assert!(bad.parse::<Role>().is_err(), "{bad}");
        }
        for role in Role::BUILT_IN {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert!(role.as_str().parse::<ShortName>().is_err());
        }
    }

    #[test]
    fn names_are_in_the_order_of_their_letters_after_the_roles_of_every_environment() {
        let mut roles: Vec<Role> = ["web", "api", "cache", "cac", "database", "seed"]
            .map(|word| word.parse().unwrap())
            .to_vec();
        roles.sort();
        let words: Vec<_> = roles.iter().map(Role::as_str).collect();
        assert_eq!(words, ["database", "seed", "api", "cac", "cache", "web"]);
    }
}
