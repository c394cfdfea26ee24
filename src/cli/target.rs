//! Which environment a command is about, from which profile, on which engine.

use std::path::Path;
use std::path::PathBuf;

use super::Context;
use crate::engine::About;
use crate::engine::Observed;
use crate::engine::Role;
use crate::environment::Environment;
use crate::environment::Lock;
use crate::environment::Pull;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::is_mistyped;
use crate::environment::chosen::unknown;
use crate::environment::event::Event;
use crate::environment::is_gone;
use crate::environment::locate::Known;
use crate::environment::locate::Wish;
use crate::environment::made_from;
use crate::error::Code;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::IoError;
use crate::error::Result;
use crate::profile;
use crate::profile::EngineChoice;
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
        let flags = set
            .iter()
            .cloned()
            .chain(self.globals.engine().map(EngineChoice::as_flag));
        let request = Request {
            environment: self.named(),
            set: &flags.collect::<Vec<_>>(),
            ..Request::new(name, &folder)
        };
        Ok(profile::load(&request)?)
    }

    /// The environment that is named, else the one that goes by the profile's name, on the engine that has it.
    pub async fn environment(&self, profile: Option<&Profile>) -> Result<Environment> {
        let name = self.name(profile)?;
        self.keep(&name);
        let named = self.named_engine()?;
        self.shutdown.guard(self.engines.find(name, named)).await
    }

    /// The same for an environment that may have to be made. Why it would not be made on Docker is told.
    pub async fn place(&self, resolved: &Resolved, pull: Pull, json: bool) -> Result<Environment> {
        let wish = Wish {
            named: resolved.named_engine(),
            profile: &resolved.profile,
            pull,
        };
        let name = self.name(Some(&resolved.profile))?;
        self.keep(&name);
        let placed = self.shutdown.guard(self.engines.place(name, wish)).await?;
        if let Some(because) = placed.instead {
            let Environment { name, engine } = &placed.environment;
            let database = &resolved.profile.database;
            let program = engine
                .provenance(name, &database.image, &database.postgres)
                .await;
            // Which one is fetched, or why there is none, is said by the step that needs it.
            let program = program.ok().filter(|found| found.is_there);
            let program = program.map(|found| found.program);
            self.tell_instead(engine.about(), program, because, json)?;
        }
        Ok(placed.environment)
    }

    fn tell_instead(
        &self,
        about: &About,
        program: Option<String>,
        because: String,
        json: bool,
    ) -> Result<()> {
        let About {
            engine, version, ..
        } = about;
        let program = program.map(|program| format!(" {program}"));
        let program = program.unwrap_or_default();
        self.out
            .note(format_args!("{because}; using {engine}{program}"));
        let event = Event::Engine {
            engine,
            version: version.clone(),
            because,
        };
        if json { self.out.json(&event) } else { Ok(()) }
    }

    /// The engine that is named for this run, by the flag or by its variable.
    pub fn named_engine(&self) -> Result<EngineChoice> {
        let variables = || Request::new(None, Path::new("")).variables;
        Ok(match self.globals.engine() {
            Some(engine) => engine,
            None => profile::engine(&variables())?,
        })
    }

    /// The environment's name as it was given, else the profile's, else the default profile's.
    pub fn name(&self, profile: Option<&Profile>) -> Result<EnvironmentName> {
        Ok(match (self.named(), profile) {
            (Some(name), _) => name.parse()?,
            (None, Some(profile)) => profile.name.parse()?,
            (None, None) => default_name()?,
        })
    }

    /// Keeps what the run is about for the commands that it names.
    fn keep(&self, name: &EnvironmentName) {
        let variable = std::env::var("RATESDEV_ENV").ok();
        let variable = variable.filter(|name| !name.is_empty());
        let usual = variable.or_else(|| default_name().ok().map(|name| name.to_string()));
        let flags = self.out.flags();
        flags.keep_environment(name.as_str(), usual.as_deref());
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
        let busy = |whom: &str| self.out.note(format_args!("waiting for {whom}"));
        environment.lock(&self.shutdown, busy).await
    }
}

/// The name of the default profile's own environment.
pub fn default_name() -> Result<EnvironmentName> {
    let profile = std::env::var("RATESDEV_PROFILE").unwrap_or_else(|_| DEFAULT_PROFILE.to_owned());
    let stem = Path::new(&profile)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    Ok(stem.parse()?)
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

/// Makes sure that the user is in the checkout that an environment was made from, for as long as that is there. On an
/// Engine of several machines' users, a checkout that is not on this machine is somebody else's.
pub fn refuse_another_checkout(observed: &Observed, environment: &Environment) -> Result<()> {
    let here = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
    let here = here.canonicalize().unwrap_or(here);
    let local = environment.engine.about().local;
    let ours = |root: &Path| here.starts_with(root) || (local && is_gone(root));
    match observed.root().filter(|root| !ours(root)) {
        Some(root) => Err(AnotherCheckout {
            name: environment.name.clone(),
            root: root.clone(),
        }
        .into()),
        None => Ok(()),
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

/// A word that names no role.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UnknownRole(String);

impl Explain for UnknownRole {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("`ratesdev status` shows the roles there are; `ratesdev up` makes those that the profile names".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Makes sure that every role is one of every environment, or there. Where nothing is there, a word is only refused that
/// is probably mistyped.
pub fn refuse_unknown(roles: impl IntoIterator<Item = Role>, observed: &Observed) -> Result<()> {
    let is_judged = |role: &Role| !observed.instances.is_empty() || is_mistyped(*role);
    let roles = roles.into_iter().filter(is_judged);
    match unknown(roles, &observed.roles()) {
        Some(said) => Err(UnknownRole(said).into()),
        None => Ok(()),
    }
}

/// Why none of the chosen instances can be found.
pub async fn nothing_of(
    chosen: &[Chosen],
    environment: &Environment,
    context: &Context,
) -> Result<Error> {
    if environment.observe().await?.instances.is_empty() {
        return Ok(NotRunning::new(environment, context).await.into());
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
    /// What else there is, on any engine.
    others: Vec<Known>,
    #[source]
    docker_away: Option<DockerAway>,
}

/// Docker could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("nothing of it is embedded, and Docker cannot be asked: {0}")]
struct DockerAway(String);

impl NotRunning {
    /// Looks for what could have been meant.
    pub async fn new(environment: &Environment, context: &Context) -> Self {
        let name = environment.name.clone();
        let engine = environment.engine.about().engine;
        let mut others = context.engines.environments().await;
        others.retain(|other| other.name != name || other.kind.to_string() != engine);
        let docker_away = context.engines.docker_away().filter(|_| engine != "docker");
        Self {
            is_profile: is_profile(&name),
            docker_away: docker_away.map(|reason| DockerAway(reason.to_owned())),
            name,
            others,
        }
    }

    /// Another environment as `-e` and `--engine` name it.
    fn other(&self, other: &Known) -> String {
        let Known { name, kind } = other;
        if *name == self.name {
            format!("{name} --engine {kind}")
        } else {
            name.to_string()
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
        let others: Vec<_> = self.others.iter().map(|other| self.other(other)).collect();
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
