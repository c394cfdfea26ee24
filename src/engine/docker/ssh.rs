//! An Engine behind `ssh`: one connection, over which its socket and the ports it publishes are reached.
//!
//! The system's own `ssh` is used, so that the user's configuration, keys, agent and jump hosts count. It is the master
//! of a control socket in a private folder; through that it is told what to forward. Forwarded sockets do not count as
//! sessions, of which a server allows few. The connection lives as long as our end of a pipe: it ends with this process,
//! however that ends.

mod explain;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::ChildStdout;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::endpoint::Login;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;
use crate::private::Scratch;

/// Seconds until the other machine must have answered.
const CONNECT: u16 = 15;

/// How long the whole login may take: jump hosts, keys that want a touch, a slow shell.
const LOGIN: Duration = Duration::from_mins(1);

/// How often another port of this machine is tried when somebody else was faster.
const ATTEMPTS: usize = 10;

/// What the line begins with that says which socket is the Engine's; a shell may print other lines before it.
const MARK: &str = "ratesdev-engine";

/// Runs on the Engine's machine: finds the socket that Docker's client uses there, says how it is, and stays until we go.
const SCRIPT: &str = "host=$1; \
    test \"$host\" || host=$(docker context inspect --format \"{{.Endpoints.docker.Host}}\" 2>/dev/null); \
    test \"$host\" || host=unix:///var/run/docker.sock; \
    path=${host#unix://}; state=there; \
    case $host in unix://*) test -w \"$path\" || state=denied; test -S \"$path\" || state=missing;; esac; \
    echo ratesdev-engine $state $host; exec cat >/dev/null";

/// A connection to the machine of an Engine.
#[derive(Debug)]
pub struct Ssh {
    login: Login,
    /// Dropped before its folder.
    master: Mutex<Master>,
    folder: Scratch,
}

/// The `ssh` that holds the connection, and the ports of this machine that it listens on, by what they lead to.
#[derive(Debug)]
struct Master {
    process: Child,
    _stdout: BufReader<ChildStdout>,
    ports: HashMap<SocketAddr, SocketAddr>,
}

impl Ssh {
    /// Logs in.
    pub async fn open(login: Login) -> Result<Self> {
        let folder = Scratch::new("ssh").map_err(|error| {
            let what = "cannot make a private folder for the connection";
            Error::new(Code::Io, what).because(error)
        })?;
        let master = Master::start(&login, folder.path()).await?;
        Ok(Self {
            login,
            master: Mutex::new(master),
            folder,
        })
    }

    /// The socket of this machine that leads to the Engine.
    pub fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }

    /// Logs in again if the connection has broken; what leads to the Engine stays where it was.
    pub async fn wake(&self) -> Result<()> {
        let mut master = self.master.lock().await;
        if !matches!(master.process.try_wait(), Ok(None)) {
            *master = Master::start(&self.login, self.folder.path()).await?;
        }
        Ok(())
    }

    /// The command that does the same for a person, with the ports' own numbers.
    pub fn tunnel(&self, ports: &[SocketAddr]) -> String {
        let forwards = ports
            .iter()
            .map(|port| format!("-L {}:{port} ", port.port()));
        format!("ssh -N {}{}", forwards.collect::<String>(), self.login)
    }

    /// The port of this machine that leads to one of the Engine's machine, made when it is first asked for.
    pub async fn port(&self, published: SocketAddr) -> Result<SocketAddr> {
        let mut master = self.master.lock().await;
        if let Some(here) = master.ports.get(&published) {
            return Ok(*here);
        }
        let here = forward_port(self.folder.path(), &self.login, published).await?;
        master.ports.insert(published, here);
        Ok(here)
    }
}

impl Master {
    async fn start(login: &Login, folder: &Path) -> Result<Self> {
        for old in [control(folder), socket(folder)] {
            drop(std::fs::remove_file(old));
        }
        let mut process = spawn(login, folder)?;
        let stdout = process.stdout.take().map(BufReader::new);
        let mut stdout = stdout.ok_or_else(|| explain::failed(login, "it has no output"))?;
        let words = match timeout(LOGIN, greeting(&mut stdout)).await {
            Ok(Ok(Some(words))) => words,
            Ok(Ok(None) | Err(_)) => {
                drop(timeout(LOGIN, process.wait()).await);
                return Err(explain::failed(login, &said(folder)));
            }
            Err(_) => return Err(explain::late(login, LOGIN)),
        };
        let there = explain::engine(login, &words)?;
        let forward = format!("{}:{there}", socket(folder).display());
        let forwarded = control_command(folder, &forward).await;
        if !forwarded.is_ok_and(|output| output.status.success()) {
            return Err(explain::failed(login, &said(folder)));
        }
        Ok(Self {
            process,
            _stdout: stdout,
            ports: HashMap::new(),
        })
    }
}

/// Starts the `ssh` that holds the connection. It has a process group of its own, so that Ctrl-C does not end it while
/// a command still ends what it began.
fn spawn(login: &Login, folder: &Path) -> Result<Child> {
    let log = File::create(log(folder)).map_err(|error| {
        Error::new(
            Code::Io,
            "cannot write into the connection's private folder",
        )
        .because(error)
    })?;
    let mut command = Command::new("ssh");
    command.args(arguments(login, folder));
    #[cfg(unix)]
    command.process_group(0);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| explain::not_started(login, error))
}

/// Never asks anything: a question for a password would be lost on the screen. What the user's configuration may say of
/// this host that does not suit a connection like this one is overruled.
fn arguments(login: &Login, folder: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = ["-T", "-a", "-x", "-M", "-S"].map(str::to_owned).into();
    arguments.push(control(folder).display().to_string());
    let timeout = format!("ConnectTimeout={CONNECT}");
    let options = [
        "BatchMode=yes",
        &timeout,
        "ControlPersist=no",
        "ClearAllForwardings=yes",
        "RemoteCommand=none",
        "PermitLocalCommand=no",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=3",
        "LogLevel=INFO",
    ];
    arguments.extend(
        options
            .iter()
            .flat_map(|option| ["-o".to_owned(), (*option).to_owned()]),
    );
    if let Some(user) = &login.user {
        arguments.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = login.port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    let asked = login.socket.as_ref().map(|path| format!("unix://{path}"));
    let script = format!(
        "exec sh -c '{SCRIPT}' ratesdev '{}'",
        asked.unwrap_or_default()
    );
    arguments.extend(["--".to_owned(), login.host.clone(), script]);
    arguments
}

/// What the other machine says about its Engine; none when the connection has ended instead.
async fn greeting(stdout: &mut BufReader<ChildStdout>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    while stdout.read_until(b'\n', &mut line).await? > 0 {
        if let Some(words) = String::from_utf8_lossy(&line).trim().strip_prefix(MARK) {
            return Ok(Some(words.trim().to_owned()));
        }
        line.clear();
    }
    Ok(None)
}

async fn forward_port(folder: &Path, login: &Login, published: SocketAddr) -> Result<SocketAddr> {
    for _ in 0..ATTEMPTS {
        let here = free_port().map_err(|error| {
            Error::new(Code::PortUnreachable, "no port of this machine is free").because(error)
        })?;
        let output = control_command(folder, &format!("{here}:{published}")).await;
        if output.is_ok_and(|output| output.status.success()) {
            return Ok(here);
        }
    }
    let what = format!("cannot reach port {} of {}", published.port(), login.host);
    Err(Error::new(Code::PortUnreachable, what)
        .because(explain::last_words(&said(folder)))
        .hint("run the command again; the connection of ssh may have broken"))
}

/// A port that nobody listens on. It may be taken before `ssh` listens on it, which is why it is asked for again then.
fn free_port() -> io::Result<SocketAddr> {
    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    std::net::TcpListener::bind(any)?.local_addr()
}

/// Asks the master to forward. The user's configuration is not read again: its own forwards would be asked for too.
async fn control_command(folder: &Path, forward: &str) -> io::Result<Output> {
    let mut command = Command::new("ssh");
    command.args(["-F", "none", "-S"]).arg(control(folder));
    command.args(["-O", "forward", "-L", forward, "engine"]);
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
}

/// What `ssh` wrote so far.
fn said(folder: &Path) -> String {
    let bytes = std::fs::read(log(folder)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn control(folder: &Path) -> PathBuf {
    folder.join("c")
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("engine")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}
