//! The API image: from this very program where it can run in a container as it is, else from the checkout's sources.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use object::Endianness;
use object::elf;
use object::read::elf::ElfFile64;
use object::read::elf::FileHeader;
use object::read::elf::ProgramHeader;
use sha2::Digest;
use sha2::Sha256;

use crate::text::hex;

/// The repository of the images that are built here; the tag follows from the contents.
pub const REPOSITORY: &str = "ratesdev/api";

/// A static program needs nothing but itself.
const FROM_BINARY: &str =
    "FROM scratch\nCOPY ratesdev /ratesdev\nUSER 65534:65534\nENTRYPOINT [\"/ratesdev\"]\n";

/// What a build from sources is made of, relative to the checkout.
const SOURCES: [&str; 7] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "assets",
    "db",
    "profiles",
    "src",
];

/// The Dockerfile of a build from sources.
const FROM_SOURCES: &str = "assets/api/Dockerfile";

/// An API image by its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiImage {
    tag: String,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A static Linux program for the engine's processor.
    Binary(PathBuf),
    /// A checkout, built inside the image.
    Checkout(PathBuf),
}

/// Where the API image must run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Platform {
    /// In a Linux container on this processor, in Go's words: `amd64`, `arm64`.
    Container(String),
    /// As a process of this machine.
    Process,
}

impl Platform {
    /// Whether this very program runs there as it is.
    fn runs(&self, program: &[u8]) -> bool {
        match self {
            Self::Container(architecture) => is_static_program_for(program, architecture),
            Self::Process => true,
        }
    }
}

/// One file of a build context.
struct Entry {
    path: String,
    mode: u32,
    contents: Vec<u8>,
}

impl ApiImage {
    /// The image that belongs to `program` where it must run, with the checkout at `root` to fall back to.
    pub fn locate(program: &Path, root: &Path, platform: &Platform) -> io::Result<Self> {
        let contents = std::fs::read(program)?;
        let (source, entries) = if platform.runs(&contents) {
            (Source::Binary(program.to_owned()), binary(contents))
        } else {
            (Source::Checkout(root.to_owned()), checkout(root)?)
        };
        let tag = format!("{REPOSITORY}:{}", digest(&entries));
        Ok(Self { tag, source })
    }

    /// An image of that tag which is never built.
    #[cfg(test)]
    pub fn named(tag: &str) -> Self {
        let tag = format!("{REPOSITORY}:{tag}");
        Self {
            tag,
            source: Source::Binary(PathBuf::new()),
        }
    }

    /// The program that it is made from, where that is all of it.
    pub fn program(&self) -> Option<&Path> {
        match &self.source {
            Source::Binary(program) => Some(program),
            Source::Checkout(_) => None,
        }
    }

    /// Its name; equal contents have equal names.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The build context as a tar archive, the same bytes every time.
    pub fn context(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for entry in self.source.entries()? {
            let mut header = tar::Header::new_gnu();
            header.set_size(entry.contents.len() as u64);
            header.set_mode(entry.mode);
            header.set_mtime(0);
            header.set_entry_type(tar::EntryType::Regular);
            archive.append_data(&mut header, &entry.path, entry.contents.as_slice())?;
        }
        archive.into_inner()
    }
}

impl Source {
    fn entries(&self) -> io::Result<Vec<Entry>> {
        match self {
            Self::Binary(program) => Ok(binary(std::fs::read(program)?)),
            Self::Checkout(root) => checkout(root),
        }
    }
}

fn binary(contents: Vec<u8>) -> Vec<Entry> {
    let program = Entry {
        path: "ratesdev".to_owned(),
        mode: 0o755,
        contents,
    };
    vec![entry("Dockerfile", FROM_BINARY.into()), program]
}

fn entry(path: &str, contents: Vec<u8>) -> Entry {
    Entry {
        path: path.to_owned(),
        mode: 0o644,
        contents,
    }
}

fn checkout(root: &Path) -> io::Result<Vec<Entry>> {
    let dockerfile =
        std::fs::read(root.join(FROM_SOURCES)).map_err(|error| no_sources(root, &error))?;
    let mut entries = vec![entry("Dockerfile", dockerfile)];
    for source in SOURCES {
        gather(root, Path::new(source), &mut entries)?;
    }
    Ok(entries)
}

fn no_sources(root: &Path, error: &io::Error) -> io::Error {
    let root = root.display();
    let text = format!(
        "this program is no static Linux program that could be the image by itself, and {root} holds no sources to \
         build one from ({FROM_SOURCES}: {error})"
    );
    io::Error::new(error.kind(), text)
}

/// Adds a file, or a folder's files in the order of their names.
fn gather(root: &Path, path: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
    let full = root.join(path);
    if !full.is_dir() {
        entries.push(entry(&path.to_string_lossy(), std::fs::read(full)?));
        return Ok(());
    }
    let mut names = std::fs::read_dir(full)?
        .map(|found| Ok(found?.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    names
        .iter()
        .try_for_each(|name| gather(root, &path.join(name), entries))
}

fn digest(entries: &[Entry]) -> String {
    let mut digest = Sha256::new();
    for Entry {
        path,
        mode,
        contents,
    } in entries
    {
        digest.update(format!("{path}\0{mode}\0{}\0", contents.len()));
        digest.update(contents);
    }
    hex(&digest.finalize()).chars().take(12).collect()
}

/// Whether a program runs in an empty container: it is for that processor and names no interpreter, which is what loads
/// shared libraries. `architecture` is in Go's words.
fn is_static_program_for(program: &[u8], architecture: &str) -> bool {
    let Ok(file) = ElfFile64::<Endianness>::parse(program) else {
        return false;
    };
    let machine = match architecture {
        "amd64" => elf::EM_X86_64,
        "arm64" => elf::EM_AARCH64,
        _ => return false,
    };
    let endian = file.endian();
    let is_dynamic = file
        .elf_program_headers()
        .iter()
        .any(|header| header.p_type(endian) == elf::PT_INTERP);
    file.elf_header().e_machine(endian) == machine && !is_dynamic
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Platform {
        Platform::Container(architecture().to_owned())
    }

    fn architecture() -> &'static str {
        if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_program_is_its_own_image_on_its_own_processor_only() {
        let program = std::env::current_exe().unwrap();
        let image = ApiImage::locate(&program, Path::new("."), &here()).unwrap();
        assert_eq!(image.source, Source::Binary(program.clone()));
        let other = ApiImage::locate(
            &program,
            Path::new("."),
            &Platform::Container("s390x".to_owned()),
        )
        .unwrap();
        assert_eq!(other.source, Source::Checkout(".".into()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_that_needs_shared_libraries_is_not_taken() {
        let shell = std::fs::read("/bin/sh").unwrap();
        assert!(!is_static_program_for(&shell, architecture()));
        assert!(!is_static_program_for(b"#!/bin/sh\n", architecture()));
    }

    #[test]
    fn the_same_contents_have_the_same_name_and_the_same_archive() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for source in SOURCES {
            write(&format!("{source}/x"), "x");
        }
        write(FROM_SOURCES, "FROM scratch\n");
        write("program", "#!/bin/sh\n");
        let locate =
            || ApiImage::locate(&folder.path().join("program"), folder.path(), &here()).unwrap();
        let first = locate();
        assert_eq!(
            (first.clone(), first.context().unwrap()),
            (locate(), locate().context().unwrap())
        );
        write("src/x", "y");
        assert_ne!(first.tag(), locate().tag());
    }

    #[test]
    fn a_checkout_without_sources_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let error = ApiImage::locate(&program, folder.path(), &here()).unwrap_err();
        assert!(error.to_string().contains("holds no sources"), "{error}");
    }
}
