//! Everything there is to know of an instance: how it is, its settings, and what its engine knows.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Tasks;
use super::configure::resolved;
use super::look::PATIENCE;
use super::look::in_time;
use crate::engine::Found;
use crate::engine::Role;
use crate::engine::inspect::masked;
use crate::environment::Environment;
use crate::environment::status::RoleStatus;
use crate::profile::Resolved;
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
            let known = in_time(PATIENCE, environment.inspect(&found)).await;
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

/// The settings of its role, each with where it comes from; none where the profile cannot be read at the moment.
async fn settings(
    environment: &Environment,
    folder: &Path,
    (profile, found): (Option<&Path>, &Found),
) -> Value {
    let resolved = resolved(environment, folder, profile);
    let Ok(resolved) = in_time(PATIENCE, resolved).await else {
        return Value::Null;
    };
    of_role(&resolved, found.instance.role)
}

/// Secrets are masked as they are in what the engine knows, which stands beside it.
fn of_role(resolved: &Resolved, role: Role) -> Value {
    let prefix = match role {
        Role::Service(name) => format!("services.{name}."),
        built_in => format!("{built_in}."),
    };
    let rows = resolved.rows_of(masked).into_iter();
    let own = rows.filter(|row| row.key.starts_with(&prefix));
    let own = own.map(|row| (row.key, format!("{}  ({})", row.value, row.origin).into()));
    Value::Object(own.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;

    #[test]
    fn settings_are_those_of_the_role_and_their_secrets_are_masked() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = folder.path().join("profiles");
        std::fs::create_dir(&profiles).unwrap();
        let text = "[api]\nmemory = \"64 MB\"\n[services.redis]\nimage = \"redis:7\"\n\
                    command = [\"redis-server\", \"--requirepass\", \"hunter2\"]\n\
                    environment = { API_TOKEN = \"hunter2\", MODE = \"dev\" }\n";
        std::fs::write(profiles.join("dev.toml"), text).unwrap();
        let request = profile::Request::of_files(Some("dev"), folder.path());
        let resolved = profile::load(&request).unwrap();
        let service = of_role(&resolved, "redis".parse().unwrap());
        let shown = service.to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
        for (key, said) in [
            ("services.redis.image", "\"redis:7\"  (profiles/dev.toml:4)"),
            ("services.redis.command", "\"--requirepass\", \"********\""),
            ("services.redis.environment", "\"MODE\" = \"dev\""),
        ] {
            let value = service[key].as_str().unwrap_or_default();
            assert!(value.contains(said), "{key}: {shown}");
        }
        let api = of_role(&resolved, Role::Api);
        assert_eq!(api["api.memory"], "\"64 MB\"  (profiles/dev.toml:2)");
        assert_eq!(api["services.redis.image"], Value::Null);
    }
}
