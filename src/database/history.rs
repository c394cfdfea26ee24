//! Statements that were typed before, a line each.

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
    remembered::read(file)
}

/// Remembers a statement as the newest, unless it tells a secret.
pub fn remember(file: &Path, sql: &str) -> io::Result<()> {
    if is_secret(sql) {
        return Ok(());
    }
    remembered::remember(file, &sql.replace(char::is_control, " "))
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
        remember(&file, "select 1\nfrom t").unwrap();
        remember(&file, "alter role rates PassWord 'x'").unwrap();
        assert_eq!(read(&file), ["select 1 from t"]);
    }
}
