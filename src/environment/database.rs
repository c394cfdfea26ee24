//! The way from this process into the database of an environment.

use super::Environment;
use crate::database::Settings;
use crate::engine::DATABASE_NAME;
use crate::engine::Error;
use crate::engine::Found;
use crate::error::Code;
use crate::error::Result;

impl Environment {
    /// How to connect as the owner: to the published port, or through the engine's tunnel, with the password that the
    /// engine keeps.
    pub async fn database(&self, found: &Found) -> Result<Settings> {
        let Some(endpoint) = found.endpoint else {
            let what = format!("{} has no port that can be reached", found.instance);
            let hint = "`ratesdev up` publishes its port; `ratesdev start database` starts one that was stopped";
            return Err(Error::new(Code::NotRunning, what).hint(hint).into());
        };
        let password = self.engine.password(found).await?;
        Ok(Settings {
            host: endpoint.ip().to_string(),
            port: endpoint.port(),
            name: DATABASE_NAME.to_owned(),
            user: DATABASE_NAME.to_owned(),
            password,
        })
    }
}
