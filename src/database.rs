//! PostgreSQL: how to connect, what a dump is, how a database is seeded and migrated.

pub mod console;
mod dump;
mod fingerprint;
pub mod history;
mod migrate;
pub mod note;
mod places;
pub mod seed;

use std::time::Duration;

use crate::error::Code;
use crate::error::Explain;
pub use dump::DumpError;
#[cfg(fuzzing)]
pub use dump::Item;
#[cfg(fuzzing)]
pub use dump::Reader;
pub use fingerprint::Fingerprint;
pub use places::Places;

/// Where the database is and who connects, as the roles receive it in environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `DB_HOST`, a name or an address.
    pub host: String,
    /// `DB_PORT`, 5432 when absent.
    pub port: u16,
    /// `DB_NAME`, `rates` when absent.
    pub name: String,
    /// `DB_USER`, `rates` when absent.
    pub user: String,
    /// `DB_PASSWORD`, or the contents of the file that `DB_PASSWORD_FILE` names.
    pub password: Password,
}

/// A secret that never shows itself in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The secret that a server knows.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it to the server.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Everything for which the environment variables do not say where the database is.
#[derive(Debug, thiserror::Error)]
#[error("the environment variables do not say where the database is")]
pub struct SettingsError(Vec<SettingsFault>);

impl SettingsError {
    /// The faults, each as a sentence with its cause.
    pub fn faults(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// What is wrong with one of the variables.
#[derive(Debug, thiserror::Error)]
enum SettingsFault {
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    #[error("DB_PORT={0} is not a port number")]
    Port(String),
    #[error("cannot read the password from {0} (DB_PASSWORD_FILE): {1}")]
    PasswordFile(String, std::io::Error),
}

impl Explain for SettingsError {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn detail(&self) -> Vec<String> {
        self.faults()
    }

    fn hint(&self) -> Option<String> {
        let hint = "set DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD or DB_PASSWORD_FILE";
        Some(hint.to_owned())
    }
}

impl Settings {
    /// Reads the settings through `variable`, which looks a variable up; an empty one counts as absent.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let variable = |name: &str| variable(name).filter(|text| !text.is_empty());
        let or = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        let mut faults = Vec::new();
        let host = variable("DB_HOST").ok_or(SettingsFault::Missing("DB_HOST"));
        let host = host.map_err(|fault| faults.push(fault));
        let port = or("DB_PORT", "5432");
        let port = port.parse().ok().ok_or(SettingsFault::Port(port));
        let port = port.map_err(|fault| faults.push(fault));
        let password = password(variable).map_err(|fault| faults.push(fault));
        match (host, port, password) {
            (Ok(host), Ok(port), Ok(password)) => Ok(Self {
                host,
                port,
                name: or("DB_NAME", "rates"),
                user: or("DB_USER", "rates"),
                password,
            }),
            _ => Err(SettingsError(faults)),
        }
    }

    /// The client configuration for a connection of the role `role`.
    pub fn config(&self, role: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .dbname(&self.name)
            .user(&self.user)
            .password(self.password.reveal())
            .application_name(format!("ratesdev-{role}/{}", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(10));
        config
    }
}

fn password(variable: impl Fn(&str) -> Option<String>) -> Result<Password, SettingsFault> {
    if let Some(password) = variable("DB_PASSWORD") {
        return Ok(Password(password));
    }
    let path = variable("DB_PASSWORD_FILE").ok_or(SettingsFault::Missing("DB_PASSWORD_FILE"))?;
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Password(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(source) => Err(SettingsFault::PasswordFile(path, source)),
    }
}
