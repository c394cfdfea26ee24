//! Everything there is to know of an instance: how it is, its settings, and what its engine knows.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Tasks;
use super::configure::resolved;
use crate::engine::Found;
use crate::environment::Environment;
use crate::environment::status::RoleStatus;
use crate::error::Result;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::tree::Tree;

/// How deep it is open at first: its parts, and what each of them has.
const OPEN: usize = 1;

impl Tasks {
    /// Asks for everything.
    pub fn describe(
        &self,
        key: Key,
        found: Found,
        status: Option<Box<RoleStatus>>,
        profile: Option<PathBuf>,
    ) {
        let Some(environment) = self.environment(&key) else {
            return;
        };
        let folder = self.home.folder.clone();
        self.spawn(async move {
            let known = inspect(&environment, &found).await;
            let result = match known {
                Ok(inspect) => Ok(Tree::new(
                    &json!({
                        "state": status,
                        "settings": settings(&environment, &folder, (profile.as_deref(), &found)).await,
                        environment.engine.about().engine: inspect,
                    }),
                    OPEN,
                )),
                Err(error) => Err(error.report()),
            };
            Some(Message::Described {
                key,
                instance: found.instance,
                result: Box::new(result),
            })
        });
    }
}

async fn inspect(environment: &Environment, found: &Found) -> Result<Value> {
    environment.inspect(found).await
}

/// The settings of its role, each with where it comes from; none where the profile cannot be read at the moment.
async fn settings(
    environment: &Environment,
    folder: &Path,
    (profile, found): (Option<&Path>, &Found),
) -> Value {
    let Ok(resolved) = resolved(environment, folder, profile).await else {
        return Value::Null;
    };
    let prefix = format!("{}.", found.instance.role);
    let rows = resolved.rows().into_iter();
    let own = rows.filter(|row| row.key.starts_with(&prefix));
    let own = own.map(|row| (row.key, format!("{}  ({})", row.value, row.origin).into()));
    Value::Object(own.collect::<Map<_, _>>())
}
