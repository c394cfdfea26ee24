//! A command beside an instance: with its variables, as its user, on the streams of this process.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use tokio::process::Child;
use tokio::process::Command;

use super::home::Place;
use super::record::Record;
use super::service;
use crate::engine::Error;
use crate::engine::Exec;
use crate::engine::Result;
use crate::engine::Role;
use crate::error::Code;
use crate::shutdown::Shutdown;

/// A command that loses its terminal when it is waited for no more.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended has no number any more.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // It may have ended just now.
            kill_process(id, Signal::HUP).ok();
        }
    }
}

/// Runs it to its end and returns its exit code as a shell has it. Ctrl-C is the command's meanwhile.
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
    let failed = |error| {
        let what = format!("cannot run {program} beside {}", record.instance);
        Error::new(Code::Io, what).because(error)
    };
    let _lent = Shutdown::lend();
    let mut running = Running(command.spawn().map_err(failed)?);
    let status = running.0.wait().await.map_err(failed)?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::engine::Instance;
    use crate::engine::embedded::record::Launch;
    use crate::engine::embedded::record::Life;
    use crate::engine::embedded::record::Owner;

    fn database(folder: &Path) -> Record {
        Record {
            instance: Instance::first(Role::Database),
            token: String::new(),
            image: String::new(),
            config_hash: String::new(),
            owner: Owner::default(),
            launch: Launch {
                program: "/opt/postgres/bin/postgres".into(),
                folder: folder.to_owned(),
                ..Launch::default()
            },
            endpoint: Some(([127, 0, 0, 1], 4711).into()),
            life: Life::Made { error: None },
        }
    }

    #[tokio::test]
    async fn a_command_has_the_variables_folder_and_programs_of_its_instance() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let script = "test \"$PGUSER $PGPORT $EXTRA $(pwd)\" = \"rates 4711 given $0\" \
            && case $PATH in /opt/postgres/bin:*) exit 7;; esac";
        let exec = Exec {
            command: ["sh", "-c", script, folder.to_str().unwrap()]
                .map(str::to_owned)
                .to_vec(),
            variables: BTreeMap::from([("EXTRA".to_owned(), "given".to_owned())]),
            terminal: false,
        };
        let place = Place::at(&folder);
        assert_eq!(run(&place, &database(&folder), &exec).await.unwrap(), 7);
        let missing = Exec {
            command: vec!["no-such-program".to_owned()],
            ..exec
        };
        let error = run(&place, &database(&folder), &missing).await.unwrap_err();
        assert_eq!(error.what, "cannot run no-such-program beside database");
    }
}
