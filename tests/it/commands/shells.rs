//! Shells complete words, manual pages are written, mistyped words are answered with the right ones.

use std::path::Path;
use std::process::Command;

use crate::support::checkout::Checkout;
use crate::support::environment::Environment;
use crate::support::environment::program;
use crate::support::eventually;
use crate::support::run::Run;
use crate::support::run::Running;

/// What bash would offer for the last of these words; the program is found on the path, as it is when installed.
fn offered(mut command: Command, words: &[&str]) -> Run {
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(ratesdev completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
         _clap_complete_ratesdev ratesdev; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1
    );
    let folder = Path::new(env!("CARGO_BIN_EXE_ratesdev")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    bash.args(["--norc", "-c", &script])
        .env_clear()
        .envs(variables);
    bash.env("PATH", path)
        .current_dir(command.get_current_dir().unwrap());
    command.env_clear();
    Running::start(&mut bash).finish().exits(0)
}

#[test]
fn bash_completes_commands_options_roles_profiles_and_codes() {
    let checkout = Checkout::small();
    let offers = |words: &[&str], expected: &[&str]| {
        let offered = offered(program(&checkout.path()), words);
        for word in expected {
            assert!(
                offered.stdout.lines().any(|line| line == *word),
                "{word} in {offered}"
            );
        }
    };
    offers(&["ratesdev", "st"], &["start", "status", "stop"]);
    offers(&["ratesdev", "up", "--wait"], &["--wait-timeout"]);
    offers(&["ratesdev", "restart", "a"], &["api"]);
    offers(&["ratesdev", "up", ""], &["dev", "prod", "staging"]);
    offers(&["ratesdev", "explain", "E-PORT"], &["E-PORT-TAKEN"]);
    offers(&["ratesdev", "logs", "--level", "w"], &["warn"]);
}

#[test]
fn bash_completes_the_names_of_environments_that_are_there() {
    let Some(environment) = Environment::ready("completed") else {
        return;
    };
    let typed: String = environment.name.chars().take(5).collect();
    let name = environment.name.as_str();
    // Whoever presses Tab is not kept waiting by a busy engine; then nothing is offered.
    eventually("the name is offered", || {
        let words = ["ratesdev", "status", "-e", &typed];
        let offered = offered(environment.command(&[]), &words);
        offered
            .stdout
            .lines()
            .any(|line| line == name)
            .then_some(())
    });
}

#[test]
fn bash_completes_ports_and_regions_of_the_environment_that_is_asked() {
    let Some(environment) = Environment::ready("places") else {
        return;
    };
    let offers = |words: &[&str], variables: &[(&str, &str)], expected: &str| {
        // Whoever presses Tab is not kept waiting by a busy engine; then nothing is offered.
        eventually(&format!("{expected} is offered"), || {
            let mut command = environment.command(&[]);
            command.envs(variables.iter().copied());
            let offered = offered(command, words);
            let mut lines = offered.stdout.lines();
            lines.any(|line| line == expected).then_some(())
        });
    };
    offers(&["ratesdev", "query", "cng"], &[], "CNGGZ");
    offers(
        &["ratesdev", "query", "CNGGZ", "north"],
        &[],
        "northern_europe",
    );
    let nowhere = [("RATESDEV_ENV", "nowhere")];
    offers(
        &["ratesdev", "query", "-e", &environment.name, "EE"],
        &nowhere,
        "EETLL",
    );
}

#[test]
fn every_shell_is_taught_in_words_that_it_understands() {
    let checkout = Checkout::small();
    for shell in ["bash", "zsh", "fish"] {
        let taught =
            Running::start(program(&checkout.path()).args(["completions", shell])).finish();
        let taught = taught.exits(0).says(&["COMPLETE"]);
        checkout.write("script", &taught.stdout);
        let script = checkout.path().join("script");
        let read = Command::new(shell).arg("-n").arg(script).output();
        let read = read.unwrap_or_else(|error| panic!("{shell} is needed here: {error}"));
        assert!(read.status.success(), "{shell}: {read:?}");
    }
    let mistyped = Running::start(program(&checkout.path()).args(["completions", "bsh"]));
    mistyped.finish().exits(2).says(&["bash"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let checkout = Checkout::small();
    let folder = checkout.path().join("man");
    let mut command = program(&checkout.path());
    Running::start(command.arg("man").arg(&folder))
        .finish()
        .exits(0);
    for page in [
        "ratesdev.1",
        "ratesdev-up.1",
        "ratesdev-exec.1",
        "ratesdev-profile-list.1",
    ] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains(".SH"), "{page}");
    }
    assert!(
        !folder.join("ratesdev-probe.1").exists(),
        "hidden commands have none"
    );
}

#[test]
fn a_mistyped_command_or_option_is_answered_with_the_right_one() {
    let checkout = Checkout::small();
    for (words, meant) in [
        (&["statsu"][..], "status"),
        (&["restrat"], "restart"),
        (&["up", "--recrate"], "--recreate"),
        (&["explain", "E-PORT-TAKE"], "E-PORT-TAKEN"),
    ] {
        let mistyped = Running::start(program(&checkout.path()).args(words)).finish();
        mistyped.exits(2).says(&[meant]);
    }
}
