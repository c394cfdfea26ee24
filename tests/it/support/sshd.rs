//! A machine to log in to: a real `sshd` on this one, with keys and a port of its own; stopped when dropped.

use std::fs::File;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use super::eventually;

/// A server that accepts one key, and a client that knows the server.
pub struct Sshd {
    folder: TempDir,
    server: Option<Child>,
    address: SocketAddr,
}

impl Sshd {
    /// Starts one.
    pub fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let mut sshd = Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
            address: address.unwrap(),
        };
        for key in ["host", "user", "stranger"] {
            sshd.make_key(key);
        }
        sshd.configure();
        sshd.know("host");
        sshd.use_key("user");
        sshd.resume();
        sshd
    }

    /// The address of the Engine on that machine.
    pub fn engine(&self) -> String {
        format!("ssh://{}@{}", user(), self.address)
    }

    /// Where programs are found: an `ssh` that reads the configuration of this test alone comes first.
    pub fn path(&self) -> String {
        let own = self.folder.path().join("bin");
        format!("{}:{}", own.display(), std::env::var("PATH").unwrap())
    }

    /// Makes the client know the server by this key.
    pub fn know(&self, key: &str) {
        let public = std::fs::read_to_string(self.file(&format!("{key}.pub"))).unwrap();
        let port = self.address.port();
        self.write("known_hosts", &format!("[127.0.0.1]:{port} {public}"));
    }

    /// Makes the client know no server.
    pub fn forget(&self) {
        self.write("known_hosts", "");
    }

    /// Makes the client show this key.
    pub fn use_key(&self, key: &str) {
        let (key, known) = (self.file(key), self.file("known_hosts"));
        let config = format!(
            "IdentityFile {}\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {}\n\
             GlobalKnownHostsFile /dev/null\n",
            key.display(),
            known.display()
        );
        self.write("ssh_config", &config);
    }

    /// Makes every login take six seconds, as it does where names are looked up in vain or a key wants a touch.
    pub fn is_slow(&self) {
        let script = std::fs::read_to_string(self.file("bin/ssh")).unwrap();
        let slow = script.replace("exec /usr/bin/ssh -F", "sleep 6\nexec /usr/bin/ssh -F");
        assert_ne!(slow, script);
        self.write("bin/ssh", &slow);
    }

    /// How many logins there have been since it was started.
    pub fn logins(&self) -> usize {
        let log = std::fs::read_to_string(self.file("log")).unwrap();
        log.matches("Accepted publickey").count()
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        let server = self.server.as_ref().unwrap().id().to_string();
        let children = Command::new("pgrep")
            .args(["-P", &server])
            .output()
            .unwrap();
        String::from_utf8(children.stdout).unwrap().lines().count()
    }

    /// Waits until there is no connection.
    pub fn is_left_alone(&self) {
        eventually("the end of every connection", || {
            (self.connections() == 0).then_some(())
        });
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        let server = self.server.as_ref().unwrap().id().to_string();
        let killed = Command::new("pkill").args(["-P", &server]).status();
        assert!(killed.unwrap().success());
    }

    /// Stops the server, and nothing listens on its port.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts the server again.
    pub fn resume(&mut self) {
        let log = File::create(self.file("log")).unwrap();
        let server = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(self.file("sshd_config"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("/usr/sbin/sshd: install openssh-server");
        self.server = Some(server);
        eventually("sshd listens", || TcpStream::connect(self.address).ok());
        self.is_left_alone();
    }

    fn configure(&self) {
        // Only root needs the folder, and only root may make it.
        drop(std::fs::create_dir("/run/sshd"));
        let file = |name| self.file(name).display().to_string();
        let config = format!(
            "Port {}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             MaxStartups 100\n",
            self.address.port(),
            file("host"),
            file("user.pub")
        );
        self.write("sshd_config", &config);
        std::fs::create_dir(self.file("bin")).unwrap();
        // What is asked of the control socket names a configuration itself.
        let script = format!(
            "#!/bin/sh\ncase $1 in -F) exec /usr/bin/ssh \"$@\" ;; esac\nexec /usr/bin/ssh -F {} \"$@\"\n",
            file("ssh_config")
        );
        self.write("bin/ssh", &script);
        std::fs::set_permissions(self.file("bin/ssh"), Permissions::from_mode(0o755)).unwrap();
    }

    fn make_key(&self, name: &str) {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(self.file(name))
            .status();
        assert!(made.unwrap().success());
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Drop for Sshd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.file("log"));
            eprintln!("sshd said: {}", log.unwrap_or_default());
        }
        self.stop();
    }
}
