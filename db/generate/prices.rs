//! The prices of the dump: who ships where, on which days, for how much.
//!
//! Every total that others rely on (pairs, days with prices, lines, lines that are there twice) is dealt out, never left
//! to chance: candidates get a random rank, the best ranks win. All arithmetic is on whole numbers, so that no
//! machine can round differently.

use std::collections::BTreeMap;
use std::iter;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::date;

use super::places::Port;
use super::places::Side;
use super::random::Random;

const SEED: u64 = 2013;

/// The first of the days. It is a Friday and rates move on Fridays, so weeks are counted from here.
const FIRST_DAY: Date = date(2021, 1, 1);
const DAYS: i64 = 59;
const WEEK: i64 = 7;
const WEEKS: usize = 9;

/// Pairs of ports that have prices.
const PAIRS: usize = 725;

/// How many prices how many days of a pair have. The documented days come on top of these.
const DEPTHS: [(usize, usize); 6] = [
    (1, 1_900),
    (2, 3_099),
    (3, 13_589),
    (4, 1_229),
    (5, 400),
    (6, 150),
];

/// The most prices that a pair has on one day.
const SUPPLIERS: usize = 6;

/// Days of a pair on which a supplier sent the same price twice.
const REPEATS: u64 = 239;

const DOCUMENTED_PAIR: (&str, &str) = ("CNGGZ", "EETLL");

/// The documented days, counted from the first, with the prices that make the documented answer.
const DOCUMENTED_DAYS: [(i64, &[i64]); 4] = [
    (27, &[]),
    (28, &[1142, 1203]),
    (29, &[1142, 1203, 1118]),
    (30, &[1142, 1203, 1118]),
];

/// A line of the table `prices`.
pub struct Price<'a> {
    /// The UN/LOCODE of the port of origin.
    pub orig: &'a str,
    /// The UN/LOCODE of the port of destination.
    pub dest: &'a str,
    /// The day for which it holds.
    pub day: Date,
    /// The price of one container in US dollars.
    pub dollars: i64,
}

/// All prices between `ports`, oldest first.
pub fn generate(ports: &[Port]) -> Vec<Price<'_>> {
    let mut random = Random::new(SEED);
    let pairs = pairs(ports, &mut random);
    let mut offers = offers(&pairs, &mut random);
    repeat_some(&mut offers, &mut random);
    let mut prices = documented();
    for offer in &offers {
        prices.extend(offer.prices(&mut random));
    }
    // Stable, so that the prices of one pair and day stay in the order of its suppliers.
    prices.sort_by_key(|price| (price.day, price.orig, price.dest));
    prices
}

fn documented<'a>() -> Vec<Price<'a>> {
    let (orig, dest) = DOCUMENTED_PAIR;
    let price = |(day, dollars)| Price {
        orig,
        dest,
        day: date_of(day),
        dollars,
    };
    let lines = DOCUMENTED_DAYS
        .iter()
        .flat_map(|(day, prices)| prices.iter().map(|dollars| (*day, *dollars)));
    lines.map(price).collect()
}

fn date_of(day: i64) -> Date {
    FIRST_DAY + day.days()
}

/// Two ports between which containers are shipped.
struct Pair<'a> {
    orig: &'a str,
    dest: &'a str,
    /// What a container costs in each week, in dollars.
    levels: Vec<i64>,
    /// What each supplier asks, in thousandths of that.
    suppliers: [i64; SUPPLIERS],
}

/// Of all possible pairs those that cost least, with some luck: the big ports serve nearly every port, the small ones few.
fn pairs<'a>(ports: &'a [Port], random: &mut Random) -> Vec<Pair<'a>> {
    let mut ranked = Vec::new();
    for (from, leaving) in ports.iter().filter_map(origin) {
        for (to, arriving) in ports.iter().filter_map(destination) {
            let dollars = leaving + arriving;
            let luck = random.between(0, 2_800);
            let documented = (from.code, to.code) == DOCUMENTED_PAIR;
            let rank = if documented { 0 } else { dollars + luck };
            ranked.push((rank, from, to, dollars));
        }
    }
    ranked.sort_by_key(|(rank, ..)| *rank);
    ranked.truncate(PAIRS);
    let movements = movements(ports, random);
    let pair = |(_, from, to, dollars): (i64, &'a Port, &'a Port, i64)| Pair {
        orig: from.code,
        dest: to.code,
        levels: levels(dollars, movements.get(to.region), random),
        suppliers: std::array::from_fn(|_| random.between(930, 1_110)),
    };
    ranked.into_iter().map(pair).collect()
}

fn origin(port: &Port) -> Option<(&Port, i64)> {
    match port.side {
        Side::Origin(dollars) => Some((port, dollars)),
        Side::Destination(_) | Side::None => None,
    }
}

fn destination(port: &Port) -> Option<(&Port, i64)> {
    match port.side {
        Side::Destination(dollars) => Some((port, dollars)),
        Side::Origin(_) | Side::None => None,
    }
}

/// How the rates to each region move from week to week, in thousandths: what happens to a trade happens to all its ports.
fn movements<'a>(ports: &'a [Port], random: &mut Random) -> BTreeMap<&'a str, [i64; WEEKS]> {
    let mut movements = BTreeMap::new();
    for port in ports {
        movements.entry(port.region).or_insert_with(|| walk(random));
    }
    movements
}

fn walk(random: &mut Random) -> [i64; WEEKS] {
    let mut level = 1_000;
    std::array::from_fn(|_| {
        level += random.between(-38, 40);
        level
    })
}

fn levels(dollars: i64, movement: Option<&[i64; WEEKS]>, random: &mut Random) -> Vec<i64> {
    let dollars = dollars * random.between(950, 1_050) / 1_000;
    let movement = movement.into_iter().flatten();
    movement.map(|week| dollars * week / 1_000).collect()
}

/// The prices of a pair on one day, before they are drawn.
struct Offer<'p, 'a> {
    pair: &'p Pair<'a>,
    day: i64,
    /// The pair's level in the week of the day, in dollars.
    level: i64,
    /// How many prices there are.
    depth: usize,
    /// Whether the last of them repeats the first.
    repeats: bool,
}

/// A day of a pair that may or may not have prices.
struct Candidate<'p, 'a> {
    pair: &'p Pair<'a>,
    day: i64,
    level: i64,
    /// The lower, the likelier are prices.
    rarity: u64,
    /// The higher, the more prices are likely.
    crowd: u64,
}

fn offers<'p, 'a>(pairs: &'p [Pair<'a>], random: &mut Random) -> Vec<Offer<'p, 'a>> {
    let depths = DEPTHS
        .iter()
        .flat_map(|(depth, days)| iter::repeat_n(*depth, *days));
    let mut candidates = Vec::new();
    for pair in pairs {
        candidates.extend(candidates_of(pair, random));
    }
    candidates.sort_by_key(|candidate| candidate.rarity);
    candidates.truncate(depths.clone().count());
    candidates.sort_by_key(|candidate| candidate.crowd);
    let offer = |(candidate, depth): (Candidate<'p, 'a>, usize)| Offer {
        pair: candidate.pair,
        day: candidate.day,
        level: candidate.level,
        depth,
        repeats: false,
    };
    candidates.into_iter().zip(depths).map(offer).collect()
}

/// Suppliers come and go by the week, and on top of that skip a day now and then.
fn candidates_of<'p, 'a>(pair: &'p Pair<'a>, random: &mut Random) -> Vec<Candidate<'p, 'a>> {
    let mut candidates = Vec::new();
    let pair_rarity = random.below(400);
    for (week, level) in (0..).zip(&pair.levels) {
        let (rarity, crowd) = (pair_rarity + random.below(1_000), random.below(1_000));
        let days = week * WEEK..DAYS.min((week + 1) * WEEK);
        candidates.extend(days.map(|day| Candidate {
            pair,
            day,
            level: *level,
            rarity: rarity + random.below(500),
            crowd: crowd + random.below(500),
        }));
    }
    candidates.retain(|candidate| !candidate.is_documented());
    // No pair may come out without any price.
    if let Some(surest) = candidates
        .iter_mut()
        .min_by_key(|candidate| candidate.rarity)
    {
        surest.rarity = 0;
    }
    candidates
}

impl Candidate<'_, '_> {
    fn is_documented(&self) -> bool {
        (self.pair.orig, self.pair.dest) == DOCUMENTED_PAIR
            && DOCUMENTED_DAYS.iter().any(|(day, _)| *day == self.day)
    }
}

/// Marks exactly as many offers as there shall be repeats, each with the same chance.
fn repeat_some(offers: &mut [Offer<'_, '_>], random: &mut Random) {
    let mut left = offers.iter().filter(|offer| offer.depth > 1).count() as u64;
    let mut wanted = REPEATS;
    for offer in offers.iter_mut().filter(|offer| offer.depth > 1) {
        offer.repeats = random.below(left) < wanted;
        wanted -= u64::from(offer.repeats);
        left -= 1;
    }
}

impl<'a> Offer<'_, 'a> {
    fn prices(&self, random: &mut Random) -> Vec<Price<'a>> {
        let mut amounts = Vec::new();
        for supplier in self.pair.suppliers.iter().take(self.depth) {
            let mut amount = self.level * supplier / 1_000 + random.between(-3, 3);
            // Lines are equal only where a repeat is meant.
            while amounts.contains(&amount) {
                amount += 1;
            }
            amounts.push(amount);
        }
        if self.repeats {
            amounts.pop();
            amounts.extend(amounts.first().copied());
        }
        amounts
            .into_iter()
            .map(|amount| self.price(amount))
            .collect()
    }

    fn price(&self, dollars: i64) -> Price<'a> {
        Price {
            orig: self.pair.orig,
            dest: self.pair.dest,
            day: date_of(self.day),
            dollars,
        }
    }
}
