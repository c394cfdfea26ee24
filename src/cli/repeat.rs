//! Commands that a message names, as they must be typed to be about the same environment on the same engine.

use std::path::Path;
use std::sync::OnceLock;

/// What follows `ratesdev` in commands about an environment.
const OF_ENVIRONMENT: [&str; 15] = [
    "up", "down", "start", "stop", "restart", "status", "port", "open", "logs", "events", "query",
    "exec", "psql", "seed", "config",
];

/// The same in commands about engines.
const OF_ENGINES: [&str; 2] = ["ls", "doctor"];

/// What a run was given that a command named by it must be given too.
#[derive(Debug, Default)]
pub struct Flags {
    /// The engine, as it was typed.
    engine: Vec<(&'static str, String)>,
    /// The profile, as it was typed.
    profile: OnceLock<String>,
    /// The environment, where a command that names none would be about another.
    environment: OnceLock<String>,
}

impl Flags {
    /// Those that name the engine, each with its value.
    pub fn new(engine: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self {
            engine: engine.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Keeps the profile that was typed.
    pub fn keep_profile(&self, profile: Option<&str>) {
        if let Some(profile) = profile {
            drop(self.profile.set(profile.to_owned()));
        }
    }

    /// Keeps the environment that the run is about; `usual` is the one of a command that names none.
    pub fn keep_environment(&self, name: &str, usual: Option<&str>) {
        if usual != Some(name) {
            drop(self.environment.set(name.to_owned()));
        }
    }

    /// The same text, in which every command between backticks has the flags.
    pub fn repeat(&self, text: &str) -> String {
        let parts: Vec<_> = text.split('`').collect();
        if parts.len() % 2 == 0 {
            return text.to_owned();
        }
        let parts = parts.into_iter().enumerate();
        let parts = parts.map(|(number, part)| match number % 2 {
            1 => self.command(part).unwrap_or_else(|| part.to_owned()),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("`")
    }

    /// A command as it must be typed.
    pub fn complete(&self, command: String) -> String {
        self.command(&command).unwrap_or(command)
    }

    /// A command of ours with the flags; nothing where it is another's, or needs none.
    fn command(&self, command: &str) -> Option<String> {
        let mut words = command.strip_prefix("ratesdev ")?.split(' ');
        let verb = words.next()?;
        let is_of_environment = OF_ENVIRONMENT.contains(&verb);
        if !is_of_environment && !OF_ENGINES.contains(&verb) {
            return None;
        }
        let names_profile = words.next().is_some_and(|word| !word.starts_with('-'));
        let profile = self.profile.get();
        let profile = profile.filter(|_| verb == "up" && !names_profile);
        let environment = self.environment.get().filter(|name| {
            let goes_by_profile = profile.is_some_and(|profile| stem(profile) == name.as_str());
            is_of_environment && !goes_by_profile
        });
        let mut flags: Vec<_> = environment.map(|name| ("-e", name)).into_iter().collect();
        flags.extend(self.engine.iter().map(|(flag, value)| (*flag, value)));
        flags.retain(|(flag, _)| !has(command, flag));
        let flags = flags
            .iter()
            .map(|(flag, value)| format!(" {flag} {}", typed(value)));
        let profile = profile.map(|profile| format!(" {}", typed(profile)));
        let (before, rest) = command.split_at("ratesdev ".len() + verb.len());
        let (own, beyond) = rest
            .find(" -- ")
            .map_or((rest, ""), |end| rest.split_at(end));
        Some(
            [
                before,
                &profile.unwrap_or_default(),
                own,
                &flags.collect::<String>(),
                beyond,
            ]
            .concat(),
        )
    }
}

fn has(command: &str, flag: &str) -> bool {
    command.split(' ').any(|word| word == flag)
}

/// The name of the environment that a profile makes when none is given.
fn stem(profile: &str) -> &str {
    let stem = Path::new(profile)
        .file_stem()
        .and_then(|stem| stem.to_str());
    stem.unwrap_or(profile)
}

/// A value as a shell takes it for one word.
fn typed(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@,+=%".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(profile: Option<&str>, environment: &str) -> Flags {
        let flags = Flags::new([("--host", "ssh://me@staging".to_owned())]);
        flags.keep_profile(profile);
        flags.keep_environment(environment, Some("dev"));
        flags
    }

    #[test]
    fn a_command_that_is_named_is_about_the_same_environment_on_the_same_engine() {
        let host = "--host ssh://me@staging";
        let cases = [
            (
                "`ratesdev logs api` shows all",
                format!("`ratesdev logs api -e two {host}` shows all"),
            ),
            (
                "`ratesdev down -v -e two`",
                format!("`ratesdev down -v -e two {host}`"),
            ),
            (
                "try `ratesdev up`",
                format!("try `ratesdev up -e two {host}`"),
            ),
            (
                "`ratesdev exec api -- ls /`",
                format!("`ratesdev exec api -e two {host} -- ls /`"),
            ),
            ("`ratesdev ls --all`", format!("`ratesdev ls --all {host}`")),
        ];
        for (text, expected) in cases {
            assert_eq!(flags(None, "two").repeat(text), expected);
        }
    }

    #[test]
    fn an_environment_goes_by_the_name_of_its_profile() {
        let staging = flags(Some("staging"), "staging");
        let host = "--host ssh://me@staging";
        let said = staging.repeat("`ratesdev up` or `ratesdev status`");
        let expected =
            format!("`ratesdev up staging {host}` or `ratesdev status -e staging {host}`");
        assert_eq!(said, expected);
        let other = flags(Some("profiles/staging.toml"), "two").repeat("`ratesdev up -e three`");
        assert_eq!(
            other,
            format!("`ratesdev up profiles/staging.toml -e three {host}`")
        );
    }

    #[test]
    fn what_is_no_command_of_ours_stays_as_it_is() {
        let flags = flags(None, "two");
        for text in [
            "`docker pull x` or `ratesdev explain E-IO`",
            "`ratesdev` and `ratesdev profile list`",
            "an odd ` and ratesdev logs",
        ] {
            assert_eq!(flags.repeat(text), text);
        }
        let plain = Flags::default();
        plain.keep_environment("dev", Some("dev"));
        assert_eq!(plain.repeat("`ratesdev logs`"), "`ratesdev logs`");
    }

    #[test]
    fn a_value_is_one_word_for_a_shell() {
        assert_eq!(typed("unix:///run/docker.sock"), "unix:///run/docker.sock");
        assert_eq!(typed("it's here"), r"'it'\''s here'");
    }
}
