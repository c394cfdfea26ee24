//! The commands that are run beside roles most often.

use std::collections::BTreeMap;

use crate::engine;
use crate::engine::DATABASE_NAME;
use crate::engine::Instance;
use crate::error::Code;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Explain;

/// The best shell there is.
pub const SHELL: [&str; 3] = [
    "/bin/sh",
    "-c",
    "if command -v bash >/dev/null; then exec bash; else exec sh; fi",
];

/// What tells psql whom to connect as, and to what. They are variables, not arguments: psql's own -U and -d overrule them.
pub fn psql_variables() -> BTreeMap<String, String> {
    let variable = |name: &str| (name.to_owned(), DATABASE_NAME.to_owned());
    ["PGUSER", "PGDATABASE"].map(variable).into()
}

/// A shell was wanted where there is none.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no shell")]
struct NoShell(Instance);

impl Explain for NoShell {
    fn code(&self) -> Code {
        Code::ProgramMissing
    }

    fn hint(&self) -> Option<String> {
        let own = "the API's own image holds the program /ratesdev and nothing else";
        Some(format!(
            "name a program that it has to `ratesdev exec`; {own}"
        ))
    }

    fn exit(&self) -> Exit {
        Exit::Of(127)
    }
}

/// Why there was no shell beside an instance.
pub fn of_shell(error: engine::Error, instance: Instance) -> Error {
    if error.code == Code::ProgramMissing {
        NoShell(instance).into()
    } else {
        error.into()
    }
}
