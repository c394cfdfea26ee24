//! Files of lines that only grow, in a few parts of limited size: `x` is being written, `x.1` is older, `x.2` older still.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use super::disk;

/// Which file, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rolled {
    path: PathBuf,
    /// How large a part may become, in bytes.
    limit: u64,
    /// How many parts there are at most.
    parts: usize,
}

impl Rolled {
    /// A file with parts of at most `limit` bytes, and so many of them.
    pub fn new(path: PathBuf, limit: u64, parts: usize) -> Self {
        Self { path, limit, parts }
    }

    /// Its parts by age, the oldest first.
    fn parts(&self) -> impl Iterator<Item = PathBuf> + '_ {
        (0..self.parts).rev().map(|age| part(&self.path, age))
    }

    /// Removes all of it.
    pub fn remove(&self) -> io::Result<()> {
        self.parts().try_for_each(|part| disk::remove(&part))
    }

    /// Adds whole lines.
    pub fn append(&self, lines: &[u8]) -> io::Result<()> {
        Writer::open(self.clone())?.write(lines)
    }

    fn roll(&self) -> io::Result<()> {
        for age in (1..self.parts).rev() {
            let renamed = std::fs::rename(part(&self.path, age - 1), part(&self.path, age));
            match renamed {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed?,
            }
        }
        Ok(())
    }
}

fn part(path: &Path, age: usize) -> PathBuf {
    if age == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    name.into()
}

/// Adds lines to a rolled file.
#[derive(Debug)]
pub struct Writer {
    rolled: Rolled,
    file: File,
    size: u64,
}

impl Writer {
    /// Goes on where the file ends.
    pub fn open(rolled: Rolled) -> io::Result<Self> {
        let file = File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&rolled.path)?;
        let size = file.metadata()?.len();
        Ok(Self { rolled, file, size })
    }

    /// Adds whole lines in one go, so that a reader finds them whole or not at all.
    pub fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.size >= self.rolled.limit {
            self.rolled.roll()?;
            *self = Self::open(self.rolled.clone())?;
        }
        let written = self.file.write_all(lines);
        if written.is_err() {
            // A full disk: no half line stays, to which the next would be glued.
            self.file.set_len(self.size)?;
        } else {
            self.size += lines.len() as u64;
        }
        written
    }
}

/// Reads the lines of a rolled file from the oldest on, across parts, and those that are added meanwhile.
#[derive(Debug)]
pub struct Cursor {
    rolled: Rolled,
    open: Option<Part>,
    /// The beginning of a line whose end is not written yet.
    begun: Vec<u8>,
}

/// A part that is being read.
#[derive(Debug)]
struct Part {
    reader: BufReader<File>,
    inode: u64,
}

impl Part {
    /// Opens a part that may not be there.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let inode = file.metadata()?.ino();
        let reader = BufReader::with_capacity(64 * 1024, file);
        Ok(Some(Self { reader, inode }))
    }
}

impl Cursor {
    /// At the oldest line.
    pub fn new(rolled: Rolled) -> Self {
        Self {
            rolled,
            open: None,
            begun: Vec::new(),
        }
    }

    /// The next line without its end; none when everything that was written so far has been read. A file that took the
    /// place of the one that was read is gone on with only if it `is_ours`.
    pub fn next(&mut self, is_ours: impl Fn() -> bool) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.read()? {
                return Ok(Some(line));
            }
            // A part that has a successor grows no more; what was added just before that is read first.
            let Some(next) = self.successor()? else {
                return Ok(None);
            };
            if !is_ours() {
                return Ok(None);
            }
            if let Some(line) = self.read()? {
                return Ok(Some(line));
            }
            self.begun.clear();
            self.open = Some(next);
        }
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(part) = &mut self.open else {
            return Ok(None);
        };
        part.reader.read_until(b'\n', &mut self.begun)?;
        if self.begun.last() != Some(&b'\n') {
            return Ok(None);
        }
        self.begun.pop();
        Ok(Some(std::mem::take(&mut self.begun)))
    }

    /// The part after the one that is being read; the oldest where that one is gone already.
    fn successor(&self) -> io::Result<Option<Part>> {
        let mut oldest = None;
        let mut after_ours = false;
        for path in self.rolled.parts() {
            let Some(part) = Part::open(&path)? else {
                continue;
            };
            if after_ours {
                return Ok(Some(part));
            }
            after_ours = self
                .open
                .as_ref()
                .is_some_and(|open| open.inode == part.inode);
            if oldest.is_none() {
                oldest = Some(part);
            }
        }
        Ok(oldest.filter(|_| !after_ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolled(folder: &tempfile::TempDir) -> Rolled {
        Rolled::new(folder.path().join("x"), 10, 3)
    }

    fn rest(cursor: &mut Cursor) -> Vec<String> {
        let lines = std::iter::from_fn(|| cursor.next(|| true).unwrap());
        lines.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn a_file_keeps_its_last_parts_and_a_reader_crosses_them() {
        let folder = tempfile::tempdir().unwrap();
        let rolled = rolled(&folder);
        let mut cursor = Cursor::new(rolled.clone());
        assert!(rest(&mut cursor).is_empty());
        let mut read = Vec::new();
        for number in 0..40 {
            rolled
                .append(format!("line {number}\n").as_bytes())
                .unwrap();
            if number % 3 == 0 {
                read.extend(rest(&mut cursor));
            }
        }
        let all: Vec<_> = (0..40).map(|number| format!("line {number}")).collect();
        assert_eq!(read, all);
        let kept = rest(&mut Cursor::new(rolled.clone()));
        assert!(
            all.ends_with(&kept) && (3..10).contains(&kept.len()),
            "{kept:?}"
        );
        rolled.remove().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_line_is_read_when_its_end_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let rolled = rolled(&folder);
        let mut cursor = Cursor::new(rolled.clone());
        rolled.append(b"be").unwrap();
        assert!(rest(&mut cursor).is_empty());
        rolled.append(b"gun\n\nnext").unwrap();
        assert_eq!(rest(&mut cursor), ["begun", ""]);
    }

    #[test]
    fn a_reader_that_was_left_behind_goes_on_with_what_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let rolled = rolled(&folder);
        rolled.append(b"first line\n").unwrap();
        let mut cursor = Cursor::new(rolled.clone());
        assert_eq!(rest(&mut cursor), ["first line"]);
        for number in 0..9 {
            rolled
                .append(format!("{number} and more\n").as_bytes())
                .unwrap();
        }
        assert_eq!(
            rest(&mut cursor),
            ["6 and more", "7 and more", "8 and more"]
        );
    }
}
