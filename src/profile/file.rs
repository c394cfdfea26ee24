//! A profile as written: TOML becomes entries that know their place, and faults. No file is opened here.

mod checks;
mod dashboard;
mod services;
mod syntax;
mod unknown;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::Check;
use super::Profile;
use super::ShortName;
use super::TeamService;
use super::fault::Fault;
use super::fault::Source;
use super::fault::Spot;
use super::kind::Raw;
use super::origin::Origin;
use super::settings;
use super::settings::Absent;
use super::settings::Setting;
use super::team::SERVICES;

/// The key that names the profile this one builds upon.
pub const EXTENDS: &str = "extends";
/// The key of the checks.
pub const CHECKS: &str = "checks";
/// The table of the dashboard's keys, which only the user's own file has.
pub const KEYS: &str = "keys";
/// The key of the dashboard's theme, which only the user's own file has.
pub const THEME: &str = "theme";

/// Everything one input says.
#[derive(Debug, Default)]
pub struct Layer {
    /// Values of settings, not yet read.
    pub entries: Vec<Entry>,
    /// Values of keys of services, not yet read.
    pub services: Vec<ServiceEntry>,
    /// Checks, complete and valid.
    pub checks: Vec<GivenCheck>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// The profile it builds upon.
    pub extends: Option<(String, Spot)>,
    /// What is said of the dashboard.
    pub dashboard: Option<OwnDashboard>,
    /// Whether it may say more than could be read.
    pub is_partial: bool,
}

/// A value of a setting, as written.
pub struct Entry {
    /// Which setting.
    pub setting: &'static Setting<Profile>,
    /// The value.
    pub raw: Raw,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it stands; defaults stand nowhere.
    pub spot: Option<Spot>,
}

impl Entry {
    /// What a setting is when nobody says.
    pub fn default_of(setting: &'static Setting<Profile>) -> Option<Self> {
        match setting.absent {
            Absent::Means(default) => Some(Self {
                setting,
                raw: Raw::Word(default.to_owned()),
                origin: Origin::Default,
                spot: None,
            }),
            Absent::IsFine | Absent::IsWrong => None,
        }
    }
}

/// A service of the team's own, or a value of one of its keys, as written.
pub struct ServiceEntry {
    /// The service.
    pub name: ShortName,
    /// The key and its value; none where only the service is named.
    pub value: Option<(&'static Setting<TeamService>, Raw)>,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it stands.
    pub spot: Spot,
}

impl std::fmt::Debug for ServiceEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, raw) = self.value.as_ref().map(|(s, raw)| (s.key, raw)).unzip();
        write!(f, "{}.{key:?} = {raw:?} ({})", self.name, self.origin)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {} ({})", self.setting.key, self.raw, self.origin)
    }
}

/// What is said of the dashboard.
#[derive(Debug)]
pub struct OwnDashboard {
    /// The key with which that begins.
    pub key: &'static str,
    /// Where it stands.
    pub spot: Spot,
    /// The actions that are given keys.
    pub given: Vec<GivenKeys>,
    /// The theme, and where it stands.
    pub theme: Option<(String, Spot)>,
    /// What is wrong with it; no setting depends on that.
    pub faults: Vec<Fault>,
}

/// The keys of an action, as written.
#[derive(Debug, Clone)]
pub struct GivenKeys {
    /// The action's name.
    pub action: String,
    /// The keys; none takes the action its keys away.
    pub keys: Vec<String>,
    /// Where it stands.
    pub spot: Spot,
}

/// A check and where it comes from.
#[derive(Debug, Clone)]
pub struct GivenCheck {
    /// The check.
    pub check: Check,
    /// Where it comes from.
    pub origin: Origin,
}

type Key<'a> = Spanned<Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads a profile or the user's own file.
///
/// Where the parser stumbles, what it makes of the other lines is still checked.
pub fn read(source: &Arc<Source>) -> Layer {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader {
        source,
        layer: Layer::default(),
    };
    reader.root(document.get_ref());
    reader.syntax(&errors);
    let mut layer = reader.layer;
    layer
        .faults
        .sort_by_key(|fault| fault.spot.as_ref().map(Spot::start));
    layer
}

/// The first sentence a file says about itself: its first comment that is not for editors.
pub fn description(text: &str) -> Option<&str> {
    let top = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('#'));
    let mut comments = top
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.starts_with(':'));
    let said = comments.find(|comment| !comment.trim().is_empty())?;
    Some(said.trim().trim_end_matches('.'))
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    layer: Layer,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (key, value) in root {
            let name = key.get_ref().as_ref();
            match name {
                EXTENDS => self.extends(value),
                CHECKS => self.checks(value),
                SERVICES => self.services(value),
                KEYS => self.keys(key, value),
                THEME => self.theme(key, value),
                _ if settings::tables().contains(&name) => self.table(name, value),
                _ => match settings::find(name).filter(|setting| setting.table().is_empty()) {
                    Some(setting) => self.entry(setting, value),
                    None => self.unknown("", key, value),
                },
            }
        }
    }

    fn table(&mut self, name: &str, value: &Value<'_>) {
        let Some(table) = self.table_of(value, name, &format!("[{name}]")) else {
            return;
        };
        for (key, value) in table {
            let path = format!("{name}.{}", key.get_ref());
            if settings::tables().contains(&path.as_str()) {
                self.table(&path, value);
                continue;
            }
            match (settings::find(&path), value.get_ref()) {
                (Some(setting), DeValue::Table(pairs)) if setting.takes_pairs() => {
                    self.pairs(setting, pairs);
                }
                (Some(setting), _) => self.entry(setting, value),
                (None, _) => self.unknown(name, key, value),
            }
        }
    }

    /// Each pair is an entry of its own, so that a fault is told where it is.
    fn pairs(&mut self, setting: &'static Setting<Profile>, pairs: &DeTable<'_>) {
        for (name, value) in pairs {
            let raw = Box::new(Raw::new(value.get_ref()));
            self.give(
                setting,
                Raw::Pair(name.get_ref().to_string(), raw),
                value.span(),
            );
        }
    }

    fn entry(&mut self, setting: &'static Setting<Profile>, value: &Value<'_>) {
        self.give(setting, Raw::new(value.get_ref()), value.span());
    }

    fn give(&mut self, setting: &'static Setting<Profile>, raw: Raw, span: Range<usize>) {
        let spot = self.spot(span);
        self.layer.entries.push(Entry {
            setting,
            raw,
            origin: origin(&spot),
            spot: Some(spot),
        });
    }

    /// The table that must stand at `name`, and is written like `header`.
    fn table_of<'v, 't>(
        &mut self,
        value: &'v Value<'t>,
        name: &str,
        header: &str,
    ) -> Option<&'v DeTable<'t>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let found = Raw::new(value.get_ref());
        let message = format!("`{name}` must be a table, not {found}");
        let fault = self.fault(value.span(), message);
        let help = format!("write {header} on a line of its own, and its keys below");
        self.push(fault.help(help));
        None
    }

    fn extends(&mut self, value: &Value<'_>) {
        match value.get_ref() {
            DeValue::String(name) if !name.is_empty() => {
                self.layer.extends = Some((name.to_string(), self.spot(value.span())));
            }
            found => {
                let found = Raw::new(found);
                let message =
                    format!("`extends` must be the name or path of a profile, not {found}");
                let fault = self.fault(value.span(), message);
                self.push(fault.help("for example extends = \"dev\"".to_owned()));
            }
        }
    }

    fn spot(&self, span: Range<usize>) -> Spot {
        Spot::new(self.source, span)
    }

    fn fault(&self, span: Range<usize>, message: String) -> Fault {
        Fault::at(self.spot(span), message)
    }

    fn push(&mut self, fault: Fault) {
        self.layer.faults.push(fault);
    }
}

fn origin(spot: &Spot) -> Origin {
    Origin::File {
        file: spot.name().to_owned(),
        line: spot.line(),
    }
}
