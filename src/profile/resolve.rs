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
use super::file::OwnKeys;
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

/// What the user's own file says of the dashboard's keys, with what is wrong there.
pub fn own_keys() -> Result<Option<OwnKeys>, Error> {
    match user_config() {
        Some(path) => own_keys_of(&path),
        None => Ok(None),
    }
}

/// The keys in the text of such a file.
#[cfg(test)]
pub fn own_keys_in(text: &str) -> Option<OwnKeys> {
    let source = super::fault::Source {
        name: "config.toml".to_owned(),
        is_file: true,
        text: text.to_owned(),
    };
    super::file::read(&source.into()).keys
}

fn own_keys_of(path: &Path) -> Result<Option<OwnKeys>, Error> {
    let layer = locate::read(path, path.display().to_string())?.unwrap_or_default();
    if layer.is_partial {
        return Err(Error::Invalid {
            what: path.display().to_string(),
            faults: layer.faults,
        });
    }
    Ok(layer.keys)
}

fn own_file(path: &Path) -> Result<Layer, Error> {
    let mut layer = locate::read(path, path.display().to_string())?.unwrap_or_default();
    // They are the dashboard's, which reads them itself.
    layer.keys = None;
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
        if let Some(keys) = layer.keys.take() {
            let fault = Fault::at(keys.spot, "a profile has no keys");
            let help = "they belong into your own config.toml, for all environments".to_owned();
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
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::profile::Bytes;
    use crate::profile::Port;

    /// A checkout with these files.
    fn checkout(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("profiles")).unwrap();
        for (name, text) in files {
            fs::write(root.path().join(name), text).unwrap();
        }
        root
    }

    fn faults(request: &Request<'_>) -> Vec<String> {
        match load(request) {
            Err(Error::Invalid { faults, .. }) => faults.into_iter().map(|f| f.message).collect(),
            other => panic!("{other:?}"),
        }
    }

    const CHILD: &str = "extends = \"base\"\n[api]\npool = 4\n";
    const BASE: &str = "[api]\npool = 3\npids = 30\n";
    const OWN: &str = "[api]\npool = 2\npids = 20\nreplicas = 2\n";

    #[test]
    fn the_strongest_layer_wins_and_is_named() {
        let root = checkout(&[
            ("profiles/dev.toml", CHILD),
            ("profiles/base.toml", BASE),
            ("config.toml", OWN),
        ]);
        let own = root.path().join("config.toml").display().to_string();
        let set = ["api.pool=6".to_owned()];
        let request = |name| Request {
            variables: BTreeMap::from([("RATESDEV_API_POOL".to_owned(), "5".to_owned())]),
            user_config: Some(root.path().join("config.toml")),
            ..Request::of_files(name, root.path())
        };
        let said = |request: &Request<'_>, key: &str| {
            let rows = load(request).unwrap().rows();
            let row = rows.into_iter().find(|row| row.key == key).unwrap();
            format!("{} {}", row.value, row.origin)
        };
        let strongest = Request {
            set: &set,
            ..request(None)
        };
        assert_eq!(said(&strongest, "api.pool"), "6 --set");
        let mut request = request(None);
        assert_eq!(said(&request, "api.pool"), "5 RATESDEV_API_POOL");
        request.variables.clear();
        assert_eq!(said(&request, "api.pool"), "4 profiles/dev.toml:3");
        assert_eq!(said(&request, "api.pids"), "30 profiles/base.toml:3");
        assert_eq!(said(&request, "api.replicas"), format!("2 {own}:4"));
        assert_eq!(said(&request, "api.max_span_days"), "366 default");
    }

    #[test]
    fn the_user_s_own_engine_stands_against_a_profile_that_leaves_it_open() {
        let root = checkout(&[
            ("profiles/open.toml", "engine = \"auto\""),
            (
                "profiles/child.toml",
                "extends = \"docker\"\nengine = \"auto\"",
            ),
            ("profiles/docker.toml", "engine = \"docker\""),
            ("profiles/silent.toml", ""),
            ("config.toml", "engine = \"embedded\""),
        ]);
        let engine = |name, set: &[String]| {
            let request = Request {
                set,
                user_config: Some(root.path().join("config.toml")),
                ..Request::of_files(Some(name), root.path())
            };
            let resolved = load(&request).unwrap();
            let origin = resolved.origins["engine"].to_string();
            (resolved.profile.engine, origin)
        };
        let own = root.path().join("config.toml:1").display().to_string();
        for name in ["open", "child", "silent"] {
            assert_eq!(engine(name, &[]), (EngineChoice::Embedded, own.clone()));
        }
        assert_eq!(engine("docker", &[]).0, EngineChoice::Docker);
        let set = ["engine=auto".to_owned()];
        let expected = (EngineChoice::Auto, "--set".to_owned());
        assert_eq!(engine("open", &set), expected);
    }

    #[test]
    fn how_a_team_s_own_api_is_reached_is_forgotten_with_that_api_and_else_a_fault() {
        let own = "[api]\nimage = \"team/rates:1\"\nlisten = 9000\ncommand = \"serve\"\n";
        let root = checkout(&[
            ("profiles/own.toml", own),
            ("profiles/dev.toml", "[api]\nhealth = \"/ok\"\n"),
        ]);
        let set = ["api.image=built-in".to_owned()];
        let request = Request::of_files(Some("own"), root.path());
        assert_eq!(load(&request).unwrap().profile.api.listen, 9000);
        let built_in = Request {
            set: &set,
            ..request
        };
        let api = load(&built_in).unwrap().profile.api;
        assert_eq!((api.listen, api.command.len()), (8000, 0));
        let faults = faults(&Request::of_files(None, root.path()));
        let said =
            "`api.health` is for a team's own API, and this is the one that comes with ratesdev";
        assert_eq!(faults, [said]);
    }

    #[test]
    fn an_inherited_service_can_be_dropped_and_changed_by_a_variable() {
        let base = "[services.redis]\nimage = \"redis:7\"\n[services.message-queue]\nimage = \"queue:1\"\n";
        let child = "extends = \"base\"\nservices.redis.enabled = false\n";
        let root = checkout(&[("profiles/base.toml", base), ("profiles/dev.toml", child)]);
        let variables = |name: &str, value: &str| Request {
            variables: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            ..Request::of_files(None, root.path())
        };
        let queue = variables("RATESDEV_SERVICES_MESSAGE_QUEUE_HEALTH_COMMAND", "ask it");
        let services = load(&queue).unwrap().profile.services;
        let [queue] = services.as_slice() else {
            panic!("{services:?}")
        };
        assert_eq!(queue.health.command, ["ask", "it"]);
        let needed = variables("RATESDEV_API_DEPENDS_ON", "redis");
        assert_eq!(
            faults(&needed),
            ["`api` depends on `redis`, which is no role of this profile"]
        );
        let mistyped = variables("RATESDEV_SERVICES_REDSI_ENABLED", "false");
        assert_eq!(
            faults(&mistyped),
            ["there is no service `redsi` to switch off"]
        );
        let unknown = variables("RATESDEV_SERVICES_REDIS_IMGAE", "x");
        let said = "the environment variable RATESDEV_SERVICES_REDIS_IMGAE sets nothing";
        assert_eq!(faults(&unknown), [said]);
    }

    #[test]
    fn the_profile_is_the_one_named_else_that_of_the_variable_else_dev() {
        let root = checkout(&[("profiles/dev.toml", ""), ("profiles/ci.toml", "")]);
        let name = |name, variable: Option<&str>| {
            let pair = |value: &str| ("RATESDEV_PROFILE".to_owned(), value.to_owned());
            let variables = variable.map(pair).into_iter().collect();
            let request = Request {
                variables,
                ..Request::of_files(name, root.path())
            };
            load(&request).unwrap().profile.name
        };
        assert_eq!(name(None, None), "dev");
        assert_eq!(name(None, Some("ci")), "ci");
        assert_eq!(name(Some("dev"), Some("ci")), "dev");
        assert_eq!(name(Some("profiles/ci.toml"), None), "ci");
    }

    #[test]
    fn paths_are_relative_to_the_input_that_says_them() {
        let said = "[seed]\nfile = \"../data/a.sql\"\n";
        let root = checkout(&[
            ("profiles/dev.toml", "extends = \"../other/base.toml\""),
            ("profiles/plain.toml", ""),
        ]);
        fs::create_dir_all(root.path().join("other/deep")).unwrap();
        fs::write(root.path().join("other/base.toml"), said).unwrap();
        let deep = root.path().join("other/deep");
        let real = root.path().canonicalize().unwrap();
        let seed = |request: &Request<'_>| {
            let profile = load(request).unwrap().profile;
            assert_eq!(profile.root, real);
            profile.seed.file.strip_prefix(&real).unwrap().to_owned()
        };
        let request = Request::of_files(Some("dev"), &deep);
        assert_eq!(seed(&request), Path::new("data/a.sql"));
        let set = ["seed.file=b.sql".to_owned()];
        let request = Request {
            set: &set,
            ..request
        };
        assert_eq!(seed(&request), Path::new("other/deep/b.sql"));
        let request = Request::of_files(Some("plain"), &deep);
        assert_eq!(seed(&request), Path::new("db/rates.sql"));
    }

    #[test]
    fn fixed_ports_belong_to_the_environment_with_the_profile_s_name() {
        let ports = "[api]\nport = 15000\n[database]\nport = 15432\n";
        let root = checkout(&[("profiles/dev.toml", ports)]);
        let set = ["database.port=15999".to_owned()];
        let resolve = |environment, set| {
            let request = Request {
                environment,
                set,
                ..Request::of_files(None, root.path())
            };
            let resolved = load(&request).unwrap();
            let origin = resolved.origins["api.port"].to_string();
            (
                resolved.profile.api.port,
                origin,
                resolved.profile.database.port,
            )
        };
        let own = "profiles/dev.toml:2".to_owned();
        for environment in [None, Some(""), Some("dev")] {
            let expected = (Port::Fixed(15_000), own.clone(), Port::Fixed(15_432));
            assert_eq!(resolve(environment, &[]), expected);
        }
        let freed = "free port: 15000 belongs to the environment dev".to_owned();
        let expected = (Port::Auto, freed, Port::Fixed(15_999));
        assert_eq!(resolve(Some("second"), &set), expected);
    }

    #[test]
    fn a_child_replaces_checks_of_the_same_name_and_adds_the_others() {
        let check = |name: &str, count: u8| {
            let place = "orig = \"CNGGZ\"\ndest = \"EETLL\"\nday = 2021-01-31";
            format!("[[checks]]\nname = \"{name}\"\n{place}\ncount = {count}\n")
        };
        let base = check("a", 3) + &check("b", 3);
        let child = format!("extends = \"base\"\n{}{}", check("c", 1), check("a", 0));
        let root = checkout(&[("profiles/dev.toml", &child), ("profiles/base.toml", &base)]);
        let resolved = load(&Request::of_files(None, root.path())).unwrap();
        let checks = resolved.profile.checks.iter();
        let checks: Vec<_> = checks.map(|c| (c.name.as_str(), c.expect.count)).collect();
        assert_eq!(checks, [("a", None), ("b", Some(3)), ("c", Some(1))]);
        let origins = resolved.check_origins.iter().map(ToString::to_string);
        let expected = [
            "profiles/dev.toml:8",
            "profiles/base.toml:7",
            "profiles/dev.toml:2",
        ];
        assert_eq!(origins.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_faults_of_all_layers_are_told_at_once() {
        let root = checkout(&[
            (
                "profiles/dev.toml",
                "extends = \"base\"\n[api]\nprot = 1\nport = 0",
            ),
            ("profiles/base.toml", "[api]\npool = -1"),
            ("config.toml", "extends = \"dev\""),
        ]);
        let set = ["api.replicas=0".to_owned()];
        let variables = [("RATESDEV_API_PIDS", "x"), ("RATESDEV_APE_PORT", "1")];
        let request = Request {
            set: &set,
            variables: variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            user_config: Some(root.path().join("config.toml")),
            ..Request::of_files(None, root.path())
        };
        let told = faults(&request);
        let expected = [
            "only a profile can extend",
            "`api.pool` must be",
            "unknown key `prot` in [api]",
            "`api.port` must be",
            "RATESDEV_APE_PORT sets nothing",
            "`api.pids` must be",
            "`api.replicas` must be",
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told} has no {expected}");
        }
    }

    #[test]
    fn variables_that_are_reserved_or_empty_or_not_ours_set_nothing() {
        let root = checkout(&[("profiles/dev.toml", "")]);
        let names = ["RATESDEV_ENV", "RATESDEV_TEST_X", "PATH"].map(|name| (name, "x"));
        let variables = names.into_iter().chain([("RATESDEV_API_PORT", "")]);
        let request = Request {
            variables: variables
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            ..Request::of_files(None, root.path())
        };
        let resolved = load(&request).unwrap();
        assert!(
            resolved
                .origins
                .values()
                .all(|origin| *origin == Origin::Default)
        );
    }

    #[test]
    fn a_broken_rule_blames_the_strongest_layer() {
        let root = checkout(&[("profiles/dev.toml", "[api]\nstatement_timeout = \"5s\"\n")]);
        let set = ["api.request_timeout=1s".to_owned()];
        let request = Request {
            set: &set,
            ..Request::of_files(None, root.path())
        };
        let Err(Error::Invalid { faults, .. }) = load(&request) else {
            panic!("the rule is broken");
        };
        let lines = faults[0].lines();
        assert!(
            lines[0].contains("`api.statement_timeout` (5s)"),
            "{lines:#?}"
        );
        assert_eq!(lines[3], "1 | --set api.request_timeout=1s");
    }

    /// The shipped profiles as they are in the repository, without what this process's user says.
    fn shipped() -> Vec<Profile> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names = locate::list(root)
            .unwrap()
            .into_iter()
            .map(|listed| listed.name);
        names
            .map(|name| load(&Request::of_files(Some(&name), root)).unwrap().profile)
            .collect()
    }

    #[test]
    fn the_shipped_profiles_fit_side_by_side_on_two_cores_and_four_gigabytes() {
        let profiles = shipped();
        let names: Vec<_> = profiles
            .iter()
            .map(|profile| profile.name.as_str())
            .collect();
        assert_eq!(names, ["dev", "prod", "staging"]);
        let memory = |profile: &Profile| {
            let api = profile.api.limits.memory.0 * u64::from(profile.api.replicas);
            profile.database.limits.memory.0 + api
        };
        let all: u64 = profiles.iter().map(memory).sum();
        assert!(all <= 2_100_000_000, "{}", Bytes(all));
        let mut ports = BTreeSet::new();
        for profile in &profiles {
            let most = profile
                .database
                .limits
                .millicpus
                .max(profile.api.limits.millicpus);
            assert!(
                most <= 2_000,
                "Docker refuses a limit of more cores than there are"
            );
            ports.insert(profile.api.port.to_string());
            ports.insert(profile.database.port.to_string());
            assert_eq!(profile.checks.len(), 1);
        }
        assert_eq!(ports.len(), 6);
    }

    #[test]
    fn what_is_shown_resolves_to_the_same() {
        for profile in shipped() {
            let resolved = Resolved {
                profile: profile.clone(),
                origins: BTreeMap::new(),
                service_origins: BTreeMap::new(),
                check_origins: Vec::new(),
            };
            let file = format!("profiles/{}.toml", profile.name);
            let root = checkout(&[(&file, &resolved.toml())]);
            let again = load(&Request::of_files(Some(&profile.name), root.path())).unwrap();
            let moved = Profile {
                file: profile.file.clone(),
                root: profile.root.clone(),
                ..again.profile
            };
            assert_eq!(moved, profile);
        }
    }

    /// Lines that a profile may have, right and wrong, so that random files reach every part of the reader.
    fn lines() -> impl Strategy<Value = String> {
        let keys = SETTINGS
            .iter()
            .map(settings::Setting::name)
            .chain(["extends", "name", "day", "x.y"]);
        let key = prop::sample::select(keys.collect::<Vec<_>>());
        let value = prop_oneof![prop::sample::select(vec![
            "1",
            "\"1s\"",
            "\"dev\"",
            "'CNGGZ'",
            "[",
            "{}",
            "\"",
            "1.5",
            "2021-01-31",
            "true",
            "é",
            "'''"
        ]),];
        prop_oneof![
            (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
            prop::sample::select(vec![
                "[api]",
                "[database]",
                "[[checks]]",
                "[checks]",
                "[api",
                "[x]",
                "checks = [1]",
                "\u{feff}",
                "# é"
            ])
            .prop_map(str::to_owned),
            "\\PC{0,30}",
        ]
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic_and_every_fault_is_in_the_file(lines in prop::collection::vec(lines(), 0..12), end in "\\r?\\n?") {
            let text = lines.join(if end.is_empty() { "\n" } else { &end });
            let root = checkout(&[("profiles/p.toml", &text), ("profiles/dev.toml", "")]);
            match load(&Request::of_files(Some("p"), root.path())) {
                Ok(resolved) => {
                    fs::write(root.path().join("profiles/p.toml"), resolved.toml()).unwrap();
                    let again = load(&Request::of_files(Some("p"), root.path())).unwrap();
                    prop_assert_eq!(again.profile, resolved.profile);
                }
                Err(Error::Invalid { faults, .. }) => {
                    for fault in faults {
                        prop_assert_eq!(fault.lines().len(), 5);
                        let spot = fault.spot.unwrap();
                        prop_assert!(spot.start() <= text.len());
                        prop_assert!(spot.line() <= text.matches('\n').count() + 1);
                    }
                }
                Err(error) => prop_assert!(false, "{error}"),
            }
        }

        #[test]
        fn no_word_makes_it_panic(key in "[a-z_.]{0,20}|api.port|seed.file", value in "\\PC{0,20}") {
            let set = [format!("{key}={value}"), value.clone()];
            let layer = words::flags(&set);
            prop_assert_eq!(layer.entries.len() + layer.faults.len(), 2);
            let layer = words::variables(&BTreeMap::from([(format!("RATESDEV_{key}"), value)]));
            prop_assert!(layer.entries.len() + layer.faults.len() <= 1);
        }
    }
}
