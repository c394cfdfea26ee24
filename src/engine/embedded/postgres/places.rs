//! Where installations of PostgreSQL are looked for, and what they say of themselves.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::choose::Installation;
use super::choose::program;
use super::version::Version;
use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;

/// Folders whose entries are one installation each, by what their names begin with and where their programs are.
const FAMILIES: [(&str, &str, &str); 9] = [
    // Debian and Ubuntu.
    ("usr/lib/postgresql", "", "bin"),
    // Fedora, RHEL and PostgreSQL's own packages for them.
    ("usr", "pgsql-", "bin"),
    // SUSE.
    ("usr/lib", "postgresql", "bin"),
    // Alpine.
    ("usr/libexec", "postgresql", ""),
    // Homebrew on Apple's processors, on Intel's, on Linux.
    ("opt/homebrew/opt", "postgresql@", "bin"),
    ("usr/local/opt", "postgresql@", "bin"),
    ("home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    // Postgres.app.
    ("Applications/Postgres.app/Contents/Versions", "", "bin"),
    // EnterpriseDB's installer.
    ("Library/PostgreSQL", "", "bin"),
];

/// Folders of programs that belong to no family.
const FOLDERS: [&str; 3] = ["usr/bin", "usr/local/bin", "usr/local/pgsql/bin"];

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that holds PostgreSQL's programs, which have not been asked for their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The folder of the programs.
    pub programs: PathBuf,
    /// The major version that its path tells, where it does.
    pub major: Option<u16>,
}

/// Every folder with PostgreSQL's programs: those fetched before, those on `path`, those where systems have them below
/// `root`. None is listed twice, whatever links lead to it. Nothing is run.
pub fn candidates(cache: &Path, path: Option<&OsStr>, root: &Path) -> Vec<Candidate> {
    let fetched = entries(cache, "", "bin");
    let named = path.into_iter().flat_map(std::env::split_paths);
    let families = families(root);
    let folders = FOLDERS.iter().map(|folder| root.join(folder));
    let all = fetched
        .into_iter()
        .chain(named.chain(families).chain(folders));
    let mut seen = BTreeSet::new();
    all.filter_map(|folder| programs(&folder))
        .filter(|folder| seen.insert(folder.clone()))
        .map(|programs| Candidate {
            major: major(&programs),
            programs,
        })
        .collect()
}

/// Every folder below `root` where systems have programs of PostgreSQL, be they only its clients; newer ones first.
pub fn clients(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = families(root).collect();
    folders.sort_by_key(|folder| Reverse(major(folder)));
    folders
}

fn families(root: &Path) -> impl Iterator<Item = PathBuf> {
    let families = FAMILIES.iter();
    families.flat_map(|(folder, prefix, bin)| entries(&root.join(folder), prefix, bin))
}

/// Folders in `folder` whose name is `prefix` and a number, in the order of their names.
fn entries(folder: &Path, prefix: &str, bin: &str) -> Vec<PathBuf> {
    let is_of_family = |name: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| is_of_family(name)).collect();
    names.sort_unstable();
    let folders = names.into_iter().map(|name| folder.join(name).join(bin));
    folders.collect()
}

/// The real folder of the programs, where `folder` has the server and what makes a cluster.
fn programs(folder: &Path) -> Option<PathBuf> {
    let server = program(folder, "postgres").canonicalize().ok()?;
    let programs = server.parent()?;
    program(programs, "initdb")
        .is_file()
        .then(|| programs.to_owned())
}

/// The major version in the last parts of the path: `15`, `pgsql-13`, `13.5.0-linux-amd64`.
fn major(programs: &Path) -> Option<u16> {
    let parts = programs.iter().rev().filter_map(OsStr::to_str);
    let number = |part: &str| {
        let rest = ["", "pgsql-", "postgresql@", "postgresql"]
            .into_iter()
            .filter_map(|prefix| part.strip_prefix(prefix))
            .find(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
    };
    // Further up, a number is somebody's name or date.
    parts.take(2).find_map(number)
}

/// Asks a candidate for its version; one that does not start or is no PostgreSQL is none.
pub async fn ask(candidate: &Candidate) -> Option<Installation> {
    let version = version(&candidate.programs).await.ok()?;
    Some(Installation {
        programs: candidate.programs.clone(),
        version,
    })
}

/// The installation in a folder that the user names: its prefix, or the folder of its programs.
pub async fn named(folder: &Path) -> Result<Installation> {
    let shown = folder.display();
    let programs = [folder.to_owned(), folder.join("bin")];
    let programs = programs.iter().find_map(|folder| self::programs(folder));
    let programs = programs.ok_or_else(|| {
        let what = format!("{shown} holds no PostgreSQL that could be run");
        Error::new(Code::PostgresMissing, what).hint(
            "name the folder that has `postgres` and `initdb` in it or in its `bin`, \
             or set `database.postgres = \"auto\"`",
        )
    })?;
    let version = version(&programs).await.map_err(|cause| {
        let what = format!("the PostgreSQL in {shown} does not start");
        let hint =
            "run its `postgres --version` to see more, or set `database.postgres = \"auto\"`";
        Error::new(Code::PostgresMissing, what)
            .because(cause)
            .hint(hint)
    })?;
    Ok(Installation { programs, version })
}

/// What `postgres --version` says; an error tells why it says nothing, as a fragment.
async fn version(programs: &Path) -> Result<Version, String> {
    let mut server = tokio::process::Command::new(program(programs, "postgres"));
    server.arg("--version").kill_on_drop(true);
    server.stdin(std::process::Stdio::null());
    let output = tokio::time::timeout(PATIENCE, server.output()).await;
    let output = output.map_err(|late| format!("it does not say its version: {late}"))?;
    let output = output.map_err(|cause| cause.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said
            .lines()
            .next()
            .unwrap_or("it ends without a word")
            .to_owned());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Version::said(&said).ok_or_else(|| format!("it calls itself {:?}", said.trim()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    use super::*;

    /// An installation whose server says what it is told to.
    fn install(programs: &Path, says: &str) {
        fs::create_dir_all(programs).unwrap();
        for name in ["postgres", "initdb"] {
            let file = programs.join(name);
            fs::write(&file, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn installations_are_found_where_systems_have_them_and_each_once() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let at = |folder: &str| root.join(folder);
        let folders = [
            ("cache/13.5.0-linux-amd64/bin", Some(13)),
            ("opt/own/bin", None),
            ("usr/lib/postgresql/13/bin", Some(13)),
            ("usr/lib/postgresql/15/bin", Some(15)),
            ("usr/pgsql-14/bin", Some(14)),
            ("usr/libexec/postgresql16", Some(16)),
            ("opt/homebrew/opt/postgresql@17/bin", Some(17)),
            ("usr/bin", None),
        ];
        for (folder, _) in folders {
            install(&at(folder), "");
        }
        fs::create_dir_all(at("links")).unwrap();
        symlink(at("usr/pgsql-14/bin/postgres"), at("links/postgres")).unwrap();
        // Without `initdb`, left by an upgrade; and what an interrupted fetch leaves.
        install(&at("usr/lib/postgresql/12/bin"), "");
        fs::remove_file(at("usr/lib/postgresql/12/bin/initdb")).unwrap();
        install(&at("cache/.13.6.0-linux-amd64-x/bin"), "");
        let path = std::env::join_paths([at("opt/own/bin"), at("links"), at("missing")]).unwrap();
        let newest = clients(&root).into_iter().take(3).collect::<Vec<_>>();
        let newest_folders = [
            "opt/homebrew/opt/postgresql@17/bin",
            "usr/libexec/postgresql16",
            "usr/lib/postgresql/15/bin",
        ];
        assert_eq!(newest, newest_folders.map(at));
        let found = candidates(&at("cache"), Some(&path), &root);
        let mut found: Vec<_> = found.into_iter().map(|c| (c.programs, c.major)).collect();
        let first = (at("cache/13.5.0-linux-amd64/bin"), Some(13));
        assert_eq!(found[0], first, "what was fetched comes first");
        found.sort();
        let mut expected = folders.map(|(folder, major)| (at(folder), major));
        expected.sort();
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_folder_is_named_by_its_prefix_or_its_programs() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        install(&root.join("pg/bin"), "postgres (PostgreSQL) 13.5");
        for folder in ["pg", "pg/bin"] {
            let found = named(&root.join(folder)).await.unwrap();
            assert_eq!(found.programs, root.join("pg/bin"));
            assert_eq!(found.version, Version::new(13, 5));
        }
        install(&root.join("other/bin"), "mysqld 8");
        let cases = [
            ("nowhere", "holds no PostgreSQL that could be run"),
            ("other", "does not start"),
        ];
        for (folder, expected) in cases {
            let error = named(&root.join(folder)).await.unwrap_err();
            assert_eq!(error.code, Code::PostgresMissing);
            assert!(error.what.ends_with(expected), "{}", error.what);
        }
    }
}
