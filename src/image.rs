//! The API image: from this very program where it can run in a container as it is, else from the checkout's sources;
//! and images of a team's own, built from its folder.

mod archive;
pub mod folder;
mod ignore;
mod known;
mod walk;

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use object::Endianness;
use object::elf;
use object::read::elf::FileHeader;
use object::read::elf::ProgramHeader;
use sha2::Digest;
use sha2::Sha256;

use self::known::Known;
pub use self::known::cache;
use crate::text::hex;
use folder::ChangedMeanwhile;

/// The repository of the images that are built here; the tag follows from the contents.
pub const REPOSITORY: &str = "ratesdev/api";

/// A static program needs nothing but itself. Every step makes an image, which stays without a name where the build is cut
/// off: so the labels are the first, and the program, which makes it large, is the last.
const FROM_BINARY: &str = concat!(
    "FROM scratch\nLABEL dev.ratesdev.role=api dev.ratesdev.version=",
    env!("CARGO_PKG_VERSION"),
    "\nUSER 65534:65534\nENTRYPOINT [\"/ratesdev\"]\nCOPY ratesdev /ratesdev\n"
);

/// The names and modes of what a build context holds.
const DOCKERFILE: &str = "Dockerfile";
const PROGRAM: &str = "ratesdev";
const PLAIN_MODE: u32 = 0o644;
const PROGRAM_MODE: u32 = 0o755;

/// How much of a program is looked at to see what kind it is; the headers in question are its first.
const HEAD: u64 = 64 << 10;

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

/// The program that is running. On Linux it is reached through the process, so that it is still the same one when its
/// file has been replaced meanwhile.
pub fn running() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

impl Platform {
    /// Whether the program that begins with `head` runs there as it is.
    fn runs(&self, head: &[u8]) -> bool {
        match self {
            Self::Container(architecture) => is_static_program_for(head, architecture),
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
    /// The image that belongs to `program` where it must run, with the checkout at `root` to fall back to. `cache`
    /// remembers what the program holds.
    pub fn locate(
        program: &Path,
        root: &Path,
        platform: &Platform,
        cache: Option<&Path>,
    ) -> io::Result<Self> {
        let mut file = File::open(program)?;
        let (source, digest) = if platform.runs(&head(&mut file)?) {
            let digest = match cache {
                Some(cache) => remembered(program, &mut file, cache)?,
                None => digest_of_binary(&mut file)?,
            };
            (Source::Binary(program.to_owned()), digest)
        } else {
            (Source::Checkout(root.to_owned()), digest(&checkout(root)?))
        };
        let tag = format!("{REPOSITORY}:{digest}");
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
        let entries = self.source.entries()?;
        if format!("{REPOSITORY}:{}", digest(&entries)) != self.tag {
            return Err(io::Error::other(ChangedMeanwhile(self.source.path())));
        }
        let mut archive = tar::Builder::new(Vec::new());
        for entry in entries {
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
    fn path(&self) -> PathBuf {
        match self {
            Self::Binary(path) | Self::Checkout(path) => path.clone(),
        }
    }

    fn entries(&self) -> io::Result<Vec<Entry>> {
        match self {
            Self::Binary(program) => Ok(binary(std::fs::read(program)?)),
            Self::Checkout(root) => checkout(root),
        }
    }
}

fn binary(contents: Vec<u8>) -> Vec<Entry> {
    let program = Entry {
        path: PROGRAM.to_owned(),
        mode: PROGRAM_MODE,
        contents,
    };
    vec![entry(DOCKERFILE, FROM_BINARY.into()), program]
}

fn entry(path: &str, contents: Vec<u8>) -> Entry {
    Entry {
        path: path.to_owned(),
        mode: PLAIN_MODE,
        contents,
    }
}

fn checkout(root: &Path) -> io::Result<Vec<Entry>> {
    let dockerfile =
        std::fs::read(root.join(FROM_SOURCES)).map_err(|error| no_sources(root, &error))?;
    let mut entries = vec![entry(DOCKERFILE, dockerfile)];
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
    for entry in entries {
        begin(
            &mut digest,
            (&entry.path, entry.mode),
            entry.contents.len() as u64,
        );
        digest.update(&entry.contents);
    }
    tag(digest)
}

/// What [`digest_of_binary`] gave when it was last asked, for as long as the file is what it was then.
fn remembered(path: &Path, program: &mut File, cache: &Path) -> io::Result<String> {
    let metadata = program.metadata()?;
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut known = Known::read(cache, &real);
    if let Some(digest) = known.digest(PROGRAM, &metadata) {
        return Ok(digest.to_owned());
    }
    let now = SystemTime::from(Timestamp::now());
    let digest = digest_of_binary(program)?;
    known.remember(PROGRAM, &metadata, &digest, now);
    known.write(cache, &real);
    Ok(digest)
}

/// The same of what [`binary`] would make of a program, which is read piece by piece: it may be a large one.
fn digest_of_binary(program: &mut File) -> io::Result<String> {
    let mut digest = Sha256::new();
    begin(
        &mut digest,
        (DOCKERFILE, PLAIN_MODE),
        FROM_BINARY.len() as u64,
    );
    digest.update(FROM_BINARY);
    begin(
        &mut digest,
        (PROGRAM, PROGRAM_MODE),
        program.metadata()?.len(),
    );
    program.rewind()?;
    let mut reader = BufReader::with_capacity(256 << 10, program);
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(tag(digest));
        }
        digest.update(piece);
        let length = piece.len();
        reader.consume(length);
    }
}

/// What comes before the contents of a file.
fn begin(digest: &mut Sha256, (path, mode): (&str, u32), length: u64) {
    digest.update(format!("{path}\0{mode}\0{length}\0"));
}

fn tag(digest: Sha256) -> String {
    hex(&digest.finalize()).chars().take(12).collect()
}

/// The beginning of a file, which says what kind of a program it is.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a program runs in an empty container: it is for that processor and names no interpreter, which is what loads
/// shared libraries. `architecture` is in Go's words.
fn is_static_program_for(head: &[u8], architecture: &str) -> bool {
    let machine = match architecture {
        "amd64" => elf::EM_X86_64,
        "arm64" => elf::EM_AARCH64,
        _ => return false,
    };
    let Ok(header) = elf::FileHeader64::<Endianness>::parse(head) else {
        return false;
    };
    let Ok(endian) = header.endian() else {
        return false;
    };
    let segments = header.program_headers(endian, head);
    let is_static = segments.is_ok_and(|segments| {
        let mut segments = segments.iter();
        segments.all(|segment| segment.p_type(endian) != elf::PT_INTERP)
    });
    header.e_machine(endian) == machine && is_static
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
        let image = ApiImage::locate(&program, Path::new("."), &here(), None).unwrap();
        assert_eq!(image.source, Source::Binary(program.clone()));
        let other = ApiImage::locate(
            &program,
            Path::new("."),
            &Platform::Container("s390x".to_owned()),
            None,
        )
        .unwrap();
        assert_eq!(other.source, Source::Checkout(".".into()));
    }

    #[test]
    fn a_program_that_is_read_piece_by_piece_has_the_name_of_its_context() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let contents: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&path, &contents).unwrap();
        let image = ApiImage::locate(&path, folder.path(), &Platform::Process, None).unwrap();
        assert_eq!(
            image.tag(),
            format!("{REPOSITORY}:{}", digest(&binary(contents)))
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_program_is_read_again_only_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("program");
        std::fs::write(&path, "one").unwrap();
        let cache = folder.path().join("cache");
        let tag = || {
            let (root, platform) = (folder.path(), Platform::Process);
            let image = ApiImage::locate(&path, root, &platform, Some(&cache));
            image.unwrap().tag().to_owned()
        };
        let read = tag();
        let mut known = Known::default();
        let later = SystemTime::from(Timestamp::now()) + std::time::Duration::from_mins(1);
        let metadata = std::fs::metadata(&path).unwrap();
        known.remember(PROGRAM, &metadata, "as it was", later);
        known.write(&cache, &path);
        assert_eq!(tag(), format!("{REPOSITORY}:as it was"));
        std::fs::write(&path, "other").unwrap();
        let changed = tag();
        assert!(
            changed != read && !changed.ends_with("as it was"),
            "{changed}"
        );
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
        let program = folder.path().join("program");
        let locate = || ApiImage::locate(&program, folder.path(), &here(), None).unwrap();
        let first = locate();
        assert_eq!(
            (first.clone(), first.context().unwrap()),
            (locate(), locate().context().unwrap())
        );
        write("src/x", "y");
        assert_ne!(first.tag(), locate().tag());
        let changed = first.context().unwrap_err();
        assert!(changed.to_string().contains("changed"), "{changed}");
    }

    #[test]
    fn a_checkout_without_sources_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let error = ApiImage::locate(&program, folder.path(), &here(), None).unwrap_err();
        assert!(error.to_string().contains("holds no sources"), "{error}");
    }
}
