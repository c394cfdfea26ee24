//! The commands that are run beside roles most often.

use std::collections::BTreeMap;

use crate::engine::DATABASE_NAME;

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
