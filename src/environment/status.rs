//! What an environment is doing, asked of the engine and of the roles themselves.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::Environment;
use super::check;
use super::ready;
use crate::database::note::Note;
use crate::engine::About;
use crate::engine::Engine;
use crate::engine::Found;
use crate::engine::FoundPort;
use crate::engine::HealthStatus;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Reading;
use crate::engine::Role;
use crate::engine::State;
use crate::engine::Usage;
use crate::error::Exit;
use crate::error::Report;
use crate::profile::Check;
use crate::profile::Profile;
use crate::query;
use crate::query::BaseUrl;

/// How long the API may take to say whether it is ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// Everything `status` shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The environment's name.
    pub environment: String,
    /// Where it runs.
    pub engine: About,
    /// The profile it was made from, where anything of it exists.
    pub profile: Option<String>,
    /// The checkout it belongs to, where anything of it exists.
    pub root: Option<String>,
    /// Whether every role works and every check passes.
    pub ready: bool,
    /// What is wrong with the environment as a whole, so that nothing else here is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// How many instances of the API and of services are wanted and not there.
    pub missing: usize,
    /// Its roles.
    pub roles: Vec<RoleStatus>,
    /// What the database holds.
    pub seed: Option<SeedStatus>,
    /// Its checks and their answers.
    pub checks: Vec<CheckStatus>,
    /// What CPU time is counted from the next time.
    #[serde(skip)]
    pub readings: Readings,
}

/// What each instance had used, by the engine's name for it.
pub type Readings = HashMap<String, Reading>;

/// One instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoleStatus {
    /// Its name: the role, with a number from the second replica on.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// Whether it runs.
    pub state: State,
    /// Whether it works.
    pub health: Option<HealthStatus>,
    /// What its last probe said, while it is not healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// Its image.
    pub image: String,
    /// Where its port is published, for people.
    pub endpoint: Option<SocketAddr>,
    /// All its published ports, where the endpoint is not all there is to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<FoundPort>,
    /// What it uses.
    pub usage: Option<Usage>,
    /// Since when it runs.
    pub started_at: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: u64,
}

/// What the database holds, as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedStatus {
    /// SHA-256 of the dump.
    pub fingerprint: String,
    /// The dump's file name.
    pub file: String,
    /// Rows it brought.
    pub rows: u64,
}

/// A check and how it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckStatus {
    /// Its name.
    pub name: String,
    /// Whether the known answer was given.
    pub passed: bool,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Report>,
    /// How long the answer took, in milliseconds.
    pub milliseconds: u64,
}

impl Status {
    /// How a command ends that shows it.
    pub fn exit(&self) -> Exit {
        let running = |role: &RoleStatus| {
            role.state == State::Running && role.health != Some(HealthStatus::Unhealthy)
        };
        let mut services = self.roles.iter().filter(|role| role.role.is_service());
        if self.ready {
            Exit::Done
        } else if self.trouble.is_some()
            || self.roles.is_empty()
            || self.missing > 0
            || !services.all(running)
            || self.seed.is_none()
        {
            Exit::NotRunning
        } else {
            Exit::Rejected
        }
    }
}

impl Environment {
    /// Looks at everything at once. CPU time is counted since the `earlier` readings; where there is none, since the
    /// instance was started, because an engine may take a second for a second reading. The profile says what should
    /// be there, and what must be answered; without one, what is there must do.
    pub async fn status(
        &self,
        profile: Option<&Profile>,
        earlier: &Readings,
    ) -> crate::error::Result<Status> {
        self.status_of(&self.observe().await?, profile, earlier)
            .await
    }

    /// The same of what was just observed.
    pub async fn status_of(
        &self,
        observed: &Observed,
        profile: Option<&Profile>,
        earlier: &Readings,
    ) -> crate::error::Result<Status> {
        self.engine.open_way(observed).await?;
        let checks = profile.map_or(&[][..], |profile| &profile.checks);
        let (apis, services, checks, readings) = futures_util::join!(
            ask_each(&self.engine, observed),
            ask_services(observed),
            run_checks(observed, checks),
            readings(&self.engine, observed),
        );
        let instances = observed.instances.iter();
        let roles = instances.map(|found| {
            let role = role(found, usage(found, &readings, earlier), &apis);
            told(role, services.get(&found.id))
        });
        let roles: Vec<_> = roles.collect();
        let seed = apis.into_values().find_map(|said| said.held.known());
        let missing = missing(profile, &roles);
        let made_from = observed.instances.first();
        Ok(Status {
            environment: self.name.to_string(),
            engine: self.engine.about().clone(),
            profile: made_from.map(|found| found.profile.clone()),
            root: observed.root().map(|root| root.display().to_string()),
            ready: observed.unattended.is_none()
                && missing == 0
                && is_ready(&roles, seed.is_some(), &checks),
            trouble: observed.unattended.clone(),
            missing,
            roles,
            seed,
            checks,
            readings,
        })
    }

    /// What the instances that run use, between the `earlier` readings and new ones, which are returned too.
    pub async fn usage(
        &self,
        observed: &Observed,
        earlier: &Readings,
    ) -> (Vec<(Instance, Usage)>, Readings) {
        let readings = readings(&self.engine, observed).await;
        let instances = observed.instances.iter();
        let used =
            instances.filter_map(|found| Some((found.instance, usage(found, &readings, earlier)?)));
        (used.collect(), readings)
    }
}

/// How many instances of the API, and of the team's own services, are wanted and not there.
fn missing(profile: Option<&Profile>, roles: &[RoleStatus]) -> usize {
    let wanted = profile.map_or(1, |profile| usize::from(profile.api.replicas));
    let apis = roles.iter().filter(|role| role.role == Role::Api).count();
    let services = profile.map_or(&[][..], |profile| &profile.services).iter();
    let is_there = |role: Role| roles.iter().any(|there| there.role == role);
    let services = services.filter(|service| !is_there(service.role())).count();
    wanted.saturating_sub(apis) + services
}

/// What a service answered that is asked over HTTP: its engine knows nothing of its health.
fn told(role: RoleStatus, answered: Option<&Result<(), String>>) -> RoleStatus {
    match answered {
        Some(Ok(())) => RoleStatus {
            health: Some(HealthStatus::Healthy),
            ..role
        },
        Some(Err(words)) => RoleStatus {
            health: Some(HealthStatus::Unhealthy),
            probe: Some(words.clone()),
            ..role
        },
        None => role,
    }
}

fn is_ready(roles: &[RoleStatus], seeded: bool, checks: &[CheckStatus]) -> bool {
    let works = |role: &RoleStatus| {
        let is_healthy = role.health == Some(HealthStatus::Healthy);
        // A service of the team's own may have nothing that says so.
        let says_nothing = role.role.is_own() && role.health.is_none();
        role.state == State::Running && (is_healthy || says_nothing)
    };
    let mut services = roles.iter().filter(|role| role.role.is_service());
    seeded && services.all(works) && checks.iter().all(|check| check.passed)
}

/// The engine probes every few seconds; what an API says of itself and of the database now is worth more.
fn role(found: &Found, usage: Option<Usage>, apis: &HashMap<String, Said>) -> RoleStatus {
    let proven = match found.instance.role {
        Role::Api => apis.get(&found.id).is_some_and(Said::is_ready),
        Role::Database | Role::Seed => apis.values().any(Said::is_ready),
        Role::Service(_) => false,
    };
    let health = match found.health.as_ref().map(|health| health.status) {
        Some(HealthStatus::Starting) if proven => Some(HealthStatus::Healthy),
        // A team's own API that brings no health check of its own is asked by nobody else.
        None if found.contract.is_some() && proven => Some(HealthStatus::Healthy),
        None if found.contract.is_some() => Some(HealthStatus::Unhealthy),
        health => health,
    };
    let ill = health.is_some_and(|health| health != HealthStatus::Healthy);
    let words = found.health.as_ref().and_then(|health| health.last.clone());
    let said = || apis.get(&found.id)?.answer.clone().err();
    let words = words.or_else(said);
    RoleStatus {
        name: found.instance.to_string(),
        role: found.instance.role,
        state: found.state.clone(),
        health: health.filter(|_| found.state == State::Running),
        probe: words.filter(|_| ill),
        image: found.image.clone(),
        endpoint: found.published,
        ports: Some(found.ports.clone())
            .filter(|ports| ports.len() > 1 || found.published.is_none())
            .unwrap_or_default(),
        usage,
        started_at: found.started_at,
        restarts: found.restarts,
    }
}

async fn readings(engine: &Arc<dyn Engine>, observed: &Observed) -> Readings {
    let running = observed
        .instances
        .iter()
        .filter(|found| found.state == State::Running);
    let read = running.map(|found| async {
        let reading = engine.reading(&found.id).await.ok().flatten()?;
        Some((found.id.clone(), reading))
    });
    join_all(read).await.into_iter().flatten().collect()
}

fn usage(found: &Found, readings: &Readings, earlier: &Readings) -> Option<Usage> {
    let now = readings.get(&found.id)?;
    match earlier
        .get(&found.id)
        .filter(|earlier| earlier.cpu <= now.cpu && earlier.at < now.at)
    {
        Some(earlier) => Some(now.since(earlier)),
        None => Some(now.since(&Reading {
            at: found.started_at?,
            cpu: Duration::ZERO,
            ..*now
        })),
    }
}

/// Where a role can be reached: its first instance that runs.
pub fn endpoint(observed: &Observed, role: Role) -> Option<SocketAddr> {
    running(observed, role).find_map(|found| found.endpoint)
}

/// The same for people, for as long as it runs.
pub fn published(observed: &Observed, role: Role) -> Option<SocketAddr> {
    running(observed, role).find_map(|found| found.published)
}

fn running(observed: &Observed, role: Role) -> impl Iterator<Item = &Found> {
    let instances = observed.instances.iter();
    instances.filter(move |found| found.instance.role == role && found.state == State::Running)
}

/// What is known of what the database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// This seed.
    Seed(SeedStatus),
    /// No seed that ratesdev loaded.
    Nothing,
    /// Nobody could be asked, for this reason.
    Unknown(String),
}

impl Held {
    /// The seed, where one is known.
    pub fn known(self) -> Option<SeedStatus> {
        match self {
            Self::Seed(seed) => Some(seed),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }

    /// Whether it is the seed with this fingerprint.
    pub fn is(&self, fingerprint: &str) -> bool {
        matches!(self, Self::Seed(seed) if seed.fingerprint == fingerprint)
    }
}

impl From<Note> for SeedStatus {
    fn from(note: Note) -> Self {
        Self {
            fingerprint: note.fingerprint,
            file: note.file,
            rows: note.rows,
        }
    }
}

/// What the database holds, as the API says while it is ready. A team's own API need not know: there the database itself
/// is asked.
pub async fn seed(engine: &Arc<dyn Engine>, observed: &Observed) -> Held {
    if has_contract(observed) {
        return noted(engine, observed).await;
    }
    match endpoint(observed, Role::Api) {
        Some(endpoint) => ask(endpoint).await,
        None => Held::Unknown("the API does not run".to_owned()),
    }
}

/// Whether the API is a team's own.
fn has_contract(observed: &Observed) -> bool {
    let mut instances = observed.instances.iter();
    instances.any(|found| found.contract.is_some())
}

async fn noted(engine: &Arc<dyn Engine>, observed: &Observed) -> Held {
    match engine.note(observed).await {
        Ok(Some(note)) => Held::Seed(note.into()),
        Ok(None) => Held::Nothing,
        Err(why) => Held::Unknown(why),
    }
}

/// What an API instance says of itself, and what is known through it of the database.
#[derive(Debug)]
struct Said {
    /// Whether it is ready; the error is what it answered instead.
    answer: Result<(), String>,
    held: Held,
}

impl Said {
    fn is_ready(&self) -> bool {
        self.answer.is_ok()
    }
}

impl From<Held> for Said {
    fn from(held: Held) -> Self {
        let answer = match &held {
            Held::Unknown(why) => Err(why.clone()),
            Held::Seed(_) | Held::Nothing => Ok(()),
        };
        Self { answer, held }
    }
}

async fn ask(endpoint: SocketAddr) -> Held {
    #[derive(Deserialize)]
    struct Ready {
        seed: Option<SeedStatus>,
    }
    let response = match query::get(&BaseUrl::from(endpoint), "/health/ready", PATIENCE).await {
        Ok(response) if response.status.is_success() => response,
        Ok(response) => return Held::Unknown(format!("it answers {}", response.status)),
        Err(error) => return Held::Unknown(format!("{error}: {}", error.cause)),
    };
    match serde_json::from_slice(&response.body) {
        Ok(Ready { seed: Some(seed) }) => Held::Seed(seed),
        Ok(Ready { seed: None }) => Held::Nothing,
        Err(error) => Held::Unknown(error.to_string()),
    }
}

/// Every API instance that runs, by what the engine calls it, with what it says.
async fn ask_each(engine: &Arc<dyn Engine>, observed: &Observed) -> HashMap<String, Said> {
    let noted = async {
        if has_contract(observed) {
            Some(noted(engine, observed).await)
        } else {
            None
        }
    };
    let apis = observed
        .instances
        .iter()
        .filter(|found| found.instance.role == Role::Api);
    let asked = apis.filter_map(|found| {
        let endpoint = found.endpoint?;
        Some(async move {
            let said = match &found.contract {
                Some(_) => Err(ready::ask(found).await),
                None => Ok(ask(endpoint).await),
            };
            (found.id.clone(), said)
        })
    });
    let (noted, asked) = futures_util::join!(noted, join_all(asked));
    let unknown = || Held::Unknown(String::new());
    let said = asked.into_iter().map(|(id, said)| match said {
        Ok(held) => (id, held.into()),
        Err(answer) => {
            let held = noted.clone().unwrap_or_else(unknown);
            (id, Said { answer, held })
        }
    });
    said.collect()
}

/// Every service that runs and is asked over HTTP, by what the engine calls it, with whether it works.
async fn ask_services(observed: &Observed) -> HashMap<String, Result<(), String>> {
    let running = observed
        .instances
        .iter()
        .filter(|found| found.state == State::Running && found.probe.is_some());
    let asked = running.map(|found| async { (found.id.clone(), ready::ask(found).await) });
    join_all(asked).await.into_iter().collect()
}

async fn run_checks(observed: &Observed, checks: &[Check]) -> Vec<CheckStatus> {
    let Some(endpoint) = endpoint(observed, Role::Api) else {
        return Vec::new();
    };
    let base = BaseUrl::from(endpoint);
    join_all(checks.iter().map(|check| run_check(&base, check))).await
}

async fn run_check(base: &BaseUrl, check: &Check) -> CheckStatus {
    let begun = Instant::now();
    let result = check::answer(base, check).await;
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (answer, error) = match result {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error.report())),
    };
    CheckStatus {
        name: check.name.clone(),
        passed: error.is_none(),
        answer,
        error,
        milliseconds,
    }
}
