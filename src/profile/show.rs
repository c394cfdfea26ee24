//! The way back: a resolved profile as TOML that resolves to the same, as rows, as JSON.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Check;
use super::Profile;
use super::Resolved;
use super::TeamService;
use super::origin::Origin;
use super::settings::CHECK;
use super::settings::SETTINGS;
use super::settings::Setting;
use super::team::ENABLED;
use super::team::SERVICE;
use super::team::SERVICES;

/// A setting with its value as text and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The path of the key.
    pub key: String,
    /// The value, as written in a profile.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

impl Resolved {
    /// Every setting in the order of the table, then every check.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_of(|value| value)
    }

    /// The same of values that are changed before they are written.
    pub fn rows_of(&self, change: impl Fn(Json) -> Json) -> Vec<Row> {
        let mut profile = self.profile.clone();
        let setting = |setting: &Setting<Profile>| Row {
            key: setting.key.to_owned(),
            value: toml(&change(setting.value(&mut profile))),
            origin: self
                .origins
                .get(setting.key)
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        let mut rows: Vec<_> = SETTINGS.iter().map(setting).collect();
        rows.retain(|row| row.value != ABSENT);
        for service in &self.profile.services {
            rows.extend(self.service_rows(service, &change));
        }
        let checks = self.profile.checks.iter().zip(&self.check_origins);
        rows.extend(checks.map(|(check, origin)| Row {
            key: format!("checks.{}", toml(&Json::from(check.name.as_str()))),
            value: inline(check),
            origin: origin.to_string(),
        }));
        rows
    }

    fn service_rows(&self, service: &TeamService, change: impl Fn(Json) -> Json) -> Vec<Row> {
        let parts = service_parts(service).into_iter();
        let row = |(key, value): (&str, Json)| {
            let key = format!("{SERVICES}.{}.{key}", service.name);
            let origin = self.service_origins.get(&key);
            Row {
                value: toml(&change(value)),
                origin: origin.unwrap_or(&Origin::Default).to_string(),
                key,
            }
        };
        parts.map(row).collect()
    }

    /// A profile that stands alone and resolves to the same.
    pub fn toml(&self) -> String {
        let mut profile = self.profile.clone();
        let mut text = String::new();
        let mut table = "";
        for setting in SETTINGS {
            let value = setting.value(&mut profile);
            if value.is_null() {
                continue;
            }
            if setting.table() != table {
                table = setting.table();
                line(&mut text, format_args!("\n[{table}]"));
            }
            line(
                &mut text,
                format_args!("{} = {}", setting.name(), toml(&value)),
            );
        }
        for service in &self.profile.services {
            line(&mut text, format_args!("\n[{SERVICES}.{}]", service.name));
            for (key, value) in service_parts(service) {
                line(&mut text, format_args!("{key} = {}", toml(&value)));
            }
        }
        for check in &self.profile.checks {
            line(&mut text, format_args!("\n[[checks]]"));
            for (key, value) in parts(check) {
                line(&mut text, format_args!("{key} = {value}"));
            }
        }
        text
    }

    /// The profile as one JSON document, with the values as a profile has them.
    pub fn json(&self) -> Json {
        let mut profile = self.profile.clone();
        let mut document = Map::new();
        for setting in SETTINGS {
            put(&mut document, setting, setting.value(&mut profile));
        }
        let services = self.profile.services.iter();
        let services = services.map(|service| (service.name.to_string(), service_json(service)));
        document.insert(SERVICES.to_owned(), Json::Object(services.collect()));
        let checks = self.profile.checks.iter().map(check_json).collect();
        document.insert("checks".to_owned(), Json::Array(checks));
        let origins = self
            .rows()
            .into_iter()
            .map(|row| (row.key, Json::from(row.origin)));
        serde_json::json!({
            "name": self.profile.name,
            "file": self.profile.file.to_string_lossy(),
            "root": self.profile.root.to_string_lossy(),
            "settings": document,
            "origins": origins.collect::<Map<_, _>>(),
        })
    }
}

fn put(document: &mut Map<String, Json>, setting: &Setting<Profile>, value: Json) {
    let mut place = document;
    let tables = setting.table().split('.');
    for table in tables.filter(|table| !table.is_empty()) {
        let entry = place
            .entry(table)
            .or_insert_with(|| Json::Object(Map::new()));
        match entry.as_object_mut() {
            Some(table) => place = table,
            None => return,
        }
    }
    place.insert(setting.name().to_owned(), value);
}

fn check_json(check: &Check) -> Json {
    let mut check = check.clone();
    let parts = CHECK
        .iter()
        .map(|setting| (setting.key.to_owned(), setting.value(&mut check)));
    Json::Object(parts.collect())
}

/// The keys and values of a service, but for what it does not have and what belongs to that.
fn service_parts(service: &TeamService) -> Vec<(&'static str, Json)> {
    let mut service = service.clone();
    let has_command = !service.health.command.is_empty();
    let belongs = |key: &str| match key {
        "health.interval" | "health.timeout" | "health.retries" => has_command,
        // Those that are not have been dropped.
        ENABLED => false,
        _ => true,
    };
    let parts = SERVICE
        .iter()
        .map(|setting| (setting.key, setting.value(&mut service)));
    let is_empty = |value: &Json| match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(pairs) => pairs.is_empty(),
        _ => false,
    };
    parts
        .filter(|(key, value)| belongs(key) && !is_empty(value))
        .collect()
}

fn service_json(service: &TeamService) -> Json {
    let mut document = Map::new();
    for (key, value) in service_parts(service) {
        match key.split_once('.') {
            None => drop(document.insert(key.to_owned(), value)),
            Some((table, key)) => {
                let table = document
                    .entry(table)
                    .or_insert_with(|| Json::Object(Map::new()));
                if let Some(table) = table.as_object_mut() {
                    table.insert(key.to_owned(), value);
                }
            }
        }
    }
    Json::Object(document)
}

/// The keys and values of a check that has them.
fn parts(check: &Check) -> Vec<(&'static str, String)> {
    let mut check = check.clone();
    let parts = CHECK
        .iter()
        .map(|setting| (setting.key, setting.value(&mut check)));
    parts
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key, toml(&value)))
        .collect()
}

fn inline(check: &Check) -> String {
    let parts = parts(check).into_iter().filter(|(key, _)| *key != "name");
    let parts: Vec<_> = parts
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", parts.join(", "))
}

/// How a value that is absent reads.
const ABSENT: &str = "null";

/// A value as TOML. JSON writes texts the same way but for one control character, which TOML wants escaped.
fn toml(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(pairs) if pairs.is_empty() => "{}".to_owned(),
        Json::Object(pairs) => {
            let pair = |(key, value): (&String, &Json)| {
                format!("{} = {}", toml(&Json::from(key.as_str())), toml(value))
            };
            let pairs: Vec<_> = pairs.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        _ => value.to_string().replace('\u{7f}', "\\u007F"),
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String can always grow");
}
