//! What a shell may offer for a word that is being typed: environments, roles, profiles, error codes.

use std::ffi::OsString;
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::ArgValueCandidates;
use clap_complete::engine::CompletionCandidate;

use super::Cli;
use crate::engine::Role;
use crate::environment::locate::Engines;
use crate::error::Code;
use crate::profile;
use crate::profile::EngineChoice;

/// How long the engine may take to say which environments there are: somebody waits with a finger on the Tab key.
const PATIENCE: Duration = Duration::from_millis(500);

/// Answers a shell that asks, which it does through a variable; whether one did.
pub fn answer(arguments: &[OsString]) -> clap::error::Result<bool> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Cli::command).try_complete(arguments, here.as_deref())
}

/// For arguments that name an environment.
pub fn environments() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let overviews = all_environments().unwrap_or_default();
        let candidate =
            |(name, help): (String, String)| CompletionCandidate::new(name).help(Some(help.into()));
        overviews.into_iter().map(candidate).collect()
    })
}

/// The names of all environments, each with what it was made from; none where the engine does not answer in time.
fn all_environments() -> Option<Vec<(String, String)>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let engines = Engines::default();
    let answered = runtime.block_on(engines.overview(EngineChoice::Auto, true, PATIENCE));
    runtime.shutdown_background();
    let overviews = answered.ok()?.all.into_iter();
    let described = overviews.map(|(_, one)| {
        let help = format!("{} of {}", one.profile, one.root.display());
        (one.environment.to_string(), help)
    });
    Some(described.collect())
}

/// For arguments that name a profile.
pub fn profiles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let here = std::env::current_dir().unwrap_or_default();
        let listed = profile::list(&here).unwrap_or_default();
        let candidate = |listed: profile::Listed| {
            CompletionCandidate::new(listed.name).help(listed.description.map(Into::into))
        };
        listed.into_iter().map(candidate).collect()
    })
}

/// For arguments that name a role.
pub fn roles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = Role::ALL.into_iter().map(Role::as_str);
        names.map(CompletionCandidate::new).collect()
    })
}

/// For arguments that name an error code.
pub fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let candidate = |code: &Code| {
            let help = code.explanation().what;
            CompletionCandidate::new(code.as_str()).help(Some(help.into()))
        };
        Code::ALL.iter().map(candidate).collect()
    })
}
