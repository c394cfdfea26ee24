//! What the service is told through environment variables, checked whole.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::database;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::log_line::Level;

/// The longest time any setting may ask for.
const TEN_MINUTES: u64 = 600_000;

/// Everything the service needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `DB_*`: where the rates are.
    pub database: database::Settings,
    /// `API_LISTEN`: where questions arrive.
    pub listen: Listen,
    /// `API_POOL`: how many database connections there are at most.
    pub pool: usize,
    /// `API_POOL_WAIT_MS`: how long a question waits for one of them.
    pub pool_wait: Duration,
    /// `API_STATEMENT_TIMEOUT_MS`: how long the database may work on a question.
    pub statement_timeout: Duration,
    /// `API_REQUEST_TIMEOUT_MS`: how long a request may take in all.
    pub request_timeout: Duration,
    /// `API_MAX_SPAN_DAYS`: the longest span that is answered at once.
    pub max_span_days: i64,
    /// `API_CACHE_BYTES`: how much memory kept answers may take; 0 keeps none.
    pub cache_bytes: u64,
    /// `API_DRAIN_MS`: how long connections are still served once the service has been asked to stop.
    pub drain: Duration,
    /// `API_LOG`: the level from which on lines are written.
    pub log: Level,
}

/// Where questions arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// A socket that the service opens itself.
    At(SocketAddr),
    /// A socket that is already listening, handed over as standard input: old and new code share its queue.
    Inherited,
}

impl FromStr for Listen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "stdin" => Ok(Self::Inherited),
            address => address.parse().map(Self::At),
        }
    }
}

/// Environment variables that cannot be used, each with its reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variables of the API cannot be used")]
pub struct SettingsFaults(Vec<String>);

impl Explain for SettingsFaults {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn detail(&self) -> Vec<String> {
        self.0.clone()
    }

    fn hint(&self) -> Option<String> {
        Some("`ratesdev serve --help` lists every variable with its default".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Settings {
    /// Reads the settings through `variable`, which looks a variable up; an empty one counts as absent.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsFaults> {
        let mut reader = Reader {
            variable: &variable,
            faults: Vec::new(),
        };
        let database = reader.database();
        let here = Listen::At(SocketAddr::from(([127, 0, 0, 1], 8000)));
        let listen = reader.word("API_LISTEN", here, "an address with a port, or stdin");
        let pool = reader.number("API_POOL", 8, 1..=1000);
        let pool_wait = reader.milliseconds("API_POOL_WAIT_MS", 1000, 1);
        let statement_timeout = reader.milliseconds("API_STATEMENT_TIMEOUT_MS", 2000, 1);
        let request_timeout = reader.milliseconds("API_REQUEST_TIMEOUT_MS", 10_000, 1);
        let max_span_days = reader.number("API_MAX_SPAN_DAYS", 366, 1..=36_600);
        let cache_bytes = reader.number("API_CACHE_BYTES", 8_000_000, 0..=1 << 40);
        let drain = reader.milliseconds("API_DRAIN_MS", 300, 0);
        let log = reader.word("API_LOG", Level::Info, "info or debug");
        match database {
            Some(database) if reader.faults.is_empty() => Ok(Self {
                database,
                listen,
                pool,
                pool_wait,
                statement_timeout,
                request_timeout,
                max_span_days,
                cache_bytes,
                drain,
                log,
            }),
            _ => Err(SettingsFaults(reader.faults)),
        }
    }
}

/// Looks variables up and keeps what is wrong with them, so that all of it is said at once.
struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// A value of its own form; where it is malformed the default stands in until the faults are reported.
    fn word<T: FromStr>(&mut self, name: &str, default: T, form: &str) -> T {
        let Some(text) = (self.variable)(name).filter(|text| !text.is_empty()) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.faults.push(format!("{name}={text} is not {form}"));
            default
        })
    }

    fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let form = format!("a number from {} to {}", range.start(), range.end());
        let number = self.word(name, default, &form);
        if range.contains(&number) {
            return number;
        }
        self.faults.push(format!("{name}={number} is not {form}"));
        default
    }

    fn milliseconds(&mut self, name: &str, default: u64, least: u64) -> Duration {
        Duration::from_millis(self.number(name, default, least..=TEN_MINUTES))
    }

    fn database(&mut self) -> Option<database::Settings> {
        let settings = database::Settings::from_env(self.variable);
        settings
            .map_err(|error| self.faults.extend(error.faults()))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: [(&str, &str); 2] = [("DB_HOST", "127.0.0.1"), ("DB_PASSWORD", "secret")];

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        let settings = Settings::from_env(|name| find(name).map(|(_, value)| (*value).to_owned()));
        settings.map_err(|faults| faults.detail())
    }

    #[test]
    fn everything_but_the_database_has_a_default() {
        let settings = read(&DATABASE).unwrap();
        assert_eq!(
            settings.listen,
            Listen::At("127.0.0.1:8000".parse().unwrap())
        );
        assert_eq!(settings.pool, 8);
        assert_eq!(settings.cache_bytes, 8_000_000);
        assert_eq!(settings.drain, Duration::from_millis(300));
        assert_eq!(settings.log, Level::Info);
        let empty = [
            DATABASE[0],
            DATABASE[1],
            ("API_POOL", ""),
            ("DB_PORT", ""),
            ("DB_USER", ""),
        ];
        assert_eq!(read(&empty).unwrap(), settings);
    }

    #[test]
    fn every_variable_is_heard() {
        let settings = read(&[
            DATABASE[0],
            DATABASE[1],
            ("API_LISTEN", "stdin"),
            ("API_POOL", "3"),
            ("API_POOL_WAIT_MS", "4"),
            ("API_STATEMENT_TIMEOUT_MS", "5"),
            ("API_REQUEST_TIMEOUT_MS", "6"),
            ("API_MAX_SPAN_DAYS", "7"),
            ("API_CACHE_BYTES", "0"),
            ("API_DRAIN_MS", "0"),
            ("API_LOG", "debug"),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.listen, Listen::Inherited);
        assert_eq!((settings.pool, settings.max_span_days), (3, 7));
        assert_eq!(settings.pool_wait, Duration::from_millis(4));
        assert_eq!(settings.statement_timeout, Duration::from_millis(5));
        assert_eq!(settings.request_timeout, Duration::from_millis(6));
        assert_eq!((settings.cache_bytes, settings.drain), (0, Duration::ZERO));
        assert_eq!(settings.log, Level::Debug);
    }

    #[test]
    fn all_faults_are_reported_together_each_with_its_variable() {
        let faults = read(&[
            ("DB_PORT", "many"),
            ("DB_PASSWORD_FILE", "/nowhere/password"),
            ("API_LISTEN", "8000"),
            ("API_POOL", "0"),
            ("API_DRAIN_MS", "soon"),
            ("API_LOG", "loud"),
        ]);
        assert_eq!(
            faults.unwrap_err(),
            [
                "the environment variable DB_HOST is not set",
                "DB_PORT=many is not a port number",
                "cannot read the password from /nowhere/password (DB_PASSWORD_FILE): \
                 No such file or directory (os error 2)",
                "API_LISTEN=8000 is not an address with a port, or stdin",
                "API_POOL=0 is not a number from 1 to 1000",
                "API_DRAIN_MS=soon is not a number from 0 to 600000",
                "API_LOG=loud is not info or debug",
            ]
        );
    }
}
