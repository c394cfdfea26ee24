//! A Docker Engine of a test's own, to do to it what must not be done to one that others use.
//!
//! It lives in namespaces of its own: its disk is memory of a size that the test chooses, its network is apart, and
//! whatever it runs goes with its first process. The thread of the test enters that network, and with it every program
//! that the test starts and every connection that it makes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use rustix::thread::LinkNameSpaceType;
use rustix::thread::move_into_link_name_space;
use tempfile::TempDir;

use super::docker;
use super::eventually;
use super::random::token;

/// Sets the disk up, then waits for the end of its standard input, which comes with the end of the test. It is bash
/// because bash takes note of the end of processes that it did not start: an Engine that was killed leaves some.
const FIRST: &str =
    "ip link set lo up && mount -t tmpfs -o size=$SIZE disk $DISK && echo ready && read -r";

thread_local! {
    /// The address of the Engine that the tests of this thread use instead of the machine's.
    static HOST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The address of the Engine that this thread has to itself, if it has one.
pub fn own_host() -> Option<String> {
    HOST.with_borrow(Clone::clone)
}

/// An Engine that ends when it is dropped.
pub struct PrivateEngine {
    folder: TempDir,
    /// The name of its control groups.
    group: String,
    first: Child,
    /// The network that the thread returns to.
    before: File,
    server: Child,
}

impl PrivateEngine {
    /// Starts one that has the database's image. None where the test may not: it takes root.
    pub fn start(megabytes: u32) -> Option<Self> {
        if !docker::is_there() || !may_have("a Docker Engine of its own") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        std::fs::write(folder.path().join("daemon.json"), "{}").unwrap();
        let first = first(&disk, megabytes);
        let group = format!("ratesdev-it-{}", token());
        let server = serve(&first, folder.path(), &group);
        let engine = Self {
            before: own_network(),
            folder,
            group,
            first,
            server,
        };
        engine.enter();
        wait();
        engine.load(&docker::postgres_image());
        Some(engine)
    }

    /// Its address.
    fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.folder.path().display())
    }

    /// Its disk as it is seen from here.
    pub fn disk(&self) -> PathBuf {
        let disk = self.folder.path().join("disk");
        let root = PathBuf::from(format!("/proc/{}/root", self.first.id()));
        root.join(disk.strip_prefix("/").unwrap())
    }

    fn enter(&self) {
        go_to(&network_of(&self.first));
        HOST.set(Some(self.host()));
    }

    /// Gives it an image of the machine's Engine.
    fn load(&self, image: &str) {
        let mut save = Command::new("docker")
            .args(["save", image])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let loaded = Command::new("docker")
            .args(["load", "--quiet"])
            .env("DOCKER_HOST", self.host())
            .stdin(save.stdout.take().unwrap())
            .stdout(Stdio::null())
            .status();
        assert!(save.wait().unwrap().success() && loaded.unwrap().success());
    }

    /// Sends a signal to the Engine's process, and waits for its end.
    pub fn stop(&mut self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        let sent = inside(&self.first, "kill")
            .args(["-s", signal, pid.trim()])
            .status();
        assert!(sent.unwrap().success(), "kill -s {signal}");
        self.server.wait().unwrap();
        // One that was killed cannot remove it, and another would take the number for its own.
        std::fs::remove_file(self.folder.path().join("pid")).ok();
    }

    /// Starts it again where it was stopped.
    pub fn start_again(&mut self) {
        self.server = serve(&self.first, self.folder.path(), &self.group);
        wait();
    }

    /// Fills its disk but for so many megabytes; what is returned can be removed to make space.
    pub fn fill(&self, megabytes_left: u64) -> PathBuf {
        let path = self.disk().join("ballast");
        let free = rustix::fs::statvfs(self.disk()).unwrap();
        let bytes = free.f_bavail * free.f_frsize - (megabytes_left << 20);
        let filled = Command::new("fallocate")
            .args(["--length", &bytes.to_string()])
            .arg(&path)
            .status();
        assert!(filled.unwrap().success(), "fallocate {bytes}");
        path
    }

    /// All it has: containers, networks, volumes, and images, those without a name among them.
    #[expect(
        clippy::unused_self,
        reason = "the thread has entered the Engine that is held"
    )]
    pub fn contents(&self) -> BTreeSet<String> {
        let lists: [&[&str]; 4] = [
            &["ps", "--all", "--format", "container {{.Names}}"],
            &["network", "ls", "--format", "network {{.Name}} {{.ID}}"],
            &["volume", "ls", "--format", "volume {{.Name}}"],
            &[
                "images",
                "--all",
                "--format",
                "image {{.Repository}}:{{.Tag}} {{.ID}}",
            ],
        ];
        lists.into_iter().flat_map(docker::lines).collect()
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(20).collect();
            eprintln!("the Engine of the test said, last line first: {last:#?}");
        }
        HOST.set(None);
        go_to(&self.before);
        self.first.kill().ok();
        self.first.wait().ok();
        self.server.wait().ok();
        let groups = Path::new("/sys/fs/cgroup").join("*").join(&self.group);
        let remove = format!(
            "find {} -depth -type d -exec rmdir {{}} +",
            groups.display()
        );
        eventually("its control groups are empty", || {
            drop(shell(&remove).output());
            let left = shell(&format!("ls -d {}", groups.display()))
                .output()
                .unwrap();
            (!left.status.success()).then_some(())
        });
    }
}

/// Waits until the Engine that the thread has entered answers.
fn wait() {
    eventually("an Engine of the test's own answers", || {
        docker::attempt(&["version"]).status.success().then_some(())
    });
}

/// Namespaces are root's; CI does not accept that a test is left out.
pub fn may_have(what: &str) -> bool {
    let root = rustix::process::getuid().is_root();
    if !root {
        eprintln!("!!! THIS TEST DID NOT RUN, it needs root for {what}");
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "CI needs root"
        );
    }
    root
}

/// The first process of the namespaces; the others end with it.
fn first(disk: &Path, megabytes: u32) -> Child {
    use std::io::BufRead;

    let mut first = Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--fork", "--mount-proc"])
        .args(["--kill-child=KILL", "bash", "-c", FIRST])
        .env("DISK", disk)
        .env("SIZE", format!("{megabytes}m"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(first.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "namespaces for an Engine");
    first
}

fn serve(first: &Child, folder: &Path, group: &str) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    inside(first, "dockerd")
        .args(["--config-file", &path("daemon.json")])
        .args(["--data-root", &path("disk")])
        .args(["--exec-root", &path("exec")])
        .args(["--pidfile", &path("pid")])
        .args(["--host", &format!("unix://{}", path("docker.sock"))])
        .args(["--cgroup-parent", group])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A program about to run in the namespaces.
fn inside(first: &Child, program: &str) -> Command {
    let first = first.id();
    let mut command = Command::new("nsenter");
    command
        .args(["--mount", "--net", "--target", &first.to_string()])
        .arg(format!("--pid=/proc/{first}/ns/pid_for_children"))
        .arg(program);
    command
}

/// The network that this thread is in.
pub fn own_network() -> File {
    File::open("/proc/thread-self/ns/net").unwrap()
}

/// The network that a process is in.
pub fn network_of(process: &Child) -> File {
    File::open(format!("/proc/{}/ns/net", process.id())).unwrap()
}

/// Takes this thread to a network, with all that it starts and every connection that it makes from now on.
pub fn go_to(network: &File) {
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}
