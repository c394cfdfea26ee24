//! A PostgreSQL of a test's own, from the binaries that are installed; stopped and removed when dropped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;

use postgres::Client;
use postgres::NoTls;
use tempfile::TempDir;

use super::eventually;
use super::process::signal;

/// A server with the database `rates`, whose superuser is `rates` with any password.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let initialised = command("initdb")
            .args([
                "--auth=trust",
                "--no-locale",
                "--encoding=UTF8",
                "--no-sync",
            ])
            .args(["--username=rates", "--pgdata"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(initialised.unwrap().success());
        let mut postgres = Self {
            folder,
            port: free_port(),
            server: None,
        };
        postgres.resume();
        postgres
            .client("postgres")
            .batch_execute("create database rates")
            .unwrap();
        postgres
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server again on the same port and data.
    pub fn resume(&mut self) {
        let server = command("postgres")
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-p", &self.port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "fsync=off", "-c", "shared_buffers=16MB"])
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(server.unwrap());
        eventually("PostgreSQL answers", || self.try_client("postgres").ok());
    }

    /// Stops the server; every session ends.
    pub fn stop(&mut self) {
        self.end("INT");
    }

    /// Stops the server as a loss of power would: what was not committed is gone.
    pub fn down(&mut self) {
        self.end("QUIT");
    }

    fn end(&mut self, name: &str) {
        if let Some(mut server) = self.server.take() {
            signal(name, &server);
            server.wait().unwrap();
        }
    }

    /// `psql` in a database; it stops at the first error.
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = self.tool("psql", database);
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        psql
    }

    /// `pg_dump` of a database.
    pub fn pg_dump(&self, database: &str) -> Command {
        self.tool("pg_dump", database)
    }

    fn tool(&self, program: &str, database: &str) -> Command {
        let mut tool = Command::new(folder_of_binaries().join(program));
        tool.args(["-h", "127.0.0.1", "-U", "rates", "-d", database, "-p"])
            .arg(self.port.to_string());
        tool
    }

    /// Runs SQL and returns what psql shows of the answer, unaligned; panics where it fails.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).expect(sql)
    }

    /// Runs SQL and returns what psql shows of the answer, or what it complains of.
    pub fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.psql(database).args(["-A", "-t", "-c", sql]).output();
        let output = output.unwrap();
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The names of all databases but PostgreSQL's own.
    pub fn databases(&self) -> Vec<String> {
        let sql = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1";
        let names = self.sql("postgres", sql);
        names.lines().map(ToOwned::to_owned).collect()
    }

    /// A session in a database.
    pub fn client(&self, database: &str) -> Client {
        self.try_client(database).unwrap()
    }

    fn try_client(&self, database: &str) -> Result<Client, postgres::Error> {
        let port = self.port;
        let target = format!("host=127.0.0.1 port={port} user=rates dbname={database}");
        Client::connect(&target, NoTls)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program of PostgreSQL, run as the user `postgres` where this is root, which the server refuses to be.
fn command(program: &str) -> Command {
    let program = folder_of_binaries().join(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command.arg(program);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Debian keeps every version in a folder of its own, of which this is the newest; elsewhere the programs are on the path.
fn folder_of_binaries() -> PathBuf {
    let entries = std::fs::read_dir("/usr/lib/postgresql");
    let entries = entries.into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let usable = versions.filter(|(_, folder)| folder.join("initdb").exists());
    usable.max().map(|(_, folder)| folder).unwrap_or_default()
}

/// A port below those that clients are given, so that no outgoing connection of this machine takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 8000).unwrap();
    let next = || 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(next).find(free).unwrap()
}
