//! Keys that nobody knows, and what was probably meant.

use toml::de::DeValue;

use super::CHECKS;
use super::EXTENDS;
use super::Key;
use super::Reader;
use super::Value;
use crate::profile::fault::did_you_mean;
use crate::profile::kind;
use crate::profile::settings;
use crate::profile::settings::CHECK;
use crate::profile::settings::SETTINGS;
use crate::profile::settings::Setting;
use crate::profile::team;
use crate::profile::team::HEALTH;
use crate::profile::team::SERVICES;

impl Reader<'_> {
    pub(super) fn unknown(&mut self, table: &str, key: &Key<'_>, value: &Value<'_>) {
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
