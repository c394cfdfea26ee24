//! Names of profiles and environments, as they become part of the names of containers and networks.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;

/// The most characters of a name.
const LONGEST: usize = 40;

/// The name of an environment: `[a-z0-9][a-z0-9-]{0,39}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that cannot name an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be the name of an environment")]
pub struct NameError(String);

impl Explain for NameError {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!("a name has {ALLOWED}"))
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl FromStr for EnvironmentName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.to_owned()))
        }
    }
}

/// What [`is_name`] accepts, in words.
pub const ALLOWED: &str =
    "1 to 40 lower-case letters, digits and hyphens, and does not begin with a hyphen";

/// Whether a text can name a profile or an environment.
pub fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_can_be_part_of_a_container_name() {
        for good in ["a", "dev", "7", "dev-2", "a-", &"x".repeat(40)] {
            let name: EnvironmentName = good.parse().unwrap();
            assert_eq!(name.to_string(), good);
        }
        for bad in ["", "-a", "Dev", "a_b", "a b", "é", "a/b", &"x".repeat(41)] {
            let error = bad.parse::<EnvironmentName>().unwrap_err();
            assert_eq!(
                (error.code(), error.exit()),
                (Code::Usage, Exit::Usage),
                "{bad}"
            );
        }
    }
}
