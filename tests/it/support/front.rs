//! Other doors to the Engine of this machine: TCP ports, with TLS and without, and sockets; closed when dropped.

use std::io::Read;
use std::io::Write;
use std::net::IpAddr;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use tempfile::TempDir;

use super::elsewhere;
use super::eventually;

/// The socket that the tests' Engine listens on.
const SOCKET: &str = "/var/run/docker.sock";

/// A port that leads to the Engine.
pub struct Front {
    server: Child,
    address: SocketAddr,
}

impl Front {
    /// A port of this address without TLS.
    pub fn plain(address: IpAddr) -> Self {
        Self::start(address, "TCP-LISTEN", "")
    }

    /// A port of loopback that speaks TLS with whoever has a certificate of the authority.
    pub fn tls(authority: &Authority) -> Self {
        Self::tls_at([127, 0, 0, 1].into(), authority)
    }

    /// The same of this address.
    pub fn tls_at(address: IpAddr, authority: &Authority) -> Self {
        let files = authority.0.path().display();
        let options = format!(
            ",cert={files}/server/cert.pem,key={files}/server/key.pem,cafile={files}/ca.pem,verify=1"
        );
        Self::start(address, "OPENSSL-LISTEN", &options)
    }

    /// The address of the Engine behind it.
    pub fn engine(&self) -> String {
        format!("tcp://{}", self.address)
    }

    fn start(address: IpAddr, kind: &str, options: &str) -> Self {
        let address = TcpListener::bind((address, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let (host, port) = (address.ip(), address.port());
        let listen = format!("{kind}:{port},bind={host},reuseaddr,fork{options}");
        let server = Command::new("socat")
            .args(["-t", "60", &listen, &format!("UNIX-CONNECT:{SOCKET}")])
            .stderr(Stdio::null())
            .spawn()
            .expect("install socat");
        eventually("socat listens", || {
            std::net::TcpStream::connect(address).ok()
        });
        Self { server, address }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// A socket that leads to the Engine while it is open. Closing it cuts every connection through it.
pub struct Door {
    folder: TempDir,
    server: Option<Child>,
}

impl Door {
    /// One that is closed: there is no such socket yet.
    pub fn closed() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    /// The address of the Engine behind it.
    pub fn engine(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// All that was asked through it, as text; what one connection sends at once stands together.
    pub fn heard(&self) -> String {
        let heard = std::fs::read(self.folder.path().join("heard")).unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Opens it.
    pub fn open(&mut self) {
        let socket = self.socket();
        let listen = format!("UNIX-LISTEN:{},fork,unlink-early", socket.display());
        let server = Command::new("socat")
            .arg("-r")
            .arg(self.folder.path().join("heard"))
            .args(["-t", "60", &listen])
            .arg(format!("UNIX-CONNECT:{SOCKET}"))
            .process_group(0)
            .spawn()
            .expect("install socat");
        self.server = Some(server);
        eventually("socat listens", || UnixStream::connect(&socket).ok());
    }

    /// Closes it, with all that goes through it.
    pub fn close(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        // Each connection is a process of its own, in the same group.
        let group = format!("-{}", server.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.unwrap().success());
        server.wait().unwrap();
        std::fs::remove_file(self.socket()).ok();
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.close();
    }
}

/// A socket that leads to the Engine and keeps the answers to one kind of request back, until it is told to go on.
pub struct Brake(TempDir);

impl Brake {
    /// Keeps answers to requests back that have this in their first line: `/networks/create`.
    pub fn on(request: &'static str, go_on: Receiver<()>) -> Self {
        let brake = Self(tempfile::tempdir().unwrap());
        let listener = UnixListener::bind(brake.socket()).unwrap();
        let go_on = Arc::new(Mutex::new(go_on));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, go_on) = (client.unwrap(), Arc::clone(&go_on));
                std::thread::spawn(move || pass_on(client, request, &go_on));
            }
        });
        brake
    }

    /// The address of the Engine behind it.
    pub fn engine(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("docker.sock")
    }
}

fn pass_on(mut client: UnixStream, request: &str, go_on: &Mutex<Receiver<()>>) {
    let mut engine = UnixStream::connect(SOCKET).unwrap();
    let mut piece = [0; 16 << 10];
    let length = client.read(&mut piece).unwrap_or_default();
    engine.write_all(&piece[..length]).unwrap();
    let head = String::from_utf8_lossy(&piece[..length]);
    let is_meant = head
        .lines()
        .next()
        .is_some_and(|line| line.contains(request));
    let (mut from, mut to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
    std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        to.shutdown(Shutdown::Write).ok();
    });
    if is_meant {
        // Who has gone says nothing any more.
        go_on.lock().unwrap().recv().ok();
    }
    drop(std::io::copy(&mut engine, &mut client));
    client.shutdown(Shutdown::Both).ok();
}

/// Signs certificates: for the Engine, and for its clients, whose files have the names that Docker gives them.
pub struct Authority(TempDir);

impl Authority {
    /// A new one, with a certificate for a server at 127.0.0.1 or [`elsewhere::ADDRESS`], and one for a client.
    pub fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        let files = authority.0.path();
        let mut request = key(files, "ca-key.pem", "ca.pem", "test authority");
        openssl(request.args(["-x509", "-days", "2"]));
        let names = format!("subjectAltName=IP:127.0.0.1,IP:{}", elsewhere::ADDRESS);
        authority.sign("server", &names);
        authority.sign("client", "extendedKeyUsage=clientAuth");
        authority
    }

    /// The folder of a client's files.
    pub fn client(&self) -> PathBuf {
        self.0.path().join("client")
    }

    fn sign(&self, name: &str, extension: &str) {
        let (files, own) = (self.0.path(), self.0.path().join(name));
        std::fs::create_dir(&own).unwrap();
        openssl(key(&own, "key.pem", "request.pem", name).args(["-addext", extension]));
        let mut sign = Command::new("openssl");
        sign.args(["x509", "-req", "-days", "2", "-copy_extensions", "copy"]);
        sign.arg("-in").arg(own.join("request.pem"));
        sign.arg("-CA").arg(files.join("ca.pem"));
        sign.arg("-CAkey").arg(files.join("ca-key.pem"));
        openssl(sign.arg("-out").arg(own.join("cert.pem")));
        std::fs::copy(files.join("ca.pem"), own.join("ca.pem")).unwrap();
    }
}

/// A new key, and a request for its certificate.
fn key(folder: &Path, key: &str, request: &str, name: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    command.args(["-nodes", "-subj", &format!("/CN={name}"), "-keyout"]);
    command
        .arg(folder.join(key))
        .arg("-out")
        .arg(folder.join(request));
    command
}

fn openssl(command: &mut Command) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
}
