//! `ratesdev` without a command, and `up --tui`: the dashboard.

use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use super::Opened;
use crate::environment::Environment;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::EngineChoice;

/// Opens the dashboard on the environment that is named, else on the default one.
pub async fn run(context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    // Without a checkout there is still much to see.
    let profile = context.resolve(None, &[]).ok();
    let profile = profile.map(|resolved| resolved.profile.file);
    open(environment, profile, false, context).await
}

/// Opens the dashboard on an environment, and brings it up there if asked.
pub async fn open(
    environment: Environment,
    profile: Option<PathBuf>,
    up: bool,
    context: &Context,
) -> Result<Exit> {
    let folder = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
    let engines = context
        .shutdown
        .guard(async { Ok(context.engines.in_reach().await) });
    let mut engines = engines.await?;
    let own = environment.engine.about().engine;
    engines.retain(|engine| engine.about().engine != own);
    engines.insert(0, environment.engine);
    let awaited = match context.named_engine()? {
        EngineChoice::Auto => context.engines.awaited(),
        EngineChoice::Docker | EngineChoice::Embedded => None,
    };
    let opened = Opened {
        engines,
        places: Arc::clone(&context.engines),
        named: context.named_engine()?,
        awaited,
        folder,
        environment: environment.name,
        profile,
        up,
    };
    (context.dashboard.open)(opened, context.shutdown.clone()).await
}
