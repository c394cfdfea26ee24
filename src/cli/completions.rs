//! `ratesdev completions`: what teaches a shell to complete this program's words.

use clap::CommandFactory;
use clap::ValueEnum;
use clap_complete::env::Bash;
use clap_complete::env::EnvCompleter;
use clap_complete::env::Fish;
use clap_complete::env::Zsh;

use super::Cli;
use super::Context;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;

/// The variable through which a shell asks.
const VARIABLE: &str = "COMPLETE";

/// Print what teaches a shell to complete commands, options, environments, roles and profiles.
///
/// The shell asks ratesdev itself for every word, so what it offers is what is there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev completions bash >> ~/.bashrc
  ratesdev completions zsh >> ~/.zshrc
  ratesdev completions fish > ~/.config/fish/completions/ratesdev.fish
  source <(ratesdev completions bash)       for this session alone")]
pub struct Args {
    /// Which shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let command = Cli::command();
    let name = command.get_name();
    let mut script = Vec::new();
    let completer = args.shell.completer();
    let written = completer.write_registration(VARIABLE, name, name, name, &mut script);
    written.map_err(IoError::new("write the completions"))?;
    context.out.raw(&script)?;
    Ok(Exit::Done)
}
