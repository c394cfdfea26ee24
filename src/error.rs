//! What a user is told when something fails: a stable code, what failed, why, and what to do.
//!
//! Modules define their own `thiserror` types and implement [`Explain`] for them; `?` turns any of these into [`Error`].

mod code;
mod exit;

use std::error::Error as StdError;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

pub use code::Code;
pub use code::Explanation;
pub use exit::Exit;

/// The result of everything that may end the program with a message.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a typed error adds to its text so that a user can act on it.
pub trait Explain: StdError + Send + Sync + 'static {
    /// The stable code.
    fn code(&self) -> Code;

    /// What to do next, as one sentence or command.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Lines to show as they are below the message, such as a container's last words.
    fn detail(&self) -> Vec<String> {
        Vec::new()
    }

    /// How the program ends because of it.
    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

/// Any failure of the program, ready to be shown.
pub struct Error(Box<dyn Explain>);

impl<E: Explain> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error {
    /// How the program ends because of it.
    pub fn exit(&self) -> Exit {
        self.0.exit()
    }

    /// What kind of input or output failed, where that is what happened.
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        let source = self.0.source()?;
        source
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
    }

    /// The failure as data: what is printed, sent as JSON, or relayed from a job to the manager.
    pub fn report(&self) -> Report {
        let causes = self.0.source().into_iter().flat_map(chain);
        Report {
            code: self.0.code(),
            message: self.0.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            detail: self.0.detail(),
            hint: self.0.hint(),
        }
    }
}

/// An error and all its causes, outermost first.
pub fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// A failure as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The stable code.
    pub code: Code,
    /// What failed.
    pub message: String,
    /// Why, outermost cause first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// Lines to show as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A file or stream that could not be used, with what was tried.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct IoError {
    /// What was tried, for example `read /etc/hosts`.
    pub action: String,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl IoError {
    /// An adapter for `map_err`.
    pub fn new(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self { action, source }
    }
}

impl Explain for IoError {
    fn code(&self) -> Code {
        match self.source.kind() {
            std::io::ErrorKind::StorageFull => Code::DiskFull,
            _ => Code::Io,
        }
    }
}

/// The user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Explain for Interrupted {
    fn code(&self) -> Code {
        Code::Interrupted
    }

    fn exit(&self) -> Exit {
        Exit::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_happened_why_and_what_to_do() {
        for code in Code::ALL {
            let Explanation {
                what, cause, cure, ..
            } = code.explanation();
            for sentence in [what, cause, cure] {
                assert!(sentence.ends_with('.'), "{code}: {sentence:?}");
            }
        }
    }

    /// All sources as one text.
    fn sources() -> String {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut all = String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    all.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        all
    }

    #[test]
    fn every_code_is_the_code_of_some_failure() {
        let sources = sources();
        let is_end = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
        for code in Code::ALL {
            let name = format!("Code::{code:?}");
            let mut uses = sources.split(&name).skip(1);
            assert!(uses.any(is_end), "nothing fails with {code}");
        }
    }

    #[test]
    fn a_report_survives_the_way_from_a_job_to_the_manager() {
        let error = IoError::new("read dump.sql")(std::io::ErrorKind::NotFound.into());
        let report = Error::from(error).report();
        let sent = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&sent).unwrap(), report);
        assert_eq!(
            (report.message.as_str(), report.causes.as_slice()),
            ("cannot read dump.sql", &["entity not found".to_owned()][..])
        );
    }
}
