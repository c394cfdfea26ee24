//! Chance that can be repeated: a sequence of numbers that follows from the first.

/// A sequence of numbers (Steele and others' "splitmix", which is even enough for samples).
#[derive(Debug, Clone)]
pub struct Draw(u64);

impl Draw {
    /// The sequence that follows from `start`.
    pub fn new(start: u64) -> Self {
        Self(start)
    }

    /// A number below `limit`; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// One of these, if there are any.
    pub fn one_of<'a>(&mut self, all: &'a [String]) -> Option<&'a str> {
        all.get(self.below(all.len())).map(String::as_str)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
