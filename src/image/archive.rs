//! A build's files as a tar archive, written while they are read: a folder may be larger than memory.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use sha2::Digest;
use sha2::Sha256;

use super::walk::Entry;
use super::walk::IGNORE;
use super::walk::Kind;
use crate::text::hex;

/// The SHA-256 of what was written of each file.
pub type Written = HashMap<PathBuf, String>;

/// Writes entries of the folder `root`, owned by root as Docker has it. `ignore`, where given, stands for the folder's
/// own `.dockerignore`. The archive is ended only where `check` agrees to what was written.
pub fn write(
    root: &Path,
    entries: &[Entry],
    ignore: Option<&str>,
    out: impl Write,
    check: impl FnOnce(&Written) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = tar::Builder::new(Valve { out, shut: false });
    let written = add_all(&mut archive, root, entries, ignore.is_some());
    if let Err(error) = written.and_then(|written| check(&written)) {
        // The builder ends its archive when it is dropped, which would make it look whole.
        archive.get_mut().shut = true;
        return Err(error);
    }
    if let Some(text) = ignore {
        let mut header = header(tar::EntryType::Regular, 0o644);
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, IGNORE, text.as_bytes())?;
    }
    archive.into_inner()?.flush()
}

fn add_all(
    archive: &mut tar::Builder<impl Write>,
    root: &Path,
    entries: &[Entry],
    without_ignore: bool,
) -> io::Result<Written> {
    let mut written = Written::new();
    for entry in entries {
        if without_ignore && entry.path == Path::new(IGNORE) {
            continue;
        }
        let added = add(archive, root, entry);
        let digest = added.map_err(|error| named(&root.join(&entry.path), &error))?;
        written.extend(digest.map(|digest| (entry.path.clone(), digest)));
    }
    Ok(written)
}

/// Lets nothing through any more once it is shut.
struct Valve<W> {
    out: W,
    shut: bool,
}

impl<W: Write> Write for Valve<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.shut {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Adds an entry; of a file, the digest of what was written is returned.
fn add(
    archive: &mut tar::Builder<impl Write>,
    root: &Path,
    entry: &Entry,
) -> io::Result<Option<String>> {
    let kind = match entry.kind {
        Kind::Folder => tar::EntryType::Directory,
        Kind::File => tar::EntryType::Regular,
        Kind::Link(_) => tar::EntryType::Symlink,
    };
    let mut header = header(kind, entry.mode);
    header.set_mtime(seconds(entry.metadata.modified()?));
    match &entry.kind {
        Kind::Folder => archive.append_data(&mut header, &entry.path, io::empty())?,
        Kind::Link(target) => archive.append_link(&mut header, &entry.path, target)?,
        Kind::File => {
            let size = entry.metadata.len();
            header.set_size(size);
            let mut contents = Exactly {
                file: File::open(root.join(&entry.path))?,
                left: size,
                digest: Sha256::new(),
            };
            archive.append_data(&mut header, &entry.path, &mut contents)?;
            return Ok(Some(hex(&contents.digest.finalize())));
        }
    }
    Ok(None)
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
    digest: Sha256,
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
        self.digest.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
