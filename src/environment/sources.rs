//! What an environment is made from: images, the program that is running, the dump.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::wanted::Images;
use super::wanted::Wanted;
use crate::database::DumpError;
use crate::database::Fingerprint;
use crate::engine::Engine;
use crate::error::IoError;
use crate::error::Result;
use crate::image;
use crate::image::ApiImage;
use crate::image::folder::FolderImage;
use crate::profile::ApiSource;
use crate::profile::Profile;

/// The program that is running, which the API image is made from.
pub fn program() -> Result<PathBuf> {
    Ok(image::running().map_err(IoError::new("find this program's own file"))?)
}

/// The image of the team's own API, where it is built.
pub async fn folder_image(profile: &Profile) -> Result<Option<FolderImage>> {
    let build = profile.api.build.clone();
    let ApiSource::Folder(context) = profile.api.source() else {
        return Ok(None);
    };
    let context = context.to_owned();
    let cache = image::cache();
    let locate = move || FolderImage::locate(&build, &context, cache.as_deref());
    Ok(Some(joined(tokio::task::spawn_blocking(locate).await)?))
}

/// The images that are built, and the dump's fingerprint; all read whole files, so they are worked out side by side.
pub async fn gather(
    profile: &Profile,
    program: &Path,
    engine: &Arc<dyn Engine>,
) -> Result<(Images, Fingerprint)> {
    let (program, root, dump) = (
        program.to_owned(),
        profile.root.clone(),
        profile.seed.file.clone(),
    );
    let fingerprint = tokio::task::spawn_blocking(move || Fingerprint::of_file(&dump));
    let platform = engine.platform().await?;
    let locate = move || ApiImage::locate(&program, &root, &platform, image::cache().as_deref());
    let image = tokio::task::spawn_blocking(locate);
    let folder = folder_image(profile).await?;
    let (image, fingerprint) = (joined(image.await), joined(fingerprint.await));
    let ours = image.map_err(IoError::new("make the API image"))?;
    Ok((
        Images { ours, folder },
        fingerprint.map_err(|error| DumpError::missing(&profile.seed.file, error.source))?,
    ))
}

/// A task that reads files is never cancelled; if it panicked, so do we.
fn joined<T>(result: Result<T, tokio::task::JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The images that its services run from, and the one that jobs run from; each once.
pub fn images(wanted: &Wanted) -> impl Iterator<Item = &str> {
    let images = wanted.services.iter();
    let mut images: BTreeSet<_> = images.map(|service| service.image.as_str()).collect();
    images.insert(wanted.api_image.tag());
    images.into_iter()
}
