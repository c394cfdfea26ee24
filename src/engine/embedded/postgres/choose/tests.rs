//! The decision in tables.

use super::*;
use crate::error::chain;

const OFFLINE: Fetching<'_> = Fetching::Impossible("repository.example does not answer");

type Releases = &'static [(u16, u16)];

fn installation((major, minor): (u16, u16)) -> Installation {
    Installation {
        programs: format!("/pg/{major}.{minor}/bin").into(),
        version: Version::new(major, minor),
    }
}

fn debian() -> System {
    System {
        kind: "linux".to_owned(),
        processor: "x86_64".to_owned(),
        is_musl: false,
        likes: vec!["debian".to_owned()],
    }
}

/// The decision in a few words: what is run or fetched and why, the remark, or the code of the error.
fn decided(
    wanted: &str,
    cluster: Option<u16>,
    named: Option<(u16, u16)>,
    found: &[(u16, u16)],
    fetching: Fetching<'_>,
) -> String {
    let system = debian();
    let found: Vec<_> = found.iter().copied().map(installation).collect();
    let named = named.map(installation);
    let question = Question {
        wanted: Wanted::of_image(&format!("postgres:{wanted}")),
        cluster,
        named: named.as_ref(),
        found: &found,
        fetching,
        system: &system,
    };
    match choose(&question) {
        Ok(Choice::Fetch(version)) => format!("fetch {version}"),
        Ok(Choice::Use(used)) => {
            let remark = used.remark.map(|remark| format!(": {remark}"));
            let (version, reason) = (used.installation.version, used.reason);
            format!("{version} {reason:?}{}", remark.unwrap_or_default())
        }
        Err(error) => error.code.to_string(),
    }
}

#[test]
fn without_data_the_wanted_version_is_run_or_fetched_else_the_newest_with_a_remark() {
    const POSSIBLE: Fetching<'_> = Fetching::Possible;
    let only_exact = "it is not installed, and only an exact version such as 13.5 can be fetched";
    let instead = |version, wanted, why: &str| {
        format!("{version} Newest: PostgreSQL {version} is used instead of {wanted}: {why}")
    };
    let offline = "repository.example does not answer";
    #[rustfmt::skip]
    let cases: Vec<(&str, Releases, Fetching<'_>, String)> = vec![
        ("13.5", &[(13, 5), (13, 23)], POSSIBLE, "13.5 Wanted".into()),
        ("13.5", &[(13, 16), (13, 23), (15, 18)], POSSIBLE, "13.23 Wanted".into()),
        ("13.5", &[(15, 18)], POSSIBLE, "fetch 13.5".into()),
        ("13.5", &[], POSSIBLE, "fetch 13.5".into()),
        ("13.5", &[(14, 1), (15, 18)], OFFLINE, instead("15.18", "13.5", offline)),
        ("13.5", &[(12, 4), (15, 18), (19, 1)], OFFLINE, instead("15.18", "13.5", offline)),
        ("13.5", &[], OFFLINE, "E-POSTGRES-MISSING".into()),
        ("13.5", &[(12, 4)], OFFLINE, "E-POSTGRES-MISSING".into()),
        ("13", &[(13, 5), (13, 23), (15, 18)], POSSIBLE, "13.23 Wanted".into()),
        ("13", &[(15, 18)], POSSIBLE, instead("15.18", "13", only_exact)),
        ("13", &[], POSSIBLE, "E-POSTGRES-MISSING".into()),
        ("latest", &[(13, 5), (17, 2), (15, 18)], POSSIBLE, "17.2 Newest".into()),
        ("latest", &[], POSSIBLE, "E-POSTGRES-MISSING".into()),
        ("12.3", &[(12, 3), (15, 18)], POSSIBLE, instead("15.18", "12.3", "ratesdev works with 13 to 18")),
        ("19.1", &[], POSSIBLE, "E-POSTGRES-MISSING".into()),
    ];
    for (wanted, found, fetching, expected) in cases {
        let decided = decided(wanted, None, None, found, fetching);
        assert_eq!(decided, expected, "{wanted} {found:?} {fetching:?}");
    }
}

#[test]
fn data_is_opened_by_its_own_major_version_alone() {
    const POSSIBLE: Fetching<'_> = Fetching::Possible;
    #[rustfmt::skip]
    let cases: Vec<(&str, u16, Releases, Fetching<'_>, &str)> = vec![
        ("13.5", 15, &[(13, 5), (15, 18)], POSSIBLE, "15.18 Cluster"),
        ("13.5", 13, &[(13, 5), (13, 23)], POSSIBLE, "13.5 Cluster"),
        ("13.5", 13, &[(15, 18)], POSSIBLE, "fetch 13.5"),
        ("13.5", 13, &[(15, 18)], OFFLINE, "E-POSTGRES-VERSION"),
        ("13.5", 15, &[(13, 5)], POSSIBLE, "E-POSTGRES-VERSION"),
        ("13", 13, &[], POSSIBLE, "E-POSTGRES-VERSION"),
        ("latest", 14, &[(17, 2)], POSSIBLE, "E-POSTGRES-VERSION"),
    ];
    for (wanted, cluster, found, fetching, expected) in cases {
        let decided = decided(wanted, Some(cluster), None, found, fetching);
        assert_eq!(decided, expected, "{wanted} {cluster} {found:?}");
    }
}

#[test]
fn the_installation_that_is_named_is_run_unless_it_cannot_be() {
    let newer =
        "19.1 Named: PostgreSQL 19.1 is newer than what ratesdev was made for, which is 13 to 18";
    let cases = [
        ((15, 18), None, "15.18 Named"),
        ((15, 18), Some(15), "15.18 Named"),
        ((15, 18), Some(13), "E-POSTGRES-VERSION"),
        ((12, 22), None, "E-POSTGRES-VERSION"),
        ((19, 1), None, newer),
    ];
    for (named, cluster, expected) in cases {
        let found = [(13, 5)];
        let decided = decided("13.5", cluster, Some(named), &found, OFFLINE);
        assert_eq!(decided, expected, "{named:?} {cluster:?}");
    }
}

/// The error as a user reads it.
fn told(cluster: Option<u16>, named: Option<&Installation>, found: &[Installation]) -> Vec<String> {
    let system = debian();
    let question = Question {
        wanted: Wanted::of_image("postgres:13.5"),
        cluster,
        named,
        found,
        fetching: OFFLINE,
        system: &system,
    };
    let error = choose(&question).unwrap_err();
    let texts = chain(&error).map(ToString::to_string);
    texts.chain(error.hint.clone()).collect()
}

#[test]
fn an_error_names_both_versions_and_the_cures() {
    let fifteen = [installation((15, 18))];
    let apt = "`sudo apt install postgresql-13` (where the system lacks it, see https://www.postgresql.org/download/)";
    let offline = "repository.example does not answer";
    let anew = format!(
        "install PostgreSQL 13: {apt}; or give the data up with `ratesdev down -v`, and the next up seeds anew"
    );
    assert_eq!(
        told(None, None, &[]),
        [
            "there is no PostgreSQL that could be run",
            offline,
            "install one: `sudo apt install postgresql`; or start Docker, which needs none",
        ]
    );
    assert_eq!(
        told(Some(13), None, &fifteen),
        [
            "the data belongs to PostgreSQL 13, but only PostgreSQL 15.18 is installed",
            offline,
            &anew,
        ]
    );
    assert_eq!(
        told(Some(13), Some(&fifteen[0]), &fifteen),
        [
            "the data belongs to PostgreSQL 13, but /pg/15.18/bin is PostgreSQL 15.18",
            &anew,
        ]
    );
}
