//! What is asked of both sides: checks, a sample of questions, and every kind of mistake.

use bytes::Bytes;
use hyper::Method;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::date;

use super::draw::Draw;
use crate::profile::Check;
use crate::query::Call;
use crate::rates::Place;
use crate::rates::Question;
use crate::rates::Span;

/// The longest span of the sample, in days.
const LONGEST: usize = 62;
/// More bytes than a request's URL, headers or body may have where limits are sensible.
const TOO_LONG_URL: usize = 3_000;
const TOO_LONG_HEADER: usize = 20_000;
const TOO_LONG_BODY: usize = 2_000;
/// More headers than anybody sends.
const TOO_MANY_HEADERS: usize = 70;

/// One request whose answers must be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The request.
    pub call: Call,
    /// Places of the answer that differ by nature.
    pub ignored: &'static [&'static str],
}

impl Trial {
    fn get(path_and_query: impl Into<String>) -> Self {
        Call::get(path_and_query).into()
    }

    /// Whether a difference at this place means nothing.
    pub fn ignores(&self, at: &str) -> bool {
        self.ignored.contains(&at)
    }

    fn ignoring(mut self, ignored: &'static [&'static str]) -> Self {
        self.ignored = ignored;
        self
    }

    fn method(mut self, method: Method) -> Self {
        self.call.method = method;
        self
    }

    fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.call.headers.push((name.into(), value.into()));
        self
    }
}

impl From<Call> for Trial {
    fn from(call: Call) -> Self {
        let ignored = &[];
        Self { call, ignored }
    }
}

/// What is known of the data: what can be asked about.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// Port codes.
    pub ports: Vec<String>,
    /// Region slugs.
    pub regions: Vec<String>,
    /// The first and the last day with a price.
    pub days: Option<(Date, Date)>,
    /// Questions whose answers the profiles know.
    pub checks: Vec<Check>,
}

impl Ground {
    /// Adds the places of the checks, so that something is known even where no dump is in reach.
    pub fn with_places_of_checks(mut self) -> Self {
        let ends = self
            .checks
            .iter()
            .flat_map(|check| [&check.orig, &check.dest]);
        for end in ends {
            let (all, text) = match end {
                Place::Port(code) => (&mut self.ports, code),
                Place::Region(slug) => (&mut self.regions, slug),
            };
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        let days = self.checks.iter().map(|check| check.expect.day);
        let known = days.clone().min().zip(days.max());
        self.days = self.days.or(known);
        self
    }

    fn port(&self, place: usize) -> &str {
        self.ports.get(place).map_or("CNGGZ", String::as_str)
    }

    fn region(&self) -> &str {
        self.regions
            .first()
            .map_or("northern_europe", String::as_str)
    }

    fn days(&self) -> (Date, Date) {
        self.days.unwrap_or((date(2021, 1, 1), date(2021, 2, 28)))
    }
}

/// Everything to ask: the same for the same ground, size of the sample and `draw`.
pub fn trials(ground: &Ground, sample: usize, draw: u64) -> Vec<Trial> {
    let mut all = Vec::new();
    for trial in ground.checks.iter().filter_map(check) {
        // Two profiles may have a check in common.
        if !all.contains(&trial) {
            all.push(trial);
        }
    }
    let mut draw = Draw::new(draw);
    all.extend(std::iter::repeat_with(|| question(ground, &mut draw)).take(sample));
    all.extend(pages());
    all.extend(bad_parameters(ground));
    all.extend(unknown_places(ground));
    all.extend(bad_requests(ground));
    all
}

fn check(check: &Check) -> Option<Trial> {
    let day = check.expect.day;
    let question = Question {
        orig: check.orig.clone(),
        dest: check.dest.clone(),
        span: Span::new(day, day).ok()?,
    };
    Some(Trial::get(question.path_and_query()))
}

/// A question that makes sense: mostly between ports, over days that mostly have prices.
fn question(ground: &Ground, draw: &mut Draw) -> Trial {
    let (first, last) = ground.days();
    let end = |draw: &mut Draw| {
        let all = if draw.below(4) == 0 && !ground.regions.is_empty() {
            &ground.regions
        } else {
            &ground.ports
        };
        draw.one_of(all).unwrap_or("CNGGZ").to_owned()
    };
    let (orig, dest) = (end(draw), end(draw));
    let days = last.since(first).map_or(0, |span| span.get_days());
    let start = draw.below(usize::try_from(days).unwrap_or_default() + 8);
    let from = later(first, start).checked_sub(3.days()).unwrap_or(first);
    let to = later(from, draw.below(LONGEST));
    rates(&from.to_string(), &to.to_string(), &orig, &dest)
}

fn later(day: Date, days: usize) -> Date {
    let days = i64::try_from(days).unwrap_or_default();
    day.checked_add(days.days()).unwrap_or(day)
}

fn rates(from: &str, to: &str, orig: &str, dest: &str) -> Trial {
    Trial::get(format!(
        "/rates?date_from={from}&date_to={to}&orig_code={orig}&dest_code={dest}"
    ))
}

/// What is not about rates.
fn pages() -> Vec<Trial> {
    vec![
        Trial::get("/"),
        Trial::get("/openapi.json"),
        Trial::get("/health/live"),
        Trial::get("/health/ready").ignoring(&["body seed.loaded_at"]),
        Trial::get("/metrics").ignoring(&["body"]),
        Trial::get("/rate"),
        Trial::get("/rates/"),
        Trial::get("/nothing/of/the/kind"),
        Trial::get("/%7Erates"),
    ]
}

/// Parameters that are missing, doubled, misspelt or not what they must be.
fn bad_parameters(ground: &Ground) -> Vec<Trial> {
    let (one, other) = (ground.port(0), ground.port(1));
    let parameters = [
        "date_from=2021-01-01".to_owned(),
        "date_to=2021-01-31".to_owned(),
        format!("orig_code={one}"),
        format!("dest_code={other}"),
    ];
    let mut queries = vec![String::new()];
    for parameter in &parameters {
        let others = parameters.iter().filter(|other| *other != parameter);
        let others = others.cloned().collect::<Vec<_>>().join("&");
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let slip: String = name.chars().filter(|c| *c != '_').collect();
        queries.push(others.clone());
        queries.push(format!("{others}&{name}="));
        queries.push(format!("{others}&{slip}={value}"));
        queries.push(format!("{others}&{parameter}&{parameter}"));
        queries.push(format!("{others}&{name}=%27+or+1%3D1+--"));
        queries.push(format!("{others}&{name}=%FF%00"));
    }
    let get = |query| Trial::get(format!("/rates?{query}"));
    queries
        .into_iter()
        .map(get)
        .chain(bad_spans(one, other))
        .collect()
}

fn bad_spans(orig: &str, dest: &str) -> Vec<Trial> {
    let spans = [
        ("2021-02-30", "2021-03-01"),
        ("2021-13-01", "2021-01-31"),
        ("2021-1-1", "2021-1-31"),
        ("20210101", "20210131"),
        ("yesterday", "today"),
        ("2021-01-01T00:00:00Z", "2021-01-31"),
        ("2021-01-31", "2021-01-01"),
        ("2021-01-01", "2021-12-31"),
        ("2021-01-01", "2022-01-01"),
        ("2021-01-01", "2022-01-02"),
        ("0001-01-01", "9999-12-31"),
        ("-0001-01-01", "2021-01-31"),
        ("1999-01-01", "1999-01-03"),
    ];
    let rates = |(from, to)| rates(from, to, orig, dest);
    spans.into_iter().map(rates).collect()
}

/// Codes and slugs that the data does not have, near to those it has and far from them.
fn unknown_places(ground: &Ground) -> Vec<Trial> {
    let (port, region) = (ground.port(0), ground.region());
    let swapped = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        let last = letters.len().saturating_sub(1);
        letters.swap(last.saturating_sub(1), last);
        letters.into_iter().collect::<String>()
    };
    let cut = |text: &str| text.chars().skip(1).collect::<String>();
    let places = [
        swapped(port),
        format!("{}X", port.chars().take(4).collect::<String>()),
        port.to_lowercase(),
        cut(port),
        format!("{port}%20"),
        "QQQQQ".to_owned(),
        swapped(region),
        cut(region),
        region.to_uppercase(),
        "no_such_region".to_owned(),
        "%C3%A9".to_owned(),
    ];
    let ask = |orig: &str, dest: &str| rates("2021-01-01", "2021-01-03", orig, dest);
    let one_end = |place: &String| [ask(place, ground.port(1)), ask(ground.port(1), place)];
    let both = places.first().map(|place| ask(place, "QQQQQ"));
    places.iter().flat_map(one_end).chain(both).collect()
}

/// Requests that are wrong whatever they ask about.
fn bad_requests(ground: &Ground) -> Vec<Trial> {
    let good = || rates("2021-01-01", "2021-01-31", ground.port(0), ground.port(1));
    let methods = [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let mut all: Vec<_> = methods.map(|method| good().method(method)).into();
    all.push(Trial::get("/nothing").method(Method::POST));
    all.extend(
        [good(), Trial::get("/rates"), Trial::get("/nothing")].map(|t| t.method(Method::HEAD)),
    );
    all.push(Trial::get(format!("/rates?{}", "x".repeat(TOO_LONG_URL))));
    all.push(good().header("x-long", "x".repeat(TOO_LONG_HEADER)));
    let many = (0..TOO_MANY_HEADERS).fold(good(), |trial, number| {
        trial.header(format!("x-{number}"), "x")
    });
    all.push(many);
    all.push(good().header("accept", "text/html"));
    let mut body = good().method(Method::POST);
    body.call.body = Bytes::from(vec![b'x'; TOO_LONG_BODY]);
    all.push(body);
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rates::DailyAverage;

    fn ground() -> Ground {
        let expect = DailyAverage {
            count: Some(3),
            day: date(2021, 1, 31),
            price: None,
        };
        Ground {
            ports: ["CNGGZ", "EETLL", "SEGOT"].map(str::to_owned).into(),
            regions: ["china_main", "northern_europe"].map(str::to_owned).into(),
            days: Some((date(2021, 1, 1), date(2021, 2, 28))),
            checks: vec![Check {
                name: "known day".to_owned(),
                orig: Place::Port("CNGGZ".to_owned()),
                dest: Place::Region("baltic".to_owned()),
                expect,
            }],
        }
    }

    #[test]
    fn the_same_draw_asks_the_same_and_another_one_something_else() {
        let (ground, sample) = (ground(), 50);
        assert_eq!(trials(&ground, sample, 1), trials(&ground, sample, 1));
        assert_ne!(trials(&ground, sample, 1), trials(&ground, sample, 2));
    }

    #[test]
    fn a_larger_sample_only_adds_questions() {
        let (few, many) = (trials(&ground(), 5, 1), trials(&ground(), 9, 1));
        assert_eq!(many.len() - few.len(), 4);
        assert!(few.iter().all(|trial| many.contains(trial)));
    }

    #[test]
    fn the_sample_asks_between_ports_and_regions_over_days_around_the_known_ones() {
        let first = date(2020, 12, 29);
        for trial in trials(&ground(), 200, 7).iter().skip(1).take(200) {
            let uri: hyper::Uri = trial.call.path_and_query.parse().unwrap();
            let query = uri.query().unwrap();
            let value = |name: &str| {
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs.find(|(key, _)| *key == name).unwrap().1
            };
            let (from, to): (Date, Date) = (
                value("date_from").parse().unwrap(),
                value("date_to").parse().unwrap(),
            );
            assert!(first <= from && from <= date(2021, 3, 5), "{query}");
            assert!(Span::new(from, to).unwrap().len() <= 62, "{query}");
            assert!(value("orig_code").parse::<Place>().is_ok(), "{query}");
        }
    }

    #[test]
    fn every_request_can_be_sent_and_no_two_are_alike() {
        let all = trials(&ground(), 0, 1);
        let distinct: BTreeSet<_> = all.iter().map(|trial| format!("{trial:?}")).collect();
        assert_eq!(distinct.len(), all.len());
        for trial in all {
            assert!(trial.call.path_and_query.parse::<hyper::Uri>().is_ok());
        }
    }

    #[test]
    fn checks_bring_their_places_where_nothing_else_is_known() {
        let checks = ground().checks;
        let ground = Ground {
            checks,
            ..Ground::default()
        };
        let ground = ground.with_places_of_checks();
        assert_eq!((ground.port(0), ground.region()), ("CNGGZ", "baltic"));
        assert_eq!(ground.days(), (date(2021, 1, 31), date(2021, 1, 31)));
    }
}
