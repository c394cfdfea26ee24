//! The Docker Engine as its own client shows it, so that ratesdev is not its own witness.

use std::io::Write;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;

use super::engine;

/// The stand-in that `scripts/postgres-image` builds.
const STAND_IN: &str = "ratesdev-test/postgres:13";

/// Whether tests that need an Engine can run. Without one they fail, unless they are told to be skipped.
pub fn is_there() -> bool {
    if std::env::var("RATESDEV_TEST_SKIP_DOCKER").is_ok_and(|value| value == "1") {
        eprintln!(
            "!!! RATESDEV_TEST_SKIP_DOCKER=1: THIS TEST DID NOT RUN, it needs a Docker Engine"
        );
        return false;
    }
    let version = attempt(&["version", "--format", "{{.Server.Version}}"]);
    assert!(
        version.status.success(),
        "no Docker Engine answers; RATESDEV_TEST_SKIP_DOCKER=1 leaves these tests out\n{}",
        String::from_utf8_lossy(&version.stderr)
    );
    let image = postgres_image();
    assert!(
        has_image(&image),
        "the image {image} is not there: build it with scripts/postgres-image, or name another in RATESDEV_TEST_POSTGRES"
    );
    true
}

/// The image of the database: as `scripts/test` says, else the stand-in.
pub fn postgres_image() -> String {
    std::env::var("RATESDEV_TEST_POSTGRES").unwrap_or_else(|_| STAND_IN.to_owned())
}

/// Runs `docker` with these arguments, however it ends.
pub fn attempt(arguments: &[&str]) -> Output {
    client().args(arguments).output().unwrap()
}

/// Docker's own client about to talk to the Engine of this test.
fn client() -> Command {
    let mut client = Command::new("docker");
    client.envs(engine::own_host().map(|host| ("DOCKER_HOST", host)));
    client
}

/// Runs `docker` with these arguments and returns what it printed, without the last line ending.
pub fn docker(arguments: &[&str]) -> String {
    let output = attempt(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {stderr}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

/// The same as lines; none where nothing was printed.
pub fn lines(arguments: &[&str]) -> Vec<String> {
    docker(arguments).lines().map(str::to_owned).collect()
}

/// Everything the Engine knows about a container.
pub fn inspect(container: &str) -> Value {
    let text = docker(&["container", "inspect", container]);
    let mut all: Vec<Value> = serde_json::from_str(&text).unwrap();
    all.remove(0)
}

/// Whether an image of this name is there.
pub fn has_image(image: &str) -> bool {
    attempt(&["image", "inspect", image]).status.success()
}

/// An image of a test's own, removed with all its names when dropped.
pub struct Image(String);

impl Image {
    /// Builds an image from the lines of a Dockerfile; `FROM` the database's image is put before them. It shares nothing
    /// with the images of other tests, whose layers would be there after it was removed, or go with theirs.
    pub fn build(name: &str, lines: &str) -> Self {
        let mut build = client()
            .args(["build", "--quiet", "--no-cache", "--tag", name, "-"])
            .env("DOCKER_BUILDKIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let dockerfile = format!("FROM {}\n{lines}\n", postgres_image());
        let mut stdin = build.stdin.take().unwrap();
        stdin.write_all(dockerfile.as_bytes()).unwrap();
        drop(stdin);
        let output = build.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker build: {stderr}");
        Self(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        drop(attempt(&["rmi", "--force", &self.0]));
    }
}

/// A container of a test's own, which is not ratesdev's; removed when dropped.
pub struct Container(pub String);

impl Container {
    /// Runs a container that does nothing, with these options of `docker run`.
    pub fn idle(options: &[&str]) -> Self {
        let image = postgres_image();
        let mut arguments = vec!["run", "--detach", "--init"];
        arguments.extend(options);
        arguments.extend(["--entrypoint", "sleep", &image, "600"]);
        Self(docker(&arguments))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(attempt(&["rm", "--force", "--volumes", &self.0]));
    }
}

/// A network of a test's own, removed when dropped.
pub struct Network(String);

impl Network {
    /// Makes one.
    pub fn create(name: &str) -> Self {
        Self(docker(&["network", "create", name]))
    }

    /// An address of this machine that is not loopback.
    pub fn gateway(&self) -> String {
        let format = "{{(index .IPAM.Config 0).Gateway}}";
        docker(&["network", "inspect", "--format", format, &self.0])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(attempt(&["network", "rm", &self.0]));
    }
}
