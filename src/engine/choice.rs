//! On which engine an environment is, or is to be made: decided from what was found, without asking anybody.

use std::fmt;

use serde::Serialize;

use super::Observed;
use super::State;
use crate::profile::EngineChoice;

/// The engines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A Docker Engine.
    Docker,
    /// Processes of this machine.
    Embedded,
}

impl Kind {
    /// The engine that was named; none where it is to be chosen.
    pub fn named(choice: EngineChoice) -> Option<Self> {
        match choice {
            EngineChoice::Auto => None,
            EngineChoice::Docker => Some(Self::Docker),
            EngineChoice::Embedded => Some(Self::Embedded),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Docker => "docker",
            Self::Embedded => "embedded",
        })
    }
}

/// How much of an environment an engine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Something of it, such as its data, but nothing that runs.
    Kept,
    /// Instances that run, or are about to.
    Running,
}

impl From<&Observed> for Presence {
    fn from(observed: &Observed) -> Self {
        let is_alive =
            |state: &State| !matches!(state, State::Created { .. } | State::Exited { .. });
        if observed
            .instances
            .iter()
            .any(|found| is_alive(&found.state))
        {
            Self::Running
        } else if observed.instances.is_empty() && observed.volumes.is_empty() {
            Self::Absent
        } else {
            Self::Kept
        }
    }
}

/// What was learnt of Docker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Docker {
    /// Nothing: it was not worth asking.
    NotAsked,
    /// No Engine can be used, for this reason.
    Away(String),
    /// One answers, and has this much of the environment.
    Has(Presence),
}

/// The engine that an environment is on: the one where it runs, else the one that keeps something of it. Docker goes
/// first where both are alike, except that an environment which runs embedded is found without asking Docker.
pub fn home(embedded: Presence, docker: &Docker) -> Option<Kind> {
    let has = match docker {
        Docker::Has(presence) => *presence,
        Docker::NotAsked | Docker::Away(_) => Presence::Absent,
    };
    match (embedded, has) {
        (Presence::Absent, Presence::Absent) => None,
        (Presence::Running, _) => Some(Kind::Embedded),
        (embedded, docker) if embedded > docker => Some(Kind::Embedded),
        _ => Some(Kind::Docker),
    }
}

/// Why Docker could not say whether it has an environment of which data is kept embedded; that data is used.
pub fn unasked(kind: Kind, embedded: Presence, docker: &Docker) -> Option<&str> {
    match (kind, embedded, docker) {
        (Kind::Embedded, Presence::Kept, Docker::Away(reason)) => Some(reason),
        _ => None,
    }
}

/// The engine to look at for an environment that is nowhere, so that "not running" reads the same on every machine.
pub fn nowhere(docker: &Docker) -> Kind {
    match docker {
        Docker::Has(_) => Kind::Docker,
        Docker::NotAsked | Docker::Away(_) => Kind::Embedded,
    }
}

/// The engine to make a new environment on, and why it is not Docker where it could have been. `obstacle` is why a
/// Docker Engine that answers could not run it.
pub fn new_home(docker: &Docker, obstacle: Option<String>) -> (Kind, Option<String>) {
    match (docker, obstacle) {
        (Docker::Away(reason), _) => (Kind::Embedded, Some(reason.clone())),
        (Docker::NotAsked, _) => (Kind::Embedded, None),
        (Docker::Has(_), Some(obstacle)) => (
            Kind::Embedded,
            Some(format!("Docker answers, but {obstacle}")),
        ),
        (Docker::Has(_), None) => (Kind::Docker, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Network;

    use Presence::Absent;
    use Presence::Kept;
    use Presence::Running;

    #[test]
    fn an_environment_is_on_the_engine_where_it_runs_else_where_something_of_it_is() {
        let away = || Docker::Away("no socket".to_owned());
        let cases = [
            (Absent, Docker::Has(Absent), None),
            (Absent, away(), None),
            (Absent, Docker::Has(Kept), Some(Kind::Docker)),
            (Absent, Docker::Has(Running), Some(Kind::Docker)),
            (Kept, away(), Some(Kind::Embedded)),
            (Kept, Docker::Has(Absent), Some(Kind::Embedded)),
            (Kept, Docker::Has(Kept), Some(Kind::Docker)),
            (Kept, Docker::Has(Running), Some(Kind::Docker)),
            (Running, Docker::NotAsked, Some(Kind::Embedded)),
            (Running, away(), Some(Kind::Embedded)),
            (Running, Docker::Has(Kept), Some(Kind::Embedded)),
            (Running, Docker::Has(Running), Some(Kind::Embedded)),
        ];
        for (embedded, docker, expected) in cases {
            assert_eq!(home(embedded, &docker), expected, "{embedded:?} {docker:?}");
        }
    }

    #[test]
    fn a_new_environment_is_made_on_docker_unless_something_is_in_the_way() {
        let missing = || Some("postgres:13.5 cannot be pulled: no such host".to_owned());
        let said = "Docker answers, but postgres:13.5 cannot be pulled: no such host".to_owned();
        let away = Docker::Away("no Docker Engine answers".to_owned());
        let reason = Some("no Docker Engine answers".to_owned());
        let cases = [
            (Docker::Has(Absent), None, (Kind::Docker, None)),
            (Docker::Has(Absent), missing(), (Kind::Embedded, Some(said))),
            (away.clone(), None, (Kind::Embedded, reason.clone())),
            (away, missing(), (Kind::Embedded, reason)),
        ];
        for (docker, obstacle, expected) in cases {
            assert_eq!(new_home(&docker, obstacle), expected);
        }
    }

    #[test]
    fn what_is_nowhere_is_looked_for_on_docker_where_it_answers() {
        assert_eq!(nowhere(&Docker::Has(Absent)), Kind::Docker);
        assert_eq!(nowhere(&Docker::Away(String::new())), Kind::Embedded);
    }

    #[test]
    fn an_engine_on_which_nothing_is_left_but_a_network_has_nothing() {
        let observed = Observed {
            network: Network::Right,
            ..Observed::default()
        };
        assert_eq!(Presence::from(&observed), Absent);
    }
}
