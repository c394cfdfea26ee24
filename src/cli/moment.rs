//! Times on the command line: a point in time, or how long ago it was.

use std::str::FromStr;

use jiff::SignedDuration;
use jiff::Timestamp;

/// A point in time, or how long ago it was.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// This one.
    At(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ago = text.parse().map(|ago: SignedDuration| Self::Ago(ago.abs()));
        let at = || text.parse().map(Self::At);
        ago.or_else(|_| at())
            .ok()
            .ok_or_else(|| "write 30s, 10m, 2h or a time like 2021-01-31T12:00:00Z".to_owned())
    }
}

impl Moment {
    /// The point in time, seen from `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}
