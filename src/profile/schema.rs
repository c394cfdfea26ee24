//! The JSON Schema of a profile, from the table of settings: editors complete, explain and check with it.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::file::CHECKS;
use super::file::EXTENDS;
use super::role;
use super::settings;
use super::settings::Absent;
use super::settings::CHECK;
use super::settings::SETTINGS;
use super::settings::Setting;
use super::team;
use super::team::HEALTH;
use super::team::SERVICE;
use super::team::SERVICES;

/// The schema, of draft 2020-12.
pub fn schema() -> Json {
    let mut root = properties("");
    let tables = settings::tables();
    for table in tables.iter().filter(|table| !table.contains('.')) {
        let mut properties = properties(table);
        let inner = tables.iter().filter_map(|inner| {
            let (outer, name) = inner.split_once('.')?;
            (outer == *table).then_some((name, *inner))
        });
        for (name, inner) in inner {
            let inner = object(title(inner), &self::properties(inner), &[]);
            properties.insert(name.to_owned(), inner);
        }
        root.insert((*table).to_owned(), object(title(table), &properties, &[]));
    }
    root.insert(EXTENDS.to_owned(), extends());
    root.insert(SERVICES.to_owned(), services());
    root.insert(CHECKS.to_owned(), checks());
    let mut schema = object(
        "What an environment of the rates system is made from.",
        &root,
        &[],
    );
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(
            "$schema".to_owned(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        schema.insert("title".to_owned(), "A profile of ratesdev".into());
    }
    schema
}

fn title(table: &str) -> &'static str {
    match table {
        "database" => "The role database: PostgreSQL.",
        "seed" => "What the database is loaded with.",
        "api" => "The role api: the rates service.",
        "api.build" => "How the image of a team's own API is built; excludes `image`.",
        _ => "",
    }
}

fn properties(table: &str) -> Map<String, Json> {
    let here = SETTINGS.iter().filter(|setting| setting.table() == table);
    let mut defaults = settings::defaults();
    here.map(|setting| (setting.name().to_owned(), described(setting, &mut defaults)))
        .collect()
}

/// A setting with its doc, its example and, where it has one, its default.
fn described<T>(setting: &Setting<T>, defaults: &mut T) -> Json {
    let mut schema = (setting.place)(defaults).schema();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), setting.doc.into());
        if let Some(example) = example(setting.example) {
            schema.insert("examples".to_owned(), json!([example]));
        }
        if let Absent::Means(_) = setting.absent {
            schema.insert("default".to_owned(), setting.value(defaults));
        }
    }
    schema
}

/// An example as JSON, which only tables are written differently from.
fn example(text: &str) -> Option<Json> {
    let json = || serde_json::from_str(text).ok();
    let table = toml::from_str::<Map<String, Json>>(&format!("x = {text}"));
    let mut table = table.ok().filter(|_| text.starts_with('{'));
    table
        .as_mut()
        .and_then(|table| table.remove("x"))
        .or_else(json)
}

fn extends() -> Json {
    json!({
        "type": "string",
        "minLength": 1,
        "description": "The profile this one builds upon: the name of one beside it, or a relative path.",
        "examples": ["dev"],
    })
}

fn services() -> Json {
    let name = "x".parse().expect("a name");
    let mut defaults = team::defaults(name);
    let mut properties = |table: &str| -> Map<String, Json> {
        let here = SERVICE.iter().filter(|setting| setting.table() == table);
        here.map(|setting| (setting.name().to_owned(), described(setting, &mut defaults)))
            .collect()
    };
    let health = "How the health of the service is found out: by a command, or by a path; it is ready when it runs where neither is given.";
    let health = object(health, &properties(HEALTH), &[]);
    let mut keys = properties("");
    keys.insert(HEALTH.to_owned(), health);
    json!({
        "type": "object",
        "description": "The team's own services, by name; the roles of an environment find them under it.",
        "propertyNames": { "pattern": role::PATTERN },
        "additionalProperties": object("A service of the team's own.", &keys, &[]),
    })
}

fn checks() -> Json {
    let mut blank = settings::blank_check();
    let properties = CHECK
        .iter()
        .map(|s| (s.key.to_owned(), described(s, &mut blank)));
    let needed: Vec<_> = CHECK
        .iter()
        .filter(|s| s.absent == Absent::IsWrong)
        .map(|s| s.key)
        .collect();
    json!({
        "type": "array",
        "description": "Questions with known answers; the environment is ready when all of them pass.",
        "items": object("A question with a known answer.", &properties.collect(), &needed),
    })
}

fn object(description: &str, properties: &Map<String, Json>, required: &[&str]) -> Json {
    let mut object = json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": properties,
    });
    if let (Some(object), false) = (object.as_object_mut(), required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use regex::Regex;
    use toml::Value as Toml;

    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/profile.schema.json");

    #[test]
    fn the_shipped_schema_is_fresh() {
        let shipped = fs::read_to_string(FILE).unwrap();
        let fresh = serde_json::to_string_pretty(&schema()).unwrap();
        let renew = "run `ratesdev profile schema > profiles/profile.schema.json`";
        assert!(shipped.trim_end() == fresh, "{renew}");
    }

    /// What the schema has against a value; only the keywords that [`schema`] uses are known.
    fn objections(schema: &Json, value: &Json, at: &str) -> Vec<String> {
        let mut objections = Vec::new();
        let mut check = |keyword: &str, holds: &dyn Fn(&Json) -> bool| {
            if schema.get(keyword).is_some_and(|rule| !holds(rule)) {
                objections.push(format!("{at}: {keyword}"));
            }
        };
        let number = |rule: &Json| rule.as_f64().unwrap();
        let text = value.as_str().unwrap_or_default();
        check("type", &|rule| has_type(rule.as_str().unwrap(), value));
        check("const", &|rule| rule == value);
        check("enum", &|rule| rule.as_array().unwrap().contains(value));
        check("minimum", &|rule| {
            value.as_f64().unwrap_or(0.0) >= number(rule)
        });
        check("maximum", &|rule| {
            value.as_f64().unwrap_or(0.0) <= number(rule)
        });
        check("minLength", &|rule| {
            text.len() as u64 >= rule.as_u64().unwrap()
        });
        check("pattern", &|rule| {
            Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)
        });
        check("anyOf", &|rule| {
            let any = rule.as_array().unwrap().iter();
            any.map(|schema| objections_of(schema, value))
                .any(|objections| objections == 0)
        });
        check("required", &|rule| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|key| value.get(key.as_str().unwrap()).is_some())
        });
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            objections.extend(self::objections(
                &schema["items"],
                item,
                &format!("{at}[{index}]"),
            ));
        }
        // Of several forms, the right one has looked at the keys.
        let keys = value.as_object().filter(|_| schema.get("anyOf").is_none());
        for (key, value) in keys.into_iter().flatten() {
            let at = format!("{at}.{key}");
            let more = &schema["additionalProperties"];
            objections.extend(match schema["properties"].get(key) {
                Some(schema) => self::objections(schema, value, &at),
                None if more.is_object() => self::objections(more, value, &at),
                None => vec![format!("{at}: additionalProperties")],
            });
        }
        objections
    }

    fn objections_of(schema: &Json, value: &Json) -> usize {
        objections(schema, value, "").len()
    }

    fn has_type(name: &str, value: &Json) -> bool {
        match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            other => panic!("the type {other} is new"),
        }
    }

    /// A profile as an editor hands it to the schema: days are texts there.
    fn read(path: &Path) -> Json {
        fn json(value: &Toml) -> Json {
            match value {
                Toml::Datetime(day) => day.to_string().into(),
                Toml::Array(values) => values.iter().map(json).collect(),
                Toml::Table(table) => table.iter().map(|(k, v)| (k.clone(), json(v))).collect(),
                scalar => serde_json::to_value(scalar).unwrap(),
            }
        }
        let text = fs::read_to_string(path).unwrap();
        json(&Toml::Table(text.parse().unwrap()))
    }

    fn profiles(folder: &str) -> Vec<std::path::PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        files
            .filter(|file| file.extension().is_some_and(|e| e == "toml"))
            .collect()
    }

    #[test]
    fn the_schema_accepts_every_valid_profile() {
        for file in profiles("profiles")
            .into_iter()
            .chain(profiles("tests/profiles/valid"))
        {
            let objections = objections(&schema(), &read(&file), "");
            assert!(objections.is_empty(), "{}: {objections:?}", file.display());
        }
    }

    #[test]
    fn the_schema_objects_to_what_the_reader_refuses() {
        let cases = [
            (json!({ "prot": true }), ".prot: additionalProperties"),
            (json!({ "api": { "port": 0 } }), ".api.port: anyOf"),
            (
                json!({ "api": { "replicas": 17 } }),
                ".api.replicas: maximum",
            ),
            (
                json!({ "api": { "pool_wait": "1h" } }),
                ".api.pool_wait: pattern",
            ),
            (
                json!({ "database": { "durability": "slow" } }),
                ".database.durability: enum",
            ),
            (
                json!({ "database": { "memory": 5 } }),
                ".database.memory: type",
            ),
            (json!({ "checks": [{}] }), ".checks[0]: required"),
        ];
        for (profile, objection) in cases {
            let objections = objections(&schema(), &profile, "");
            assert!(objections.iter().any(|o| o == objection), "{objections:?}");
        }
    }

    #[test]
    fn every_key_is_described() {
        let schema = schema();
        for setting in SETTINGS {
            let pointer = setting.key.replace('.', "/properties/");
            let property = schema.pointer(&format!("/properties/{pointer}")).unwrap();
            let has_default = setting.absent != Absent::IsFine;
            for keyword in ["description", "default", "examples"] {
                assert!(
                    property.get(keyword).is_some() || (keyword == "default" && !has_default),
                    "{} lacks {keyword}",
                    setting.key
                );
            }
        }
        for table in settings::tables() {
            assert!(!title(table).is_empty(), "[{table}] has no description");
        }
    }
}
