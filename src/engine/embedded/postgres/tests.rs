//! The search as a whole, on machines of the test's own.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::engine::Progress;
use crate::error::Code;

struct Deaf;

impl Watcher for Deaf {
    fn progress(&self, _progress: Progress) {}
    fn line(&self, _line: String) {}
    fn notice(&self, _text: String) {}
}

/// A machine with these versions installed as Debian does it, and a mirror that has nothing. Who asks a server for its
/// version is written down.
struct Scene {
    root: TempDir,
}

impl Scene {
    fn new(versions: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for version in versions {
            let major = version.split('.').next().unwrap();
            let programs = root
                .path()
                .join("usr/lib/postgresql")
                .join(major)
                .join("bin");
            fs::create_dir_all(&programs).unwrap();
            let log = root.path().join("asked");
            let says = format!(
                "echo {version} >> '{}'\necho 'postgres (PostgreSQL) {version}'",
                log.display()
            );
            for name in ["postgres", "initdb"] {
                let file = programs.join(name);
                fs::write(&file, format!("#!/bin/sh\n{says}\n")).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        Self { root }
    }

    fn machine(&self) -> Machine {
        Machine {
            cache: self.root.path().join("cache"),
            path: None,
            root: self.root.path().to_owned(),
            mirror: format!("file:{}", self.root.path().join("maven2").display()),
            patience: Patience::default(),
        }
    }

    async fn find(&self, image: &str, cluster: Option<u16>) -> Result<Use> {
        let request = Request {
            image,
            setting: &Postgres::Auto,
            cluster,
        };
        find(request, &self.machine(), &Deaf).await
    }

    /// Which servers were asked for their version so far.
    fn asked(&self) -> String {
        fs::read_to_string(self.root.path().join("asked")).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_release_that_cannot_be_fetched_is_replaced_by_the_newest_with_a_remark() {
    let scene = Scene::new(&["14.2", "15.18"]);
    let used = scene.find("postgres:13.5", None).await.unwrap();
    let (version, remark) = (used.installation.version, used.remark.unwrap());
    assert_eq!(
        (version, used.reason),
        (Version::new(15, 18), Reason::Newest)
    );
    let begin = "PostgreSQL 15.18 is used instead of 13.5: ";
    assert!(
        remark.starts_with(begin) && remark.contains("has no PostgreSQL 13.5 for"),
        "{remark}"
    );
}

#[tokio::test]
async fn only_those_that_the_answer_needs_are_asked_for_their_version() {
    let scene = Scene::new(&["13.9", "14.2", "15.18"]);
    let used = scene.find("postgres:13.5", Some(15)).await.unwrap();
    assert_eq!((used.reason, used.remark), (Reason::Cluster, None));
    assert_eq!(scene.asked(), "15.18\n");
    scene.find("postgres:13.5", None).await.unwrap();
    assert_eq!(scene.asked(), "15.18\n13.9\n");
}

#[tokio::test]
async fn a_mirror_that_is_none_is_told_before_anything_else_is_run() {
    let scene = Scene::new(&["15.18"]);
    let machine = Machine {
        mirror: "repository.example".to_owned(),
        ..scene.machine()
    };
    let request = Request {
        image: "postgres:13.5",
        setting: &Postgres::Auto,
        cluster: None,
    };
    let error = find(request, &machine, &Deaf).await.unwrap_err();
    assert_eq!(error.code, Code::PostgresFetch);
    assert!(
        error
            .hint
            .unwrap()
            .starts_with("RATESDEV_POSTGRES_MIRROR is ")
    );
}

#[tokio::test]
async fn a_report_tells_every_installation_and_what_would_be_run() {
    let scene = Scene::new(&["12.3", "15.18"]);
    let folder = scene.root.path().join("usr/lib/postgresql/15");
    let setting = Postgres::Folder(folder);
    let mut request = Request {
        image: "postgres:13.5",
        setting: &Postgres::Auto,
        cluster: None,
    };
    let report = candidates(request, &scene.machine()).await;
    let versions: Vec<_> = report.found.iter().map(|(_, version)| *version).collect();
    assert_eq!(
        versions,
        [Some(Version::new(12, 3)), Some(Version::new(15, 18))]
    );
    assert_eq!(report.wanted.to_string(), "13.5");
    assert_eq!(report.choice.unwrap(), Choice::Fetch(Version::new(13, 5)));
    request.setting = &setting;
    let report = candidates(request, &scene.machine()).await;
    let Ok(Choice::Use(used)) = report.choice else {
        panic!("one is named");
    };
    assert_eq!(used.reason.as_str(), "named by `database.postgres`");
}

#[tokio::test]
async fn the_installation_for_a_cluster_of_this_machine_is_found_at_once() {
    let machine = Machine::this(Path::new("/none").to_owned());
    let report = machine.candidates();
    let major = report
        .iter()
        .find_map(|one| one.major)
        .expect("one is installed");
    let request = Request {
        image: "postgres:13.5",
        setting: &Postgres::Auto,
        cluster: Some(major),
    };
    let begun = Instant::now();
    let used = find(request, &machine, &Deaf).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(used.installation.version.major, major);
    println!("found in {took:?}");
}
