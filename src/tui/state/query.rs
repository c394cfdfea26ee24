//! The question as it is being typed, and its answer.

mod answer;
mod offers;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use tui_input::Input;

use super::list::List;
use crate::error::Report;
use crate::query::BaseUrl;
use crate::query::Line;
use crate::rates::Atlas;
use crate::rates::DailyAverage;
use crate::rates::Question;
pub use answer::Answered;
pub use answer::Form;

/// After how many seconds a live question can be asked again.
const LIVE: [u32; 4] = [2, 5, 15, 60];

/// An input of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The curl line.
    Curl,
    /// Where from.
    From,
    /// Where to.
    To,
    /// Which days.
    Days,
}

impl Field {
    /// All of them, in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Curl, Self::From, Self::To, Self::Days];
}

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Its number; an answer to an older one is not shown.
    pub number: u64,
    /// Since when.
    pub since: Timestamp,
}

/// The panel of one environment.
#[derive(Debug)]
pub struct Query {
    /// The curl line.
    pub curl: Input,
    /// Where from.
    pub from: Input,
    /// Where to.
    pub to: Input,
    /// Which days.
    pub days: Input,
    /// The input that is being typed in; [`Self::type_in`] changes it.
    pub typing: Option<Field>,
    /// Where the API was when the line was made.
    base: Option<BaseUrl>,
    /// The question that waits for its answer.
    pub asking: Option<Asking>,
    /// What it asks.
    sent: Option<Line>,
    /// What was asked of what is shown.
    pub answered_line: Option<Line>,
    /// What there is to ask about, once the API has told.
    atlas: Atlas,
    /// The places that have the letters of the end that is typed, best first.
    offered: Vec<(String, String)>,
    /// The list of them.
    pub offers: List,
    /// How many questions were asked.
    asked: u64,
    /// When the last one was.
    pub asked_at: Option<Timestamp>,
    /// What came back last.
    pub answered: Option<Answered>,
    /// Why nothing came back the last time.
    pub unreachable: Option<Report>,
    /// The last rates, with what asked for them, where what came back last has none.
    good: Option<(Line, Vec<DailyAverage>)>,
    /// The days that changed since the same was asked before.
    pub marks: BTreeSet<Date>,
    /// The text that is being typed to look for in the body.
    pub seeking: Option<Input>,
    /// How the answer is shown.
    pub form: Form,
    /// The row that the reader is on.
    pub row: List,
    /// After how many seconds it is asked again, and again.
    pub live: Option<u32>,
}

impl Default for Query {
    fn default() -> Self {
        let mut query = Self {
            curl: Input::default(),
            from: "CNGGZ".into(),
            to: "EETLL".into(),
            days: "2021-01".into(),
            typing: None,
            base: None,
            asking: None,
            sent: None,
            answered_line: None,
            atlas: Atlas::default(),
            offered: Vec::new(),
            offers: List::default(),
            asked: 0,
            asked_at: None,
            answered: None,
            unreachable: None,
            good: None,
            marks: BTreeSet::new(),
            seeking: None,
            form: Form::default(),
            row: List::default(),
            live: None,
        };
        query.write_line();
        query
    }
}

impl Query {
    /// The input of a field.
    pub fn input(&self, field: Field) -> &Input {
        match field {
            Field::Curl => &self.curl,
            Field::From => &self.from,
            Field::To => &self.to,
            Field::Days => &self.days,
        }
    }

    /// The same, to be typed in; [`Self::typed`] has to follow.
    pub fn input_mut(&mut self, field: Field) -> &mut Input {
        match field {
            Field::Curl => &mut self.curl,
            Field::From => &mut self.from,
            Field::To => &mut self.to,
            Field::Days => &mut self.days,
        }
    }

    /// Lets the form follow the line, or the line the form, and offers what fits the letters.
    pub fn typed(&mut self, field: Field) {
        if field == Field::Curl {
            self.read_line();
        } else {
            self.write_line();
        }
        self.offer();
    }

    /// Goes to an input to type in, or away from all.
    pub fn type_in(&mut self, field: Option<Field>) {
        self.typing = field;
        self.offer();
    }

    /// Whether it is known what there is to ask about.
    pub fn knows_places(&self) -> bool {
        self.atlas.names().next().is_some()
    }

    /// The name of the place in a field, where that is one.
    pub fn place_name(&self, field: Field) -> Option<&str> {
        let text = self.input(field).value().trim();
        let mut names = self.atlas.names();
        names
            .find(|(known, _)| *known == text)
            .map(|(_, name)| name)
    }

    /// Takes in what there is to ask about.
    pub fn know(&mut self, atlas: Atlas) {
        self.atlas = atlas;
        self.offer();
    }

    /// Takes in where the API is now, and tells whether the line follows; one that was typed for elsewhere stays.
    pub fn set_base(&mut self, base: BaseUrl) -> bool {
        let line = self.line();
        let is_ours = line.is_none_or(|line| self.base.is_none() || Some(line.base) == self.base);
        let moves = is_ours && self.base.as_ref() != Some(&base);
        if moves {
            self.base = Some(base);
            self.write_line();
        }
        moves
    }

    /// Whether nobody knows yet where the API is.
    pub fn waits_for_api(&self) -> bool {
        self.base.is_none()
    }

    /// Takes a question over.
    pub fn set(&mut self, question: &Question) {
        self.from = question.orig.to_string().into();
        self.to = question.dest.to_string().into();
        self.days = question.span.to_string().into();
        self.write_line();
    }

    /// What the line asks; none where it has no URL of an API.
    pub fn line(&self) -> Option<Line> {
        Line::read(self.curl.value())
    }

    /// The question, where everything in it is valid.
    pub fn question(&self) -> Option<Question> {
        Some(Question {
            orig: self.from.value().trim().parse().ok()?,
            dest: self.to.value().trim().parse().ok()?,
            span: self.days.value().trim().parse().ok()?,
        })
    }

    /// Notes that a question goes out, and returns its number.
    pub fn ask(&mut self, since: Timestamp) -> u64 {
        self.asked += 1;
        self.asked_at = Some(since);
        let number = self.asked;
        self.asking = Some(Asking { number, since });
        self.sent = self.line();
        number
    }

    /// Whether the answer to this line is on its way.
    pub fn awaits(&self, line: &Line) -> bool {
        self.asking.is_some() && self.sent.as_ref() == Some(line)
    }

    /// Asks again after more seconds than until now; after the most, no more.
    pub fn next_live(&mut self) {
        self.live = match self.live {
            None => LIVE.first().copied(),
            Some(seconds) => LIVE.into_iter().find(|more| *more > seconds),
        };
    }

    /// How often it is asked again, unless it is being changed.
    pub fn asks_again(&self) -> Option<u32> {
        self.live.filter(|_| self.typing.is_none())
    }

    fn write_line(&mut self) {
        let nowhere = || "http://127.0.0.1:15000".parse().ok();
        let Some(base) = self.base.clone().or_else(nowhere) else {
            return;
        };
        let [from, to, days] = [&self.from, &self.to, &self.days].map(Input::value);
        let line = Line::of_form(&base, from, to, days).curl();
        self.curl = line.into();
    }

    fn read_line(&mut self) {
        let Some(line) = self.line() else {
            return;
        };
        self.from = line.parameter("orig_code").to_owned().into();
        self.to = line.parameter("dest_code").to_owned().into();
        self.days = line.days().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_and_the_form_are_the_same_edit_seen_twice() {
        let mut query = Query::default();
        query.set_base("http://127.0.0.1:15001".parse().unwrap());
        query.days = "2021-02".into();
        query.typed(Field::Days);
        let line = "curl 'http://127.0.0.1:15001/rates?date_from=2021-02-01&date_to=2021-02-28&orig_code=CNGGZ&dest_code=EETLL'";
        assert_eq!(query.curl.value(), line);
        query.curl = line
            .replace("2021-02-28", "2021-02-03")
            .replace("CNGGZ", "CNSGH")
            .into();
        query.typed(Field::Curl);
        assert_eq!(query.days.value(), "2021-02-01..2021-02-03");
        assert_eq!(query.from.value(), "CNSGH");
    }

    #[test]
    fn a_line_that_was_typed_for_elsewhere_stays_when_the_api_moves() {
        let mut query = Query::default();
        query.set_base("http://127.0.0.1:1".parse().unwrap());
        query.set_base("http://127.0.0.1:2".parse().unwrap());
        assert!(query.curl.value().contains("127.0.0.1:2/"));
        query.curl = query
            .curl
            .value()
            .replace("127.0.0.1:2", "staging:80")
            .into();
        query.typed(Field::Curl);
        query.set_base("http://127.0.0.1:3".parse().unwrap());
        assert!(query.curl.value().contains("staging:80"));
    }
}
