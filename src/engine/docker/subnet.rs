//! Addresses for a network where the Engine has none left to give: by itself it knows about thirty.

use std::net::Ipv4Addr;

/// The range that is taken from: one for private use (RFC 1918), which no Engine gives by itself.
const RANGE: Subnet = Subnet {
    first: u32::from_be_bytes([10, 214, 0, 0]),
    length: 16,
};

/// How long the prefix of one network is: 61 containers have room in it, more than an environment may have.
const LENGTH: u8 = 26;

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    first: u32,
    /// How many bits are the same, from 0 to 32.
    length: u8,
}

impl Subnet {
    /// Reads what an Engine says, for example `172.18.0.0/16`. What is not of IPv4 is in nobody's way.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        let length = length.parse().ok().filter(|length| *length <= 32)?;
        Some(Self {
            first: u32::from(address) & mask(length),
            length,
        })
    }

    /// Reads a line of Linux's `/proc/net/route`. The route to everywhere else is none.
    fn of_route(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        let mut number = |position| u32::from_str_radix(words.nth(position)?, 16).ok();
        let (first, mask) = (number(0)?.swap_bytes(), number(5)?.swap_bytes());
        let length = u8::try_from(mask.count_ones()).ok()?;
        (length > 0).then_some(Self { first, length })
    }

    fn overlaps(self, other: Self) -> bool {
        let shorter = mask(self.length.min(other.length));
        self.first & shorter == other.first & shorter
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.first), self.length)
    }
}

fn mask(length: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(length))
        .unwrap_or_default()
}

/// What this machine has routes to, where it says so: a network must not hide them.
pub fn routes() -> Vec<Subnet> {
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    table.lines().skip(1).filter_map(Subnet::of_route).collect()
}

/// The networks that may be made beside those that are taken, the first of them first.
pub fn free(taken: Vec<Subnet>) -> impl Iterator<Item = Subnet> {
    let count = 1_u32 << (LENGTH - RANGE.length);
    let all = (0..count).map(|number| Subnet {
        first: RANGE.first + (number << (32 - LENGTH)),
        length: LENGTH,
    });
    all.filter(move |subnet| !taken.iter().any(|taken| taken.overlaps(*subnet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        Subnet::parse(text).unwrap()
    }

    #[test]
    fn what_is_free_overlaps_nothing_that_is_taken() {
        let first = |taken: &[&str]| {
            let taken = taken.iter().map(|text| subnet(text)).collect();
            free(taken).next().map(|subnet| subnet.to_string())
        };
        assert_eq!(first(&[]).as_deref(), Some("10.214.0.0/26"));
        let one = ["172.18.0.0/16", "10.214.0.0/26"];
        assert_eq!(first(&one).as_deref(), Some("10.214.0.64/26"));
        assert_eq!(first(&["10.214.0.7/32"]).as_deref(), Some("10.214.0.64/26"));
        assert_eq!(
            first(&["10.214.0.0/17"]).as_deref(),
            Some("10.214.128.0/26")
        );
        assert_eq!(first(&["10.0.0.0/8"]), None);
        assert_eq!(free(vec![]).count(), 1024);
    }

    #[test]
    fn what_is_no_subnet_of_ipv4_is_none() {
        for text in ["fd00::/64", "10.0.0.0", "10.0.0.0/33", "", "/8"] {
            assert_eq!(Subnet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn routes_are_read_and_the_one_to_everywhere_is_left_out() {
        let route = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0";
        assert_eq!(Subnet::of_route(route), Some(subnet("172.17.0.0/16")));
        let everywhere = "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0";
        assert_eq!(Subnet::of_route(everywhere), None);
        assert_eq!(Subnet::of_route("nonsense"), None);
    }
}
