//! The command line as typed. Nothing here acts: every command's file has its arguments and its `run`.

mod ask;
mod complete;
mod completions;
mod config;
mod dashboard;
mod doctor;
mod down;
mod events;
mod exec;
mod explain;
mod halt;
mod load;
mod logs;
mod ls;
mod man;
mod moment;
mod open;
mod output;
mod parity;
mod port;
mod probe;
mod profile;
mod psql;
mod query;
mod repeat;
mod report;
mod restart;
mod screen;
mod seed;
mod serve;
mod start;
mod status;
mod stop;
#[cfg(unix)]
mod supervise;
mod table;
mod target;
mod tunnel;
mod up;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::error::ErrorKind;
use futures_util::future::BoxFuture;

use crate::engine::Engine;
use crate::engine::docker::Asked;
use crate::environment::locate::Awaited;
use crate::environment::locate::Engines;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::EngineChoice;
use crate::profile::EnvironmentName;
use crate::shutdown::Shutdown;
use crate::terminal;
use output::Output;
use repeat::Flags;

/// The whole rates system on one machine: PostgreSQL seeded and verified, the API running, one command.
#[derive(Debug, Parser)]
#[command(
    name = "ratesdev",
    version,
    after_help = "Without a command the dashboard opens: every environment on one screen.

Examples:
  ratesdev up                               everything, ready and verified
  ratesdev                                  the dashboard
  ratesdev query CNGGZ EETLL 2021-01        average price per day
  ratesdev down                             stop it; its data stays"
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, clap::Args)]
struct Globals {
    /// The environment to work on [default: the profile's name]
    #[arg(short, long, global = true, value_name = "NAME", env = "RATESDEV_ENV", add = complete::environments())]
    env: Option<String>,
    /// Where it runs [default: where it is; a new one as the profile says]
    #[arg(long, global = true, value_enum, value_name = "ENGINE")]
    engine: Option<EngineChoice>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        conflicts_with = "context",
        help = "The Docker Engine to use: unix:///path, tcp://host:port or ssh://user@host [default: DOCKER_HOST, else the context's]"
    )]
    host: Option<String>,
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        help = "The Docker context whose Engine to use [default: DOCKER_CONTEXT, else the current one]"
    )]
    context: Option<String>,
}

impl Globals {
    /// The engine that is named. Who says which Docker Engine to use means Docker.
    fn engine(&self) -> Option<EngineChoice> {
        let is_docker = self.host.is_some() || self.context.is_some();
        self.engine
            .or_else(|| is_docker.then_some(EngineChoice::Docker))
    }

    /// Whether a Docker Engine is named and Docker is not wanted.
    fn contradicts_itself(&self) -> bool {
        let names_docker = self.host.is_some() || self.context.is_some();
        names_docker && self.engine == Some(EngineChoice::Embedded)
    }

    /// What names the engine, as it must be typed again.
    fn of_engine(&self) -> Flags {
        let word = self.engine.and_then(|engine| engine.to_possible_value());
        let engine = word.map(|word| word.get_name().to_owned());
        let said = [
            ("--engine", engine),
            ("--host", self.host.clone()),
            ("--context", self.context.clone()),
        ];
        Flags::new(
            said.into_iter()
                .filter_map(|(flag, value)| Some((flag, value?))),
        )
    }

    /// Which Docker Engine is meant.
    fn asked(&self) -> Asked {
        Asked {
            host: self.host.clone(),
            context: self.context.clone(),
        }
    }
}

/// What a command works with besides its own arguments.
#[derive(Debug)]
struct Context {
    globals: Globals,
    engines: Arc<Engines>,
    out: Output,
    shutdown: Shutdown,
    dashboard: Face,
}

/// What opens the dashboard.
pub type Open = fn(Opened, Shutdown) -> BoxFuture<'static, Result<Exit>>;

/// The dashboard: the command line knows nothing else of it.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    /// Opens it.
    pub open: Open,
    /// How many of its actions have keys of the user's own; an error where those cannot be used.
    pub own_keys: fn() -> Result<usize>,
}

/// What the dashboard is opened for.
#[derive(Debug)]
pub struct Opened {
    /// Where environments can be.
    pub engines: Vec<Arc<dyn Engine>>,
    /// Where an environment that is nowhere is made.
    pub places: Arc<Engines>,
    /// The engine that is named for this run.
    pub named: EngineChoice,
    /// Docker, where it does not answer and nobody named another engine.
    pub awaited: Option<Awaited>,
    /// The current folder.
    pub folder: PathBuf,
    /// The environment that is shown first.
    pub environment: EnvironmentName,
    /// The profile that it is made from, where nothing of it exists yet; else the one of its name.
    pub profile: Option<PathBuf>,
    /// Whether to bring it up at once.
    pub up: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Args),
    Down(down::Args),
    Start(start::Args),
    Stop(stop::Args),
    Restart(restart::Args),
    Status(status::Args),
    Ls(ls::Args),
    Port(port::Args),
    Open(open::Args),
    Logs(logs::Args),
    Events(events::Args),
    Query(query::Args),
    Parity(parity::Args),
    Exec(exec::Args),
    Psql(psql::Args),
    Seed(seed::Args),
    Config(config::Args),
    Profile(profile::Args),
    Doctor(doctor::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
    Serve(serve::Args),
    Load(load::Args),
    Probe(probe::Args),
    Tunnel(tunnel::Args),
    #[cfg(unix)]
    Supervise(supervise::Args),
}

/// What a command runs on. What waits most of its life should be as small as it can.
fn runtime(command: Option<&Command>) -> tokio::runtime::Builder {
    let mut builder = match command {
        #[cfg(unix)]
        Some(Command::Supervise(_)) => tokio::runtime::Builder::new_current_thread(),
        Some(Command::Tunnel(_)) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.enable_all();
    builder
}

/// Runs the program with these arguments, the first being its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, dashboard: Face) -> ExitCode {
    // A panic is a bug of ours; the report says where. Only a second installation could fail.
    drop(color_eyre::install());
    terminal::restore_on_panic();
    output::choose_colours();
    let arguments: Vec<_> = arguments.into_iter().collect();
    match complete::answer(&arguments) {
        Ok(false) => {}
        Ok(true) => return Exit::Done.into(),
        Err(error) => return usage(&error),
    }
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let out = Output::new(cli.globals.of_engine());
    out.conclude(start(cli, &out, dashboard)).into()
}

/// Reads the command line and, where a flag is absent, its variable.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    let read = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command));
    let mut cli = read?;
    if let (Some(Command::Query(args)), Some((_, typed))) = (&mut cli.command, matches.subcommand())
    {
        args.prefer_flags(typed)
            .map_err(|message| command.error(ErrorKind::ArgumentConflict, message))?;
    }
    if cli.globals.contradicts_itself() {
        let message = "--host and --context name a Docker Engine, --engine embedded does without";
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Ok(cli)
}

/// Shows what clap has to say: help and version are answers, the rest is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    let asked = !error.use_stderr();
    // Who asks for help and does not read all of it has asked all the same.
    drop(error.print());
    if asked {
        Exit::Done.into()
    } else {
        Exit::Usage.into()
    }
}

/// Runs a command to its end. What still blocks then, such as a name that is being looked up, is not waited for.
fn start(cli: Cli, out: &Output, dashboard: Face) -> Result<Exit> {
    let runtime = runtime(cli.command.as_ref()).build();
    let runtime = runtime.map_err(IoError::new("start the runtime"))?;
    let result = runtime.block_on(async {
        let context = Context {
            engines: Arc::new(Engines::new(cli.globals.asked())),
            globals: cli.globals,
            out: out.clone(),
            shutdown: Shutdown::on_signals(),
            dashboard,
        };
        match cli.command {
            Some(command) => dispatch(command, &context).await,
            None => dashboard::run(&context).await,
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn dispatch(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Up(args) => up::run(args, context).await,
        Command::Down(args) => down::run(args, context).await,
        Command::Start(args) => start::run(args, context).await,
        Command::Stop(args) => stop::run(args, context).await,
        Command::Restart(args) => restart::run(args, context).await,
        Command::Status(args) => status::run(args, context).await,
        Command::Ls(args) => ls::run(args, context).await,
        Command::Port(args) => port::run(args, context).await,
        Command::Open(args) => open::run(args, context).await,
        Command::Logs(args) => logs::run(args, context).await,
        Command::Events(args) => events::run(args, context).await,
        Command::Query(args) => query::run(args, context).await,
        Command::Parity(args) => parity::run(args, context).await,
        Command::Exec(args) => exec::run(args, context).await,
        Command::Psql(args) => psql::run(args, context).await,
        Command::Seed(args) => seed::run(args, context).await,
        Command::Config(args) => config::run(args, context).await,
        Command::Profile(args) => profile::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Explain(args) => explain::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
        Command::Serve(args) => serve::run(args, context).await,
        Command::Load(args) => load::run(args, context).await,
        Command::Probe(args) => probe::run(args, context).await,
        Command::Tunnel(args) => tunnel::run(args, context).await,
        #[cfg(unix)]
        Command::Supervise(args) => supervise::run(args, context).await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn variables(command: &clap::Command) -> BTreeSet<String> {
        let own = command.get_arguments().filter_map(clap::Arg::get_env);
        let mut all: BTreeSet<_> = own
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        all.extend(command.get_subcommands().flat_map(variables));
        all
    }

    /// The commands that people see, each with its name as typed.
    fn visible(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let path = format!("{path} {}", command.get_name());
        let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
        let mut all: Vec<_> = shown.flat_map(|sub| visible(sub, &path)).collect();
        all.push((path, command.clone()));
        all
    }

    #[test]
    fn the_help_of_every_command_has_examples() {
        for (path, mut command) in visible(&Cli::command(), "") {
            let help = command.render_long_help().to_string();
            let examples = help.split("Examples:\n").nth(1);
            let first = examples.and_then(|examples| examples.lines().next());
            assert!(
                first.is_some_and(|line| line.contains("ratesdev")),
                "{path}"
            );
        }
    }

    #[test]
    fn every_variable_of_the_command_line_is_told_apart_from_settings() {
        let variables = variables(&Cli::command());
        assert!(variables.contains("RATESDEV_URL"), "{variables:?}");
        for variable in variables {
            let reserved = crate::profile::RESERVED.contains(&variable.as_str());
            assert!(reserved, "{variable} would be refused as a setting");
        }
    }
}
