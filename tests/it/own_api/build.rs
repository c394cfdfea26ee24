//! What goes into an image that is built from a folder, compared with what Docker's own client builds.

use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::build_from_folder;
use super::environment;
use crate::support::docker::docker;
use crate::support::environment::Environment;
use crate::support::eventually;

/// Files of a context; a folder of that name is made for each.
const FILES: [&str; 17] = [
    "README.md",
    "a.txt",
    "b.log",
    ".env",
    "src/main.py",
    "src/main.pyc",
    "src/deep/er/x.py",
    "src/deep/notes.md",
    "docs/README.md",
    "docs/a.txt",
    "docs/api/index.md",
    "tmp/a/b/c",
    "tmp/keep",
    "node/x/y",
    "we ird/na me",
    "[x]/y",
    "docs2/a",
];

/// Files that say what is left out.
#[rustfmt::skip]
const IGNORES: [&str; 14] = [
    "",
    "# nothing\n\n   \n",
    "*.md\n!README.md\n",
    "**/*.md\n!docs/README.md\n",
    "*\n!src\n",
    "*\n!src/deep/er\n!docs/api/\nsrc/deep/er/x.py\n",
    "*\n!**/*.py\n",
    "docs\n!docs/a.txt\n",
    "tmp\n!tmp/a/b\ntmp\n",
    "/src/\n./docs/../tmp\nno[dx]e\n\\[x\\]\n",
    "**/deep\n*/a*\n.env\n.dockerignore\n",
    "Dockerfile\n.dockerignore\n  we ird  \nsrc/**\n!src/**/x.py\n",
    "doc?\n*o?\n**\n!docs2\n!Dockerfile\n",
    "!docs\ndocs/**\n!docs/api/index.md\nlink\n",
];

#[test]
fn what_is_copied_is_what_docker_s_own_client_sends() {
    let Some(environment) = environment("ignore") else {
        return;
    };
    build_from_folder(&environment.checkout, "");
    lay_out(&environment);
    for ignore in IGNORES {
        environment.checkout.write("api/.dockerignore", ignore);
        // The image has no command, so that its container cannot be made; it is built all the same.
        let up = environment.run(&["up", "own", "--json"]).exits(1);
        let planned = up.json_lines();
        let steps = planned[0]["steps"].as_array().unwrap().iter();
        let mut titles = steps.filter_map(|step| step["title"].as_str()?.strip_prefix("image "));
        let ours = titles
            .find(|title| title.starts_with("ratesdev/build:"))
            .unwrap();
        let theirs = by_docker(&environment.checkout.path().join("api"));
        assert_eq!(listing(ours), listing(&theirs), "{ignore:?}");
        docker(&["rmi", ours]);
    }
}

fn lay_out(environment: &Environment) {
    let checkout = &environment.checkout;
    for file in FILES {
        checkout.write(&format!("api/{file}"), format!("{file}\n"));
    }
    checkout.write("api/Dockerfile", "FROM scratch\nCOPY . /\n");
    let folder = checkout.path().join("api");
    symlink("src/main.py", folder.join("link")).unwrap();
    symlink("/nowhere", folder.join("src/dangling")).unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    let mode = |path: &str, mode| {
        std::fs::set_permissions(folder.join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("src/main.py", 0o755);
    mode(".env", 0o600);
    mode("tmp", 0o1777);
}

/// The id of the image that Docker's client makes of the same folder.
fn by_docker(folder: &Path) -> String {
    let built = Command::new("docker")
        .args(["build", "--quiet", "--no-cache", "."])
        .env("DOCKER_BUILDKIT", "0")
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    String::from_utf8(built.stdout).unwrap().trim().to_owned()
}

/// Everything in an image with its permissions, owner, size and time.
fn listing(image: &str) -> Vec<String> {
    let container = docker(&["create", image, "nothing"]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    docker(&["export", "--output", path, &container]);
    docker(&["rm", &container]);
    let listed = Command::new("tar")
        .args(["--list", "--verbose", "--full-time", "--file", path])
        .output()
        .unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    // What Docker itself puts into every container is no part of an image.
    let dockers = ["dev/", "etc/", "proc/", "sys/", ".dockerenv"];
    let is_dockers = |line: &str| {
        let path = line.split_whitespace().nth(5).unwrap_or_default();
        dockers.iter().any(|name| path.starts_with(name))
    };
    text.lines()
        .filter(|line| !is_dockers(line))
        .map(without_times_of_folders)
        .collect()
}

/// A folder that is made on the way to what is in it has the time of the build.
fn without_times_of_folders(line: &str) -> String {
    let mut words: Vec<_> = line.split_whitespace().collect();
    if line.starts_with('d') {
        words.drain(3..5);
    }
    words.join(" ")
}

/// A file without contents takes no room here, and is sent all the same.
#[test]
#[cfg(target_os = "linux")]
fn a_context_larger_than_the_memory_it_may_use_is_sent() {
    const BYTES: u64 = 300_000_000;
    let Some(environment) = environment("large") else {
        return;
    };
    build_from_folder(&environment.checkout, "");
    super::dockerfile(&environment.checkout, "CMD [\"true\"]");
    environment
        .checkout
        .write("api/large", environment.name.as_bytes());
    let path = environment.checkout.path().join("api/large");
    let large = std::fs::File::options().write(true).open(path).unwrap();
    large.set_len(BYTES).unwrap();
    let mut up = environment.start(&["up", "own"]);
    let mut most = 0;
    eventually("the end of the build", || {
        most = up.peak_memory().unwrap_or_default().max(most);
        up.has_ended().then_some(())
    });
    // The API ends at once, after its image was built.
    up.finish().exits(1).says(&["✓ image ratesdev/build:"]);
    assert!((1..BYTES / 1024 / 4).contains(&most), "{most} KiB");
}

#[test]
fn a_build_that_fails_names_its_step_and_leaves_what_runs() {
    let Some(environment) = environment("broken") else {
        return;
    };
    environment.run(&["up"]).exits(0);
    let api = environment.id("api");
    build_from_folder(&environment.checkout, "");
    let up = || environment.run(&["up", "own"]).exits(1);
    up().says(&[
        "E-BUILD-CONTEXT",
        "there is no folder",
        "relative to the profile's own file",
    ]);
    environment.checkout.write("api/main.py", "");
    up().says(&["E-BUILD-CONTEXT", "there is no Dockerfile in", "hint:"]);
    super::dockerfile(&environment.checkout, "RUN echo about to fail && exit 7");
    up().says(&[
        "E-BUILD-FAILED",
        "Step 2/",
        "RUN echo about to fail",
        "about to fail\n",
        "code: 7",
        "api/Dockerfile",
    ]);
    super::dockerfile(&environment.checkout, "FRUM nothing");
    up().says(&["E-BUILD-FAILED", "unknown instruction: FRUM"]);
    environment
        .checkout
        .write("api/Dockerfile", "FROM 127.0.0.1:9/nothing:1\n");
    up().says(&["127.0.0.1:9", "behind FROM"]);
    environment.checkout.write("api/.dockerignore", "ok\n[a\n");
    up().says(&["E-BUILD-CONTEXT", ".dockerignore", "\"[a\" is no pattern"]);
    assert_eq!(environment.id("api"), api);
    environment.answers();
}

/// Root reads everything, so that somebody else has to be refused; whoever may use the Engine is one of a group.
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let Some(environment) = environment("unreadable") else {
        return;
    };
    build_from_folder(&environment.checkout, "");
    super::dockerfile(&environment.checkout, "");
    environment.checkout.write("api/secret", "");
    environment.checkout.open();
    let file = environment.checkout.path().join("api/secret");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    let own = environment.checkout.path().join("ratesdev");
    std::fs::copy(env!("CARGO_BIN_EXE_ratesdev"), &own).unwrap();
    let inner = environment.command(&[]);
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        let socket = std::fs::metadata("/var/run/docker.sock").unwrap();
        let group = format!("--regid={}", socket.gid());
        command.args(["--reuid=65534", &group, "--clear-groups"]);
    }
    command.arg(own).args(["up", "own", "--dry-run"]);
    command.env_clear().current_dir(environment.checkout.path());
    let variables = inner.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let refused = crate::support::run::Running::start(&mut command)
        .finish()
        .exits(1);
    refused.says(&[
        "E-BUILD-CONTEXT",
        "api/secret",
        "Permission denied",
        ".dockerignore",
    ]);
}
