//! Lines that the user typed and may want again: a small file of the user's alone, newest last.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// Lines that are kept.
pub const KEPT: usize = 200;

/// Where a file of this name is; none where the user has no folder for such files.
pub fn file(name: &str) -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ratesdev")?;
    let folder = folders
        .state_dir()
        .unwrap_or_else(|| folders.data_local_dir());
    Some(folder.join(name))
}

/// The lines, newest first. A file that cannot be read has none.
pub fn read(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().rev().map(str::to_owned).collect()
}

/// Remembers a line as the newest; one that is there moves. It has no line breaks.
pub fn remember(file: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = open(file)?;
    // Two commands may remember at the same time.
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let text = with(&text, line);
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

fn open(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(file)?;
    // One that was made by an older version could be read by others.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

fn with(text: &str, newest: &str) -> String {
    let older: Vec<_> = text.lines().filter(|line| *line != newest).collect();
    let skipped = older.len().saturating_sub(KEPT - 1);
    let kept = older.into_iter().skip(skipped).chain([newest]);
    kept.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_kept_once_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/lines");
        assert!(read(&file).is_empty());
        for line in (0..KEPT + 5).map(|line| line.to_string()) {
            remember(&file, &line).unwrap();
        }
        remember(&file, "100").unwrap();
        let lines = read(&file);
        assert_eq!(lines.len(), KEPT);
        assert_eq!(lines[..2], ["100", "204"]);
        assert_eq!(lines.last().unwrap(), "5");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lines");
        std::fs::write(&file, "old\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        remember(&file, "new").unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&file), ["new", "old"]);
    }
}
