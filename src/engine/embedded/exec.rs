//! A command beside an instance: with its variables, as its user, on the streams of this process.

use std::os::unix::process::ExitStatusExt;

use tokio::process::Command;

use super::home::Place;
use super::record::Record;
use super::service;
use crate::engine::Error;
use crate::engine::Exec;
use crate::engine::Result;
use crate::engine::Role;
use crate::error::Code;

/// Runs it to its end and returns its exit code as a shell has it.
pub async fn run(place: &Place, record: &Record, exec: &Exec) -> Result<i32> {
    let Some((program, arguments)) = exec.command.split_first() else {
        return Err(Error::new(Code::Usage, "there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(&record.launch.variables);
    if record.instance.role == Role::Database {
        command.envs(service::libpq_variables(place, record.endpoint));
        command.env("PATH", path(record));
    }
    command
        .envs(&exec.variables)
        .current_dir(&record.launch.folder);
    if let Some(account) = &record.launch.account {
        command.uid(account.uid).gid(account.gid);
    }
    let status = command.status().await.map_err(|error| {
        let what = format!("cannot run {program} beside {}", record.instance);
        Error::new(Code::Io, what).because(error)
    })?;
    let signal = status.signal().map(|signal| 128 + signal);
    Ok(status.code().or(signal).unwrap_or(-1))
}

/// The programs of the very PostgreSQL that runs are found first.
fn path(record: &Record) -> std::ffi::OsString {
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let own = record
        .launch
        .program
        .parent()
        .map(std::path::Path::to_owned);
    let folders = own.into_iter().chain(std::env::split_paths(&usual));
    std::env::join_paths(folders).unwrap_or(usual)
}
