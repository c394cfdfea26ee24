//! The question as it is being typed, and its answer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;
use tui_input::Input;

use super::list::List;
use super::logs::score;
use super::tree::Tree;
use crate::error::Report;
use crate::query::BaseUrl;
use crate::query::Line;
use crate::query::Response;
use crate::rates::Answer;
use crate::rates::Atlas;
use crate::rates::Question;
use crate::rates::Span;

/// Places that are offered at once.
const OFFERED: usize = 8;

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

/// How the answer is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// A row for every day.
    #[default]
    Table,
    /// A line over the days.
    Chart,
    /// The body.
    Json,
    /// The status, the headers and the times.
    Headers,
}

impl Form {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::Table, Self::Chart, Self::Json, Self::Headers];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Table => "Table",
            Self::Chart => "Chart",
            Self::Json => "JSON",
            Self::Headers => "Headers",
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answered {
    /// All of it.
    pub response: Response,
    /// The rates in it, or why there are none.
    pub rates: Result<Answer, Report>,
    /// The body as lines, where it is no JSON.
    pub body: Vec<String>,
    /// The body as values, where it is JSON.
    pub tree: Option<Tree>,
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
    /// The input that is being typed in.
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
    pub atlas: Atlas,
    /// The list of places that are offered while an end is typed.
    pub offers: List,
    /// How many questions were asked.
    asked: u64,
    /// When the last one was.
    pub asked_at: Option<Timestamp>,
    /// What came back last.
    pub answered: Option<Answered>,
    /// Why nothing came back the last time.
    pub unreachable: Option<Report>,
    /// The days that changed with the last answer.
    pub marks: BTreeSet<Date>,
    /// The text that is being typed to look for in the body.
    pub seeking: Option<Input>,
    /// How the answer is shown.
    pub form: Form,
    /// The row that the reader is on.
    pub row: List,
    /// Whether it is asked again and again.
    pub live: bool,
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
            offers: List::default(),
            asked: 0,
            asked_at: None,
            answered: None,
            unreachable: None,
            marks: BTreeSet::new(),
            seeking: None,
            form: Form::default(),
            row: List::default(),
            live: false,
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

    /// Lets the form follow the line, or the line the form.
    pub fn typed(&mut self, field: Field) {
        if field == Field::Curl {
            self.read_line();
        } else {
            self.write_line();
        }
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

    /// Takes in what came back.
    pub fn take(&mut self, number: u64, result: Result<Answered, Report>) {
        if self.asking.is_none_or(|asking| asking.number != number) {
            return;
        }
        self.asking = None;
        match result {
            Ok(mut answered) => {
                self.marks = self.changes(&answered);
                let older = self.answered.as_ref().and_then(|old| old.tree.as_ref());
                if let (Some(tree), Some(older)) = (&mut answered.tree, older) {
                    tree.resume(older);
                }
                self.answered = Some(answered);
                self.answered_line = self.sent.take();
                self.unreachable = None;
            }
            Err(report) => self.unreachable = Some(report),
        }
    }

    fn changes(&self, new: &Answered) -> BTreeSet<Date> {
        let rates = |answered: &Answered| answered.rates.clone().map(|answer| answer.rates);
        let before = self
            .answered
            .as_ref()
            .map(rates)
            .and_then(Result::ok)
            .unwrap_or_default();
        let now = rates(new).unwrap_or_default();
        let is_new = |day: &&crate::rates::DailyAverage| {
            before.iter().any(|old| old.day == day.day && old != *day)
        };
        now.iter().filter(is_new).map(|day| day.day).collect()
    }

    /// The places that have the letters of the end that is typed, best first; none once it is one of them.
    pub fn offered(&self) -> Vec<(&str, &str)> {
        let typed = match self.typing {
            Some(Field::From) => self.from.value().trim(),
            Some(Field::To) => self.to.value().trim(),
            _ => return Vec::new(),
        };
        let is_known = self.atlas.names().any(|(text, _)| text == typed);
        if typed.is_empty() || is_known {
            return Vec::new();
        }
        offers(typed, self.atlas.names())
    }

    /// Takes the chosen one of the places that are offered; whether there was one.
    pub fn take_offer(&mut self) -> bool {
        let offered = self.offered();
        let chosen = offered.get(self.offers.selected);
        let (Some(field), Some(text)) = (self.typing, chosen.map(|(text, _)| (*text).to_owned()))
        else {
            return false;
        };
        *self.input_mut(field) = text.into();
        self.offers = List::default();
        self.typed(field);
        true
    }

    /// The question behind the answer that is shown, for the day that the reader is on, and whom it was put to.
    pub fn why(&self) -> Option<(BaseUrl, Question)> {
        let answer = self.answered.as_ref()?.rates.as_ref().ok()?;
        let day = answer.rates.get(self.row.selected)?.day;
        let line = self.answered_line.as_ref()?;
        let question = Question {
            orig: line.parameter("orig_code").parse().ok()?,
            dest: line.parameter("dest_code").parse().ok()?,
            span: Span::new(day, day).ok()?,
        };
        (self.form == Form::Table).then(|| (line.base.clone(), question))
    }

    /// Rows that can be walked.
    pub fn rows(&self) -> usize {
        let Some(answered) = &self.answered else {
            return 0;
        };
        match (self.form, &answered.rates) {
            (Form::Table, Ok(answer)) => answer.rates.len(),
            (Form::Json, _) => match &answered.tree {
                Some(tree) => tree.rows(),
                None => answered.body.len(),
            },
            (Form::Headers, _) => answered.response.headers.len(),
            _ => 0,
        }
    }

    /// The list of what is shown.
    pub fn list(&self) -> List {
        let tree = self
            .answered
            .as_ref()
            .and_then(|answered| answered.tree.as_ref());
        match tree.filter(|_| self.form == Form::Json) {
            Some(tree) => tree.list,
            None => self.row,
        }
    }

    /// The same, to be walked.
    pub fn list_mut(&mut self) -> &mut List {
        let tree = self
            .answered
            .as_mut()
            .and_then(|answered| answered.tree.as_mut());
        match tree.filter(|_| self.form == Form::Json) {
            Some(tree) => &mut tree.list,
            None => &mut self.row,
        }
    }

    /// The body that is shown as values.
    pub fn tree_mut(&mut self) -> Option<&mut Tree> {
        let shown = self.answered.as_mut().filter(|_| self.form == Form::Json);
        shown?.tree.as_mut()
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

/// The places whose code or name has these letters, best first; those that begin with them before all others.
fn offers<'a>(
    typed: &str,
    all: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let lower = typed.to_lowercase();
    let scored = all.filter_map(|(text, name)| {
        let score = score(&pattern, &format!("{text} {name}"))?;
        let begins = [text, name].map(|word| word.to_lowercase().starts_with(&lower));
        Some((std::cmp::Reverse((begins, score)), (text, name)))
    });
    let mut scored: Vec<_> = scored.collect();
    scored.sort();
    scored
        .into_iter()
        .map(|(_, place)| place)
        .take(OFFERED)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_code_and_by_name() {
        let all = [
            ("CNGGZ", "Guangzhou"),
            ("CNSGH", "Shanghai"),
            ("china_main", "China Main"),
            ("EETLL", "Tallinn"),
        ];
        let first = |typed: &str| {
            offers(typed, all.into_iter())
                .first()
                .map(|(text, _)| *text)
        };
        assert_eq!(first("cng"), Some("CNGGZ"));
        assert_eq!(first("shang"), Some("CNSGH"));
        assert_eq!(first("tln"), Some("EETLL"));
        assert_eq!(first("china"), Some("china_main"));
        assert_eq!(first("xyz"), None);
    }

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

    #[test]
    fn an_answer_to_an_older_question_is_not_shown() {
        let mut query = Query::default();
        let old = query.ask(Timestamp::UNIX_EPOCH);
        let new = query.ask(Timestamp::UNIX_EPOCH);
        let report = |message: &str| Report {
            code: crate::error::Code::ApiUnreachable,
            message: message.to_owned(),
            causes: vec![],
            detail: vec![],
            hint: None,
        };
        query.take(old, Err(report("old")));
        assert!(query.asking.is_some() && query.unreachable.is_none());
        query.take(new, Err(report("new")));
        assert_eq!(query.unreachable.unwrap().message, "new");
    }
}
