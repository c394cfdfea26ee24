//! Other doors to the Engine of this machine: TCP ports, with TLS and without, and sockets; closed when dropped.

use std::fs::File;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

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
        let files = authority.0.path().display();
        let options = format!(
            ",cert={files}/server/cert.pem,key={files}/server/key.pem,cafile={files}/ca.pem,verify=1"
        );
        Self::start([127, 0, 0, 1].into(), "OPENSSL-LISTEN", &options)
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

    /// All that went through it, as text.
    pub fn heard(&self) -> String {
        let heard = std::fs::read(self.folder.path().join("heard")).unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Opens it.
    pub fn open(&mut self) {
        let socket = self.socket();
        let listen = format!("UNIX-LISTEN:{},fork,unlink-early", socket.display());
        let server = Command::new("socat")
            .args(["-v", "-t", "60", &listen])
            .arg(format!("UNIX-CONNECT:{SOCKET}"))
            .stderr(File::create(self.folder.path().join("heard")).unwrap())
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

/// Signs certificates: for the Engine, and for its clients, whose files have the names that Docker gives them.
pub struct Authority(TempDir);

impl Authority {
    /// A new one, with a certificate for a server at 127.0.0.1 and one for a client.
    pub fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        let files = authority.0.path();
        let mut request = key(files, "ca-key.pem", "ca.pem", "test authority");
        openssl(request.args(["-x509", "-days", "2"]));
        authority.sign("server", "subjectAltName=IP:127.0.0.1");
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
