//! Versions of PostgreSQL: of programs, of clusters, and the one that is wanted.

use std::fmt;
use std::ops::RangeInclusive;

/// The major versions that ratesdev works with: the load of a seed drops databases that are in use, which 12 cannot.
pub const SUPPORTED: RangeInclusive<u16> = 13..=18;

/// The oldest major version that anybody still runs; a number below is the version of something else.
const OLDEST_KNOWN: u16 = 9;

/// A release of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// What data belongs to: a cluster is opened by its own major version alone.
    pub major: u16,
    /// The number of the release; 0 where it is a preview.
    pub minor: u16,
}

impl Version {
    /// A release.
    pub fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Reads what `postgres --version` says: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub fn said(text: &str) -> Option<Self> {
        let (_, version) = text.split_once("(PostgreSQL) ")?;
        let (major, rest) = number(version)?;
        let minor = rest.strip_prefix('.').and_then(number);
        Some(Self::new(major, minor.map_or(0, |(minor, _)| minor)))
    }

    /// Whether ratesdev works with it.
    pub fn is_supported(self) -> bool {
        SUPPORTED.contains(&self.major)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.major, self.minor))
    }
}

/// The version that a profile wants, by the name of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This release.
    Exact(Version),
    /// Any release of this major version.
    Major(u16),
    /// The newest there is: the name tells nothing.
    Newest,
}

impl Wanted {
    /// What the name of an image asks for: `postgres:13.5`, `registry:5000/postgres:13-alpine`.
    pub fn of_image(image: &str) -> Self {
        let name = image.split_once('@').map_or(image, |(name, _)| name);
        let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
        let tag = last.split_once(':').map(|(_, tag)| tag);
        tag.and_then(Self::of_tag).unwrap_or(Self::Newest)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let (major, rest) = number(tag).filter(|(major, _)| *major >= OLDEST_KNOWN)?;
        let Some(rest) = rest.strip_prefix('.') else {
            return ends(rest).then_some(Self::Major(major));
        };
        let (minor, rest) = number(rest)?;
        ends(rest).then(|| Self::Exact(Version::new(major, minor)))
    }

    /// The major version, where one is wanted.
    pub fn major(self) -> Option<u16> {
        match self {
            Self::Exact(version) => Some(version.major),
            Self::Major(major) => Some(major),
            Self::Newest => None,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => version.fmt(f),
            Self::Major(major) => f.pad(&major.to_string()),
            Self::Newest => f.pad("the newest"),
        }
    }
}

/// A number at the beginning of a text, and what follows it.
fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    Some((digits.parse().ok()?, rest))
}

/// Whether a version has ended: nothing follows, or a variant such as `-alpine`.
fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_image_says_which_version_is_wanted() {
        let exact = |major, minor| Wanted::Exact(Version::new(major, minor));
        let cases = [
            ("postgres:13.5", exact(13, 5)),
            ("postgres:13.5-alpine", exact(13, 5)),
            ("postgres:13.5-alpine3.14", exact(13, 5)),
            (
                "registry.example:5000/library/postgres:13",
                Wanted::Major(13),
            ),
            ("ratesdev-test/postgres:13", Wanted::Major(13)),
            ("postgis/postgis:13-3.1", Wanted::Major(13)),
            ("postgres:13.5@sha256:0123", exact(13, 5)),
            ("postgres:9.6", exact(9, 6)),
            ("postgres@sha256:0123", Wanted::Newest),
            ("registry.example:5000/postgres", Wanted::Newest),
            ("postgres:latest", Wanted::Newest),
            ("postgres", Wanted::Newest),
            ("postgres:18beta1", Wanted::Newest),
            ("postgres:13.x", Wanted::Newest),
            ("postgres:99999999", Wanted::Newest),
            ("timescale/timescaledb:2.5.0-pg13", Wanted::Newest),
        ];
        for (image, wanted) in cases {
            assert_eq!(Wanted::of_image(image), wanted, "{image}");
        }
    }

    #[test]
    fn a_program_says_which_version_it_is() {
        let cases = [
            ("postgres (PostgreSQL) 13.5\n", Some((13, 5))),
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some((15, 18)),
            ),
            ("postgres (PostgreSQL) 18beta1\n", Some((18, 0))),
            ("postgres (PostgreSQL) 9.6.24\n", Some((9, 6))),
            ("postgres (EnterpriseDB) 13.5\n", None),
            ("", None),
        ];
        for (said, version) in cases {
            let version = version.map(|(major, minor)| Version::new(major, minor));
            assert_eq!(Version::said(said), version, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "\\PC{0,30}") {
            let wanted = Wanted::of_image(&text);
            prop_assert!(wanted.major().is_none_or(|major| major >= OLDEST_KNOWN));
            let said = Version::said(&format!("(PostgreSQL) {text}"));
            prop_assert!(said.is_none() || text.starts_with(|c: char| c.is_ascii_digit()));
        }
    }
}
