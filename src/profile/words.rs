//! Settings given as words: environment variables and `--set` flags.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::EngineChoice;
use super::Profile;
use super::ShortName;
use super::TeamService;
use super::fault::Error;
use super::fault::Fault;
use super::fault::Source;
use super::fault::Spot;
use super::fault::did_you_mean;
use super::file::Entry;
use super::file::Layer;
use super::file::ServiceEntry;
use super::kind::Raw;
use super::origin::Origin;
use super::settings;
use super::settings::ENGINE;
use super::settings::SETTINGS;
use super::settings::Setting;
use super::team;

/// What every variable of ours begins with.
pub const PREFIX: &str = "RATESDEV_";
/// The variable that names the profile.
pub const PROFILE: &str = "RATESDEV_PROFILE";

/// The variable that says where PostgreSQL is fetched from: a Maven repository's URL, or a `file:` path.
pub const POSTGRES_MIRROR: &str = "RATESDEV_POSTGRES_MIRROR";

/// Variables that are not settings.
pub const RESERVED: [&str; 5] = [
    "RATESDEV_ENV",
    "RATESDEV_HOME",
    PROFILE,
    POSTGRES_MIRROR,
    "RATESDEV_URL",
];
/// What the variables of tests begin with.
const RESERVED_PREFIX: &str = "RATESDEV_TEST_";

/// Reads the variables that begin with [`PREFIX`]. An empty one counts as not set, as CI systems pass what they lack.
pub fn variables(variables: &BTreeMap<String, String>) -> Layer {
    let mut layer = Layer::default();
    let is_ours = |name: &str| {
        name.starts_with(PREFIX) && !name.starts_with(RESERVED_PREFIX) && !RESERVED.contains(&name)
    };
    for (name, value) in variables {
        if is_ours(name) && !value.is_empty() {
            variable(&mut layer, name, value);
        }
    }
    layer
}

fn variable(layer: &mut Layer, name: &str, value: &str) {
    let source = source("environment", format!("{name}={value}"));
    let spot = Spot::new(&source, name.len() + 1..source.text.len());
    let (raw, origin) = (
        Raw::Word(value.to_owned()),
        Origin::Variable(name.to_owned()),
    );
    if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) {
        layer.entries.push(Entry {
            setting,
            raw,
            origin,
            spot: Some(spot),
        });
    } else if let Some((service, setting)) = service_variable(name) {
        layer.services.push(ServiceEntry {
            name: service,
            value: Some((setting, raw)),
            origin,
            spot,
        });
    } else {
        layer.faults.push(unknown_variable(&source, name));
    }
}

/// What a variable for a key of a service begins with.
const SERVICE_VARIABLE: &str = "RATESDEV_SERVICES_";

/// `RATESDEV_SERVICES_MESSAGE_QUEUE_IMAGE` is the image of `message-queue`. Of two keys that it may end with, it is the
/// longer: `HEALTH_COMMAND` rather than `COMMAND`.
fn service_variable(name: &str) -> Option<(ShortName, &'static Setting<TeamService>)> {
    let path = name.strip_prefix(SERVICE_VARIABLE)?;
    let split = team::SERVICE.iter().filter_map(|setting| {
        let key = setting.key.replace('.', "_").to_uppercase();
        let service = path.strip_suffix(&key)?.strip_suffix('_')?;
        Some((service, setting))
    });
    let (service, setting) = split.min_by_key(|(service, _)| service.len())?;
    let service = service.to_lowercase().replace('_', "-");
    Some((service.parse().ok()?, setting))
}

fn unknown_variable(source: &Arc<Source>, name: &str) -> Fault {
    let known: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
    let all = known.iter().map(String::as_str).chain(RESERVED);
    let help = did_you_mean(name, all).unwrap_or_else(|| {
        if name.starts_with(SERVICE_VARIABLE) {
            return format!("a key of a service is written like {SERVICE_VARIABLE}REDIS_IMAGE");
        }
        format!("unset it: names with {PREFIX} are settings")
    });
    let message = format!("the environment variable {name} sets nothing");
    Fault::at(Spot::new(source, 0..name.len()), message).help(help)
}

/// The engine that the variables name, for what is done without a profile.
pub fn engine(variables: &BTreeMap<String, String>) -> Result<EngineChoice, Error> {
    let mut layer = self::variables(variables);
    layer.entries.retain(|entry| entry.setting.key == ENGINE);
    let mut profile = settings::blank_profile();
    for Entry {
        setting, raw, spot, ..
    } in layer.entries
    {
        if let Err(refusal) = setting.store(&mut profile, &raw, Path::new("")) {
            return Err(Error::Invalid {
                what: "the environment's variables".to_owned(),
                faults: vec![Fault {
                    message: refusal.message,
                    spot,
                    help: Some(refusal.help),
                }],
            });
        }
    }
    Ok(profile.engine)
}

/// Reads `--set` flags, each `key=value`; of two for one key the later wins.
pub fn flags(flags: &[String]) -> Layer {
    let mut layer = Layer::default();
    for flag in flags {
        let said = if flag.starts_with(SERVICE_KEY) {
            service_flag(flag).map(|entry| layer.services.push(entry))
        } else {
            self::flag(flag).map(|entry| layer.entries.push(entry))
        };
        layer.faults.extend(said.err().map(|fault| *fault));
    }
    layer
}

/// What a flag for a key of a service begins with.
const SERVICE_KEY: &str = "services.";

/// `services.NAME.KEY=value`.
fn service_flag(flag: &str) -> Result<ServiceEntry, Box<Fault>> {
    let source = source("command line", format!("{OPTION}{flag}"));
    let (key, value) = flag.split_once('=').unwrap_or((flag, ""));
    let end = OPTION.len() + key.len();
    let path = key
        .strip_prefix(SERVICE_KEY)
        .and_then(|path| path.split_once('.'));
    let found = path.and_then(|(name, key)| Some((name.parse().ok()?, team::find(key)?)));
    let Some((name, setting)) = found else {
        let message = format!("there is no setting `{key}`");
        let at_key = Spot::new(&source, OPTION.len()..end);
        let near = path.and_then(|(_, key)| did_you_mean(key, team::SERVICE.iter().map(|s| s.key)));
        let help = near.unwrap_or_else(|| {
            "a key of a service is written like services.NAME.image=redis:7".to_owned()
        });
        return Err(Box::new(Fault::at(at_key, message).help(help)));
    };
    Ok(ServiceEntry {
        name,
        value: Some((setting, Raw::Word(value.to_owned()))),
        origin: Origin::Flag,
        spot: Spot::new(&source, end + 1..source.text.len()),
    })
}

/// As the user types it before a setting.
const OPTION: &str = "--set ";

fn flag(flag: &str) -> Result<Entry, Box<Fault>> {
    let source = source("command line", format!("{OPTION}{flag}"));
    let (key, value) = flag.split_once('=').unwrap_or((flag, ""));
    let end = OPTION.len() + key.len();
    let at_key = Spot::new(&source, OPTION.len()..end);
    let setting = settings::find(key).ok_or_else(|| Box::new(unknown_flag(at_key.clone(), key)))?;
    if key.len() == flag.len() {
        let fault = Fault::at(at_key, format!("`{key}` has no value"));
        let example = setting.word();
        return Err(Box::new(
            fault.help(format!("for example --set {key}={example}")),
        ));
    }
    Ok(Entry {
        setting,
        raw: Raw::Word(value.to_owned()),
        origin: Origin::Flag,
        spot: Some(Spot::new(&source, end + 1..source.text.len())),
    })
}

fn unknown_flag(spot: Spot, key: &str) -> Fault {
    let same_name = |setting: &&Setting<Profile>| setting.name() == key;
    let tables: Vec<_> = SETTINGS
        .iter()
        .filter(same_name)
        .map(|s| format!("`{}`", s.key))
        .collect();
    let help = if tables.is_empty() {
        did_you_mean(key, SETTINGS.iter().map(|setting| setting.key))
    } else {
        Some(format!("did you mean {}?", tables.join(" or ")))
    };
    let help = help.or_else(|| Some("a setting is written like api.port=15001".to_owned()));
    Fault::at(spot, format!("there is no setting `{key}`")).help(help)
}

fn source(name: &str, text: String) -> Arc<Source> {
    Arc::new(Source {
        name: name.to_owned(),
        is_file: false,
        text,
    })
}
