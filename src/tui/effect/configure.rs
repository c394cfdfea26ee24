//! What an environment is wanted to be, and what of it is not so.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::Tasks;
use super::look::LONG_PATIENCE;
use super::look::PATIENCE;
use super::look::in_time;
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
use crate::profile::Row;
use crate::tui::message::Message;
use crate::tui::state::Key;

impl Tasks {
    /// Resolves the profile of an environment, and compares it with what runs, where anything does and settings are
    /// others than those that are known.
    pub fn configure(&self, key: Key, profile: Option<PathBuf>, known_rows: Option<Vec<Row>>) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let (folder, inbox) = (self.home.folder.clone(), self.inbox.clone());
        self.spawn(async move {
            let resolved = resolved(&environment, &folder, profile.as_deref());
            let resolved = in_time(PATIENCE, resolved).await;
            let result = resolved.as_ref().map(Resolved::rows).map_err(Error::report);
            let is_news = known_rows.is_none_or(|known| result.as_ref() != Ok(&known));
            let configured = Message::Configured {
                key: key.clone(),
                result,
            };
            send(&inbox, Some(configured)).await;
            let profile = resolved.ok().filter(|_| is_news)?.profile;
            let result = in_time(LONG_PATIENCE, differences(&environment, &profile)).await;
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
