//! What a shell may offer for a word that is being typed: environments, roles, profiles, error codes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::time::Duration;

use clap::CommandFactory;
use clap::ValueEnum;
use clap_complete::CompleteEnv;
use clap_complete::engine::ArgValueCandidates;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::engine::CompletionCandidate;

use super::Cli;
use super::target::default_name;
use crate::engine::Overview;
use crate::engine::Role;
use crate::engine::choice::Kind;
use crate::engine::docker::Asked;
use crate::environment::locate::Engines;
use crate::environment::status::endpoint;
use crate::error::Code;
use crate::profile;
use crate::profile::EngineChoice;
use crate::query;
use crate::query::BaseUrl;
use crate::rates::Atlas;

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
    let described = overviews()?.into_iter().map(|(_, one)| {
        let help = format!("{} of {}", one.profile, one.root.display());
        (one.environment.to_string(), help)
    });
    Some(described.collect())
}

fn overviews() -> Option<Vec<(Kind, Overview)>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let engines = Engines::default();
    let answered = runtime.block_on(engines.overview(EngineChoice::Auto, true, PATIENCE));
    runtime.shutdown_background();
    Some(answered.ok()?.all)
}

/// For arguments that name a port or a region: those of the API that the command would ask, whatever the case of what is
/// typed; none where it does not answer in time.
pub fn places() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_string_lossy().to_lowercase();
        let atlas = atlas().unwrap_or_default();
        let begins = |(text, _): &(&str, &str)| text.to_lowercase().starts_with(&typed);
        let candidate = |(text, name): (&str, &str)| {
            CompletionCandidate::new(text).help(Some(name.to_owned().into()))
        };
        atlas.names().filter(begins).map(candidate).collect()
    })
}

/// What there is to ask about.
fn atlas() -> Option<Atlas> {
    let words: Vec<_> = std::env::args().skip_while(|word| word != "--").collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let answered = runtime.block_on(async {
        let asked = tokio::time::timeout(PATIENCE, async {
            let base = base(&words).await?;
            query::ask_places(&base, PATIENCE).await.ok()
        });
        asked.await.ok().flatten()
    });
    runtime.shutdown_background();
    answered?.places().ok()
}

/// Where the command would ask: at a URL or in an environment that it names or a variable does, else in the default one.
async fn base(words: &[String]) -> Option<BaseUrl> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let environment = option(words, &["-e", "--env"]);
    let url = option(words, &["--url"]);
    let url = url.or_else(|| variable("RATESDEV_URL").filter(|_| environment.is_none()));
    if let Some(url) = url {
        return url.parse().ok();
    }
    let name = environment.or_else(|| variable("RATESDEV_ENV"));
    let name = match name {
        Some(name) => name.parse().ok()?,
        None => default_name().ok()?,
    };
    let engine =
        option(words, &["--engine"]).and_then(|text| EngineChoice::from_str(&text, true).ok());
    let asked = Asked {
        host: option(words, &["--host"]),
        context: option(words, &["--context"]),
    };
    let engines = Engines::new(asked);
    let environment = engines
        .find(name, engine.unwrap_or(EngineChoice::Auto))
        .await
        .ok()?;
    let observed = environment.observe().await.ok()?;
    // A word is not worth what a long way takes, nor would it be there in time.
    if environment.engine.is_far(&observed) {
        return None;
    }
    endpoint(&observed, Role::Api).map(BaseUrl::from)
}

/// The value that follows one of these options, or is joined to it.
fn option(words: &[String], names: &[&str]) -> Option<String> {
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if names.contains(&word.as_str()) {
            return rest.next().cloned();
        }
        let joined = names
            .iter()
            .find_map(|name| word.strip_prefix(name)?.strip_prefix('='));
        if let Some(value) = joined {
            return Some(value.to_owned());
        }
    }
    None
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
        let names = Role::BUILT_IN.iter().map(Role::as_str);
        let own = own_roles();
        names
            .chain(own.iter().map(Role::as_str))
            .map(CompletionCandidate::new)
            .collect()
    })
}

/// The services of the team's own that run anywhere: which environment is meant is not known while a word is typed.
fn own_roles() -> BTreeSet<Role> {
    let overviews = overviews().unwrap_or_default();
    let instances = overviews.iter().flat_map(|(_, one)| &one.instances);
    let roles = instances.map(|glimpse| glimpse.instance.role);
    roles.filter(|role| role.is_own()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_found_in_either_form() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("ratesdev -e one query", Some("one")),
            ("ratesdev query --env=two", Some("two")),
            ("ratesdev query -e", None),
            ("ratesdev query --environment three", None),
        ];
        for (line, value) in cases {
            assert_eq!(
                option(&words(line), &["-e", "--env"]).as_deref(),
                value,
                "{line}"
            );
        }
    }
}
