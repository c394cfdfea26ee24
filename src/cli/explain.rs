//! `ratesdev explain`: what an error code means, why it happens, and what to do.

use std::str::FromStr;

use serde::Serialize;

use super::Context;
use super::complete;
use super::output::style;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explanation;
use crate::error::Result;
use crate::rates::nearest;

/// What every code begins with.
const PREFIX: &str = "E-";

/// Explain an error code; without one, list them all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev explain E-PORT-TAKEN
  ratesdev explain port-taken
  ratesdev explain                          every code")]
pub struct Args {
    /// The code, as an error shows it
    #[arg(value_name = "CODE", add = complete::codes())]
    code: Option<Word>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

/// A code as people type it.
#[derive(Debug, Clone, Copy)]
struct Word(Code);

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.to_uppercase();
        let name = match upper.strip_prefix(PREFIX) {
            Some(_) => upper,
            None => format!("{PREFIX}{upper}"),
        };
        let names = Code::ALL.iter().map(|code| code.as_str());
        let found = Code::ALL.iter().find(|code| code.as_str() == name);
        found.map(|code| Self(*code)).ok_or_else(|| {
            let near = nearest(&name, names);
            match near.as_slice() {
                [] => "there is no such code; `ratesdev explain` lists them".to_owned(),
                near => format!("there is no such code; did you mean {}?", near.join(" or ")),
            }
        })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    #[derive(Serialize)]
    struct Document {
        codes: Vec<Explanation>,
    }
    let out = &context.out;
    match (&args.code, args.json) {
        (Some(Word(code)), true) => out.json(&code.explanation())?,
        (Some(Word(code)), false) => out.line(text(&code.explanation()))?,
        (None, true) => {
            let codes = Code::ALL.iter().map(|code| code.explanation()).collect();
            out.json(&Document { codes })?;
        }
        (None, false) => {
            for code in Code::ALL {
                let name = code.as_str();
                let what = code.explanation().what;
                out.line(format_args!("{0}{name:<22}{0:#} {what}", style::BOLD))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn text(explanation: &Explanation) -> String {
    let Explanation {
        code,
        what,
        cause,
        cure,
    } = explanation;
    let (bold, dim) = (style::BOLD, style::DIM);
    format!(
        "{bold}{code}{bold:#}  {what}\n\n{dim}why:{dim:#} {cause}\n{bold}what to do:{bold:#} {cure}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_written_and_a_mistyped_one_has_a_neighbour() {
        for text in ["E-PORT-TAKEN", "e-port-taken", "port-taken"] {
            assert_eq!(text.parse::<Word>().unwrap().0, Code::PortTaken, "{text}");
        }
        let mistyped = "E-PORT-TAKE".parse::<Word>().unwrap_err();
        assert!(mistyped.contains("did you mean E-PORT-TAKEN"), "{mistyped}");
        let unknown = "E-SOMETHING-ELSE-ALTOGETHER".parse::<Word>().unwrap_err();
        assert!(unknown.contains("lists them"), "{unknown}");
    }

    const HEAD: &str = "\
# Error codes

Every failure of `ratesdev` has a stable code. `ratesdev explain CODE` shows the same as this page, which is made from the
table in `src/error/code/table.rs`: `UPDATE_DOCS=1 cargo test every_code_is_in_the_document`.
";

    /// The document for people who meet a code outside of the program.
    fn document() -> String {
        let section = |code: &Code| {
            let Explanation {
                code,
                what,
                cause,
                cure,
            } = code.explanation();
            let why = wrapped(&format!("**Why.** {cause}"));
            let cure = wrapped(&format!("**What to do.** {cure}"));
            format!("\n## {code}\n\n{what}\n\n{why}\n\n{cure}\n")
        };
        let sections: String = Code::ALL.iter().map(section).collect();
        format!("{HEAD}{sections}")
    }

    fn wrapped(text: &str) -> String {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let line = lines.last_mut().unwrap();
            if line.len() + word.len() >= 120 {
                lines.push(word.to_owned());
            } else {
                let space = if line.is_empty() { "" } else { " " };
                line.push_str(space);
                line.push_str(word);
            }
        }
        lines.join("\n")
    }

    #[test]
    fn every_code_is_in_the_document_as_the_table_has_it() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ERRORS.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, document()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(written, document(), "UPDATE_DOCS=1 writes it anew");
    }
}
