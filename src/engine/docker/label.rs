//! The labels on everything that is made; by them alone it is found again.

use std::collections::HashMap;

use crate::engine::Identity;
use crate::profile::EnvironmentName;

pub const HEALTH: &str = "dev.ratesdev.health";
pub const LISTEN: &str = "dev.ratesdev.listen";
pub const CONTEXT: &str = "dev.ratesdev.context";
pub const ENVIRONMENT: &str = "dev.ratesdev.environment";
pub const ROLE: &str = "dev.ratesdev.role";
pub const NUMBER: &str = "dev.ratesdev.number";
pub const PROFILE: &str = "dev.ratesdev.profile";
pub const PROFILE_FILE: &str = "dev.ratesdev.profile-file";
pub const CONFIG_HASH: &str = "dev.ratesdev.config-hash";
pub const VERSION: &str = "dev.ratesdev.version";
pub const ROOT: &str = "dev.ratesdev.root";
/// On what leads to the ports of the Engine's machine, and belongs to no environment.
pub const TUNNEL: &str = "dev.ratesdev.tunnel";
pub const PROTECTED: &str = "dev.ratesdev.protected";
/// The name of a volume of the team's own.
pub const VOLUME: &str = "dev.ratesdev.volume";
/// The roles that a container needs, with commas between them.
pub const NEEDS: &str = "dev.ratesdev.needs";
/// The port inside a container that people are told of, and that its health is asked at.
pub const PORT: &str = "dev.ratesdev.port";
/// The path that its health is asked at.
pub const PROBE: &str = "dev.ratesdev.probe";

/// The labels that say whose a thing is.
pub fn labels(owner: &Identity) -> HashMap<String, String> {
    HashMap::from([
        (ENVIRONMENT.to_owned(), owner.environment.to_string()),
        (PROFILE.to_owned(), owner.profile.clone()),
        (
            PROFILE_FILE.to_owned(),
            owner.profile_file.display().to_string(),
        ),
        (ROOT.to_owned(), owner.root.display().to_string()),
        (PROTECTED.to_owned(), owner.protected.to_string()),
        (VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ])
}

/// The filter for what belongs to an environment, whichever it is.
pub fn of_any_environment() -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![ENVIRONMENT.to_owned()])])
}

/// The filter for what belongs to one environment.
pub fn of_environment(environment: &EnvironmentName) -> HashMap<String, Vec<String>> {
    HashMap::from([(
        "label".to_owned(),
        vec![format!("{ENVIRONMENT}={environment}")],
    )])
}
