//! The way back: a resolved profile as TOML that resolves to the same, as rows, as JSON.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Check;
use super::Profile;
use super::Resolved;
use super::settings::CHECK;
use super::settings::SETTINGS;
use super::settings::Setting;

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
        let mut profile = self.profile.clone();
        let setting = |setting: &Setting<Profile>| Row {
            key: setting.key.to_owned(),
            value: toml(&setting.value(&mut profile)),
            origin: self
                .origins
                .get(setting.key)
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        let mut rows: Vec<_> = SETTINGS.iter().map(setting).collect();
        let checks = self.profile.checks.iter().zip(&self.check_origins);
        rows.extend(checks.map(|(check, origin)| Row {
            key: format!("checks.{}", toml(&Json::from(check.name.as_str()))),
            value: inline(check),
            origin: origin.to_string(),
        }));
        rows
    }

    /// A profile that stands alone and resolves to the same.
    pub fn toml(&self) -> String {
        let mut profile = self.profile.clone();
        let mut text = String::new();
        let mut table = "";
        for setting in SETTINGS {
            if setting.table() != table {
                table = setting.table();
                line(&mut text, format_args!("\n[{table}]"));
            }
            let value = toml(&setting.value(&mut profile));
            line(&mut text, format_args!("{} = {value}", setting.name()));
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
    let name = setting.name().to_owned();
    let place = match setting.table() {
        "" => document,
        table => {
            let entry = document
                .entry(table)
                .or_insert_with(|| Json::Object(Map::new()));
            match entry.as_object_mut() {
                Some(table) => table,
                None => return,
            }
        }
    };
    place.insert(name, value);
}

fn check_json(check: &Check) -> Json {
    let mut check = check.clone();
    let parts = CHECK
        .iter()
        .map(|setting| (setting.key.to_owned(), setting.value(&mut check)));
    Json::Object(parts.collect())
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

/// A scalar as TOML. JSON writes it the same way but for one control character, which TOML wants escaped.
fn toml(value: &Json) -> String {
    value.to_string().replace('\u{7f}', "\\u007F")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String can always grow");
}
