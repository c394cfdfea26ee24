//! What came back, what of it is new, and how it is shown.

use std::collections::BTreeSet;
use std::collections::HashMap;

use jiff::civil::Date;

use super::Query;
use crate::error::Report;
use crate::query::BaseUrl;
use crate::query::Response;
use crate::rates::Answer;
use crate::rates::DailyAverage;
use crate::rates::Question;
use crate::rates::Span;
use crate::tui::state::list::List;
use crate::tui::state::tree::Tree;

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

impl Query {
    /// Takes in what came back.
    pub fn take(&mut self, number: u64, result: Result<Answered, Report>) {
        if self.asking.is_none_or(|asking| asking.number != number) {
            return;
        }
        self.asking = None;
        match result {
            Ok(mut answered) => {
                let older = self.answered.take();
                if let (Some(tree), Some(older)) = (
                    &mut answered.tree,
                    older.as_ref().and_then(|older| older.tree.as_ref()),
                ) {
                    tree.resume(older);
                }
                let rates = older.and_then(|older| older.rates.ok());
                if let (Some(line), Some(rates)) = (self.answered_line.take(), rates) {
                    self.good = Some((line, rates.rates));
                }
                self.answered_line = self.sent.take();
                self.marks = self.changes(&answered);
                self.answered = Some(answered);
                self.unreachable = None;
            }
            Err(report) => self.unreachable = Some(report),
        }
    }

    /// What the same line gave before is what a day is compared with, whatever went wrong in between.
    fn changes(&mut self, new: &Answered) -> BTreeSet<Date> {
        let Ok(now) = &new.rates else {
            return BTreeSet::new();
        };
        let line = self.answered_line.as_ref();
        let before = self.good.take().filter(|(asked, _)| Some(asked) == line);
        let before = before.map_or_else(Vec::new, |(_, days)| days);
        let before: HashMap<_, _> = before.iter().map(|day| (day.day, day)).collect();
        let is_new = |day: &&DailyAverage| before.get(&day.day).is_some_and(|old| *old != *day);
        let changed = now.rates.iter().filter(is_new);
        changed.map(|day| day.day).collect()
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
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

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
