//! Disks that are full or cannot be written. Each is a small one of the test's own, in memory.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use tempfile::TempDir;

use super::as_nobody;
use super::is_root;
use crate::support::checkout::Checkout;
use crate::support::checkout::large_dump;
use crate::support::environment::Environment;
use crate::support::environment::QUESTION;
use crate::support::eventually;
use crate::support::home::Home;

/// Room for a copy of the program and a small cluster.
const ROOM: &str = "size=500m";

/// A disk that is given back when it is dropped.
struct Disk(TempDir);

impl Disk {
    /// A new one; none where nothing may be mounted.
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !mount(size, folder.path()) {
            return None;
        }
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Some(Self(folder))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-o", &options]).arg(self.0.path()).status();
        assert!(mounted.unwrap().success(), "{options}");
    }

    fn environment(&self, word: &str) -> (Environment, Home) {
        let home = Home::at(self.0.path().canonicalize().unwrap().join("home"));
        let checkout = Rc::new(Checkout::small());
        (Environment::embedded(word, &checkout, home.clone()), home)
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Leaves so many bytes of it free.
    fn fill(&self, free: u64) {
        let mut filler = File::create(self.filler()).unwrap();
        let piece = vec![0; 64 << 10];
        let mut length = 0;
        while let Ok(written) = filler.write(&piece) {
            length += written as u64;
        }
        filler.set_len(length.saturating_sub(free)).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(self.0.path());
    }
}

/// Whether a disk of this size could be mounted there.
fn mount(size: &str, folder: &Path) -> bool {
    let options = format!("{size},mode=755");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]);
    let mounted = mount.arg(folder).output();
    let is_mounted = mounted.is_ok_and(|mounted| mounted.status.success());
    if !is_mounted {
        eprintln!("CANNOT RUN HERE: a small disk needs root, and the right to mount");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to");
    }
    is_mounted
}

fn unmount(folder: &Path) {
    let mut unmount = Command::new("umount");
    drop(unmount.arg("--lazy").arg(folder).status());
}

/// What somebody mounted there keeps the folder, as a `kill` at that instant would.
#[test]
fn a_folder_that_is_left_when_all_in_it_goes_is_removed_by_the_next_down() {
    let (home, checkout) = (Home::new(), Rc::new(Checkout::small()));
    let left = Environment::embedded("left", &checkout, home.clone());
    left.run(&["up"]).exits(0);
    let inside = home.place(&left.name).join("mounted");
    std::fs::create_dir(&inside).unwrap();
    if !mount("size=1m", &inside) {
        return;
    }
    let refused = left.run(&["down", "-v", "--yes"]);
    unmount(&inside);
    refused.exits(1).says(&[&left.name, "hint:"]);
    left.run(&["down", "-v", "--yes"]).exits(0);
    left.is_gone();
    let environments = home.place(&left.name).parent().unwrap().read_dir();
    assert_eq!(environments.unwrap().count(), 0);
}

#[test]
fn a_disk_without_room_for_the_program_is_named_and_nothing_half_done_fills_it() {
    let Some(disk) = Disk::new("size=4m") else {
        return;
    };
    let (full, home) = disk.environment("tiny");
    let refused = full.run(&["up"]).exits(1);
    let path = home.path().display().to_string();
    refused.says(&["E-DISK-FULL", &path, "hint:"]);
    let programs = home.path().join("programs");
    let copies = std::fs::read_dir(programs).unwrap().flatten();
    let files = copies.flat_map(|copy| std::fs::read_dir(copy.path()).unwrap());
    assert_eq!(files.count(), 0, "nothing of the copy is left");
    full.run(&["status"]).exits(3);
    full.run(&["down"]).exits(0);
    disk.remount(ROOM);
    full.run(&["up"]).exits(0);
    full.is_whole();
}

#[test]
fn a_disk_that_fills_up_while_everything_runs_stops_no_command_and_is_recovered_from() {
    let Some(disk) = Disk::new(ROOM) else {
        return;
    };
    let (full, home) = disk.environment("filling");
    full.run(&["up"]).exits(0);
    disk.fill(0);
    let insert = "create table ballast as select repeat('x', 2000) from generate_series(1, 20000)";
    let written = home.psql(&full.name, "rates", insert).output().unwrap();
    assert!(!written.status.success(), "the disk is full");
    // What the API logs of this cannot be kept.
    full.run(&[&["query"], QUESTION.as_slice()].concat());
    let status = full.run(&["status"]);
    assert!(matches!(status.code, Some(0 | 3)), "{status}");
    full.run(&["logs", "--tail", "5"]).exits(0);
    full.run(&["ls"]).exits(0).says(&[&full.name]);
    full.run(&["down"]).exits(0);
    home.is_quiet(&full.name);
    let refused = full.run(&["up"]).exits(1);
    refused.says(&["E-DISK-FULL", "hint:"]);
    disk.make_room();
    full.run(&["up"]).exits(0);
    full.is_whole();
    disk.fill(0);
    full.run(&["down", "-v", "--yes"]).exits(0);
    full.is_gone();
}

#[test]
fn a_disk_that_fills_up_during_a_seed_leaves_the_old_data() {
    let Some(disk) = Disk::new(ROOM) else {
        return;
    };
    let (full, _home) = disk.environment("seeding");
    full.run(&["up"]).exits(0);
    full.checkout.write("large.sql", large_dump(600_000));
    disk.fill(6 << 20);
    let seed = ["seed", "--file", "large.sql", "--reset"];
    let refused = full.run(&seed).exits(1);
    refused.says(&["E-DISK-FULL", "hint:"]);
    disk.make_room();
    eventually("it is ready again with what it held", || {
        (full.run(&["status"]).code == Some(0)).then_some(())
    });
    let status = full.run(&["status"]);
    status.says(&["rates.sql"]).never_says("large.sql");
    // A server that ended in the middle keeps what was begun until the next load.
    full.run(&seed).exits(0);
    full.run(&["status"]).says(&["large.sql"]);
    assert_eq!(full.databases(), "postgres rates");
}

#[test]
fn a_disk_that_cannot_be_written_is_told_by_what_changes_something_and_does_not_keep_the_rest() {
    let Some(disk) = Disk::new(ROOM) else {
        return;
    };
    let (read_only, home) = disk.environment("read-only");
    read_only.run(&["up"]).exits(0);
    read_only.run(&["down"]).exits(0);
    home.is_quiet(&read_only.name);
    disk.remount("ro");
    for command in [&["up"][..], &["down", "-v", "--yes"]] {
        let refused = read_only.run(command).exits(1);
        refused.says(&["E-HOME", "Read-only", "hint:", "RATESDEV_HOME"]);
    }
    read_only.run(&["ls", "--all"]).exits(0).says(&["down"]);
    read_only.run(&["status"]).exits(3).says(&["E-NOT-RUNNING"]);
    disk.remount("rw");
    read_only.run(&["up"]).exits(0);
    read_only.is_whole();
}

#[test]
fn a_folder_that_an_ordinary_user_may_not_write_to_is_told() {
    if !is_root() {
        eprintln!("CANNOT RUN HERE: only root can run the program as somebody else");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to");
        return;
    }
    let home = Home::new();
    std::fs::create_dir(home.path()).unwrap();
    let ordinary = Environment::embedded("may-not", &Rc::new(Checkout::small()), home.clone());
    ordinary.checkout.open();
    let refused = as_nobody(&ordinary, &["up"]).exits(1);
    let path = home.path().display().to_string();
    refused.says(&[
        "E-HOME",
        &path,
        "Permission denied",
        "hint:",
        "RATESDEV_HOME",
    ]);
    as_nobody(&ordinary, &["ls"]).exits(0);
    as_nobody(&ordinary, &["status"]).exits(3);
}
