//! Statements that were typed before, a line each. One that has more lines is written as a JSON text: without its line
//! breaks it would be another statement.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::remembered;

/// Where the file is; none where the user has no folder for such files.
pub fn file() -> Option<PathBuf> {
    remembered::file("statements")
}

/// The statements, newest first. A file that cannot be read has none.
pub fn read(file: &Path) -> Vec<String> {
    remembered::read(file).into_iter().map(statement).collect()
}

/// Remembers a statement as the newest, unless it tells a secret.
pub fn remember(file: &Path, sql: &str) -> io::Result<()> {
    if is_secret(sql) {
        return Ok(());
    }
    remembered::remember(file, &line(sql))
}

fn line(sql: &str) -> String {
    let is_plain = !sql.contains(char::is_control) && !sql.starts_with('"');
    if is_plain {
        return sql.to_owned();
    }
    serde_json::Value::from(sql).to_string()
}

/// No statement begins with a quotation mark, so a line that does is one of those that are written otherwise.
fn statement(line: String) -> String {
    let written = line.starts_with('"').then(|| serde_json::from_str(&line));
    written.and_then(Result::ok).unwrap_or(line)
}

/// Whether a statement may set a password.
pub fn is_secret(sql: &str) -> bool {
    sql.to_ascii_lowercase().contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_with_a_password_is_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("statements");
        remember(&file, "select 1").unwrap();
        remember(&file, "alter role rates PassWord 'x'").unwrap();
        assert_eq!(read(&file), ["select 1"]);
    }

    #[test]
    fn a_statement_of_several_lines_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("statements");
        let statements = ["\"odd", "select '\\n' -- one\n, '\t'", "select E'\\n'"];
        for sql in statements.iter().rev() {
            remember(&file, sql).unwrap();
        }
        assert_eq!(read(&file), statements);
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 3);
    }
}
