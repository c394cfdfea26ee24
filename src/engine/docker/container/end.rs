//! How a container ends: stopped within its grace, and removed until it has gone.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;
use std::time::Instant;

use bollard::Docker as Client;
use bollard::query_parameters::InspectContainerOptions;
use bollard::query_parameters::KillContainerOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use bollard::query_parameters::StopContainerOptionsBuilder;
use tokio::time::sleep;

use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Grace;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::State;
use crate::engine::docker::explain;
use crate::engine::stop_grace;
use crate::error::Code;

/// How long the Engine may take to stop a container, beyond the grace of that.
const STOPPING: Duration = Duration::from_mins(2);

/// How long a container that is being removed may take to go.
const GOING: Duration = Duration::from_secs(30);

/// When a database is told again that it is to stop.
const AGAIN: Duration = Duration::from_millis(500);

/// Stops within the grace that is given, else the role's. The Engine answers when it is over.
pub async fn stop(client: &Client, found: &Found, grace: Grace) -> Result<()> {
    let grace = grace.unwrap_or_else(|| stop_grace(found.instance.role));
    let patient = client.clone().with_timeout(grace + STOPPING);
    let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
    let options = StopContainerOptionsBuilder::default().t(seconds).build();
    let stopped = tokio::select! {
        stopped = patient.stop_container(&found.id, Some(options)) => stopped,
        never = remind(client, found) => match never {},
    };
    explain::gone(stopped, &format!("stop {}", found.instance))
}

/// Tells a database again and again that it is to stop. The official image begins with a shell, and a shell that is a
/// container's first process takes no notice of the signal: where that is sent once, right after a start, the container
/// runs on and is killed when its grace is over. PostgreSQL minds no second one (its documentation, "Shutting Down the
/// Server": `SIGINT` is the fast shutdown).
async fn remind(client: &Client, found: &Found) -> Infallible {
    if found.instance.role != Role::Database {
        return pending().await;
    }
    let options = KillContainerOptionsBuilder::default()
        .signal("SIGINT")
        .build();
    loop {
        sleep(AGAIN).await;
        // One that has ended meanwhile cannot be told any more.
        drop(
            client
                .kill_container(&found.id, Some(options.clone()))
                .await,
        );
    }
}

/// Stops and removes, with the volumes that have no name.
pub async fn remove(client: &Client, found: &Found, grace: Grace) -> Result<()> {
    let what = format!("remove {}", found.instance);
    if found.state != State::Ending {
        stop(client, found, grace).await?;
    }
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    match client.remove_container(&found.id, Some(options)).await {
        Err(cause) if explain::is_being_removed(&cause) => {}
        removed => explain::gone(removed, &what)?,
    }
    until_gone(client, found).await
}

/// Somebody else may be removing it at this moment; its name and its port are free only when it has gone.
async fn until_gone(client: &Client, found: &Found) -> Result<()> {
    let deadline = Instant::now() + GOING;
    loop {
        match client
            .inspect_container(&found.id, None::<InspectContainerOptions>)
            .await
        {
            Err(cause) if explain::is_missing(&cause) => return Ok(()),
            Err(cause) => return Err(explain::error(&cause, "look whether a container has gone")),
            Ok(_) if Instant::now() < deadline => {
                sleep(Duration::from_millis(50)).await;
            }
            Ok(_) => {
                let what = format!(
                    "{} is still being removed after {} s",
                    found.name,
                    GOING.as_secs()
                );
                return Err(Error::new(Code::DockerAnswer, what).hint("run the command again"));
            }
        }
    }
}
