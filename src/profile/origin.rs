//! Where a value comes from.

use std::fmt;

/// Where a value comes from, as a person can look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said.
    Default,
    /// A line of a profile or of the user's own file.
    File {
        /// The file, as shown to the user.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// `--set` on the command line.
    Flag,
    /// A fixed port that another environment owns gave way to a free one.
    Freed {
        /// The port that was not taken.
        port: u16,
        /// The environment it belongs to.
        owner: String,
    },
}

impl Origin {
    /// Whether the user said so for this very run, and not in a file that several environments share.
    pub fn is_for_this_run(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Flag)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("--set"),
            Self::Freed { port, owner } => {
                write!(f, "free port: {port} belongs to the environment {owner}")
            }
        }
    }
}
