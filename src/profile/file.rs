//! A profile as written: TOML becomes entries that know their place, and faults. No file is opened here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
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
use super::fault::did_you_mean;
use super::kind;
use super::kind::Raw;
use super::origin::Origin;
use super::role;
use super::settings;
use super::settings::Absent;
use super::settings::CHECK;
use super::settings::SETTINGS;
use super::settings::Setting;
use super::team;
use super::team::HEALTH;
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

/// A text, or the texts of a list.
fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(text) => Some(vec![text.to_string()]),
        DeValue::Array(all) => all
            .iter()
            .map(|one| one.get_ref().as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
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

    fn services(&mut self, value: &Value<'_>) {
        let Some(services) = self.table_of(value, SERVICES, "[services.NAME]") else {
            return;
        };
        for (key, value) in services {
            match key.get_ref().parse() {
                Ok(name) => self.service(name, key, value),
                Err(_not_a_name) => {
                    let name = kind::cut(key.get_ref());
                    let message = format!("`{name}` cannot be the name of a service");
                    let fault = self.fault(key.span(), message);
                    self.push(fault.help(format!("a name has {}", role::ALLOWED)));
                }
            }
        }
    }

    fn service(&mut self, name: ShortName, key: &Key<'_>, value: &Value<'_>) {
        let table = format!("{SERVICES}.{name}");
        let Some(keys) = self.table_of(value, &table, &format!("[{table}]")) else {
            return;
        };
        self.service_entry(name, None, key.span());
        for (key, value) in keys {
            let word = key.get_ref().as_ref();
            if word == HEALTH {
                self.health(name, value);
            } else if let Some(setting) = team::find(word).filter(|_| !word.contains('.')) {
                self.service_entry(
                    name,
                    Some((setting, Raw::new(value.get_ref()))),
                    value.span(),
                );
            } else {
                self.unknown(&table, key, value);
            }
        }
    }

    fn health(&mut self, name: ShortName, value: &Value<'_>) {
        let table = format!("{SERVICES}.{name}.{HEALTH}");
        let Some(keys) = self.table_of(value, &table, &format!("[{table}]")) else {
            return;
        };
        for (key, value) in keys {
            match team::find(&format!("{HEALTH}.{}", key.get_ref())) {
                Some(setting) => {
                    let raw = Raw::new(value.get_ref());
                    self.service_entry(name, Some((setting, raw)), value.span());
                }
                None => self.unknown(&table, key, value),
            }
        }
    }

    fn service_entry(
        &mut self,
        name: ShortName,
        value: Option<(&'static Setting<TeamService>, Raw)>,
        span: Range<usize>,
    ) {
        let spot = self.spot(span);
        self.layer.services.push(ServiceEntry {
            name,
            value,
            origin: origin(&spot),
            spot,
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

    fn keys(&mut self, key: &Key<'_>, value: &Value<'_>) {
        let DeValue::Table(table) = value.get_ref() else {
            let found = Raw::new(value.get_ref());
            let fault = self.fault(value.span(), format!("`keys` must be a table, not {found}"));
            let help = "write [keys] on a line of its own, and actions below".to_owned();
            return self.dashboard(KEYS, key).faults.push(fault.help(help));
        };
        self.dashboard(KEYS, key);
        for (action, value) in table {
            let spot = self.spot(action.span());
            let name = action.get_ref().to_string();
            if let Some(keys) = texts(value.get_ref()) {
                let action = name;
                let given = &mut self.dashboard(KEYS, key).given;
                given.push(GivenKeys { action, keys, spot });
                continue;
            }
            let found = Raw::new(value.get_ref());
            let message = format!("a key must be a text or a list of texts, not {found}");
            let help = "for example follow = \"F\", or wrap = [\"w\", \"ctrl-w\"]".to_owned();
            let fault = self.fault(value.span(), message);
            self.dashboard(KEYS, key).faults.push(fault.help(help));
        }
    }

    fn theme(&mut self, key: &Key<'_>, value: &Value<'_>) {
        if let DeValue::String(name) = value.get_ref() {
            let spot = self.spot(value.span());
            self.dashboard(THEME, key).theme = Some((name.to_string(), spot));
            return;
        }
        let found = Raw::new(value.get_ref());
        let fault = self.fault(value.span(), format!("`theme` must be a text, not {found}"));
        let help = "for example theme = \"light\"".to_owned();
        self.dashboard(THEME, key).faults.push(fault.help(help));
    }

    /// What is said of the dashboard, which begins with this key where nothing is yet.
    fn dashboard(&mut self, name: &'static str, key: &Key<'_>) -> &mut OwnDashboard {
        let spot = self.spot(key.span());
        self.layer.dashboard.get_or_insert_with(|| OwnDashboard {
            key: name,
            spot,
            given: Vec::new(),
            theme: None,
            faults: Vec::new(),
        })
    }

    fn checks(&mut self, value: &Value<'_>) {
        let help = "write [[checks]] on a line of its own, and its keys below".to_owned();
        let DeValue::Array(checks) = value.get_ref() else {
            let found = Raw::new(value.get_ref());
            let message = format!("`checks` must be a list of tables, not {found}");
            let fault = self.fault(value.span(), message);
            return self.push(fault.help(help));
        };
        let mut names = BTreeSet::new();
        for check in checks {
            let DeValue::Table(table) = check.get_ref() else {
                let message = format!("a check must be a table, not {}", Raw::new(check.get_ref()));
                let fault = self.fault(check.span(), message);
                self.push(fault.help(help.clone()));
                continue;
            };
            self.check(table, &check.span(), &mut names);
        }
    }

    fn check(&mut self, table: &DeTable<'_>, span: &Range<usize>, names: &mut BTreeSet<String>) {
        let before = self.layer.faults.len();
        let mut check = settings::blank_check();
        for (key, value) in table {
            match CHECK.iter().find(|setting| setting.key == key.get_ref()) {
                Some(setting) => self.store(setting, &mut check, value),
                None => self.unknown(CHECKS, key, value),
            }
        }
        self.complete(table, span);
        if self.layer.faults.len() > before {
            return;
        }
        self.average(&check, table);
        if !names.insert(check.name.clone()) {
            let place = table
                .get("name")
                .map_or_else(|| span.clone(), Spanned::span);
            let fault = self.fault(
                place,
                format!("there are two checks named {:?}", check.name),
            );
            self.push(fault.help("give each a name of its own".to_owned()));
        }
        let origin = origin(&self.spot(span.clone()));
        self.layer.checks.push(GivenCheck { check, origin });
    }

    fn store(&mut self, setting: &Setting<Check>, check: &mut Check, value: &Value<'_>) {
        let raw = Raw::new(value.get_ref());
        if let Err(refusal) = setting.store(check, &raw, Path::new("")) {
            let fault = self.fault(value.span(), refusal.message);
            self.push(fault.help(refusal.help));
        }
    }

    /// A check must have every key that has no default.
    fn complete(&mut self, table: &DeTable<'_>, span: &Range<usize>) {
        let is_missing =
            |s: &&Setting<Check>| s.absent == Absent::IsWrong && !table.contains_key(s.key);
        for setting in CHECK.iter().filter(is_missing) {
            let message = format!("this check lacks the key `{}`", setting.key);
            let fault = self.fault(span.clone(), message);
            self.push(fault.help(format!("for example {} = {}", setting.key, setting.example)));
        }
    }

    /// A day with few prices has no average, so that a check that asks for one would never pass.
    fn average(&mut self, check: &Check, table: &DeTable<'_>) {
        use crate::rates::PRICES_FOR_AN_AVERAGE as ENOUGH;
        let count = check.expect.count.unwrap_or_default();
        if let Some(price) = table.get("price").filter(|_| count < ENOUGH) {
            let message = format!("a day with fewer than {ENOUGH} prices has no average price");
            let fault = self.fault(price.span(), message);
            self.push(fault.help("leave `price` out".to_owned()));
        }
    }

    fn unknown(&mut self, table: &str, key: &Key<'_>, value: &Value<'_>) {
        let name = &*kind::cut(key.get_ref());
        let message = match (table, value.get_ref()) {
            ("", DeValue::Table(_)) => format!("unknown table `{name}`"),
            ("", _) => format!("unknown key `{name}`"),
            (CHECKS, _) => format!("unknown key `{name}` in [[checks]]"),
            _ => format!("unknown key `{name}` in [{table}]"),
        };
        let fault = self.fault(key.span(), message);
        self.push(fault.help(cure(table, name)));
    }

    /// Takes in what the TOML parser did not understand, and drops what else was said about those lines.
    fn syntax(&mut self, errors: &[toml::de::Error]) {
        let faults: Vec<_> = errors.iter().map(|error| self.broken(error)).collect();
        let lines: BTreeSet<_> = faults.iter().map(line).collect();
        let is_lost = errors
            .iter()
            .any(|error| hides_what_follows(error.message()));
        if errors.iter().any(|error| error.message() != DUPLICATE) {
            self.layer.is_partial = true;
            self.layer
                .faults
                .retain(|fault| !is_lost && !lines.contains(&line(fault)));
            let lines: Vec<_> = lines.into_iter().flatten().collect();
            let is_sound =
                |spot: &Option<Spot>| spot.as_ref().is_some_and(|s| !lines.contains(&s.line()));
            self.layer
                .entries
                .retain(|entry| !is_lost && is_sound(&entry.spot));
            let services = &mut self.layer.services;
            services.retain(|entry| !is_lost && !lines.contains(&entry.spot.line()));
        }
        let mut seen = BTreeSet::new();
        self.layer
            .faults
            .extend(faults.into_iter().filter(|fault| seen.insert(line(fault))));
    }

    fn broken(&self, error: &toml::de::Error) -> Fault {
        let span = error.span().unwrap_or_default();
        let text = self
            .source
            .text
            .get(span.clone())
            .unwrap_or_default()
            .trim();
        let text = kind::cut(text);
        let (message, help) = match error.message() {
            DUPLICATE => (
                format!("`{text}` is given twice"),
                "keep one of them".to_owned(),
            ),
            UNQUOTED if text.is_empty() => (
                "a value is missing".to_owned(),
                "write one after the `=`".to_owned(),
            ),
            _ if is_switch(&text) => (
                format!("{text} is not a value"),
                format!("write {}", text.to_lowercase()),
            ),
            UNQUOTED => (
                format!("{text} is neither a number nor a text"),
                format!("a text needs quotes: {text:?}"),
            ),
            other => (format!("this is not TOML: {other}"), String::new()),
        };
        self.fault(span, message)
            .help(Some(help).filter(|help| !help.is_empty()))
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

/// What the parser says of a key that was there before.
const DUPLICATE: &str = "duplicate key";
/// What the parser says of a text without quotes, and of nothing at all.
const UNQUOTED: &str = "string values must be quoted, expected literal string";

fn is_switch(text: &str) -> bool {
    ["true", "false"].contains(&text.to_lowercase().as_str())
}

/// After some mistakes the parser cannot know where the next key belongs, so that what it says then would mislead.
fn hides_what_follows(message: &str) -> bool {
    ["table", "array", "multi-line"]
        .iter()
        .any(|word| message.contains(word))
}

fn line(fault: &Fault) -> Option<usize> {
    fault.spot.as_ref().map(Spot::line)
}

fn origin(spot: &Spot) -> Origin {
    Origin::File {
        file: spot.name().to_owned(),
        line: spot.line(),
    }
}

/// What to do about an unknown key: the nearest one here, the same one elsewhere, or the list of those that are known.
fn cure(table: &str, name: &str) -> String {
    let known = names(table);
    let here = did_you_mean(name, known.iter().copied());
    let elsewhere = || elsewhere(table, name).filter(|_| !table.starts_with(SERVICES));
    here.or_else(elsewhere)
        .unwrap_or_else(|| format!("known here: {}", known.join(", ")))
}

/// The names that may stand in a table.
fn names(table: &str) -> Vec<&'static str> {
    if table.starts_with(SERVICES) {
        let (is_health, here) = (table.ends_with(HEALTH), |s: &&Setting<_>| s.table());
        let keys = team::SERVICE.iter();
        let keys = keys.filter(|s| here(s) == if is_health { HEALTH } else { "" });
        let mut names: Vec<_> = keys.map(Setting::name).collect();
        names.extend((!is_health).then_some(HEALTH));
        return names;
    }
    if table == CHECKS {
        return CHECK.iter().map(Setting::name).collect();
    }
    let mut names: Vec<_> = SETTINGS
        .iter()
        .filter(|s| s.table() == table)
        .map(Setting::name)
        .collect();
    if table.is_empty() {
        names.push(EXTENDS);
    }
    let inner = settings::tables().into_iter().filter_map(|inner| {
        let (outer, name) = inner.rsplit_once('.').unwrap_or(("", inner));
        (outer == table).then_some(name)
    });
    names.extend(inner);
    if table.is_empty() {
        names.push(SERVICES);
        names.push(CHECKS);
    }
    names
}

fn elsewhere(table: &str, name: &str) -> Option<String> {
    let others = SETTINGS
        .iter()
        .filter(|s| s.name() == name && s.table() != table);
    let tables: Vec<_> = others
        .map(|setting| match setting.table() {
            "" => "at the top of the file, before any [table]".to_owned(),
            table => format!("in [{table}]"),
        })
        .collect();
    let belongs = tables.join(" or ");
    (!tables.is_empty()).then(|| format!("`{name}` belongs {belongs}"))
}
