//! The copies of this program that roles and supervisors run from: what images are to Docker. A developer builds anew
//! while an environment runs, and what runs must stay what it is.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::disk;
use super::home::Home;
use super::home::unusable;
use super::record;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::image::ApiImage;

/// How long a copy is kept that nothing runs from; a command that is at work may be about to use it.
const UNUSED: Duration = Duration::from_hours(1);

/// Where the copy is that stands for an image of ours.
pub fn path(home: &Home, image: &str) -> PathBuf {
    let tag = image.rsplit_once(':').map_or(image, |(_, tag)| tag);
    home.programs().join(tag).join("ratesdev")
}

/// Whether the copy is there.
pub fn is_there(home: &Home, image: &str) -> bool {
    path(home, image).is_file()
}

/// Whether a file is one of the copies in this folder, whichever.
#[cfg(target_os = "linux")]
pub fn is_copy(file: &Path, programs: &Path) -> bool {
    let below = file.strip_prefix(programs);
    below.is_ok_and(|below| below.components().count() == 2 && below.ends_with("ratesdev"))
}

/// Makes the copy, and removes those that nothing runs from any more.
pub fn build(home: &Home, image: &ApiImage) -> Result<()> {
    home.make()?;
    let program = image.program().ok_or_else(|| {
        let what = "the engine embedded runs this very program and builds no image";
        Error::new(Code::BuildFailed, what)
    })?;
    let copy = path(home, image.tag());
    make(program, &copy).map_err(|error| unusable(home.path(), error))?;
    // Old copies do no harm; the next build tries again.
    drop(prune(home, &copy));
    Ok(())
}

fn make(program: &Path, copy: &Path) -> io::Result<()> {
    if let Some(folder) = copy.parent() {
        disk::folder(folder, disk::way())?;
    }
    let mut source = File::open(program)?;
    let mode = if super::home::is_root() { 0o755 } else { 0o700 };
    disk::replace_with(copy, mode, |file| io::copy(&mut source, file).map(drop))
}

/// Removes what commands that were killed have copied by half.
pub fn forget_unfinished(home: &Home) {
    let folders = std::fs::read_dir(home.programs());
    for folder in folders.into_iter().flatten().flatten() {
        disk::forget_unfinished(&folder.path().join("ratesdev"));
    }
}

fn prune(home: &Home, newest: &Path) -> io::Result<()> {
    let used = used(home)?;
    for entry in std::fs::read_dir(home.programs())? {
        let folder = entry?.path();
        let program = folder.join("ratesdev");
        let age = std::fs::metadata(&folder)?.modified()?.elapsed();
        let is_old = age.is_ok_and(|age| age > UNUSED);
        if is_old && program != newest && !used.contains(&program) {
            disk::remove_folder(&folder)?;
        }
    }
    Ok(())
}

/// The programs of all instances of all environments.
fn used(home: &Home) -> io::Result<BTreeSet<PathBuf>> {
    let mut used = BTreeSet::new();
    for name in home.names().map_err(io::Error::other)? {
        let records = record::all(&home.place(&name))?;
        used.extend(records.into_iter().map(|record| record.launch.program));
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_by_half_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().display().to_string();
        let home = Home::find(|_| Some(named.clone())).unwrap();
        let copy = path(&home, "ratesdev/api:a");
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::write(&copy, "whole").unwrap();
        let half = copy.with_file_name(format!("ratesdev.{}.new", i32::MAX));
        std::fs::write(&half, "half").unwrap();
        forget_unfinished(&home);
        assert!(copy.exists() && !half.exists());
    }

    #[test]
    fn a_copy_is_made_once_and_found_by_its_image() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("a b ü").display().to_string();
        let home = Home::find(|_| Some(named.clone())).unwrap();
        let program = std::env::current_exe().unwrap();
        let image = ApiImage::locate(
            &program,
            Path::new("."),
            &crate::image::Platform::Process,
            None,
        )
        .unwrap();
        assert!(!is_there(&home, image.tag()));
        build(&home, &image).unwrap();
        build(&home, &image).unwrap();
        assert!(is_there(&home, image.tag()));
        let copy = std::fs::metadata(path(&home, image.tag())).unwrap();
        assert_eq!(copy.len(), std::fs::metadata(&program).unwrap().len());
    }
}
