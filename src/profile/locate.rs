//! Where profiles are: `profiles/NAME.toml` here or above, or the file that was named.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::string::FromUtf8Error;
use std::sync::Arc;

use super::fault::Error;
use super::fault::Fault;
use super::fault::Source;
use super::fault::Spot;
use super::file;
use super::file::Layer;
use super::kind::tidy;
use crate::error::IoError;

/// The folder that holds profiles.
const FOLDER: &str = "profiles";
/// How the file of a profile ends.
const ENDING: &str = "toml";

/// A profile's file.
#[derive(Debug)]
pub struct Found {
    /// The file, whose folders are real.
    pub file: PathBuf,
    /// The checkout it belongs to.
    pub root: PathBuf,
}

/// A profile of the nearest `profiles/`, as its own file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The profile it builds upon, as written.
    pub extends: Option<String>,
    /// Its first comment.
    pub description: Option<String>,
}

/// The profiles of the nearest `profiles/`, seen from `from`, by name.
pub fn list(from: &Path) -> Result<Vec<Listed>, Error> {
    let files = files(&folder(from)?)?;
    Ok(files.into_iter().map(describe).collect())
}

fn describe(path: PathBuf) -> Listed {
    let text = std::fs::read(&path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let description = file::description(&text).map(str::to_owned);
    let extends = file::read(&source(String::new(), text.into_owned())).extends;
    Listed {
        name: stem(&path),
        extends: extends.map(|(name, _)| name),
        description,
        path,
    }
}

/// The profile with this name, or the file with this path.
pub fn find(name: &str, from: &Path) -> Result<Found, Error> {
    if is_path(name) {
        return named(&from.join(name));
    }
    let folder = folder(from)?;
    let file = folder.join(name).with_added_extension(ENDING);
    if file.is_file() {
        return named(&file);
    }
    Err(Error::Missing {
        name: name.to_owned(),
        known: files(&folder)?.iter().map(|file| stem(file)).collect(),
        folder,
    })
}

/// Whether a profile is given as a path, not as a name.
pub fn is_path(name: &str) -> bool {
    name.contains(['/', std::path::MAIN_SEPARATOR])
        || Path::new(name).extension().is_some_and(|e| e == ENDING)
}

/// The file that `extends` means: a path as it is, a name beside the file that says it.
pub fn parent(name: &str, child: &Path) -> PathBuf {
    let folder = child.parent().unwrap_or_else(|| Path::new(""));
    if is_path(name) {
        tidy(&folder.join(name))
    } else {
        folder.join(name).with_added_extension(ENDING)
    }
}

/// The names of the profiles beside a file.
pub fn beside(file: &Path) -> Vec<String> {
    let folder = file.parent().unwrap_or_else(|| Path::new(""));
    let files = files(folder).unwrap_or_default();
    files
        .iter()
        .filter(|other| *other != file)
        .map(|file| stem(file))
        .collect()
}

/// The name of a profile's file without its ending.
pub fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn named(path: &Path) -> Result<Found, Error> {
    let missing = || Error::NoFile(path.to_owned());
    let folder = path.parent().ok_or_else(missing)?;
    let Ok(folder) = folder.canonicalize() else {
        return Err(missing());
    };
    let file = folder.join(path.file_name().ok_or_else(missing)?);
    if !file.is_file() {
        return Err(missing());
    }
    let root = match folder.parent() {
        Some(root) if folder.ends_with(FOLDER) => root.to_owned(),
        _ => folder,
    };
    Ok(Found { file, root })
}

/// The nearest `profiles/` with a profile in it: others of that name, of tests for example, are passed by.
fn folder(from: &Path) -> Result<PathBuf, Error> {
    let mut candidates = from.ancestors().map(|folder| folder.join(FOLDER));
    let has_profiles = |folder: &PathBuf| files(folder).is_ok_and(|files| !files.is_empty());
    let found = candidates.find(has_profiles);
    found.ok_or_else(|| Error::NoFolder(from.to_owned()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let action = format!("list {}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(IoError::new(action));
    let entries = entries
        .map_err(Error::Unreadable)?
        .flatten()
        .map(|entry| entry.path());
    let is_profile =
        |file: &PathBuf| file.extension().is_some_and(|e| e == ENDING) && file.is_file();
    let mut files: Vec<_> = entries.filter(is_profile).collect();
    files.sort();
    Ok(files)
}

/// A path as it is shown: relative where it is below `folder`.
pub fn shown(path: &Path, folder: &Path) -> String {
    let short = path.strip_prefix(folder).unwrap_or(path);
    short.display().to_string()
}

/// Reads a file of settings, shown as `name`; one that is not there says nothing.
pub fn read(path: &Path, name: String) -> Result<Option<Layer>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let error = IoError::new(format!("read {}", path.display()))(error);
            return Err(Error::Unreadable(error));
        }
    };
    Ok(Some(match String::from_utf8(bytes) {
        Ok(text) => file::read(&source(name, text)),
        Err(error) => not_text(&error, name),
    }))
}

fn not_text(error: &FromUtf8Error, name: String) -> Layer {
    let first = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let spot = Spot::new(&source(name, text), first..first + 1);
    let help = "save the file as UTF-8".to_owned();
    Layer {
        faults: vec![Fault::at(spot, "this is not UTF-8 text").help(help)],
        is_partial: true,
        ..Layer::default()
    }
}

fn source(name: String, text: String) -> Arc<Source> {
    Arc::new(Source {
        name,
        is_file: true,
        text,
    })
}
