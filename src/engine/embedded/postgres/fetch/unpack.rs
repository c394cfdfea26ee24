//! Unpacks an archive of Zonky's (a zip that holds a tar, packed with xz) so that it is there whole or not at all.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;

use flate2::read::DeflateDecoder;
use lzma_rust2::XzReader;
use rawzip::CompressionMethod;
use rawzip::ZipArchive;

use super::FetchError;

/// How the name of the file inside the archive ends.
const INNER: &[u8] = b".txz";

/// Unpacks into `partial`, which is made anew, and brings all of it to the disk.
pub fn unpack(archive: &[u8], partial: &Path) -> Result<(), FetchError> {
    discard(partial);
    make_open_folder(partial)?;
    let unpacked = unpack_into(archive, partial);
    if unpacked.is_err() {
        discard(partial);
    }
    unpacked?;
    sync_all(partial).map_err(FetchError::at("write", partial))
}

/// Removes what is half done. Where that fails it is in nobody's way: the next attempt says so itself.
pub fn discard(partial: &Path) {
    drop(fs::remove_dir_all(partial));
}

/// Gives what is complete its name. Something of that name that was there could not be used.
pub fn put_in_place(partial: &Path, folder: &Path) -> Result<(), FetchError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(FetchError::at("replace", folder))?;
    }
    fs::rename(partial, folder).map_err(FetchError::at("make", folder))?;
    let parent = folder.parent().unwrap_or(folder);
    sync(parent).map_err(FetchError::at("write", parent))
}

/// Makes a folder into which the user of roles can look, whatever this user's habits are.
pub fn make_open_folder(folder: &Path) -> Result<(), FetchError> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(folder).and_then(|()| open_to_all(folder));
    made.map_err(FetchError::at("make", folder))
}

#[cfg(unix)]
fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn unpack_into(archive: &[u8], folder: &Path) -> Result<(), FetchError> {
    let zip = ZipArchive::from_slice(archive).map_err(damaged)?;
    let mut entries = zip.entries();
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        if !entry.file_path().as_ref().ends_with(INNER) {
            continue;
        }
        let inner = zip.get_entry(entry.wayfinder()).map_err(damaged)?;
        return match entry.compression_method() {
            CompressionMethod::STORE => unpack_tar(inner.verifying_reader(inner.data()), folder),
            CompressionMethod::DEFLATE => {
                let inflated = DeflateDecoder::new(inner.data());
                unpack_tar(inner.verifying_reader(inflated), folder)
            }
            _ => Err(FetchError::Archive(
                "it is packed in an unknown way".to_owned(),
            )),
        };
    }
    Err(FetchError::Archive("it holds no .txz".to_owned()))
}

/// The archive passed its checksum, so that what fails here is mostly the disk; the disk's errors keep their kind.
fn unpack_tar(packed: impl Read, folder: &Path) -> Result<(), FetchError> {
    let mut tar = tar::Archive::new(XzReader::new(packed, false));
    tar.unpack(folder).map_err(|cause| match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied => {
            FetchError::at("unpack into", folder)(cause)
        }
        _ => damaged(cause),
    })
}

fn damaged(cause: impl std::error::Error + 'static) -> FetchError {
    let innermost = crate::error::chain(&cause).last().map(ToString::to_string);
    FetchError::Archive(innermost.unwrap_or_default())
}

/// A name must not reach the disk before what it names has.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_all(&entry.path())?;
        } else if kind.is_file() {
            sync(&entry.path())?;
        }
    }
    sync(folder)
}

/// Elsewhere than on Unix a folder cannot be opened, nor does it have to be.
fn sync(path: &Path) -> io::Result<()> {
    if cfg!(unix) || path.is_file() {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}
