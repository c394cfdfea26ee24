//! Finds the engine that an environment is on, and chooses the one that a new environment is made on.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::OnceCell;
use tokio::time::timeout_at;

use super::Environment;
use super::Pull;
use super::lacks;
use super::lacks::Need;
use crate::engine::About;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Overview;
use crate::engine::choice;
use crate::engine::choice::Docker as Learnt;
use crate::engine::choice::Kind;
use crate::engine::choice::Presence;
use crate::engine::docker::Asked;
use crate::engine::docker::Docker;
use crate::engine::docker::WITHOUT;
#[cfg(unix)]
use crate::engine::embedded::Embedded;
use crate::error::Code;
use crate::error::Report;
use crate::error::Result;
use crate::error::chain;
use crate::image::Platform;
use crate::profile::EngineChoice;
use crate::profile::EnvironmentName;
use crate::profile::Profile;

/// How long a decision between engines may take when Docker or a registry does not answer.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// How long an Engine that was named may take to answer at all.
const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// The engines in reach, each opened when it is first needed.
#[derive(Debug, Default)]
pub struct Engines {
    /// Which Docker Engine is meant.
    asked: Asked,
    /// Docker, or why it cannot be used.
    docker: OnceCell<Result<Docker, String>>,
    /// The same as data, where Docker was meant.
    refusal: OnceCell<Report>,
}

/// An environment on the engine that was chosen for it.
#[derive(Debug)]
pub struct Placed {
    /// The environment.
    pub environment: Environment,
    /// Why it is not on Docker, where it would have been if Docker could be used.
    pub instead: Option<String>,
}

impl From<Environment> for Placed {
    fn from(environment: Environment) -> Self {
        Self {
            environment,
            instead: None,
        }
    }
}

/// An environment of any engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: EnvironmentName,
    /// Where it is.
    pub kind: Kind,
}

/// Every environment at a glance, of all engines that could be asked.
#[derive(Debug, Default)]
pub struct Everything {
    /// The environments by name, each with the engine it is on.
    pub all: Vec<(Kind, Overview)>,
    /// The engines that could not be asked, each with why.
    pub unasked: Vec<(Kind, String)>,
}

impl Everything {
    fn add(&mut self, kind: Kind, listed: Vec<Overview>) {
        self.all.extend(listed.into_iter().map(|one| (kind, one)));
    }
}

/// A Docker Engine that could not be used when it was looked for, and may answer later.
#[derive(Debug, Clone)]
pub struct Awaited {
    asked: Asked,
    /// Why it could not be used.
    pub reason: String,
}

impl Awaited {
    /// Looks for it again.
    pub async fn reach(&self) -> Result<Arc<dyn Engine>, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        let docker = Box::pin(Docker::connect(
            &self.asked,
            variable,
            patience(&self.asked),
        ))
        .await?;
        Ok(Arc::new(docker))
    }

    /// What is known of it until then.
    pub fn about() -> About {
        About {
            engine: "docker",
            version: String::new(),
            endpoint: String::new(),
            local: true,
            platform: Platform::Container(String::new()),
        }
    }
}

/// What a new environment is to be made from.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The engine that was named for this run; it is taken whatever it has.
    pub named: EngineChoice,
    /// The profile; its engine is the one to make a new environment on.
    pub profile: &'a Profile,
    /// When images are pulled.
    pub pull: Pull,
}

impl Engines {
    /// The engines of this machine and the Docker Engine that is asked for.
    pub fn new(asked: Asked) -> Self {
        Self {
            asked,
            ..Self::default()
        }
    }

    /// How long Docker may take where no engine was named.
    pub fn patience(&self) -> Duration {
        patience(&self.asked)
    }

    /// The environment of this name on the engine that was named, else on the one that has it.
    pub async fn find(&self, name: EnvironmentName, named: EngineChoice) -> Result<Environment> {
        if let Some(kind) = Kind::named(named) {
            return Ok(self.open(kind, name).await?);
        }
        let (embedded, docker) = self.look(&name, Deadline::of(&self.asked)).await?;
        let home = choice::home(embedded, &docker);
        let kind = home.unwrap_or_else(|| choice::nowhere(&docker));
        let opened = self.open(kind, name).await;
        Ok(opened.map_err(|error| both(error, self.docker_away()))?)
    }

    /// The same for an environment that may have to be made. One that is there stays where it is.
    pub async fn place(&self, name: EnvironmentName, wish: Wish<'_>) -> Result<Placed> {
        if let Some(kind) = Kind::named(wish.named) {
            return Ok(self.open(kind, name).await?.into());
        }
        let deadline = Deadline::of(&self.asked);
        let (embedded, docker) = self.look(&name, deadline).await?;
        let settled = choice::home(embedded, &docker).or_else(|| Kind::named(wish.profile.engine));
        // Nothing else can run what needs containers, so nothing else is tried.
        let need = lacks::needs_containers(wish.profile);
        let settled = settled.or_else(|| need.as_ref().map(|_| Kind::Docker));
        if let Some(kind) = settled {
            let opened = self.open(kind, name).await;
            let environment = opened.map_err(|error| needed(error, kind, need.as_ref()))?;
            let instead = choice::unasked(kind, embedded, &docker).map(str::to_owned);
            return Ok(Placed {
                environment,
                instead,
            });
        }
        let obstacle = match self.docker().await {
            Ok(docker) => obstacle(docker, wish, deadline).await,
            Err(_) => None,
        };
        let (kind, instead) = choice::new_home(&docker, obstacle);
        let opened = self.open(kind, name).await;
        Ok(Placed {
            environment: opened.map_err(|error| both(error, instead.as_deref()))?,
            instead,
        })
    }

    /// Every environment there is, of all engines that can be asked.
    pub async fn environments(&self) -> Vec<Known> {
        let mut all = Vec::new();
        if let Ok(embedded) = embedded() {
            all.extend(known(&*embedded, Kind::Embedded).await);
        }
        if let Ok(docker) = self.docker().await {
            let asked = tokio::time::timeout(PATIENCE, known(docker, Kind::Docker)).await;
            all.extend(asked.unwrap_or_default());
        }
        all
    }

    /// Every engine that can be used.
    pub async fn in_reach(&self) -> Vec<Arc<dyn Engine>> {
        let mut engines: Vec<Arc<dyn Engine>> = Vec::new();
        if let Ok(docker) = self.docker().await {
            engines.push(Arc::new(docker.clone()));
        }
        engines.extend(embedded());
        engines
    }

    /// Every environment at a glance with the engine it is on; with `kept`, those too of which only data is left.
    ///
    /// An engine that was named must answer, and has longer to do so; else those are told that do within `patience` each,
    /// and which could not be asked. Docker is not missed where nothing says that there is one.
    pub async fn overview(
        &self,
        named: EngineChoice,
        kept: bool,
        patience: Duration,
    ) -> Result<Everything, Error> {
        let mut told = Everything::default();
        if let Some(kind) = Kind::named(named) {
            told.add(kind, self.overview_of(kind, kept, LONG_PATIENCE).await?);
        } else {
            for kind in [Kind::Docker, Kind::Embedded] {
                match self.overview_of(kind, kept, patience).await {
                    Ok(listed) => told.add(kind, listed),
                    Err(_) if kind == Kind::Docker && !self.expects_docker() => {}
                    Err(error) => told.unasked.push((kind, words(&error))),
                }
            }
        }
        let all = &mut told.all;
        all.sort_by(|(_, one), (_, other)| one.environment.cmp(&other.environment));
        Ok(told)
    }

    /// Whether it is worth a word that Docker does not answer.
    fn expects_docker(&self) -> bool {
        Docker::is_expected(&self.asked, |name| std::env::var(name).ok())
    }

    async fn overview_of(
        &self,
        kind: Kind,
        kept: bool,
        patience: Duration,
    ) -> Result<Vec<Overview>, Error> {
        let deadline = Instant::now() + patience;
        let engine: Arc<dyn Engine> = match kind {
            Kind::Embedded => embedded()?,
            Kind::Docker => Arc::new(self.docker_within(patience).await?),
        };
        let listed = timeout_at(deadline.into(), engine.overview(kept)).await;
        listed.unwrap_or_else(|_late| Err(late(engine.about(), patience)))
    }

    /// The same engines, none of them asked yet, where Docker was asked and could not be used.
    pub fn anew_if_docker_was_away(&self) -> Option<Self> {
        self.docker_away()?;
        Some(Self::new(self.asked.clone()))
    }

    /// Why Docker could not be used, where it was asked and could not.
    pub fn docker_away(&self) -> Option<&str> {
        self.docker.get()?.as_ref().err().map(String::as_str)
    }

    /// Docker, where it was asked and could not be used.
    pub fn awaited(&self) -> Option<Awaited> {
        let reason = self.docker_away()?.to_owned();
        Some(Awaited {
            asked: self.asked.clone(),
            reason,
        })
    }

    async fn open(&self, kind: Kind, name: EnvironmentName) -> Result<Environment, Error> {
        let engine = self.engine(kind).await?;
        Ok(Environment { name, engine })
    }

    async fn engine(&self, kind: Kind) -> Result<Arc<dyn Engine>, Error> {
        Ok(match kind {
            Kind::Embedded => embedded()?,
            Kind::Docker => Arc::new(self.docker_within(LONG_PATIENCE).await?),
        })
    }

    /// Docker, whose absence is an error. It is kept to the end of the command: a tunnel to published ports goes when the
    /// connection does.
    async fn docker_within(&self, patience: Duration) -> Result<Docker, Error> {
        if let Some(Ok(docker)) = self.docker.get() {
            return Ok(docker.clone());
        }
        let docker = self.connect(patience).await?;
        drop(self.docker.set(Ok(docker.clone())));
        Ok(docker)
    }

    /// How much of the environment each engine has. Docker is not asked about one that runs embedded.
    async fn look(
        &self,
        name: &EnvironmentName,
        deadline: Deadline,
    ) -> Result<(Presence, Learnt), Error> {
        let embedded = match embedded() {
            Ok(embedded) => embedded.presence(name).await,
            // Why not is told when it is opened, if it ever is.
            Err(_) => Ok(Presence::Absent),
        };
        if matches!(embedded, Ok(Presence::Running)) {
            return Ok((Presence::Running, Learnt::NotAsked));
        }
        let docker = match self.docker().await {
            Ok(docker) => timeout_at(deadline.end.into(), docker.presence(name))
                .await
                .map_err(|_late| silent(docker, deadline.limit))
                .and_then(|asked| asked.map_err(|error| words(&error))),
            Err(reason) => Err(reason.clone()),
        };
        // A folder that cannot be read matters only where Docker has nothing of that name.
        let embedded = match docker {
            Ok(Presence::Kept | Presence::Running) => embedded.unwrap_or(Presence::Absent),
            Ok(Presence::Absent) | Err(_) => embedded?,
        };
        Ok((embedded, docker.map_or_else(Learnt::Away, Learnt::Has)))
    }

    async fn docker(&self) -> &Result<Docker, String> {
        let connect = async {
            let connected = self.connect(patience(&self.asked)).await;
            connected.map_err(|error| self.keep(error))
        };
        self.docker.get_or_init(|| connect).await
    }

    /// That there is no Engine where nobody named one is how many machines are, and no refusal.
    fn keep(&self, error: Error) -> String {
        let words = words(&error);
        let variable = |name: &str| std::env::var(name).ok();
        if error.code != Code::DockerDown || Docker::is_named(&self.asked, variable) {
            let report = crate::error::Error::from(error).report();
            drop(self.refusal.set(report));
        }
        words
    }

    /// Why the Docker Engine that was meant cannot be used, where it was asked and another engine may do.
    pub fn refusal(&self) -> Option<&Report> {
        self.refusal.get()
    }

    async fn connect(&self, patience: Duration) -> Result<Docker, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        // Everything that waits for an engine would otherwise carry the whole way there in its own future.
        Box::pin(Docker::connect(&self.asked, variable, patience)).await
    }
}

/// How long Docker may take where no engine was named. A login on another machine takes its time, and whoever names one
/// does not want another engine instead.
fn patience(asked: &Asked) -> Duration {
    if Docker::is_behind_login(asked, |name| std::env::var(name).ok()) {
        LONG_PATIENCE
    } else {
        PATIENCE
    }
}

/// Until when a decision between engines is made.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    limit: Duration,
    end: Instant,
}

impl Deadline {
    fn of(asked: &Asked) -> Self {
        let limit = patience(asked);
        Self {
            limit,
            end: Instant::now() + limit,
        }
    }
}

/// Processes of this machine.
#[cfg(unix)]
fn embedded() -> Result<Arc<dyn Engine>, Error> {
    let embedded = Embedded::open(|name| std::env::var(name).ok())?;
    Ok(Arc::new(embedded))
}

#[cfg(not(unix))]
fn embedded() -> Result<Arc<dyn Engine>, Error> {
    let what = "environments without Docker need Linux or macOS";
    Err(Error::new(Code::DockerDown, what))
}

async fn known(engine: &dyn Engine, kind: Kind) -> Vec<Known> {
    let names = engine.environments().await.unwrap_or_default();
    let known = |name| Known { name, kind };
    names.into_iter().map(known).collect()
}

/// Docker cannot be used, and what a profile asks for needs it.
fn needed(mut error: Error, kind: Kind, need: Option<&Need>) -> Error {
    let need = need.filter(|_| kind == Kind::Docker);
    if need.is_some() {
        error.hint = error.hint.map(|hint| hint.replace(WITHOUT, ""));
    }
    error.detail.extend(need.map(Need::told));
    error
}

/// Where neither engine can be used, whoever wants an environment must know of both.
fn both(mut error: Error, docker: Option<&str>) -> Error {
    let docker = docker.map(|reason| format!("Docker cannot be used either: {reason}"));
    error.detail.extend(docker);
    error
}

/// Why a Docker Engine that answers cannot run a new environment: an image cannot be had.
async fn obstacle(docker: &Docker, wish: Wish<'_>, deadline: Deadline) -> Option<String> {
    let image = &wish.profile.database.image;
    let asked = timeout_at(deadline.end.into(), missing(docker, image, wish.pull)).await;
    let late = || {
        let limit = deadline.limit.as_secs();
        format!("{image} cannot be pulled: its registry does not answer within {limit} s")
    };
    asked.unwrap_or_else(|_late| Some(late()))
}

/// Why an image is not there and cannot be pulled, if that is so.
async fn missing(docker: &Docker, image: &str, pull: Pull) -> Option<String> {
    match docker.has_image(image).await {
        Ok(true) => return None,
        Ok(false) if pull == Pull::Never => {
            return Some(format!(
                "{image} is not there and --pull never forbids to fetch it"
            ));
        }
        Ok(false) => {}
        Err(error) => return Some(words(&error)),
    }
    let refused = docker.find_in_registry(image).await.err()?;
    Some(format!("{image} cannot be pulled: {}", cause(&refused)))
}

/// An engine that was reached and then says nothing.
fn late(about: &About, patience: Duration) -> Error {
    let About {
        engine, endpoint, ..
    } = about;
    let limit = patience.as_secs();
    let what = format!("the engine {engine} at {endpoint} does not answer within {limit} s");
    let code = match about.platform {
        Platform::Container(_) => Code::DockerDown,
        Platform::Process => Code::HomeUnusable,
    };
    Error::new(code, what)
}

fn silent(docker: &Docker, limit: Duration) -> String {
    let (endpoint, limit) = (&docker.about().endpoint, limit.as_secs());
    format!("the Docker Engine at {endpoint} does not answer within {limit} s")
}

/// An error and its causes as one line.
fn words(error: &Error) -> String {
    let all: Vec<_> = chain(error).map(ToString::to_string).collect();
    all.join(": ")
}

/// What is at the bottom of an error.
fn cause(error: &Error) -> String {
    chain(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}
