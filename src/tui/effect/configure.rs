//! What an environment is wanted to be, and what of it is not so.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::Tasks;
use super::send;
use crate::environment::Environment;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Up;
use crate::environment::event::Planned;
use crate::environment::made_from;
use crate::environment::plan::Choices;
use crate::environment::plan::Task;
use crate::environment::program;
use crate::error::Error;
use crate::error::Result;
use crate::profile;
use crate::profile::Profile;
use crate::profile::Resolved;
use crate::tui::message::Message;
use crate::tui::state::Key;

impl Tasks {
    /// Resolves the profile of an environment, and compares it with what runs, where anything does.
    pub fn configure(&self, key: Key, profile: Option<PathBuf>) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let (folder, inbox) = (self.home.folder.clone(), self.inbox.clone());
        self.spawn(async move {
            let resolved = resolved(&environment, &folder, profile.as_deref()).await;
            let configured = Message::Configured {
                key: key.clone(),
                result: resolved.as_ref().map(Resolved::rows).map_err(Error::report),
            };
            send(&inbox, Some(configured)).await;
            let result = differences(&environment, &resolved.ok()?.profile).await;
            Some(Message::Compared {
                key,
                result: result.map_err(|error| error.report()),
            })
        });
    }
}

/// What `up` would do, without the questions that it would ask at its end.
async fn differences(environment: &Environment, profile: &Profile) -> Result<Vec<Planned>> {
    let up = Up {
        extent: Extent::Everything,
        choices: Choices::default(),
        pull: Pull::Missing,
        wait_timeout: Duration::ZERO,
    };
    let prepared = environment.prepare(profile, &program()?, up).await?;
    let steps = prepared.plan.steps.iter().zip(prepared.plan.announce());
    let changes = steps.filter(|(step, _)| matches!(step.task, Task::Act(_)));
    Ok(changes.map(|(_, planned)| planned).collect())
}

/// What an environment was made from, else the profile that is named or goes by its name, with all that may overrule it.
pub async fn resolved(
    environment: &Environment,
    folder: &Path,
    profile: Option<&Path>,
) -> Result<Resolved> {
    let observed = environment.observe().await?;
    let name = environment.name.as_str();
    let made_from = made_from(&observed, Some(name))?.map(|profile| profile.file);
    let file = made_from.as_deref().or(profile);
    let file = file.map(|file| file.display().to_string());
    let request = profile::Request {
        environment: Some(name),
        ..profile::Request::new(Some(file.as_deref().unwrap_or(name)), folder)
    };
    Ok(profile::load(&request)?)
}
