//! Chance that can be repeated.

use std::time::Duration;

/// A sequence of numbers that follows from its seed.
pub struct Random(u64);

impl Random {
    /// A new sequence. `RATESDEV_TEST_SEED` repeats the one of an earlier run, whose seed is printed here.
    pub fn new() -> Self {
        let given = std::env::var("RATESDEV_TEST_SEED");
        let seed = given.map_or_else(|_| fresh(), |seed| seed.parse().unwrap());
        eprintln!("RATESDEV_TEST_SEED={seed}");
        Self(seed)
    }

    /// Any time below this one.
    pub fn below(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(self.fraction())
    }

    /// From 0 to 1 (Steele and others' "splitmix", which is even enough for instants).
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        f64::from(high) / f64::from(u32::MAX)
    }
}

/// A word that no other test of this or any other run uses.
pub fn token() -> String {
    format!("{}-{:04x}", std::process::id(), fresh() & 0xffff)
}

fn fresh() -> u64 {
    getrandom::u64().unwrap()
}
