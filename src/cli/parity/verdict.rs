//! What came of it: as one document, and as lines for a person.

use std::time::Duration;

use serde::Serialize;

use super::Open;
use crate::cli::output::style;
use crate::cli::report;
use crate::error::Exit;
use crate::parity::Difference;
use crate::query::Call;
use crate::text::Charset;
use crate::text::printable;

/// Questions that are shown with their differences.
const SHOWN: usize = 5;
/// Differences that are shown of each.
const SHOWN_PLACES: usize = 3;
/// Characters that are shown of a line of the answers.
const SHOWN_CHARACTERS: usize = 160;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// One side.
    pub left: Name,
    /// The other.
    pub right: Name,
    /// How many questions were asked.
    pub asked: usize,
    /// How many of them were drawn.
    pub sample: u16,
    /// Which sample that was.
    pub draw: u64,
    /// How long it took.
    pub seconds: f64,
    /// Those with different answers.
    pub differing: Vec<Differing>,
}

/// What a side is called.
#[derive(Debug, Serialize)]
pub struct Name {
    /// Its environment and engine.
    pub name: String,
    /// Where its API answers.
    pub url: String,
}

impl From<&Open> for Name {
    fn from(side: &Open) -> Self {
        Self {
            name: side.name.clone(),
            url: side.base.to_string(),
        }
    }
}

/// A question with different answers.
#[derive(Debug, Serialize)]
pub struct Differing {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Headers that were sent beyond the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Where the answers differ.
    pub differences: Vec<Difference>,
}

impl Differing {
    /// A request and how its answers differ.
    pub fn new(call: Call, differences: Vec<Difference>) -> Self {
        Self {
            method: call.method.to_string(),
            path: call.path_and_query,
            headers: call.headers,
            differences,
        }
    }

    fn lines(&self) -> Vec<String> {
        let url = printable(&self.path, SHOWN_CHARACTERS);
        let mut lines = vec![format!("{0}{1}{0:#} {url}", style::BOLD, self.method)];
        let shown = self.differences.iter().take(SHOWN_PLACES);
        lines.extend(shown.flat_map(of_place));
        let more = self.differences.len().saturating_sub(SHOWN_PLACES);
        lines.extend((more > 0).then(|| format!("  and {more} more")));
        lines
    }
}

/// A place with what both sides say there, one below the other.
fn of_place(difference: &Difference) -> [String; 3] {
    let side = |name, text: &Option<String>| {
        let text = text
            .as_deref()
            .map(|text| printable(text, SHOWN_CHARACTERS));
        let text = text.unwrap_or_else(|| format!("{0}nothing{0:#}", style::DIM));
        format!("    {0}{name:<5}{0:#}  {text}", style::DIM)
    };
    [
        format!("  {}", printable(&difference.at, SHOWN_CHARACTERS)),
        side("left", &difference.left),
        side("right", &difference.right),
    ]
}

impl Verdict {
    /// How a command ends that shows it.
    pub fn exit(&self) -> Exit {
        if self.differing.is_empty() {
            Exit::Done
        } else {
            Exit::Rejected
        }
    }

    /// The verdict, and the first questions that differ.
    pub fn lines(&self, charset: Charset) -> Vec<String> {
        let width = self.left.name.len().max(self.right.name.len());
        let side = |label, name: &Name| {
            let Name { name, url } = name;
            format!("{0}{label:<5}{0:#}  {name:<width$}  {url}", style::DIM)
        };
        let mut lines = vec![side("left", &self.left), side("right", &self.right)];
        let shown = self.differing.iter().take(SHOWN);
        lines.extend(shown.flat_map(Differing::lines));
        let more = self.differing.len().saturating_sub(SHOWN);
        lines.extend((more > 0).then(|| format!("and {more} more; --json has them all")));
        lines.push(self.conclusion(charset));
        lines
    }

    fn conclusion(&self, charset: Charset) -> String {
        let (asked, differing) = (self.asked, self.differing.len());
        let dot = charset.pick('·', '-');
        let took = report::duration(Duration::from_secs_f64(self.seconds));
        let how = format!(
            "{0}{dot} --sample {1} --draw {2} {dot} {took}{0:#}",
            style::DIM,
            self.sample,
            self.draw
        );
        if differing == 0 {
            let mark = charset.pick('✓', '+');
            return format!(
                "{0}{mark}{0:#} {asked} answers are equal  {how}",
                style::GOOD
            );
        }
        let mark = charset.pick('✗', 'x');
        format!(
            "{0}{mark}{0:#} {differing} of {asked} answers differ  {how}",
            style::BAD
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differing(number: usize, places: usize) -> Differing {
        let place = |place| Difference {
            at: format!("body rates[{place}].price"),
            left: Some("1154.33333333333".to_owned()),
            right: None,
        };
        let call = Call::get(format!("/rates?number={number}"));
        Differing::new(call, (0..places).map(place).collect())
    }

    fn page(differing: Vec<Differing>) -> String {
        let name = |name: &str, port| Name {
            name: name.to_owned(),
            url: format!("http://127.0.0.1:{port}"),
        };
        let verdict = Verdict {
            left: name("dev@docker", 15_000),
            right: name("dev@embedded", 15_001),
            asked: 190,
            sample: 100,
            draw: 1,
            seconds: 1.24,
            differing,
        };
        let lines = verdict.lines(Charset::Unicode).join("\n");
        anstream::adapter::strip_str(&lines).to_string()
    }

    #[test]
    fn equal_answers_take_three_lines() {
        insta::assert_snapshot!(page(Vec::new()));
    }

    #[test]
    fn the_first_differences_are_shown_and_the_others_counted() {
        let all = [1, 5, 1, 1, 1, 1, 1];
        let all = all.iter().enumerate();
        insta::assert_snapshot!(page(all.map(|(n, &places)| differing(n, places)).collect()));
    }
}
