//! A question as it arrives in the URL, checked whole: all faults are reported together.

use axum::extract::Query;
use axum::http::Uri;
use jiff::civil::Date;

use super::problem::Fault;
use crate::rates::Place;
use crate::rates::Question;
use crate::rates::Span;
use crate::rates::nearest;
use crate::rates::parse_day;

/// The parameters, in the order in which faults are reported.
const PARAMETERS: [&str; 4] = ["date_from", "date_to", "orig_code", "dest_code"];

/// Reads a question of at most `max_days` days from the query of `uri`.
pub fn read(uri: &Uri, max_days: i64) -> Result<Question, Vec<Fault>> {
    let mut reader = Reader::new(uri);
    let from = reader.day("date_from");
    let to = reader.day("date_to");
    let span = from
        .zip(to)
        .and_then(|(from, to)| reader.span(from, to, max_days));
    let orig = reader.place("orig_code");
    let dest = reader.place("dest_code");
    match (orig, dest, span) {
        (Some(orig), Some(dest), Some(span)) => Ok(Question { orig, dest, span }),
        _ => Err(reader.faults),
    }
}

/// The pairs of a query, and the faults found so far.
struct Reader {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Reader {
    fn new(uri: &Uri) -> Self {
        let pairs = Query::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs);
        let faults = Vec::new();
        Self { pairs, faults }
    }

    fn fault(&mut self, parameter: &'static str, detail: impl Into<String>) {
        let detail = detail.into();
        self.faults.push(Fault { parameter, detail });
    }

    /// The parameter's one value.
    fn value(&mut self, name: &'static str) -> Option<String> {
        let mut given = self.pairs.iter().filter(|(key, _)| key == name);
        let detail = match (given.next(), given.next()) {
            (None, _) => self.missing(name),
            (Some(_), Some(_)) => "is given more than once; give it once".to_owned(),
            (Some((_, value)), None) if value.is_empty() => "is empty".to_owned(),
            (Some((_, value)), None) => return Some(value.clone()),
        };
        self.fault(name, detail);
        None
    }

    /// What to say about an absent parameter: perhaps another is a slip of it.
    fn missing(&self, name: &'static str) -> String {
        let known = |key: &str| PARAMETERS.contains(&key);
        let others = self.pairs.iter().map(|(key, _)| key.as_str());
        match nearest(name, others.filter(|key| !known(key))).first() {
            Some(slip) => format!("is missing; {slip:?} is not a parameter, write {name}"),
            None => "is missing".to_owned(),
        }
    }

    fn day(&mut self, name: &'static str) -> Option<Date> {
        let text = self.value(name)?;
        let day = parse_day(&text);
        if day.is_none() {
            self.fault(
                name,
                format!("{text:?} is not a day; write one that exists as YYYY-MM-DD"),
            );
        }
        day
    }

    fn span(&mut self, from: Date, to: Date, max_days: i64) -> Option<Span> {
        let span = match Span::new(from, to) {
            Ok(span) => span,
            Err(error) => {
                self.fault("date_to", error.to_string());
                return None;
            }
        };
        if span.len() > max_days {
            let days = span.len();
            self.fault(
                "date_to",
                format!("the span has {days} days; at most {max_days} are answered at once"),
            );
            return None;
        }
        Some(span)
    }

    fn place(&mut self, name: &'static str) -> Option<Place> {
        let text = self.value(name)?;
        match text.parse() {
            Ok(place) => Some(place),
            Err(error) => {
                let upper = text.trim().to_uppercase();
                let hint = match upper.parse() {
                    Ok(Place::Port(code)) => format!("; did you mean {code}?"),
                    _ => String::new(),
                };
                self.fault(name, format!("{error}{hint}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn read(query: &str) -> Result<Question, Vec<Fault>> {
        let uri = format!("/rates?{query}").parse().unwrap();
        super::read(&uri, 366)
    }

    fn faults(query: &str) -> Vec<String> {
        let faults = read(query).unwrap_err();
        let line = |fault: Fault| format!("{}: {}", fault.parameter, fault.detail);
        faults.into_iter().map(line).collect()
    }

    const DAYS: &str = "date_from=2021-01-01&date_to=2021-01-31";
    const PLACES: &str = "orig_code=CNGGZ&dest_code=northern_europe";

    #[test]
    fn a_complete_question_is_read_and_other_parameters_are_nobodys_matter() {
        let question = read(&format!("{DAYS}&{PLACES}&utm=x")).unwrap();
        assert_eq!(question.orig, Place::Port("CNGGZ".to_owned()));
        assert_eq!(question.dest, Place::Region("northern_europe".to_owned()));
        assert_eq!(question.span.first(), date(2021, 1, 1));
        assert_eq!(question.span.len(), 31);
    }

    #[test]
    fn all_faults_are_reported_together() {
        assert_eq!(
            faults("date_to=&orig_code=CNGGZ&orig_code=CNGGZ&date_form=2021-01-01"),
            [
                "date_from: is missing; \"date_form\" is not a parameter, write date_from",
                "date_to: is empty",
                "orig_code: is given more than once; give it once",
                "dest_code: is missing",
            ]
        );
    }

    #[test]
    fn a_day_must_exist_and_have_the_one_form() {
        for day in [
            "2021-02-30",
            "2021-1-1",
            "2021-13-01",
            "yesterday",
            "2021-01-01T00:00",
            "20210101",
        ] {
            let faults = faults(&format!("date_from={day}&date_to=2021-12-31&{PLACES}"));
            let expected =
                format!("date_from: {day:?} is not a day; write one that exists as YYYY-MM-DD");
            assert_eq!(faults, [expected]);
        }
    }

    #[test]
    fn a_span_runs_forward_and_has_an_end() {
        let ask = |from, to| faults(&format!("date_from={from}&date_to={to}&{PLACES}"));
        assert_eq!(
            ask("2021-02-01", "2021-01-31"),
            ["date_to: the span ends on 2021-01-31, before it begins on 2021-02-01"]
        );
        assert_eq!(
            ask("2020-01-01", "2021-01-01"),
            ["date_to: the span has 367 days; at most 366 are answered at once"]
        );
        assert!(read(&format!("date_from=2020-01-01&date_to=2020-12-31&{PLACES}")).is_ok());
    }

    #[test]
    fn a_code_in_lower_case_gets_a_suggestion() {
        let faults = faults(&format!("{DAYS}&orig_code=cnGGZ&dest_code=EE%20TLL"));
        assert!(
            faults[0].starts_with("orig_code: \"cnGGZ\" is neither a port code"),
            "{faults:?}"
        );
        assert!(faults[0].ends_with("; did you mean CNGGZ?"), "{faults:?}");
        assert!(
            faults[1].starts_with("dest_code: \"EE TLL\" is neither"),
            "{faults:?}"
        );
        assert!(!faults[1].contains("did you mean"), "{faults:?}");
    }

    proptest! {
        #[test]
        fn what_the_client_writes_the_api_reads(
            orig in "[A-Z0-9]{5}|[a-z0-9_-]{1,63}",
            dest in "[A-Z0-9]{5}|[a-z0-9_-]{1,63}",
            start in -700_000i32..2_900_000,
            days in 0i32..366,
        ) {
            let first = date(2021, 1, 1).saturating_add(start.days());
            let question = Question {
                orig: orig.parse().unwrap(),
                dest: dest.parse().unwrap(),
                span: Span::new(first, first.saturating_add(days.days())).unwrap(),
            };
            let uri = question.path_and_query().parse().unwrap();
            prop_assert_eq!(super::read(&uri, 366), Ok(question));
        }

        #[test]
        fn no_query_makes_the_reader_panic(query in "[ -~&&[^#]]{0,80}") {
            if let Ok(uri) = format!("/rates?{query}").parse::<Uri>() {
                drop(super::read(&uri, 366));
            }
        }
    }
}
