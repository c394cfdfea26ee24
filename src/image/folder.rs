//! The image of a team's own API: built from a folder, as `docker build` would.

use std::collections::BTreeMap;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::Digest;
use sha2::Sha256;

use super::archive;
use super::archive::Written;
use super::ignore::BadPattern;
use super::ignore::Ignore;
use super::known::Known;
use super::walk::Entry;
use super::walk::IGNORE;
use super::walk::Kind;
use super::walk::Unreadable;
use super::walk::slashed;
use super::walk::walk;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::profile::Build;
use crate::text::hex;

/// The repository of images that are built from folders; the tag follows from what goes into them.
pub const REPOSITORY: &str = "ratesdev/build";

/// An image that is built from a folder, by what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderImage {
    tag: String,
    /// The folder, whose path is real.
    pub context: PathBuf,
    /// The Dockerfile, relative to the folder, with slashes.
    pub dockerfile: String,
    /// The stage to build; absent means the last.
    pub target: Option<String>,
    /// The arguments of the Dockerfile.
    pub args: BTreeMap<String, String>,
    /// How much goes into it, in bytes.
    pub bytes: u64,
}

/// Why a folder cannot be built from.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is no such folder, or it is something else.
    #[error("there is no folder {} to build an image from", .0.display())]
    NoFolder(PathBuf),
    /// The folder lacks its Dockerfile.
    #[error("there is no {} in {}", dockerfile, context.display())]
    NoDockerfile {
        /// The Dockerfile.
        dockerfile: String,
        /// The folder.
        context: PathBuf,
    },
    /// Something in it cannot be read.
    #[error("what {} is built from cannot be read", context.display())]
    Unreadable {
        /// The folder.
        context: PathBuf,
        /// What, and why.
        #[source]
        source: Unreadable,
    },
    /// A line of the `.dockerignore` makes no sense.
    #[error("{} cannot be used", file.display())]
    Ignore {
        /// The file.
        file: PathBuf,
        /// The line.
        #[source]
        source: BadPattern,
    },
}

/// What an image is built from changed after its name was worked out: it would hold something else than its name says.
#[derive(Debug, thiserror::Error)]
#[error("{} changed while the image was built", .0.display())]
pub struct ChangedMeanwhile(pub PathBuf);

impl Explain for Unusable {
    fn code(&self) -> Code {
        Code::ContextUnusable
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder(_) => "a path in a profile is relative to the profile's own file: correct `context` of [api.build]".to_owned(),
            Self::NoDockerfile { .. } => "write one, or name it: `dockerfile` of [api.build]".to_owned(),
            Self::Unreadable { .. } => "let yourself read it, or leave it out with a line in .dockerignore".to_owned(),
            Self::Ignore { .. } => "a class needs its `]`, and a `\\` something behind it".to_owned(),
        })
    }

    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

/// What a folder's `.dockerignore` comes to.
struct Rules {
    ignore: Ignore,
    /// What the Engine must read instead of the folder's own file, where another one holds.
    instead: Option<String>,
}

impl FolderImage {
    /// Finds out what an image is called that is built like this. `cache` remembers what files hold.
    pub fn locate(build: &Build, context: &Path, cache: Option<&Path>) -> Result<Self, Unusable> {
        let real = real(context)?;
        let mut image = Self {
            tag: String::new(),
            dockerfile: slashed(Path::new(&build.dockerfile))
                .trim_start_matches("./")
                .to_owned(),
            target: build.target.clone(),
            args: build.args.clone(),
            context: real,
            bytes: 0,
        };
        let (_, entries) = image.entries()?;
        image.bytes = entries.iter().map(size).sum();
        image.tag = image.digest_with(&entries, cache)?;
        Ok(image)
    }

    /// Its name; what is made of the same has the same name.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Writes what it is made of as a tar archive, which breaks off where that is no longer what its name says: an error
    /// that is [`ChangedMeanwhile`].
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let (rules, entries) = self.entries().map_err(io::Error::other)?;
        let check = |written: &Written| self.check(&entries, written);
        let ignore = rules.instead.as_deref();
        archive::write(&self.context, &entries, ignore, out, check)
    }

    fn check(&self, entries: &[Entry], written: &Written) -> io::Result<()> {
        let contents = |entry: &Entry| match written.get(&entry.path) {
            Some(digest) => Ok(digest.clone()),
            None => self.read(&entry.path),
        };
        let tag = self.digest(entries, contents).map_err(io::Error::other)?;
        if tag == self.tag {
            return Ok(());
        }
        Err(io::Error::other(ChangedMeanwhile(self.context.clone())))
    }

    fn entries(&self) -> Result<(Rules, Vec<Entry>), Unusable> {
        if !self.context.join(&self.dockerfile).is_file() {
            return Err(Unusable::NoDockerfile {
                dockerfile: self.dockerfile.clone(),
                context: self.context.clone(),
            });
        }
        let rules = self.rules()?;
        let entries = walk(&self.context, &rules.ignore).map_err(|error| self.unreadable(error))?;
        Ok((rules, entries))
    }

    fn unreadable(&self, source: Unreadable) -> Unusable {
        Unusable::Unreadable {
            context: self.context.clone(),
            source,
        }
    }

    /// `Dockerfile.dockerignore` goes before `.dockerignore`. The Engine needs the Dockerfile even where it is left out,
    /// and leaves it out itself by the `.dockerignore` that it is sent.
    fn rules(&self) -> Result<Rules, Unusable> {
        let own = format!("{}{IGNORE}", self.dockerfile);
        let is_own = self.context.join(&own).is_file();
        let file = self
            .context
            .join(if is_own { own.as_str() } else { IGNORE });
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.unreadable(Unreadable::at(&file)(error))),
        };
        let unusable = |source| Unusable::Ignore {
            file: file.clone(),
            source,
        };
        let mut ignore = Ignore::read(&text).map_err(unusable)?;
        let mut left_out = Vec::new();
        for path in [IGNORE, self.dockerfile.as_str()] {
            if ignore.leaves_out_alone(path) {
                ignore.keep(path).map_err(unusable)?;
                left_out.push(path);
            }
        }
        let instead = is_own.then(|| format!("{IGNORE}\n{}\n", left_out.join("\n")));
        Ok(Rules { ignore, instead })
    }

    /// The name, with what `cache` remembers of files.
    fn digest_with(&self, entries: &[Entry], cache: Option<&Path>) -> Result<String, Unusable> {
        let known = cache
            .map(|cache| Known::read(cache, &self.context))
            .unwrap_or_default();
        let mut kept = Known::default();
        let now = SystemTime::from(Timestamp::now());
        let tag = self.digest(entries, |entry| {
            let path = slashed(&entry.path);
            let contents = match known.digest(&path, &entry.metadata) {
                Some(digest) => digest.to_owned(),
                None => self.read(&entry.path)?,
            };
            kept.remember(&path, &entry.metadata, &contents, now);
            Ok(contents)
        })?;
        if let Some(cache) = cache.filter(|_| kept != known) {
            kept.write(cache, &self.context);
        }
        Ok(tag)
    }

    /// The name, whose twelve digits change with anything an image could depend on. Times are no part of it. `contents`
    /// tells the digest of a file.
    fn digest(
        &self,
        entries: &[Entry],
        mut contents: impl FnMut(&Entry) -> Result<String, Unusable>,
    ) -> Result<String, Unusable> {
        let mut digest = Sha256::new();
        let target = self.target.as_deref().unwrap_or_default();
        digest.update(format!("{}\0{target}\0{:?}\0", self.dockerfile, self.args));
        for entry in entries {
            let what = match &entry.kind {
                Kind::Folder => "folder".to_owned(),
                Kind::Link(target) => format!("link {}", target.display()),
                Kind::File => format!("file {}", contents(entry)?),
            };
            digest.update(entry.path.as_os_str().as_encoded_bytes());
            digest.update(format!("\0{:o}\0{what}\0", entry.mode));
        }
        let digits: String = hex(&digest.finalize()).chars().take(12).collect();
        Ok(format!("{REPOSITORY}:{digits}"))
    }

    fn read(&self, path: &Path) -> Result<String, Unusable> {
        let path = self.context.join(path);
        let digest = digest_of(&path).map_err(Unreadable::at(&path));
        digest.map_err(|error| self.unreadable(error))
    }
}

/// The folder behind links.
fn real(context: &Path) -> Result<PathBuf, Unusable> {
    let missing = || Unusable::NoFolder(context.to_owned());
    match context.canonicalize() {
        Ok(real) if real.is_dir() => Ok(real),
        Ok(_) => Err(missing()),
        Err(error) if is_absent(&error) => Err(missing()),
        Err(error) => Err(Unusable::Unreadable {
            context: context.to_owned(),
            source: Unreadable::at(context)(error),
        }),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

fn size(entry: &Entry) -> u64 {
    match entry.kind {
        Kind::File => entry.metadata.len(),
        Kind::Folder | Kind::Link(_) => 0,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
