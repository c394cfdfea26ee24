//! `ratesdev` without a command, and `up --tui`: the dashboard.

use super::Context;
use super::Opened;
use crate::environment::Environment;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::Profile;

/// Opens the dashboard on the environment that is named, else on the default one.
pub async fn run(context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    open(environment, None, context).await
}

/// Opens the dashboard on an environment, and brings it up there where a profile is given for that.
pub async fn open(
    environment: Environment,
    up: Option<&Profile>,
    context: &Context,
) -> Result<Exit> {
    let folder = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
    let opened = Opened {
        engines: vec![environment.engine],
        folder,
        environment: environment.name,
        profile: up.map(|profile| profile.file.clone()),
        up: up.is_some(),
    };
    (context.dashboard)(opened, context.shutdown.clone()).await
}
