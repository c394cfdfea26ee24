//! What the answers of a role to its health check amount to, as Docker counts them.

use std::time::Duration;

use crate::engine::Health;
use crate::engine::HealthStatus;

/// How long a role may be silent after its start before that counts.
const START: Duration = Duration::from_mins(1);

/// So many failures in a row make a role unhealthy.
const FAILURES: u32 = 3;

/// How often a role is asked that has not answered yet.
const SOON: Duration = Duration::from_millis(250);

/// How often it is asked later.
const LATER: Duration = Duration::from_secs(5);

/// The health of one life of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    status: HealthStatus,
    failures: u32,
    last: Option<String>,
}

impl Pulse {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            status: HealthStatus::Starting,
            failures: 0,
            last: None,
        }
    }

    /// Takes an answer that came so long after the start; the verdict where it has changed.
    pub fn hear(&mut self, age: Duration, answer: Result<(), String>) -> Option<HealthStatus> {
        let before = self.status;
        match answer {
            Ok(()) => {
                *self = Self {
                    status: HealthStatus::Healthy,
                    ..Self::new()
                }
            }
            Err(words) => self.fail(age, words),
        }
        (self.status != before).then_some(self.status)
    }

    fn fail(&mut self, age: Duration, words: String) {
        self.last = Some(words);
        if self.status == HealthStatus::Starting && age < START {
            return;
        }
        self.failures += 1;
        if self.failures >= FAILURES {
            self.status = HealthStatus::Unhealthy;
        }
    }

    /// How long to wait before the next question.
    pub fn pause(&self) -> Duration {
        match self.status {
            HealthStatus::Starting => SOON,
            HealthStatus::Healthy | HealthStatus::Unhealthy => LATER,
        }
    }

    /// What it amounts to now.
    pub fn health(&self) -> Health {
        Health {
            status: self.status,
            last: self.last.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_make_a_role_unhealthy_but_not_while_it_starts() {
        const OK: bool = true;
        const NO: bool = false;
        let unhealthy = Some(HealthStatus::Unhealthy);
        let healthy = Some(HealthStatus::Healthy);
        let table = [
            (1, NO, None),
            (2, NO, None),
            (3, NO, None),
            (4, OK, healthy),
            (9, NO, None),
            (14, NO, None),
            (19, OK, None),
            (24, NO, None),
            (29, NO, None),
            (34, NO, unhealthy),
            (39, NO, None),
            (44, OK, healthy),
        ];
        let mut pulse = Pulse::new();
        for (age, answer, change) in table {
            let answer = if answer { Ok(()) } else { Err("no".to_owned()) };
            let heard = pulse.hear(Duration::from_secs(age), answer);
            assert_eq!(heard, change, "at {age} s");
        }
        let mut silent = Pulse::new();
        let heard =
            [61, 62, 63].map(|age| silent.hear(Duration::from_secs(age), Err("no".to_owned())));
        assert_eq!(heard, [None, None, unhealthy]);
        assert_eq!(silent.health().last.as_deref(), Some("no"));
    }
}
