//! Which environment a command is about, from which profile, on which engine.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use crate::engine::Engine;
use crate::engine::Observed;
use crate::engine::docker::Docker;
use crate::environment::Environment;
use crate::environment::Lock;
use crate::environment::chosen::Chosen;
use crate::environment::is_gone;
use crate::environment::made_from;
use crate::environment::status;
use crate::error::Code;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;
use crate::error::Result;
use crate::profile;
use crate::profile::EnvironmentName;
use crate::profile::Profile;
use crate::profile::Request;
use crate::profile::Resolved;

/// The profile that is used when none is named.
pub const DEFAULT_PROFILE: &str = "dev";

impl Context {
    /// The profile `name`, resolved with everything that may overrule it.
    pub fn resolve(&self, name: Option<&str>, set: &[String]) -> Result<Resolved> {
        let folder = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
        let request = Request {
            environment: self.named(),
            set,
            ..Request::new(name, &folder)
        };
        Ok(profile::load(&request)?)
    }

    /// The environment that is named, else the one that goes by the profile's name.
    pub async fn environment(&self, profile: Option<&Profile>) -> Result<Environment> {
        let name = match (self.named(), profile) {
            (Some(name), _) => name.parse()?,
            (None, Some(profile)) => profile.name.parse()?,
            (None, None) => default_name()?,
        };
        let engine = self.engine().await?;
        Ok(Environment { name, engine })
    }

    /// The engine alone, for what is about all of its environments.
    pub async fn engine(&self) -> Result<Arc<dyn Engine>> {
        self.shutdown.guard(engine()).await
    }

    /// The name of the environment, where one was given.
    pub fn named(&self) -> Option<&str> {
        self.globals.env.as_deref().filter(|name| !name.is_empty())
    }

    /// The profile that an environment was made from; none where nothing of it is there, or its checkout has gone.
    pub fn profile_of(&self, observed: &Observed) -> Result<Option<Profile>> {
        made_from(observed, self.named())
    }

    /// The right to change an environment, once whoever has it is done.
    pub async fn hold(&self, environment: &Environment) -> Result<Lock> {
        let name = &environment.name;
        let busy = |holder: &str| {
            self.out
                .note(format_args!("waiting for {holder}, which holds {name}"));
        };
        environment.lock(&self.shutdown, busy).await
    }
}

/// The name of the default profile's own environment.
fn default_name() -> Result<EnvironmentName> {
    let profile = std::env::var("RATESDEV_PROFILE").unwrap_or_else(|_| DEFAULT_PROFILE.to_owned());
    let stem = Path::new(&profile)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    Ok(stem.parse()?)
}

async fn engine() -> Result<Arc<dyn Engine>> {
    let docker = Docker::connect(|name| std::env::var(name).ok()).await?;
    Ok(Arc::new(docker))
}

/// The environment was made by another checkout than the one the user is in.
#[derive(Debug, thiserror::Error)]
#[error("the environment {name} belongs to the checkout {}", root.display())]
pub struct AnotherCheckout {
    name: EnvironmentName,
    root: PathBuf,
}

impl Explain for AnotherCheckout {
    fn code(&self) -> Code {
        Code::NameTaken
    }

    fn hint(&self) -> Option<String> {
        Some("run the command there, or choose another environment with -e".to_owned())
    }
}

/// Makes sure that the user is in the checkout that an environment was made from, for as long as that is there.
pub fn refuse_another_checkout(observed: &Observed, environment: &Environment) -> Result<()> {
    let here = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
    let here = here.canonicalize().unwrap_or(here);
    match observed.root() {
        Some(root) if !is_gone(root) && !here.starts_with(root) => Err(AnotherCheckout {
            name: environment.name.clone(),
            root: root.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Whether there is a profile of that name here.
fn is_profile(name: &EnvironmentName) -> bool {
    let folder = std::env::current_dir().unwrap_or_default();
    let listed = profile::list(&folder).unwrap_or_default();
    listed.iter().any(|listed| listed.name == name.as_str())
}

/// The roles that were named are not there, although others of the environment are.
#[derive(Debug, thiserror::Error)]
#[error("there is no {roles} in {environment}")]
pub struct NoSuchRole {
    roles: String,
    environment: String,
}

impl Explain for NoSuchRole {
    fn code(&self) -> Code {
        Code::NotRunning
    }

    fn hint(&self) -> Option<String> {
        Some(
            "`ratesdev status` shows what is there, `ratesdev up` makes what is missing".to_owned(),
        )
    }

    fn exit(&self) -> Exit {
        Exit::NotRunning
    }
}

/// Why none of the chosen instances can be found.
pub async fn nothing_of(chosen: &[Chosen], environment: &Environment) -> Result<Error> {
    if environment.observe().await?.instances.is_empty() {
        return Ok(NotRunning::new(environment).await.into());
    }
    let roles: Vec<_> = chosen.iter().map(Chosen::to_string).collect();
    let error = NoSuchRole {
        roles: roles.join(", "),
        environment: environment.name.to_string(),
    };
    Ok(error.into())
}

/// Nothing runs under the name that was meant.
#[derive(Debug, thiserror::Error)]
#[error("no environment runs under the name {name}")]
pub struct NotRunning {
    name: EnvironmentName,
    is_profile: bool,
    others: Vec<EnvironmentName>,
}

impl NotRunning {
    /// Looks for what could have been meant.
    pub async fn new(environment: &Environment) -> Self {
        let name = environment.name.clone();
        Self {
            others: status::others(&environment.engine, &name).await,
            is_profile: is_profile(&name),
            name,
        }
    }
}

impl Explain for NotRunning {
    fn code(&self) -> Code {
        Code::NotRunning
    }

    fn hint(&self) -> Option<String> {
        let start = match self.name.as_str() {
            DEFAULT_PROFILE => "start it with `ratesdev up`".to_owned(),
            name if self.is_profile => format!("start it with `ratesdev up {name}`"),
            name => format!("start it with `ratesdev up -e {name}`"),
        };
        let others: Vec<_> = self.others.iter().map(ToString::to_string).collect();
        Some(if others.is_empty() {
            start
        } else {
            format!(
                "{start}, or choose with -e one that runs: {}",
                others.join(", ")
            )
        })
    }

    fn exit(&self) -> Exit {
        Exit::NotRunning
    }
}
