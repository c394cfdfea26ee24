//! The seed that is shipped: it is what its program writes, and it has the shape that others rely on.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

#[path = "../../db/generate.rs"]
mod generate;

const SEED: &str = include_str!("../../db/rates.sql");

/// The lines of the COPY block of `table`.
fn block(table: &str) -> impl Iterator<Item = &'static str> {
    let begin = format!("COPY public.{table} (");
    let lines = SEED
        .lines()
        .skip_while(move |line| !line.starts_with(&begin));
    lines.skip(1).take_while(|line| *line != "\\.")
}

/// The columns of each line of `table`, of which there are `N`.
fn rows<const N: usize>(table: &str) -> Vec<[&'static str; N]> {
    let columns = |line: &'static str| line.split('\t').collect::<Vec<_>>();
    block(table)
        .map(|line| {
            columns(line)
                .try_into()
                .expect("as many columns as asked for")
        })
        .collect()
}

/// The prices of every pair and day that has any.
fn prices_by_day() -> BTreeMap<(&'static str, &'static str, &'static str), Vec<i64>> {
    let mut days: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for [orig, dest, day, price] in rows("prices") {
        days.entry((orig, dest, day))
            .or_default()
            .push(price.parse().expect("a price is a number"));
    }
    days
}

/// The region `slug` and every region below it.
fn with_all_below(slug: &str) -> BTreeSet<&'static str> {
    let regions = rows::<3>("regions");
    let mut found = BTreeSet::new();
    // A parent comes before its children, so one pass finds them all.
    for [region, _, parent] in regions {
        if region == slug || found.contains(parent) {
            found.insert(region);
        }
    }
    found
}

#[test]
fn the_seed_is_what_its_program_writes() {
    let mut written = Vec::new();
    generate::dump(&mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    let differs = SEED.lines().zip(written.lines()).position(|(a, b)| a != b);
    assert_eq!(differs, None, "the first line that differs, counted from 0");
    assert_eq!(SEED.len(), written.len());
}

#[test]
fn the_seed_has_the_size_of_the_original() {
    let prices = rows::<4>("prices");
    let pairs: BTreeSet<_> = prices.iter().map(|[orig, dest, ..]| (orig, dest)).collect();
    let origins: BTreeSet<_> = pairs.iter().map(|(orig, _)| orig).collect();
    let destinations: BTreeSet<_> = pairs.iter().map(|(_, dest)| dest).collect();
    let distinct: BTreeSet<_> = block("prices").collect();
    let counts = [
        ("ports", block("ports").count(), 143),
        ("regions", block("regions").count(), 20),
        ("prices", prices.len(), 56_689),
        ("distinct prices", distinct.len(), 56_450),
        ("pairs", pairs.len(), 725),
        ("origins", origins.len(), 15),
        ("destinations", destinations.len(), 67),
    ];
    for (what, count, wanted) in counts {
        assert_eq!(count, wanted, "{what}");
    }
}

#[test]
fn every_price_lies_in_the_two_months_and_is_plausible() {
    for [orig, dest, day, price] in rows("prices") {
        let price: i64 = price.parse().unwrap();
        assert!(
            ("2021-01-01"..="2021-02-28").contains(&day),
            "{orig} {dest} {day}"
        );
        assert!(
            (500..=4_000).contains(&price),
            "{orig} {dest} {day} {price}"
        );
    }
}

#[test]
fn days_have_none_few_and_enough_prices() {
    let days = prices_by_day();
    let few = days.values().filter(|prices| prices.len() < 3).count();
    assert_eq!((days.len(), few), (20_370, 5_000));
    let counts: BTreeSet<_> = days.values().map(Vec::len).collect();
    assert_eq!(counts, BTreeSet::from([1, 2, 3, 4, 5, 6]));
}

#[test]
fn the_documented_question_has_its_documented_answer() {
    let days = prices_by_day();
    let answers = [
        ("2021-01-31", 3, 3463),
        ("2021-01-30", 3, 3463),
        ("2021-01-29", 2, 2345),
        ("2021-01-28", 0, 0),
    ];
    for (day, count, sum) in answers {
        let prices = days
            .get(&("CNGGZ", "EETLL", day))
            .cloned()
            .unwrap_or_default();
        assert_eq!((prices.len(), prices.iter().sum()), (count, sum), "{day}");
    }
}

#[test]
fn the_widest_pair_of_regions_is_the_whole_table() {
    let region: BTreeMap<_, _> = rows::<3>("ports")
        .into_iter()
        .map(|[code, _, slug]| (code, slug))
        .collect();
    let (china, europe) = (
        with_all_below("china_main"),
        with_all_below("northern_europe"),
    );
    assert_eq!(china.len() + europe.len(), 20);
    for [orig, dest, ..] in rows::<4>("prices") {
        assert!(china.contains(region[orig]), "{orig}");
        assert!(europe.contains(region[dest]), "{dest}");
    }
}

#[test]
fn port_codes_look_like_unlocodes_and_are_unique() {
    let ports = rows::<3>("ports");
    let codes: BTreeSet<_> = ports.iter().map(|[code, ..]| code).collect();
    assert_eq!(codes.len(), ports.len());
    for code in codes {
        assert!(
            code.len() == 5 && code.bytes().all(|b| b.is_ascii_uppercase()),
            "{code}"
        );
    }
}
