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

/// The role of this name, which may be a service that only its environment knows: see [`unknown`].
pub fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_not_a_name| no_such(text, &[]))
}

/// What is wrong with the first of these roles that is none of every environment and none of those that are `there`.
pub fn unknown(roles: impl IntoIterator<Item = Role>, there: &[Role]) -> Option<String> {
    let is_known = |role: &Role| !role.is_own() || there.contains(role);
    let mistaken = roles.into_iter().find(|role| !is_known(role))?;
    Some(no_such(mistaken.as_str(), there))
}

/// Whether a word is probably a role of every environment, mistyped.
pub fn is_mistyped(role: Role) -> bool {
    role.is_own() && !nearest(role.as_str(), names(&[])).is_empty()
}

fn no_such(text: &str, there: &[Role]) -> String {
    match nearest(text, names(there)).first() {
        Some(near) => format!("there is no role {text}; did you mean {near}?"),
        None => format!(
            "there is no role {text}; the roles are {}",
            names(there).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn names(there: &[Role]) -> impl Iterator<Item = &'static str> + Clone + '_ {
    let own = there.iter().filter(|role| role.is_own());
    let built_in = const { &Role::BUILT_IN }.iter();
    built_in.chain(own).map(Role::as_str)
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
        let there = ["database", "api", "redis"].map(|name| name.parse().unwrap());
        for (text, said) in [
            ("apy", "there is no role apy; did you mean api?"),
            ("databse-2", "did you mean database?"),
            ("rediss", "did you mean redis?"),
            ("zookeeper", "the roles are database, seed, api, redis"),
        ] {
            let chosen: Chosen = text.parse().unwrap();
            let said_to_it = unknown([chosen.role], &there).unwrap();
            assert!(said_to_it.contains(said), "{said_to_it}");
        }
        let known = ["seed", "api-2", "redis"].map(|word| word.parse::<Chosen>().unwrap().role);
        assert_eq!(unknown(known, &there), None);
        let error = "api-0".parse::<Chosen>().unwrap_err();
        assert_eq!(error, "there is no role api-0; did you mean api?");
        assert!("A b".parse::<Chosen>().is_err());
    }
}
