//! How long a role that ended waits until it is started again, as Docker has it: longer every time, and from the start
//! again once it has lived for a while.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// How long a role must live for its earlier ends to be forgotten.
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// The waits of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Of a role that has not ended yet.
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// How long to wait after a life that long.
    pub fn after(&mut self, life: Duration) -> Duration {
        if life >= LONG_ENOUGH {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_a_long_life_forgets_them() {
        const SHORT: u64 = 9_999;
        const LONG: u64 = 10_000;
        let mut backoff = Backoff::new();
        let table = [
            (SHORT, 100),
            (0, 200),
            (0, 400),
            (SHORT, 800),
            (LONG, 100),
            (0, 200),
            (LONG, 100),
            (LONG, 100),
        ];
        for (life, wait) in table {
            let waited = backoff.after(Duration::from_millis(life));
            assert_eq!(waited, Duration::from_millis(wait), "after {life} ms");
        }
        let last = (0..20).map(|_| backoff.after(Duration::ZERO)).last();
        assert_eq!(last, Some(LONGEST));
    }
}
