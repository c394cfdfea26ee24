//! What an engine knows of an instance, without secrets.

use serde_json::Value;

/// What stands in place of a secret.
const MASK: &str = "********";

/// Words by which a name says that its value is a secret.
const SECRET: [&str; 7] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "key",
];

/// How such names end too.
const SECRET_ENDINGS: [&str; 3] = ["pass", "_pwd", "-pwd"];

/// Words that end a name whose value only says where a secret is.
const PLACE: [&str; 4] = ["file", "path", "dir", "folder"];

/// The same value without secrets: those that are named so, in fields and in variables, and passwords in addresses.
pub fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, value)| field(name, value)).collect()
        }
        Value::Array(all) => Value::Array(list(all)),
        Value::String(text) => Value::String(masked_text(&text)),
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

/// Arguments: what follows a flag that is named like a secret is one.
fn list(all: Vec<Value>) -> Vec<Value> {
    let mut is_next = false;
    let one = |value: Value| {
        let is_secret = is_next;
        is_next = value.as_str().is_some_and(is_secret_flag);
        match value {
            Value::String(text) if is_secret && is_argument(&text) => {
                Value::String(MASK.to_owned())
            }
            value => masked(value),
        }
    };
    all.into_iter().map(one).collect()
}

fn is_secret_flag(word: &str) -> bool {
    let name = word.trim_start_matches('-');
    name.len() < word.len() && is_name(name) && is_secret(name)
}

fn is_argument(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('-')
}

/// A variable, an argument, an address, or words that hold such.
fn masked_text(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) && is_secret(name) && !value.is_empty() => {
            format!("{name}={MASK}")
        }
        _ => without_password(words(text)),
    }
}

/// Words among which are `name=secret` or `--name secret`, as they are in connection strings and commands.
fn words(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut is_next = false;
    // What ends the secret in quotes that the word is a part of.
    let mut quote = None;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = piece.get(word.len()..).unwrap_or_default();
        if let Some(end) = quote {
            if word.ends_with(end) {
                quote = None;
                masked.push_str(space);
            }
            continue;
        }
        if is_next && is_argument(word) {
            quote = open_quote(word);
            masked.push_str(MASK);
        } else if let Some((before, secret)) = pair(word) {
            quote = open_quote(secret);
            masked.push_str(before);
            masked.push_str(MASK);
        } else {
            masked.push_str(word);
        }
        if quote.is_none() {
            masked.push_str(space);
        }
        is_next = is_secret_flag(word) || (is_next && word.is_empty());
    }
    masked
}

/// What stands before the first secret in a word, and from there on.
fn pair(word: &str) -> Option<(&str, &str)> {
    let split = |(at, _): (usize, &str)| word.split_at_checked(at + 1);
    let mut pairs = word.match_indices('=').filter_map(split);
    pairs.find(|(before, secret)| {
        let name = before.trim_end_matches('=');
        let start = name.rfind(|c: char| !is_name_part(c));
        let name = start.map_or(name, |start| name.get(start..).unwrap_or_default());
        let name = name.trim_start_matches(|c: char| !is_name_part(c));
        is_secret(name) && !secret.is_empty()
    })
}

/// The quotation mark that a word opens and does not close.
fn open_quote(secret: &str) -> Option<char> {
    let first = secret.chars().next()?;
    let is_open = "'\"".contains(first) && (secret.len() == 1 || !secret.ends_with(first));
    is_open.then_some(first)
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.".contains(c)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_part)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let says = SECRET.iter().any(|word| name.contains(word))
        || SECRET_ENDINGS.iter().any(|end| name.ends_with(end));
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

    #[test]
    fn secrets_inside_of_texts_and_behind_flags_are_masked() {
        let value = json!({
            "Cmd": ["redis-server", "--requirepass", "hunter2", "--port", "6379"],
            "Flags": ["--password", "--port", "--token"],
            "Shell": ["sh", "-c", "redis-server --requirepass hunter2 --port 6379"],
            "Env": [
                "DSN=host=db password=hunter2 dbname=rates",
                "ODD=user=a password='hun ter 2' dbname=b",
                "URL=http://h/x?a=b&api_key=hunter2",
                "PWD=/app",
                "MYSQL_PWD=hunter2",
                "SPACED= --token  hunter2 rest",
                "PLAIN=a = b, c=d",
            ],
        });
        let expected = json!({
            "Cmd": ["redis-server", "--requirepass", "********", "--port", "6379"],
            "Flags": ["--password", "--port", "--token"],
            "Shell": ["sh", "-c", "redis-server --requirepass ******** --port 6379"],
            "Env": [
                "DSN=host=db password=******** dbname=rates",
                "ODD=user=a password=******** dbname=b",
                "URL=http://h/x?a=b&api_key=********",
                "PWD=/app",
                "MYSQL_PWD=********",
                "SPACED= --token  ******** rest",
                "PLAIN=a = b, c=d",
            ],
        });
        assert_eq!(masked(value), expected);
    }
}
