//! When a role is ready: it answers the question it exists for, not just on its port.

mod contract;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::time::sleep;

use super::plan::Started;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::HealthStatus;
use crate::engine::Remark;
use crate::engine::State;
use crate::engine::postmortem;
use crate::engine::probe;
use crate::error::Code;
use crate::error::Result;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;

/// How often a role is asked.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a role is asked before the engine is, which has better things to do while one starts.
const LOOK: Duration = Duration::from_millis(500);

/// How long a service without a health check must run until it counts as ready.
const SETTLING: Duration = Duration::from_secs(1);

/// How many of its last lines a role that failed is shown with.
const LAST_LINES: u64 = 20;

/// Waits until a role that was started answers. A role that dies instead is reported with its last words, and with the
/// `memory` that it may use where that was short.
pub async fn wait(
    engine: &Arc<dyn Engine>,
    environment: &EnvironmentName,
    Started { instance, memory }: Started,
    deadline: Instant,
) -> Result<Remark> {
    let mut restarts = None;
    let mut breach = contract::Breach::default();
    let settled = Instant::now() + SETTLING;
    loop {
        let observed = engine.observe(environment).await?;
        let Some(found) = observed.find(instance) else {
            return Err(Error::new(
                Code::RoleDied,
                format!("{instance} was removed while it started"),
            )
            .into());
        };
        let restarts = *restarts.get_or_insert(found.restarts);
        if has_died(found, restarts) {
            return Err(died(engine, environment, found, memory).await.into());
        }
        engine.open_way(&observed).await?;
        match ask_again(found, deadline.min(Instant::now() + LOOK)).await {
            // Nothing says whether it works but that it goes on to run.
            Ok(()) if says_nothing(found) && Instant::now() < settled => sleep(PAUSE).await,
            Ok(()) => return Ok(None),
            Err(words) if Instant::now() >= deadline => {
                return Err(late(engine, found, &words).await.into());
            }
            Err(words) => {
                if let Some(error) = breach.persists(engine, found, &words).await {
                    return Err(error.detail(last_lines(engine, found).await).into());
                }
            }
        }
    }
}

/// Whether a service of the team's own has nothing that could be asked for its health.
fn says_nothing(found: &Found) -> bool {
    found.instance.role.is_own() && found.probe.is_none() && found.health.is_none()
}

/// Asks a role until it works, or it is late.
async fn ask_again(found: &Found, until: Instant) -> Result<(), String> {
    loop {
        let answer = ask(found).await;
        if answer.is_ok() || Instant::now() >= until {
            return answer;
        }
        sleep(PAUSE).await;
    }
}

fn has_died(found: &Found, restarts: u64) -> bool {
    let ended = matches!(found.state, State::Exited { .. } | State::Restarting);
    ended || found.restarts > restarts
}

/// Asks a role whether it works. The error is what it answered instead.
pub async fn ask(found: &Found) -> Result<(), String> {
    if found.instance.role.is_own() && found.probe.is_none() {
        return match (&found.health, &found.state) {
            (Some(health), _) if health.status == HealthStatus::Healthy => Ok(()),
            (Some(health), _) => Err(health
                .last
                .clone()
                .unwrap_or_else(|| health.status.to_string())),
            (None, State::Running) => Ok(()),
            (None, state) => Err(format!("it is {state}")),
        };
    }
    let Some(endpoint) = found.endpoint else {
        return Err(format!(
            "its port is not published while it is {}",
            found.state
        ));
    };
    match (&found.contract, &found.probe) {
        (Some(contract), _) => probe::ask_health(endpoint, &contract.health).await,
        (None, Some(path)) => probe::ask_path(endpoint, path).await,
        (None, None) => probe::ask(found.instance.role, endpoint).await,
    }
}

async fn died(
    engine: &Arc<dyn Engine>,
    environment: &EnvironmentName,
    found: &Found,
    memory: Option<Bytes>,
) -> Error {
    let reason = postmortem::find(engine.as_ref(), environment, found).await;
    let error = if let Some((reason, _)) = reason {
        postmortem::explained(found, reason, memory)
    } else {
        let Found { instance, .. } = found;
        Error::new(Code::RoleDied, format!("{instance} {}", how(&found.state))).hint(format!(
            "`ratesdev logs {}` shows all it wrote",
            instance.role
        ))
    };
    error.detail(last_lines(engine, found).await)
}

fn how(state: &State) -> String {
    match state {
        State::Exited { code, .. } => format!("ended at once with exit code {code}"),
        _ => "keeps ending as soon as it is started".to_owned(),
    }
}

async fn late(engine: &Arc<dyn Engine>, found: &Found, words: &str) -> Error {
    if let Some(fault) = contract::fault(engine, found, words).await {
        let error = fault.error(found);
        let error = error.because(format!("its last answer: {words}"));
        return error.detail(last_lines(engine, found).await);
    }
    Error::new(
        Code::NotReady,
        format!("{} did not become ready in time", found.instance),
    )
    .because(format!("its last answer: {words}"))
    .detail(last_lines(engine, found).await)
    .hint("give it more time with --wait-timeout, or look at `ratesdev logs`")
}

async fn last_lines(engine: &Arc<dyn Engine>, found: &Found) -> Vec<String> {
    postmortem::last_lines(engine.as_ref(), found, LAST_LINES).await
}
