//! A command beside an instance: with its variables, as its user, on the streams of this process.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use tokio::process::Child;
use tokio::process::Command;

use super::home::Place;
use super::postgres;
use super::record::Record;
use super::service;
use crate::engine::Error;
use crate::engine::Exec;
use crate::engine::Result;
use crate::engine::Role;
use crate::error::Code;
use crate::shutdown::Shutdown;

/// Where this machine's files begin.
const ROOT: &str = "/";

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
    if let Some(user) = &exec.user {
        return Err(no_other_user(user, record));
    }
    let folder = exec.folder.as_ref().map(Path::new);
    let folder = folder.unwrap_or(&record.launch.folder);
    it_is_there(folder, record).await?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_a_role(name)) {
        command.env_remove(name);
    }
    command.envs(&record.launch.variables);
    if record.instance.role == Role::Database {
        command.envs(service::libpq_variables(place, record.endpoint));
        command.env("PATH", path(record));
    }
    command.envs(&exec.variables).current_dir(folder);
    if let Some(account) = &record.launch.account {
        command.uid(account.uid).gid(account.gid);
    }
    let _lent = Shutdown::lend();
    let spawned = command
        .spawn()
        .map_err(|error| refused(program, record, error));
    let mut running = Running(spawned?);
    let status = running.0.wait().await.map_err(|error| {
        let what = format!("cannot learn how {program} ended");
        Error::new(Code::Io, what).because(error)
    })?;
    let signal = status.signal().map(|signal| 128 + signal);
    Ok(status.code().or(signal).unwrap_or(-1))
}

/// Variables that would lead a client of PostgreSQL, or a role's own program, somewhere else than to this environment.
fn is_of_a_role(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["PG", "DB_", "API_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn no_other_user(user: &str, record: &Record) -> Error {
    let instance = record.instance;
    let what = format!("the engine embedded cannot run a command as {user}");
    let hint = format!("leave --user out: commands run as the user of {instance}");
    Error::new(Code::EngineLacks, what).hint(hint)
}

/// A folder that has gone would look like a program that is missing.
async fn it_is_there(folder: &Path, record: &Record) -> Result<()> {
    let read = tokio::fs::read_dir(folder).await;
    read.map(drop).map_err(|error| {
        let (instance, folder) = (record.instance, folder.display());
        let what = format!("cannot work in {folder} beside {instance}");
        Error::new(Code::Io, what).because(error)
    })
}

/// Why the program could not be started, as a shell tells it: it is missing, or it may not be run.
fn refused(program: &str, record: &Record, error: io::Error) -> Error {
    let instance = record.instance;
    let errno = match Errno::from_io_error(&error) {
        // A folder on the path that the role's user may not look into hides that the program is in none.
        Some(Errno::ACCESS) if !is_anywhere(program, record) => Some(Errno::NOENT),
        errno => errno,
    };
    match errno {
        Some(Errno::NOENT | Errno::NOTDIR) => {
            let what = format!("there is no program {program} beside {instance}");
            Error::new(Code::ProgramMissing, what).hint(where_to_get(program, record))
        }
        Some(Errno::ACCESS | Errno::ISDIR | Errno::NOEXEC) => {
            let what = format!("{program} cannot be run beside {instance}");
            Error::new(Code::ProgramRefused, what).because(error)
        }
        _ => {
            let what = format!("cannot run {program} beside {instance}");
            Error::new(Code::Io, what).because(error)
        }
    }
}

/// Whether there is a file of that name, at its path or in a folder of the path.
fn is_anywhere(program: &str, record: &Record) -> bool {
    let path = match record.instance.role {
        Role::Database => path(record),
        _ => std::env::var_os("PATH").unwrap_or_default(),
    };
    let mut folders = std::env::split_paths(&path);
    program.contains('/') || folders.any(|folder| folder.join(program).exists())
}

/// PostgreSQL that was fetched comes without its clients.
fn where_to_get(program: &str, record: &Record) -> String {
    let is_client = program == "psql" || program.starts_with("pg_");
    if record.instance.role == Role::Database && is_client {
        let how = postgres::how_to_install_clients(Path::new(ROOT));
        return format!("install PostgreSQL's clients: {how}");
    }
    "without Docker, programs are those of this machine, looked for on PATH".to_owned()
}

/// The programs of the very PostgreSQL that runs are found first, those of others after all that is usual.
fn path(record: &Record) -> OsString {
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let own = record.launch.program.parent().map(Path::to_owned);
    let others = postgres::clients(Path::new(ROOT));
    let folders = own.into_iter().chain(std::env::split_paths(&usual));
    std::env::join_paths(folders.chain(others)).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
            ..Exec::default()
        };
        let place = Place::at(&folder);
        assert_eq!(run(&place, &database(&folder), &exec).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_told_from_one_that_may_not_run_and_from_a_folder_that_has_gone()
     {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::write(folder.join("text"), "").unwrap();
        let text = folder.join("text").display().to_string();
        let place = Place::at(folder);
        let cases = [
            ("no-such-program", folder, Code::ProgramMissing),
            ("pg_no_such_client", folder, Code::ProgramMissing),
            (text.as_str(), folder, Code::ProgramRefused),
            ("true", Path::new("/no-such-folder"), Code::Io),
        ];
        for (program, folder, code) in cases {
            let exec = Exec {
                command: vec![program.to_owned()],
                ..Exec::default()
            };
            let error = run(&place, &database(folder), &exec).await.unwrap_err();
            assert_eq!(error.code, code, "{program}: {error}");
            let is_client = program.starts_with("pg_");
            let hint = error.hint.unwrap_or_default();
            assert_eq!(hint.contains("PostgreSQL's clients"), is_client, "{hint}");
        }
    }
}
