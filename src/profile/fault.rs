//! What is wrong with the settings, where, and what was probably meant; all of it at once.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::Serializer;
use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;
use crate::rates::nearest;

/// A text that settings are read from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called: a file as shown to the user, `environment` or `command line`.
    pub name: String,
    /// Whether it is a file, so that lines and columns help to find a place in it.
    pub is_file: bool,
    /// The text.
    pub text: String,
}

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    source: Arc<Source>,
    /// In bytes, inside the text and on the borders of characters.
    span: Range<usize>,
}

impl Spot {
    /// The place at `span`, in bytes; one that reaches beyond the text is cut.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let start = source.text.floor_char_boundary(span.start);
        let end = source.text.floor_char_boundary(span.end).max(start);
        Self {
            source: Arc::clone(source),
            span: start..end,
        }
    }

    /// Where it begins, in bytes.
    pub fn start(&self) -> usize {
        self.span.start
    }

    /// The name of the source.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.indent().chars().count() + 1
    }

    fn before(&self) -> &str {
        self.source.text.get(..self.span.start).unwrap_or_default()
    }

    /// The part of the line before the place.
    fn indent(&self) -> &str {
        let before = self.before();
        before.rsplit_once('\n').map_or(before, |(_, line)| line)
    }

    /// The part of the line from the place on.
    fn rest(&self) -> &str {
        let after = self.source.text.get(self.span.start..).unwrap_or_default();
        after.lines().next().unwrap_or_default()
    }

    /// The place itself, as far as it is on its first line.
    fn marked(&self) -> &str {
        let marked = self.source.text.get(self.span.clone()).unwrap_or_default();
        marked.lines().next().unwrap_or_default()
    }

    /// `profiles/dev.toml:14:1`, or only the name where that says it all.
    fn address(&self) -> String {
        if self.source.is_file {
            format!("{}:{}:{}", self.name(), self.line(), self.column())
        } else {
            self.name().to_owned()
        }
    }

    /// The line with the place underlined and `label` beside it.
    fn excerpt(&self, label: &str) -> Vec<String> {
        let number = self.line().to_string();
        let gutter = " ".repeat(number.len());
        let indent = tail(&printable(self.indent()));
        let line = head(&format!("{indent}{}", printable(self.rest())));
        let carets = printable(self.marked()).width().max(1);
        let room = line.width().saturating_sub(indent.width()).max(1);
        let underline = format!(
            "{}{}",
            " ".repeat(indent.width()),
            "^".repeat(carets.min(room))
        );
        vec![
            format!("{gutter}--> {}", self.address()),
            format!("{gutter} |"),
            format!("{number} | {line}"),
            format!("{gutter} | {underline} {label}")
                .trim_end()
                .to_owned(),
        ]
    }
}

/// A line as it can be printed: whatever would move the cursor becomes a space or a sign for itself.
fn printable(text: &str) -> String {
    let show = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() || c.width().is_none() => '\u{fffd}',
        c => c,
    };
    text.chars().map(show).collect()
}

/// The end of a long text, for what stands before a place.
fn tail(text: &str) -> String {
    const LONGEST: usize = 60;
    let characters = text.chars().count();
    if characters <= LONGEST {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(characters - LONGEST).collect();
    format!("…{kept}")
}

/// The beginning of a long text.
fn head(text: &str) -> String {
    const LONGEST: usize = 140;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// Where, if it is anywhere.
    pub spot: Option<Spot>,
    /// What was probably meant, or what to do.
    pub help: Option<String>,
}

impl Fault {
    /// A fault at a place.
    pub fn at(spot: Spot, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            spot: Some(spot),
            help: None,
        }
    }

    /// The same, with what to do about it.
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// As it is shown: the sentence, the place, the line with the place underlined.
    pub fn lines(&self) -> Vec<String> {
        let help = printable(self.help.as_deref().unwrap_or_default());
        let mut lines = vec![printable(&self.message)];
        match &self.spot {
            Some(spot) => lines.extend(spot.excerpt(&help)),
            None if help.is_empty() => {}
            None => lines.push(format!("  {help}")),
        }
        lines
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            message: &'a str,
            help: Option<&'a str>,
            file: Option<&'a str>,
            line: Option<usize>,
            column: Option<usize>,
        }
        let spot = self.spot.as_ref();
        let flat = Flat {
            message: &self.message,
            help: self.help.as_deref(),
            file: spot.map(Spot::name),
            line: spot.map(Spot::line),
            column: spot.map(Spot::column),
        };
        flat.serialize(serializer)
    }
}

/// `did you mean …?` with the nearest of the known words: one that is mistyped, or one that was cut short.
pub fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    let near = nearest(word, known.clone()).first().copied();
    let is_begun = |known: &&str| word.len() >= 3 && known.starts_with(word);
    let meant = near.or_else(|| known.into_iter().find(is_begun))?;
    Some(format!("did you mean `{meant}`?"))
}

/// `2 faults`.
pub fn count(faults: usize) -> String {
    let plural = if faults == 1 { "" } else { "s" };
    format!("{faults} fault{plural}")
}

/// Why there is no profile to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have faults.
    #[error("{} in {what}", count(faults.len()))]
    Invalid {
        /// Whose settings: `the profile dev`.
        what: String,
        /// Every fault of every input.
        faults: Vec<Fault>,
    },
    /// There are profiles, but not this one.
    #[error("there is no profile {name:?} in {}", folder.display())]
    Missing {
        /// The name that was asked for.
        name: String,
        /// Where profiles are.
        folder: PathBuf,
        /// The names of those that are there.
        known: Vec<String>,
    },
    /// The file that was named is not there.
    #[error("there is no profile {}", .0.display())]
    NoFile(PathBuf),
    /// There is no place for profiles.
    #[error("there is no folder `profiles` with a profile in {} or above it", .0.display())]
    NoFolder(PathBuf),
    /// A file is there but cannot be read.
    #[error("a profile cannot be used")]
    Unreadable(#[source] IoError),
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::ProfileInvalid,
            Self::Missing { .. } | Self::NoFile(_) | Self::NoFolder(_) => Code::ProfileMissing,
            Self::Unreadable(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid { .. } => "every key is described by `ratesdev profile schema`".into(),
            Self::Missing { name, known, .. } => {
                did_you_mean(name, known.iter().map(String::as_str))
                    .unwrap_or_else(|| "a path with a slash is used as it is".into())
            }
            Self::NoFile(_) => "a name without a slash is looked up in `profiles`".into(),
            Self::NoFolder(_) => {
                "run ratesdev inside a checkout, or give the path of a profile".into()
            }
            Self::Unreadable(_) => return None,
        })
    }

    fn detail(&self) -> Vec<String> {
        match self {
            Self::Invalid { faults, .. } => {
                let blocks: Vec<_> = faults.iter().map(Fault::lines).collect();
                blocks.join(&String::new())
            }
            Self::Missing { known, .. } => vec![format!("there are: {}", known.join(", "))],
            Self::NoFile(_) | Self::NoFolder(_) | Self::Unreadable(_) => Vec::new(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable(error) => error.exit(),
            _ => Exit::Usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source {
            name: "x.toml".to_owned(),
            is_file: true,
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_fault_underlines_its_place_whatever_stands_before_it() {
        let cases = [
            ("a\nmemroy = 1\n", 2..8, "2 | memroy = 1", "  | ^^^^^^ here"),
            ("\tkey = 1", 1..4, "1 |  key = 1", "  |  ^^^ here"),
            ("大 = é!", 6..8, "1 | 大 = é!", "  |      ^ here"),
            ("a = 1", 99..120, "1 | a = 1", "  |      ^ here"),
            ("a = [\n1]", 4..8, "1 | a = [", "  |     ^ here"),
            (
                "a\u{1b}[31m = 1\r\nb",
                0..1,
                "1 | a\u{fffd}[31m = 1",
                "  | ^ here",
            ),
        ];
        for (text, span, line, underline) in cases {
            let fault = Fault::at(Spot::new(&source(text), span), "wrong").help("here".to_owned());
            let lines = fault.lines();
            assert_eq!(lines[3..], [line, underline], "{text:?}");
        }
    }

    #[test]
    fn lines_and_columns_count_from_one_and_columns_in_characters() {
        let source = source("a = 1\nü = \"x\"\n");
        let spot = Spot::new(&source, 6..8);
        assert_eq!((spot.line(), spot.column()), (2, 1));
        let spot = Spot::new(&source, 11..14);
        assert_eq!(spot.address(), "x.toml:2:5");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{} = 1", "x".repeat(5_000));
        let fault = Fault::at(Spot::new(&source(&text), 4_000..4_900), "wrong");
        assert!(
            fault.lines().iter().all(|line| line.width() < 160),
            "{:#?}",
            fault.lines()
        );
    }

    proptest! {
        #[test]
        fn any_place_in_any_text_can_be_shown(text in "[a-zé大\\n\\r\\t\u{0}\u{200b}]{0,200}", start in 0usize..300, length in 0usize..300) {
            let spot = Spot::new(&source(&text), start..start + length);
            prop_assert!(spot.span.end <= text.len());
            prop_assert!(spot.line() <= text.matches('\n').count() + 1);
            prop_assert_eq!(Fault::at(spot, "wrong").lines().len(), 5);
        }
    }
}
