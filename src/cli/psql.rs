//! `ratesdev psql`: PostgreSQL's own client, beside the database, without a password to type.

use super::Context;
use super::exec;
use super::exec::StreamArgs;
use crate::engine::Role;
use crate::environment::exec::psql_variables;
use crate::error::Exit;
use crate::error::Result;

/// Open psql on the environment's database, as its owner.
///
/// It is the psql that comes with the database's image, and runs beside the database: no password is asked for, and
/// nothing has to be installed here.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What follows ratesdev's own options is psql's. The exit code is psql's too.

Examples:
  ratesdev psql                                 interactive; \\q leaves
  ratesdev psql -c 'select count(*) from prices'
  ratesdev psql -At -c 'select code from ports' | sort
  ratesdev psql -v ON_ERROR_STOP=1 < change.sql
  ratesdev psql -- --help                       psql's own options"
)]
pub struct Args {
    #[command(flatten)]
    streams: StreamArgs,
    /// Arguments of psql
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let found = exec::running(&environment, Role::Database.into(), context).await?;
    let command = std::iter::once("psql".to_owned()).chain(args.arguments);
    let mut exec = args.streams.exec(command.collect());
    exec.variables.extend(psql_variables());
    let ended = environment.engine.exec(&found, &exec);
    let ended = context.shutdown.guard(async { Ok(ended.await) }).await?;
    exec::exit(ended, (&environment, &found), context).await
}
