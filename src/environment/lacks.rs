//! What a profile asks for that its engine cannot do, found before anything is done.

use std::path::Path;

use crate::engine::About;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::Mount;
use crate::profile::Profile;
use crate::profile::Source;

/// Makes sure that the engine can do what the profile asks for, and that what is to be mounted is there.
pub fn refuse(profile: &Profile, about: &About) -> Result<()> {
    if let (Platform::Process, Some(wish)) = (&about.platform, needs_containers(profile)) {
        let what = format!(
            "the engine {} cannot give the profile {} {wish}",
            about.engine, profile.name
        );
        return Err(Error::new(Code::EngineLacks, what)
            .because("it runs processes of this machine, and has no containers")
            .hint("use a Docker Engine (`--engine docker`); `ratesdev doctor` says whether there is one"));
    }
    for (key, mount) in mounts(profile) {
        refuse_mount(&key, mount, about)?;
    }
    Ok(())
}

/// What of a profile only containers can fulfil, in words.
pub fn needs_containers(profile: &Profile) -> Option<String> {
    if let Some(service) = profile.services.first() {
        return Some(format!("the service {} (`[services.{0}]`)", service.name));
    }
    let has_sync = !profile.api.sync.is_empty();
    has_sync.then(|| "mounted code (`api.sync`)".to_owned())
}

fn mounts(profile: &Profile) -> Vec<(String, &Mount)> {
    let mut all: Vec<_> = named("api.sync".to_owned(), &profile.api.sync).collect();
    for service in &profile.services {
        let key = |name| format!("services.{}.{name}", service.name);
        all.extend(named(key("volumes"), &service.volumes));
        all.extend(named(key("sync"), &service.sync));
    }
    all
}

fn named(key: String, mounts: &[Mount]) -> impl Iterator<Item = (String, &Mount)> {
    mounts.iter().map(move |mount| (key.clone(), mount))
}

/// An Engine mounts what is on its own machine.
fn refuse_mount(key: &str, mount: &Mount, about: &About) -> Result<()> {
    let Source::Path(path) = &mount.source else {
        return Ok(());
    };
    let shown = path.display();
    if !about.local {
        let what = format!("the engine at {} cannot mount {shown}", about.endpoint);
        return Err(Error::new(Code::EngineLacks, what)
            .because(format!(
                "`{key}` names a folder of this machine, and the Engine is on another"
            ))
            .hint("build the code into an image, or use an Engine of this machine"));
    }
    if path.exists() {
        return Ok(());
    }
    Err(missing(key, path))
}

/// Why something cannot be mounted that is not there.
pub fn missing(key: &str, path: &Path) -> Error {
    let what = format!("{} is not there, which `{key}` mounts", path.display());
    Error::new(Code::MountMissing, what)
        .hint("make it, or correct the path: it begins at the folder of the file that says so")
}
