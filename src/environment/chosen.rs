//! Which instances of an environment a command is about.

use std::fmt;
use std::str::FromStr;

use crate::engine::Instance;
use crate::engine::Role;
use crate::rates::nearest;

/// A role with all its replicas, or one of them: `api`, `api-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The role.
    pub role: Role,
    /// The number of the replica; absent means all of them.
    pub number: Option<u16>,
}

impl Chosen {
    /// Whether this instance is meant.
    pub fn means(self, instance: Instance) -> bool {
        self.role == instance.role && self.number.is_none_or(|number| number == instance.number)
    }
}

/// Whether an instance is among the chosen ones; where nothing is chosen, everything is.
pub fn includes(chosen: &[Chosen], instance: Instance) -> bool {
    chosen.is_empty() || chosen.iter().any(|chosen| chosen.means(instance))
}

impl From<Role> for Chosen {
    fn from(role: Role) -> Self {
        Self { role, number: None }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            None => fmt::Display::fmt(&self.role, f),
            Some(number) => write!(f, "{}-{number}", self.role),
        }
    }
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbered = text.rsplit_once('-').and_then(|(name, number)| {
            let number = number.parse().ok().filter(|number| *number > 0)?;
            Some((name, number))
        });
        match numbered {
            Some((name, number)) => Ok(Self {
                role: role(name)?,
                number: Some(number),
            }),
            None => Ok(role(text)?.into()),
        }
    }
}

/// The role of this name.
pub fn role(text: &str) -> Result<Role, String> {
    let names = Role::ALL.map(Role::as_str);
    let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
    found.ok_or_else(|| match nearest(text, names).first() {
        Some(near) => format!("there is no such role; did you mean {near}?"),
        None => format!("there is no such role; the roles are {}", names.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_means_all_its_replicas_and_a_number_means_one() {
        let second = Instance {
            role: Role::Api,
            number: 2,
        };
        let cases = [
            ("api", true),
            ("api-2", true),
            ("api-1", false),
            ("database", false),
        ];
        for (text, means) in cases {
            let chosen: Chosen = text.parse().unwrap();
            assert_eq!(
                (chosen.means(second), chosen.to_string().as_str()),
                (means, text)
            );
        }
        assert!(includes(&[], second));
    }

    #[test]
    fn a_mistyped_role_is_answered_with_the_one_that_was_meant() {
        for (text, said) in [
            ("apy", "did you mean api"),
            ("databse-2", "did you mean database"),
            ("api-0", "did you mean api"),
            ("zookeeper", "the roles are database, seed, api"),
        ] {
            let error = text.parse::<Chosen>().unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
