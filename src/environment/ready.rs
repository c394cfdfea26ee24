//! When a role is ready: it answers the question it exists for, not just on its port.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use tokio::time::sleep;

use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::LogWindow;
use crate::engine::Remark;
use crate::engine::State;
use crate::engine::probe;
use crate::error::Code;
use crate::error::Result;
use crate::profile::EnvironmentName;

/// How often a role is asked.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a role is asked before the engine is, which has better things to do while one starts.
const LOOK: Duration = Duration::from_millis(500);

/// How many of its last lines a role that failed is shown with.
const LAST_LINES: u64 = 20;

/// Waits until a role that was started answers. A role that dies instead is reported with its last words.
pub async fn wait(
    engine: &Arc<dyn Engine>,
    environment: &EnvironmentName,
    instance: Instance,
    deadline: Instant,
) -> Result<Remark> {
    let mut restarts = None;
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
            return Err(died(engine, found).await.into());
        }
        match ask_again(found, deadline.min(Instant::now() + LOOK)).await {
            Ok(()) => return Ok(None),
            Err(words) if Instant::now() >= deadline => {
                return Err(late(engine, found, &words).await.into());
            }
            Err(_) => {}
        }
    }
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
    let Some(endpoint) = found.endpoint else {
        return Err(format!(
            "its port is not published while it is {}",
            found.state
        ));
    };
    probe::ask(found.instance.role, endpoint).await
}

async fn died(engine: &Arc<dyn Engine>, found: &Found) -> Error {
    let how = match found.state {
        State::Exited {
            out_of_memory: true,
            ..
        } => "was killed: it used more memory than it may".to_owned(),
        State::Exited { code, .. } => format!("ended at once with exit code {code}"),
        _ => "keeps ending as soon as it is started".to_owned(),
    };
    Error::new(Code::RoleDied, format!("{} {how}", found.instance))
        .detail(last_lines(engine, found).await)
        .hint(format!(
            "`ratesdev logs {}` shows all it wrote",
            found.instance.role
        ))
}

async fn late(engine: &Arc<dyn Engine>, found: &Found, words: &str) -> Error {
    Error::new(
        Code::NotReady,
        format!("{} did not become ready in time", found.instance),
    )
    .because(format!("its last answer: {words}"))
    .detail(last_lines(engine, found).await)
    .hint("give it more time with --wait-timeout, or look at `ratesdev logs`")
}

async fn last_lines(engine: &Arc<dyn Engine>, found: &Found) -> Vec<String> {
    let window = LogWindow {
        tail: Some(LAST_LINES),
        ..LogWindow::default()
    };
    let lines = engine.logs(&found.id, window);
    lines
        .filter_map(|line| std::future::ready(line.ok().map(|line| line.text)))
        .collect()
        .await
}
