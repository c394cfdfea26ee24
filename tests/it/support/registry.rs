//! An image registry of a test's own; stopped and removed when dropped.

use std::fs::File;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use super::eventually;
use super::http;

/// Who may log in to a registry that wants it.
pub const USER: &str = "rates";

/// The password. Its base64 holds characters in which two alphabets of base64 differ.
pub const PASSWORD: &str = "p?ss>w~rd";

/// The same as `htpasswd -B` writes it.
const HTPASSWD: &str = "rates:$2y$05$abcdefghijklmnopqrstuuzpxSCyvsUTG6ZZKaqP0mdPUCPcPxh2.\n";

/// A registry on this machine, which every Engine may use without TLS.
pub struct Registry {
    folder: TempDir,
    server: Child,
    address: SocketAddr,
}

impl Registry {
    /// Starts one that holds nothing.
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), "")
    }

    /// The same for those who log in.
    pub fn with_login() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("htpasswd");
        std::fs::write(&users, HTPASSWD).unwrap();
        let users = users.display();
        Self::start_in(
            folder,
            &format!("auth: {{htpasswd: {{realm: it, path: {users}}}}}\n"),
        )
    }

    fn start_in(folder: TempDir, more: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let data = folder.path().join("data");
        let settings = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\"}}\n{more}",
            data.display()
        );
        let file = folder.path().join("config.yml");
        std::fs::write(&file, settings).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let server = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let registry = Self {
            folder,
            server,
            address,
        };
        eventually("the registry answers", || registry.answers());
        registry
    }

    /// Its own name.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The full name of an image in it.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    fn answers(&self) -> Option<()> {
        let reply = http::get(self.address, "/v2/").ok()?;
        [200, 401].contains(&reply.status).then_some(())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            eprintln!("the registry said: {}", log.unwrap_or_default());
        }
    }
}
