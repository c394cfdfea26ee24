//! A PostgreSQL that is missing, too old, or not the one the data belongs to.

use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::process::Command;

use super::ready;
use super::small;
use crate::support::environment::Environment;
use crate::support::home::Home;
use crate::support::run::Run;
use crate::support::run::Running;

/// A mirror that has nothing, so that nothing is fetched.
const NO_MIRROR: (&str, &str) = ("RATESDEV_POSTGRES_MIRROR", "file:///nonexistent");

fn up(environment: &Environment, more: &[&str]) -> Run {
    let arguments = [&["up"][..], more].concat();
    let mut command = environment.command(&arguments);
    Running::start(command.env(NO_MIRROR.0, NO_MIRROR.1)).finish()
}

#[test]
fn where_there_is_no_postgres_it_says_what_to_install() {
    let (bare, _home) = small("bare");
    let inner = bare.command(&["up"]);
    let mut hidden = Command::new("unshare");
    hidden
        .args(["--mount", "sh", "-c"])
        .arg("mount -t tmpfs none /usr/lib/postgresql && exec \"$@\"")
        .arg("sh")
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env(NO_MIRROR.0, NO_MIRROR.1)
        .env("PATH", "/usr/sbin:/sbin:/bin")
        .current_dir(bare.checkout.path());
    let refused = Running::start(&mut hidden).finish();
    if refused.stderr.contains("unshare failed") || refused.stderr.contains("mount:") {
        eprintln!("CANNOT RUN HERE: hiding PostgreSQL needs root, and the right to mount");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to");
        return;
    }
    let refused = refused.exits(1);
    refused.says(&["E-POSTGRES-MISSING", "hint:"]);
    bare.run(&["down", "-v", "--yes"]).exits(0);
    bare.is_gone();
}

#[test]
fn a_postgres_that_is_too_old_is_refused_by_its_version() {
    let (old, _home) = small("old");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    for name in ["postgres", "initdb"] {
        let program = folder.path().join("bin").join(name);
        std::fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 11.22'\n").unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let refused = up(&old, &["--postgres", folder.path().to_str().unwrap()]).exits(1);
    refused.says(&["E-POSTGRES-VERSION", "11.22", "hint:"]);
    let nowhere = up(&old, &["--postgres", "/nonexistent"]).exits(1);
    nowhere.says(&["E-POSTGRES-MISSING", "/nonexistent"]);
}

#[test]
fn data_of_another_major_version_is_kept_and_named() {
    let (foreign, home) = ready("foreign");
    foreign.run(&["down"]).exits(0);
    let version = home.place(&foreign.name).join("data/PG_VERSION");
    let ours = std::fs::read_to_string(&version).unwrap();
    std::fs::write(&version, "9999\n").unwrap();
    let refused = up(&foreign, &[]).exits(1);
    refused.says(&["E-POSTGRES-VERSION", "9999", "down -v"]);
    let doctor = foreign.run(&["doctor"]).exits(1);
    doctor.says(&[
        "✗ postgres",
        "E-POSTGRES-VERSION",
        "9999",
        "cure:",
        "down -v",
    ]);
    std::fs::write(&version, ours).unwrap();
    up(&foreign, &[]).exits(0);
    foreign.is_whole();
}

#[test]
fn data_of_another_user_is_left_alone() {
    let (others, home) = ready("others");
    others.run(&["down"]).exits(0);
    let data = home.place(&others.name).join("data");
    if chown(&data, Some(12_345), None).is_err() {
        eprintln!("CANNOT RUN HERE: only root gives a folder to somebody else");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to");
        return;
    }
    let refused = up(&others, &[]).exits(1);
    refused.says(&["E-CLUSTER-OWNER", "data", "hint:"]);
}

#[test]
fn a_home_that_roles_cannot_reach_is_named() {
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let home = Home::at(closed.path().join("home"));
    let checkout = std::rc::Rc::new(crate::support::checkout::Checkout::small());
    let unreachable = Environment::embedded("closed", &checkout, home);
    let up = unreachable.run(&["up"]);
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        up.exits(1).says(&["E-FOLDER-CLOSED", "RATESDEV_HOME"]);
    } else {
        // Roles run as the user whose folder it is.
        up.exits(0);
    }
}
