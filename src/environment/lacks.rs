//! What a profile asks for that its engine cannot do, found before anything is done.

use std::path::Path;

use crate::engine::About;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::Api;
use crate::profile::ApiSource;
use crate::profile::Mount;
use crate::profile::Profile;
use crate::profile::Source;

/// Something that only containers can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What a profile asks for, as an object: `the service redis`.
    wish: String,
    /// What can be done without.
    instead: Option<&'static str>,
}

impl Need {
    /// Why Docker is missed, as a line below the reason why it cannot be used.
    pub fn told(&self) -> String {
        let Self { wish, instead } = self;
        let instead = instead.map(|instead| format!("; {instead} does without"));
        let instead = instead.unwrap_or_default();
        format!("the profile asks for {wish}, which only Docker can run{instead}")
    }
}

/// What of a profile only containers can fulfil.
pub fn needs_containers(profile: &Profile) -> Option<Need> {
    let own_api = own_api(&profile.api);
    let service = profile.services.first();
    let service = service.map(|service| format!("the service {} (`[services.{0}]`)", service.name));
    let sync = || (!profile.api.sync.is_empty()).then(|| "mounted code (`api.sync`)".to_owned());
    let plain = |wish| Need {
        wish,
        instead: None,
    };
    own_api.or_else(|| service.or_else(sync).map(plain))
}

fn own_api(api: &Api) -> Option<Need> {
    let wish = match api.source() {
        ApiSource::Image(image) => format!("an API from the image {image} (`api.image`)"),
        ApiSource::Folder(folder) => {
            let folder = folder.display();
            format!("an API from an image built from {folder} (`api.build`)")
        }
        ApiSource::BuiltIn => return None,
    };
    Some(Need {
        wish,
        instead: Some("`--set api.image=built-in`"),
    })
}

/// Makes sure that the engine can do what the profile asks for, and that what is to be mounted is there.
pub fn refuse(profile: &Profile, about: &About) -> Result<()> {
    refuse_processes(profile, about)?;
    for (key, mount) in mounts(profile) {
        refuse_mount(&key, mount, about)?;
    }
    Ok(())
}

/// Makes sure that there are containers where the profile needs them.
pub fn refuse_processes(profile: &Profile, about: &About) -> Result<()> {
    let need = needs_containers(profile).filter(|_| about.platform == Platform::Process);
    let Some(Need { wish, instead }) = need else {
        return Ok(());
    };
    let (engine, profile) = (about.engine, &profile.name);
    let what = format!("the engine {engine} cannot give the profile {profile} {wish}");
    let instead = instead.map(|instead| format!(", or do without: {instead}"));
    let instead = instead.unwrap_or_default();
    Err(Error::new(Code::EngineLacks, what)
        .because("it runs processes of this machine, and has no containers")
        .hint(format!(
            "use a Docker Engine (`--engine docker`; `ratesdev doctor --engine docker` says whether there is one){instead}"
        )))
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
