//! Layers of inputs become one complete, valid profile, or the list of all that is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use super::EngineChoice;
use super::Profile;
use super::draft::Draft;
use super::fault::Error;
use super::fault::Fault;
use super::fault::Spot;
use super::fault::did_you_mean;
use super::file::Entry;
use super::file::Layer;
use super::file::OwnDashboard;
use super::locate;
use super::origin::Origin;
use super::settings;
use super::settings::SETTINGS;
use super::words;

/// The profile that is meant when nobody says which.
const USUAL: &str = "dev";

/// Which profile is wanted, and what else has a say.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// A name or a path; else the variable `RATESDEV_PROFILE`, else `dev`.
    pub name: Option<&'a str>,
    /// The environment it is wanted for; the profile's own when absent.
    pub environment: Option<&'a str>,
    /// `key=value` flags, the strongest layer.
    pub set: &'a [String],
    /// Variables; those that do not begin with `RATESDEV_` are left alone.
    pub variables: BTreeMap<String, String>,
    /// The current folder: names and relative paths are looked up from here.
    pub folder: &'a Path,
    /// The user's own file, which need not be there.
    pub user_config: Option<PathBuf>,
}

impl<'a> Request<'a> {
    /// A request that listens to this process's variables and to the user's own file.
    pub fn new(name: Option<&'a str>, folder: &'a Path) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
        let ours = variables.filter(|(name, _)| name.starts_with(words::PREFIX));
        Self {
            variables: ours.collect(),
            user_config: user_config(),
            ..Self::of_files(name, folder)
        }
    }

    /// A request that listens to profiles alone.
    pub fn of_files(name: Option<&'a str>, folder: &'a Path) -> Self {
        Self {
            name,
            environment: None,
            set: &[],
            variables: BTreeMap::new(),
            folder,
            user_config: None,
        }
    }

    fn name(&self) -> &str {
        let variable = || self.variables.get(words::PROFILE).map(String::as_str);
        let said = self.name.or_else(variable).filter(|name| !name.is_empty());
        said.unwrap_or(USUAL)
    }
}

/// The user's own file: `ratesdev/config.toml` where the system keeps such files.
fn user_config() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "ratesdev")?;
    Some(folders.config_dir().join("config.toml"))
}

/// A profile, and where each of its values comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The profile.
    pub profile: Profile,
    /// The origin of every setting, by key.
    pub origins: BTreeMap<&'static str, Origin>,
    /// The origins of what is said about services, by key: `services.redis.image`.
    pub service_origins: BTreeMap<String, Origin>,
    /// The origin of every check, in their order.
    pub check_origins: Vec<Origin>,
}

impl Resolved {
    /// The engine that was named for this run, and not in a file that several environments share.
    pub fn named_engine(&self) -> EngineChoice {
        let origin = self.origins.get(settings::ENGINE);
        if origin.is_some_and(Origin::is_for_this_run) {
            self.profile.engine
        } else {
            EngineChoice::Auto
        }
    }
}

/// Finds a profile, lays everything that has a say over it, and checks the whole.
///
/// The order, strongest first: `--set`, variables, the profile, those it extends, the user's own file, defaults. A profile
/// that leaves the engine open (`auto`) leaves it to the user's own file.
pub fn load(request: &Request<'_>) -> Result<Resolved, Error> {
    let folder = request.folder.canonicalize();
    let folder = folder.as_deref().unwrap_or(request.folder);
    let found = locate::find(request.name(), folder)?;
    let mut draft = Draft::new(&found);
    draft.lay(defaults(), &found.root.join("profiles"));
    if let Some(path) = &request.user_config {
        let layer = own_file(path)?;
        draft.lay(layer, path.parent().unwrap_or(folder));
    }
    let own = draft.choice_of_engine();
    for (path, layer) in chain(&found.file, folder)?.into_iter().rev() {
        draft.lay(layer, path.parent().unwrap_or(folder));
    }
    draft.let_stand(own);
    draft.lay(words::variables(&request.variables), folder);
    draft.lay(words::flags(request.set), folder);
    draft.drop_services();
    draft.free_ports(request.environment.filter(|name| !name.is_empty()));
    draft.settle_source();
    draft.settle_own_api();
    draft.check_name();
    draft.check_rules();
    draft.finish()
}

fn defaults() -> Layer {
    Layer {
        entries: SETTINGS.iter().filter_map(Entry::default_of).collect(),
        ..Layer::default()
    }
}

/// What the user's own file says of the dashboard, with what is wrong there.
pub fn own_dashboard() -> Result<Option<OwnDashboard>, Error> {
    match user_config() {
        Some(path) => own_dashboard_of(&path),
        None => Ok(None),
    }
}

/// What the text of such a file says of it.
#[cfg(test)]
pub fn own_dashboard_in(text: &str) -> Option<OwnDashboard> {
    let source = super::fault::Source {
        name: "config.toml".to_owned(),
        is_file: true,
        text: text.to_owned(),
    };
    super::file::read(&source.into()).dashboard
}

fn own_dashboard_of(path: &Path) -> Result<Option<OwnDashboard>, Error> {
    let layer = locate::read(path, path.display().to_string())?.unwrap_or_default();
    if layer.is_partial {
        return Err(Error::Invalid {
            what: path.display().to_string(),
            faults: layer.faults,
        });
    }
    Ok(layer.dashboard)
}

fn own_file(path: &Path) -> Result<Layer, Error> {
    let mut layer = locate::read(path, path.display().to_string())?.unwrap_or_default();
    // The dashboard reads that itself.
    layer.dashboard = None;
    if let Some((_, spot)) = layer.extends.take() {
        let fault = Fault::at(spot, "only a profile can extend another");
        layer
            .faults
            .push(fault.help("take this line out".to_owned()));
    }
    Ok(layer)
}

/// The profile and those it extends, the profile itself first.
fn chain(file: &Path, folder: &Path) -> Result<Vec<(PathBuf, Layer)>, Error> {
    let mut chain = Vec::new();
    let mut seen = Vec::new();
    let mut next = Some(file.to_owned());
    while let Some(path) = next.take() {
        let mut layer = locate::read(&path, locate::shown(&path, folder))?.unwrap_or_default();
        seen.push(identity(&path));
        if let Some(OwnDashboard { key, spot, .. }) = layer.dashboard.take() {
            let fault = Fault::at(spot, format!("a profile has no {key}"));
            let help = format!("`{key}` belongs into your own config.toml, for all environments");
            layer.faults.push(fault.help(help));
        }
        if let Some((name, spot)) = layer.extends.take() {
            match parent(&name, spot, &path, &seen) {
                Ok(parent) => next = Some(parent),
                Err(fault) => {
                    layer.faults.push(*fault);
                    layer.is_partial = true;
                }
            }
        }
        chain.push((path, layer));
    }
    Ok(chain)
}

/// The file a profile extends: one that is there and is not on the way to this one.
fn parent(name: &str, spot: Spot, child: &Path, seen: &[PathBuf]) -> Result<PathBuf, Box<Fault>> {
    let parent = locate::parent(name, child);
    let identity = identity(&parent);
    if let Some(start) = seen.iter().position(|file| *file == identity) {
        let files = seen.iter().skip(start).chain([&identity]);
        let names: Vec<_> = files.map(|file| locate::stem(file)).collect();
        let circle = names.join(" → ");
        let fault = Fault::at(
            spot,
            format!("profiles extend each other in a circle: {circle}"),
        );
        return Err(Box::new(
            fault.help("one of them must stand alone".to_owned()),
        ));
    }
    if parent.is_file() {
        return Ok(parent);
    }
    let known = locate::beside(child);
    let help = did_you_mean(name, known.iter().map(String::as_str));
    let fault = Fault::at(spot, format!("there is no profile `{name}` to extend"));
    Err(Box::new(fault.help(help)))
}

/// What tells a file from all others, whatever links lead to it.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
