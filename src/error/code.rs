//! The stable codes of failures, and what is to be known about each.

use std::fmt;

use serde::Serialize;

pub use table::Code;

/// The one table of failures. Its documentation is data too, in three paragraphs: what happened, why, what to do.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// A stable name for a kind of failure; scripts and documents may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code there is, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What is written about the code in the table, line by line.
            pub fn documentation(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($doc),+],)*
                }
            }

            /// The code as users read it, for example `E-PORT-TAKEN`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

// Below the macro that it is written in.
mod table;

/// What is to be known about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// What happened.
    pub what: String,
    /// Why it happens.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

impl Code {
    /// What happened, why, and what to do.
    pub fn explanation(self) -> Explanation {
        let lines = self.documentation().iter().map(|line| line.trim());
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut paragraphs = text.split("\n\n").map(|lines| lines.replace('\n', " "));
        let mut next = || paragraphs.next().unwrap_or_default();
        Explanation {
            code: self,
            what: next(),
            cause: next(),
            cure: next(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
