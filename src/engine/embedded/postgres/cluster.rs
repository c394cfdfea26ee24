//! A cluster of PostgreSQL: made whole or not at all, and described to the server that runs it.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use super::account::Account;
use super::choose::Installation;
use crate::engine::DATABASE_NAME;
use crate::engine::Error;
use crate::engine::Result;
use crate::engine::embedded::disk;
use crate::error::Code;
use crate::error::Explain;
use crate::error::IoError;
use crate::profile::Durability;
use crate::text::hex;

/// The file by which a cluster is known; it holds the major version that made it.
const VERSION_FILE: &str = "PG_VERSION";

/// What the image does: whoever has the password is let in, from wherever the published address can be reached.
const FROM_ANYWHERE: &str = "\nhost all all all scram-sha-256\n";

/// A cluster as it should be made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whose programs make and run it.
    pub installation: &'a Installation,
    /// Where it is; the folder above must be there.
    pub data: &'a Path,
    /// Who owns it; none means whoever this is.
    pub account: Option<&'a Account>,
    /// The password of its superuser.
    pub password: &'a str,
    /// What a crash of the machine may cost.
    pub durability: Durability,
}

/// The major version of the cluster in a folder; none where nothing is there.
pub fn major(data: &Path) -> Result<Option<u16>> {
    let text = match fs::read_to_string(data.join(VERSION_FILE)) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return nothing(data),
        Err(cause) => return Err(system("read the version of the cluster in", data)(cause)),
    };
    let major = text.trim().parse();
    let major = major.map_err(|cause| {
        broken(data, &format!("its {VERSION_FILE} is unreadable")).because(cause)
    })?;
    Ok(Some(major))
}

/// A folder without a version is no cluster, unless there is nothing in it.
fn nothing(data: &Path) -> Result<Option<u16>> {
    let mut entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(system("look into", data)(cause)),
    };
    match entries.next() {
        None => Ok(None),
        Some(_) => Err(broken(data, &format!("it has no {VERSION_FILE}"))),
    }
}

/// Makes the cluster, unless it is there; then it must be one that can be run.
///
/// Its superuser is called like the database, which the first load makes. `initdb` works in a folder beside, which is
/// renamed when all is done; what an earlier attempt left there is removed.
pub async fn prepare(wanted: Wanted<'_>) -> Result<()> {
    if let Some(major) = major(wanted.data)? {
        return check(wanted, major);
    }
    let folder = wanted.data.parent().unwrap_or(wanted.data);
    if let Some(account) = wanted.account {
        account.check_reach(folder)?;
        account.check_reach(&wanted.installation.programs)?;
    }
    remove_leftovers(wanted.data);
    let beside = Beside::make(wanted)?;
    let made = beside.initdb(wanted).await;
    let placed = made.and_then(|()| beside.put_in_place(wanted));
    // What is left of it is worth no failure: the next attempt removes it.
    drop(fs::remove_dir_all(&beside.folder));
    placed
}

/// Arguments for `postgres` itself: it listens on one address and port, on no socket, and logs to stderr, whatever
/// `extra` or a file of the cluster says.
pub fn arguments(data: &Path, address: IpAddr, port: u16, extra: &[String]) -> Vec<String> {
    let ours = [
        format!("listen_addresses={address}"),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
    ];
    let data = ["-D".to_owned(), data.display().to_string()];
    let ours = ours
        .into_iter()
        .flat_map(|setting| ["-c".to_owned(), setting]);
    let extra = extra.iter().cloned();
    data.into_iter().chain(extra).chain(ours).collect()
}

/// Whether a cluster that is there can be run. PostgreSQL would refuse too, but only in its log.
fn check(wanted: Wanted<'_>, major: u16) -> Result<()> {
    let version = wanted.installation.version;
    if major != version.major {
        let what = format!(
            "the cluster in {} belongs to PostgreSQL {major}, not to {version}",
            wanted.data.display()
        );
        let hint = format!(
            "install PostgreSQL {major}, or give the data up with `ratesdev down -v`, and the next up seeds anew"
        );
        return Err(Error::new(Code::PostgresVersion, what).hint(hint));
    }
    let found = fs::metadata(wanted.data).map_err(system("look at", wanted.data))?;
    let uid = rustix::process::geteuid().as_raw();
    let uid = wanted.account.map_or(uid, |account| account.uid);
    if found.uid() == uid {
        return Ok(());
    }
    Err(foreign(wanted, found.uid(), uid))
}

fn foreign(wanted: Wanted<'_>, owner: u32, uid: u32) -> Error {
    let data = wanted.data.display();
    let who = wanted.account.map_or_else(
        || format!("the user {uid}"),
        |account| format!("{} ({uid})", account.name),
    );
    let what = format!(
        "the cluster in {data} belongs to the user {owner}, but PostgreSQL would run as {who}"
    );
    Error::new(Code::ClusterOwner, what).hint(format!(
        "run the command as the user {owner}, or give the cluster away: `chown -R {uid} {data}`"
    ))
}

fn broken(data: &Path, why: &str) -> Error {
    let data = data.display();
    let what = format!("{data} is not empty and is no whole cluster: {why}");
    let hint = "`ratesdev down -v` gives the data up, and the next up seeds anew";
    Error::new(Code::ClusterBroken, what).hint(hint)
}

/// An adapter for `map_err` where the system refuses something.
fn system(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let action = format!("{verb} {}", path.display());
    move |cause| {
        let error = IoError::new(action)(cause);
        Error::new(error.code(), error.to_string()).because(error.source)
    }
}

/// What the folders beside a cluster begin with; what follows is drawn, so that no two attempts share one.
fn prefix(data: &Path) -> String {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.initdb-")
}

/// Removes what killed attempts have left. An `initdb` that still writes there fails, and harms nothing.
fn remove_leftovers(data: &Path) {
    let prefix = prefix(data);
    let entries = data.parent().map(fs::read_dir);
    for entry in entries.into_iter().flatten().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            drop(disk::remove_tree(&entry.path()));
        }
    }
}

/// The folder beside the cluster in which it is made, closed to all but its owner.
struct Beside {
    folder: PathBuf,
}

impl Beside {
    fn make(wanted: Wanted<'_>) -> Result<Self> {
        let mut drawn = [0; 8];
        getrandom::fill(&mut drawn).map_err(no_random_bytes)?;
        let name = format!("{}{}", prefix(wanted.data), hex(&drawn));
        let folder = wanted.data.with_file_name(name);
        make_private(&folder, wanted.account).map_err(system("make", &folder))?;
        Ok(Self { folder })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    async fn initdb(&self, wanted: Wanted<'_>) -> Result<()> {
        let data = self.data();
        make_private(&data, wanted.account).map_err(system("make", &data))?;
        let password = self.folder.join("password");
        write_private(&password, wanted).map_err(system("write", &password))?;
        let locale = locale().await;
        let mut initdb = initdb(wanted, &data, &password, &locale);
        let output = initdb.output().await;
        let output = output.map_err(system("run", &wanted.installation.program("initdb")))?;
        fs::remove_file(&password).map_err(system("remove", &password))?;
        if !output.status.success() {
            return Err(failed(&output, wanted));
        }
        let hba = data.join("pg_hba.conf");
        let file = File::options().append(true).open(&hba);
        let written = file.and_then(|mut file| {
            file.write_all(FROM_ANYWHERE.as_bytes())?;
            if wanted.durability == Durability::Safe {
                file.sync_all()?;
            }
            Ok(())
        });
        written.map_err(system("write", &hba))
    }

    fn put_in_place(&self, wanted: Wanted<'_>) -> Result<()> {
        fs::rename(self.data(), wanted.data).map_err(system("make", wanted.data))?;
        if wanted.durability == Durability::Safe {
            let parent = wanted.data.parent().unwrap_or(wanted.data);
            let synced = File::open(parent).and_then(|folder| folder.sync_all());
            synced.map_err(system("write", parent))?;
        }
        Ok(())
    }
}

fn no_random_bytes(cause: getrandom::Error) -> Error {
    Error::new(Code::Io, "the system gives no random bytes").because(cause.to_string())
}

fn make_private(folder: &Path, account: Option<&Account>) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    account.map_or(Ok(()), |account| account.own(folder))
}

fn write_private(path: &Path, wanted: Wanted<'_>) -> io::Result<()> {
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", wanted.password)?;
    wanted.account.map_or(Ok(()), |account| account.own(path))
}

/// `initdb` as the official image runs it, but that a password is wanted everywhere and nothing listens on a socket.
fn initdb(wanted: Wanted<'_>, data: &Path, password: &Path, locale: &str) -> Command {
    let mut initdb = command(&wanted.installation.program("initdb"), wanted.account);
    initdb.arg("--pgdata").arg(data);
    initdb.arg("--pwfile").arg(password);
    initdb.arg(format!("--username={DATABASE_NAME}"));
    initdb.args(["--auth-local=reject", "--auth-host=scram-sha-256"]);
    initdb.arg("--encoding=UTF8");
    initdb.arg(format!("--locale={locale}"));
    initdb.arg("--lc-messages=C");
    if wanted.durability == Durability::Fast {
        initdb.arg("--no-sync");
    }
    initdb
}

/// A program of PostgreSQL, run as the user of roles in a folder that every user can enter. It inherits nothing that
/// changes what it does: neither the locale nor PostgreSQL's own variables.
pub fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("TZ", "Etc/UTC").env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn failed(output: &std::process::Output, wanted: Wanted<'_>) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines: Vec<_> = said.lines().map(str::to_owned).collect();
    let first = lines.len().saturating_sub(10);
    lines.drain(..first);
    let code = match &lines {
        lines if lines.iter().any(|line| line.contains("No space left")) => Code::DiskFull,
        _ => Code::ClusterBroken,
    };
    let what = format!("cannot make a cluster in {}", wanted.data.display());
    let error = Error::new(code, what).because(format!("initdb ended with {}", output.status));
    error
        .detail(lines)
        .hint("nothing was left behind; run the command again when this is cured")
}

/// The locale of the official image where this system has it, so that texts are sorted alike; else the nearest.
async fn locale() -> String {
    let mut list = Command::new("locale");
    list.arg("-a").stdin(Stdio::null()).kill_on_drop(true);
    let listed = list.output().await.map(|output| output.stdout);
    best_locale(&String::from_utf8_lossy(&listed.unwrap_or_default())).to_owned()
}

/// The best of the locales that a system lists, by the name it lists them under.
fn best_locale(listed: &str) -> &str {
    let is = |name: &str, wanted: &str| name.replace('-', "").eq_ignore_ascii_case(wanted);
    let find = |wanted: &&str| listed.lines().find(|name| is(name, wanted));
    ["en_US.utf8", "C.utf8"]
        .iter()
        .find_map(find)
        .unwrap_or("C")
}

#[cfg(test)]
mod tests;
