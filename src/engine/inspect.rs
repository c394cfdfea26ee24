//! What an engine knows of an instance, without secrets.

use serde_json::Value;

/// What stands in place of a secret.
const MASK: &str = "********";

/// Words by which a name says that its value is a secret.
const SECRET: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "key"];

/// Words that end a name whose value only says where a secret is.
const PLACE: [&str; 4] = ["file", "path", "dir", "folder"];

/// The same value without secrets: those that are named so, in fields and in variables, and passwords in addresses.
pub fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, value)| field(name, value)).collect()
        }
        Value::Array(all) => all.into_iter().map(masked).collect(),
        Value::String(text) => Value::String(word(text)),
        plain => plain,
    }
}

fn field(name: String, value: Value) -> (String, Value) {
    let value = match value {
        Value::String(text) if is_secret(&name) && !text.is_empty() => {
            Value::String(MASK.to_owned())
        }
        value => masked(value),
    };
    (name, value)
}

/// A variable, an argument or an address.
fn word(text: String) -> String {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) && is_secret(name) && !value.is_empty() => {
            format!("{name}={MASK}")
        }
        _ => without_password(text),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let says = SECRET.iter().any(|word| name.contains(word));
    says && !PLACE.iter().any(|place| name.ends_with(place))
}

/// `scheme://user:password@host`, wherever it stands in the text.
fn without_password(text: String) -> String {
    let Some((before, rest)) = text.split_once("://") else {
        return text;
    };
    let end = rest.find(['/', '?', ' ', '"']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let after = without_password(after.to_owned());
    match authority.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            let mask = if login.contains(':') {
                format!(":{MASK}")
            } else {
                String::new()
            };
            format!("{before}://{user}{mask}@{host}{after}")
        }
        None => format!("{before}://{authority}{after}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand_and_nothing_else_is() {
        let value = json!({
            "Env": ["POSTGRES_PASSWORD=hunter2", "POSTGRES_PASSWORD_FILE=/run/secrets/password", "PATH=/bin", "API_KEY="],
            "Config": {"db_password": "hunter2", "Token": 7, "Hostname": "api"},
            "Args": ["--url=postgres://rates:hun:ter2@db:5432/rates?x=1", "redis://db and http://u:p@h/x", "a=b"],
            "Mounts": [{"Source": "/secrets/password"}],
        });
        let expected = json!({
            "Env": ["POSTGRES_PASSWORD=********", "POSTGRES_PASSWORD_FILE=/run/secrets/password", "PATH=/bin", "API_KEY="],
            "Config": {"db_password": "********", "Token": 7, "Hostname": "api"},
            "Args": ["--url=postgres://rates:********@db:5432/rates?x=1", "redis://db and http://u:********@h/x", "a=b"],
            "Mounts": [{"Source": "/secrets/password"}],
        });
        assert_eq!(masked(value), expected);
    }
}
