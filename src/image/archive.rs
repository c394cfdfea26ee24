//! A build's files as a tar archive, written while they are read: a folder may be larger than memory.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use super::walk::Entry;
use super::walk::IGNORE;
use super::walk::Kind;

/// Writes entries of the folder `root`, owned by root as Docker has it. `ignore`, where given, stands for the folder's
/// own `.dockerignore`.
pub fn write(
    root: &Path,
    entries: &[Entry],
    ignore: Option<&str>,
    out: impl Write,
) -> io::Result<()> {
    let mut archive = tar::Builder::new(out);
    for entry in entries {
        if ignore.is_none() || entry.path != Path::new(IGNORE) {
            add(&mut archive, root, entry)
                .map_err(|error| named(&root.join(&entry.path), &error))?;
        }
    }
    if let Some(text) = ignore {
        let mut header = header(tar::EntryType::Regular, 0o644);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, IGNORE, text.as_bytes())?;
    }
    archive.into_inner()?.flush()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn add(archive: &mut tar::Builder<impl Write>, root: &Path, entry: &Entry) -> io::Result<()> {
    let kind = match entry.kind {
        Kind::Folder => tar::EntryType::Directory,
        Kind::File => tar::EntryType::Regular,
        Kind::Link(_) => tar::EntryType::Symlink,
    };
    let mut header = header(kind, entry.mode);
    header.set_mtime(seconds(entry.metadata.modified()?));
    match &entry.kind {
        Kind::Folder => archive.append_data(&mut header, &entry.path, io::empty()),
        Kind::Link(target) => archive.append_link(&mut header, &entry.path, target),
        Kind::File => {
            let size = entry.metadata.len();
            header.set_size(size);
            let contents = Exactly {
                file: File::open(root.join(&entry.path))?,
                left: size,
            };
            archive.append_data(&mut header, &entry.path, contents)
        }
    }
}

fn header(kind: tar::EntryType, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// As much of a file as its header says: an archive with less would be broken, one with more too.
struct Exactly {
    file: File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self
            .file
            .read(buffer.get_mut(..wanted).unwrap_or_default())?;
        if read == 0 && wanted > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was read",
            ));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
