//! What a line of a log says: how serious it is, and its gist for a person.

use serde::Deserialize;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Map;
use serde_json::Value;
use std::borrow::Cow;

/// How serious a line is, least serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Details for whoever looks for them.
    Debug,
    /// What happens all day.
    Info,
    /// What somebody should look at.
    Warn,
    /// What went wrong.
    Error,
}

impl std::str::FromStr for Level {
    type Err = ();

    /// Reads the two levels that a service can be asked to write.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            _ => Err(()),
        }
    }
}

/// The level that a line names: the `level` or the `severity` of a JSON line, a word or pino's number; `level=` of
/// logfmt; the word that PostgreSQL and Python begin their messages with. What names none is [`Level::Info`].
pub fn level(line: &str) -> Level {
    let named = if line.starts_with('{') {
        of_json(line)
    } else {
        of_python(line)
            .or_else(|| of_postgres(line))
            .or_else(|| of_logfmt(line))
    };
    named.unwrap_or(Level::Info)
}

fn of_word(word: &str) -> Option<Level> {
    const LONGEST: usize = "emergency".len();
    if word.len() > LONGEST {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "trace" | "debug" | "debug1" | "debug2" | "debug3" | "debug4" | "debug5" => Level::Debug,
        "info" | "notice" | "log" => Level::Info,
        "warn" | "warning" => Level::Warn,
        "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "alert" | "emergency" => {
            Level::Error
        }
        _ => return None,
    })
}

fn of_json(line: &str) -> Option<Level> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Named<'a> {
        #[serde(borrow)]
        Word(Cow<'a, str>),
        Number(f64),
        Other(IgnoredAny),
    }
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        level: Option<Named<'a>>,
        #[serde(borrow)]
        severity: Option<Named<'a>>,
    }
    let line = serde_json::from_str::<Line<'_>>(line).ok()?;
    match line.level.or(line.severity)? {
        Named::Word(word) => of_word(&word),
        // pino and bunyan count 10, 20, … 60 from trace to fatal.
        Named::Number(50.0..) => Some(Level::Error),
        Named::Number(40.0..) => Some(Level::Warn),
        Named::Number(..30.0) => Some(Level::Debug),
        Named::Number(_) | Named::Other(_) => None,
    }
}

/// PostgreSQL writes `2021-01-31 12:00:00.000 UTC [1] ERROR:  …` (its documentation, "Message Severity Levels").
fn of_postgres(line: &str) -> Option<Level> {
    let (before, _) = line.split_once(":  ")?;
    let word = before.rsplit(' ').next()?;
    of_word(word).filter(|_| is_upper(word))
}

/// Python writes `ERROR:root:…`, and Flask `[2021-01-31 12:00:00,000] ERROR in app: …`.
fn of_python(line: &str) -> Option<Level> {
    let word = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?.1.split_once(" in ")?.0,
        None => line.split_once(':')?.0,
    };
    of_word(word).filter(|_| is_upper(word))
}

fn is_upper(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
}

/// `level=error` between other fields.
fn of_logfmt(line: &str) -> Option<Level> {
    let mut fields = line.split(' ');
    let word = fields.find_map(|field| {
        let value = field.strip_prefix("level=");
        value.or_else(|| field.strip_prefix("severity="))
    })?;
    of_word(word.trim_matches('"'))
}

/// The gist of a line: what the access log's fields say, or what PostgreSQL says without the time and the process that
/// it begins its lines with. Any other line is its own gist.
pub fn gist(line: &str) -> Cow<'_, str> {
    if line.starts_with('{') {
        let fields = serde_json::from_str::<Map<String, Value>>(line);
        return fields.map_or(Cow::Borrowed(line), |fields| {
            Cow::Owned(gist_of_json(&fields))
        });
    }
    match line.split_once("] ") {
        Some((before, rest)) if before.starts_with("20") && before.contains(" UTC [") => {
            rest.into()
        }
        _ => line.into(),
    }
}

fn gist_of_json(fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).map(plain).unwrap_or_default();
    if !fields.contains_key("status") || !fields.contains_key("path") {
        let told = ["time", "level", "message"];
        let others = fields
            .iter()
            .filter(|(name, _)| !told.contains(&name.as_str()));
        let others = others.map(|(name, value)| format!("  {name}={}", plain(value)));
        return std::iter::once(text("message")).chain(others).collect();
    }
    let request = format!(
        "{} {} {}  {} ms",
        text("method"),
        text("path"),
        text("status"),
        milliseconds(fields)
    );
    let question = fields.contains_key("orig");
    let question =
        question.then(|| format!("  {} → {}  {}", text("orig"), text("dest"), days(fields)));
    let trouble = ["problem", "error"]
        .into_iter()
        .filter(|name| fields.contains_key(*name));
    let trouble = trouble.map(|name| format!("  {}", text(name)));
    std::iter::once(request)
        .chain(question)
        .chain(trouble)
        .collect()
}

fn milliseconds(fields: &Map<String, Value>) -> String {
    let taken = fields.get("duration_ms").and_then(Value::as_f64);
    taken.map_or_else(String::new, |taken| format!("{taken:.1}"))
}

fn days(fields: &Map<String, Value>) -> String {
    match fields.get("days").and_then(Value::as_u64) {
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
        None => String::new(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_api_and_of_postgresql_name_their_level() {
        let cases = [
            (
                r#"{"time":"x","level":"error","message":"y"}"#,
                Level::Error,
            ),
            (r#"{"level":"WARN"}"#, Level::Warn),
            (r#"{"level":"info"}"#, Level::Info),
            (r#"{"level":"debug"}"#, Level::Debug),
            (r#"{"no":"level"}"#, Level::Info),
            ("{broken", Level::Info),
            (
                "2021-01-31 12:00:00.000 UTC [1] ERROR:  relation \"x\" does not exist at character 15",
                Level::Error,
            ),
            (
                "2021-01-31 12:00:00.000 UTC [1] FATAL:  password authentication failed",
                Level::Error,
            ),
            (
                "2021-01-31 12:00:00.000 UTC [1] WARNING:  there is no transaction in progress",
                Level::Warn,
            ),
            (
                "2021-01-31 12:00:00.000 UTC [1] LOG:  database system is ready: ERROR: no",
                Level::Info,
            ),
            ("plain text", Level::Info),
        ];
        for (line, level) in cases {
            assert_eq!(super::level(line), level, "{line}");
        }
    }

    #[test]
    fn lines_of_a_teams_own_services_name_their_level() {
        let cases = [
            ("ERROR:root:no such port", Level::Error),
            ("WARNING:werkzeug: * Debugger is active!", Level::Warn),
            (
                "[2021-01-31 12:00:00,000] ERROR in app: no such port",
                Level::Error,
            ),
            (
                "[2021-01-31 12:00:00,000] nothing in app: ERROR",
                Level::Info,
            ),
            ("INFO:     Started server process [1]", Level::Info),
            ("Error: not the word of a logger", Level::Info),
            (
                "time=2021-01-31T12:00:00Z level=error msg=\"no such port\"",
                Level::Error,
            ),
            ("level=warn msg=slow", Level::Warn),
            ("loglevel=error msg=setting", Level::Info),
            (r#"ts=1 level="debug" msg=x"#, Level::Debug),
            (
                r#"{"level":50,"time":1612094400000,"msg":"no such port"}"#,
                Level::Error,
            ),
            (r#"{"level":40,"msg":"slow"}"#, Level::Warn),
            (r#"{"level":30,"msg":"x"}"#, Level::Info),
            (r#"{"level":20,"msg":"x"}"#, Level::Debug),
            (r#"{"level":true,"msg":"x"}"#, Level::Info),
            (r#"{"severity":"CRITICAL","message":"x"}"#, Level::Error),
            (r#"{"severity":"NOTICE","message":"x"}"#, Level::Info),
        ];
        for (line, level) in cases {
            assert_eq!(super::level(line), level, "{line}");
        }
    }

    #[test]
    fn the_gist_is_what_a_person_wants_to_read() {
        let cases = [
            (
                r#"{"time":"x","level":"info","request_id":"1","method":"GET","path":"/rates","status":200,"duration_ms":3.1,"orig":"CNGGZ","dest":"EETLL","days":31}"#,
                "GET /rates 200  3.1 ms  CNGGZ → EETLL  31 days",
            ),
            (
                r#"{"time":"x","level":"info","method":"GET","path":"/rates","status":404,"duration_ms":1,"problem":"unknown-place"}"#,
                "GET /rates 404  1.0 ms  unknown-place",
            ),
            (
                r#"{"time":"x","level":"info","message":"draining","connections":3}"#,
                "draining  connections=3",
            ),
            (
                "2021-01-31 12:00:00.000 UTC [1] LOG:  checkpoint complete",
                "LOG:  checkpoint complete",
            ),
            ("plain [x] text", "plain [x] text"),
            ("{broken", "{broken"),
        ];
        for (line, gist) in cases {
            assert_eq!(super::gist(line), gist);
        }
    }
}
