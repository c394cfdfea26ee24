//! `ratesdev exec`: a command beside a role, in this terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::sleep;

use super::Context;
use super::complete;
use super::target::nothing_of;
use super::target::refuse_unknown;
use crate::engine;
use crate::engine::Exec;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::State;
use crate::environment::Environment;
use crate::environment::chosen::Chosen;
use crate::environment::exec::SHELL;
use crate::environment::exec::of_shell;
use crate::error::Code;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;

/// Run a command beside a role; without a command, a shell.
///
/// On a terminal the command gets a terminal too, with every key as it is pressed; elsewhere its streams are plain ones.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The exit code is the command's: 126 where it cannot be run, 127 where it is not there, 128 and the number of
the signal that ended it. The API's own image holds this program and nothing else.

Examples:
  ratesdev exec database                        a shell
  ratesdev exec database pg_dump -U rates rates > rates.sql
  ratesdev exec database -- df -h /var/lib/postgresql/data
  ratesdev exec api-2 -- /ratesdev --version    in one replica
  ratesdev exec --index 2 api -- /ratesdev --version
  ratesdev exec -u root -w /tmp database -- ls -l
  tar c . | ratesdev exec -T database tar x -C /tmp"
)]
pub struct Args {
    /// The role, or one replica such as api-2
    #[arg(value_name = "ROLE", add = complete::roles())]
    role: Chosen,
    /// Which replica of the role, as in api-2
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    index: Option<u16>,
    /// Run it as this user of the container, by name or number, with `:` and a group if wanted [default: the role's]
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,
    /// The folder to begin in [default: where the role works]
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    #[command(flatten)]
    streams: StreamArgs,
    /// The command and its arguments [default: a shell]
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<String>,
}

/// Which streams a command gets.
#[derive(Debug, clap::Args)]
pub struct StreamArgs {
    /// Plain streams, even on a terminal
    #[arg(short = 'T', long)]
    no_tty: bool,
}

impl StreamArgs {
    /// A command with a terminal, where there is one to give.
    pub fn exec(&self, command: Vec<String>) -> Exec {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let terminal = is_terminal && !self.no_tty;
        let term = std::env::var("TERM").ok().filter(|_| terminal);
        Exec {
            command,
            variables: term
                .map(|term| ("TERM".to_owned(), term))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            terminal,
            ..Exec::default()
        }
    }
}

/// The instance is there and does not run.
#[derive(Debug, thiserror::Error)]
#[error("{instance} of {environment} does not run: it is {state}")]
struct Asleep {
    instance: Instance,
    environment: String,
    state: State,
}

impl Explain for Asleep {
    fn code(&self) -> Code {
        Code::NotRunning
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "start it with `ratesdev start {} -e {}`",
            self.instance, self.environment
        ))
    }

    fn exit(&self) -> Exit {
        Exit::NotRunning
    }
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let wants_shell = args.command.is_empty();
    let command = if wants_shell {
        SHELL.map(str::to_owned).to_vec()
    } else {
        args.command
    };
    let environment = context.environment(None).await?;
    let chosen = Chosen {
        number: args.index.or(args.role.number),
        ..args.role
    };
    let found = running(&environment, chosen, context).await?;
    let exec = Exec {
        user: args.user,
        folder: args.workdir,
        ..args.streams.exec(command)
    };
    let ended = environment.engine.exec(&found, &exec);
    let ended = context.shutdown.guard(async { Ok(ended.await) }).await?;
    match ended {
        Err(error) if wants_shell => Err(of_shell(error, found.instance)),
        ended => exit(ended, (&environment, &found), context).await,
    }
}

/// The first of the chosen instances that runs.
pub async fn running(
    environment: &Environment,
    chosen: Chosen,
    context: &Context,
) -> Result<Found> {
    let observed = environment.observe().await?;
    refuse_unknown([chosen.role], &observed)?;
    let mut meant: Vec<_> = observed
        .instances
        .into_iter()
        .filter(|found| chosen.means(found.instance))
        .collect();
    // The sort is stable: those that run come first, in their own order.
    meant.sort_by_key(|found| found.state != State::Running);
    match meant.into_iter().next() {
        None => Err(nothing_of(&[chosen], environment, context).await?),
        Some(found) if found.state == State::Running => Ok(found),
        Some(found) => Err(Asleep {
            instance: found.instance,
            environment: environment.name.to_string(),
            state: found.state,
        }
        .into()),
    }
}

/// How long the end of an instance may take to show: so many looks, so far apart.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// How a command ends that is killed, as everything in a container is that ends.
const KILLED: i32 = 128 + 9;

/// The program ends as the command did. That it was its role that ended is told, which the exit code does not say.
pub async fn exit(
    ended: engine::Result<i32>,
    (environment, found): (&Environment, &Found),
    context: &Context,
) -> Result<Exit> {
    let code = ended.map_err(Error::from)?;
    if code == KILLED && !goes_on(environment, found).await {
        let (name, instance) = (&environment.name, found.instance);
        context.out.note(format_args!(
            "{instance} ended, and the command in it; `ratesdev logs {instance} -e {name}` shows its last lines"
        ));
    }
    Ok(Exit::Of(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// Whether an instance goes on after a command in it was killed: the command ends a moment before it does.
async fn goes_on(environment: &Environment, found: &Found) -> bool {
    for _ in 0..LOOKS {
        if !is_as_it_was(environment, found).await {
            return false;
        }
        sleep(PAUSE).await;
    }
    true
}

/// Whether an instance still runs as it did. Where that cannot be learnt, nothing is said of it.
async fn is_as_it_was(environment: &Environment, found: &Found) -> bool {
    let Ok(observed) = environment.observe().await else {
        return true;
    };
    observed.instances.iter().any(|now| {
        now.id == found.id && now.state == State::Running && now.started_at == found.started_at
    })
}
