//! Which PostgreSQL is run: a decision over what is wanted and what was found, as data.

use std::cmp::Reverse;
use std::path::Path;
use std::path::PathBuf;

use super::system::System;
use super::version::SUPPORTED;
use super::version::Version;
use super::version::Wanted;
use crate::engine::Error;
use crate::error::Code;

/// Programs of PostgreSQL on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder of its programs.
    pub programs: PathBuf,
    /// What it says it is.
    pub version: Version,
}

impl Installation {
    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        program(&self.programs, name)
    }
}

/// The path of a program in a folder of programs.
pub fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Everything the decision depends on.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The version of the profile's image.
    pub wanted: Wanted,
    /// The major version of the cluster that is there already: nothing else can open it.
    pub cluster: Option<u16>,
    /// The installation that the user names.
    pub named: Option<&'a Installation>,
    /// Those that were found or fetched before.
    pub found: &'a [Installation],
    /// Whether another can be fetched.
    pub fetching: Fetching<'a>,
    /// Where all this is, for the words of an error.
    pub system: &'a System,
}

/// Whether PostgreSQL can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetching<'a> {
    /// It has not been tried.
    Possible,
    /// It cannot be, for this reason.
    Impossible(&'a str),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Run this one.
    Use(Use),
    /// Fetch this release, and run it.
    Fetch(Version),
}

/// An installation that is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Which.
    pub installation: Installation,
    /// Why this one.
    pub reason: Reason,
    /// What the user should know about it.
    pub remark: Option<String>,
}

/// Why an installation is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The user names it.
    Named,
    /// The data belongs to its major version.
    Cluster,
    /// It is what the profile wants.
    Wanted,
    /// It was fetched because the profile wants it.
    Fetched,
    /// It is the newest there is.
    Newest,
}

impl Reason {
    /// As it reads after a dash.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named by `database.postgres`",
            Self::Cluster => "the data belongs to its major version",
            Self::Wanted => "the profile wants this version",
            Self::Fetched => "fetched: the profile wants this version",
            Self::Newest => "the newest that is installed",
        }
    }
}

/// Decides, or says why nothing can be run.
pub fn choose(question: &Question<'_>) -> Result<Choice, Error> {
    if let Some(named) = question.named {
        return named_one(question, named).map(Choice::Use);
    }
    match question.cluster {
        Some(major) => for_cluster(question, major),
        None => for_nothing(question),
    }
}

/// The user's word stands, but no word makes a version open the data of another.
fn named_one(question: &Question<'_>, named: &Installation) -> Result<Use, Error> {
    let Version { major, .. } = named.version;
    if major < *SUPPORTED.start() {
        return Err(too_old(named));
    }
    if let Some(cluster) = question.cluster.filter(|cluster| *cluster != major) {
        let what = format!(
            "the data belongs to PostgreSQL {cluster}, but {} is PostgreSQL {}",
            named.programs.display(),
            named.version
        );
        return Err(other_major(what, cluster, question.system));
    }
    let is_newer = major > *SUPPORTED.end();
    let remark = is_newer.then(|| {
        let last = SUPPORTED.end();
        let version = named.version;
        format!(
            "PostgreSQL {version} is newer than what ratesdev was made for, which is 13 to {last}"
        )
    });
    Ok(used(named, Reason::Named, remark))
}

fn for_cluster(question: &Question<'_>, major: u16) -> Result<Choice, Error> {
    if let Some(best) = best(question, major) {
        return Ok(Choice::Use(used(best, Reason::Cluster, None)));
    }
    match (question.wanted, question.fetching) {
        (Wanted::Exact(version), Fetching::Possible)
            if version.major == major && version.is_supported() =>
        {
            Ok(Choice::Fetch(version))
        }
        _ => Err(lost_major(question, major)),
    }
}

fn for_nothing(question: &Question<'_>) -> Result<Choice, Error> {
    let major = question.wanted.major().filter(|m| SUPPORTED.contains(m));
    if let Some(best) = major.and_then(|major| best(question, major)) {
        return Ok(Choice::Use(used(best, Reason::Wanted, None)));
    }
    match (question.wanted, question.fetching) {
        (Wanted::Exact(version), Fetching::Possible) if version.is_supported() => {
            Ok(Choice::Fetch(version))
        }
        _ => newest(question).map(Choice::Use),
    }
}

/// Of one major version the release that is wanted, else the newest.
fn best<'a>(question: &Question<'a>, major: u16) -> Option<&'a Installation> {
    let of_major = |one: &&Installation| one.version.major == major;
    let found = question.found.iter().filter(of_major);
    found.min_by_key(|one| {
        let is_wanted = Wanted::Exact(one.version) == question.wanted;
        (!is_wanted, Reverse(one.version))
    })
}

fn newest(question: &Question<'_>) -> Result<Use, Error> {
    let found = question.found.iter();
    let supported = found.filter(|one| one.version.is_supported());
    // Of equals the first: folders are looked through in the order in which they count.
    let newest = supported.min_by_key(|one| Reverse(one.version));
    let newest = newest.ok_or_else(|| missing(question))?;
    let remark = (question.wanted != Wanted::Newest).then(|| {
        let (version, wanted) = (newest.version, question.wanted);
        format!(
            "PostgreSQL {version} is used instead of {wanted}: {}",
            why_not(question)
        )
    });
    Ok(used(newest, Reason::Newest, remark))
}

/// Why the wanted version is not there.
fn why_not(question: &Question<'_>) -> String {
    match (question.wanted, question.fetching) {
        (Wanted::Exact(Version { major, .. }) | Wanted::Major(major), _)
            if !SUPPORTED.contains(&major) =>
        {
            let (first, last) = (SUPPORTED.start(), SUPPORTED.end());
            format!("ratesdev works with {first} to {last}")
        }
        (Wanted::Exact(_), Fetching::Impossible(reason)) => reason.to_owned(),
        _ => {
            "it is not installed, and only an exact version such as 13.5 can be fetched".to_owned()
        }
    }
}

fn used(installation: &Installation, reason: Reason, remark: Option<String>) -> Use {
    Use {
        installation: installation.clone(),
        reason,
        remark,
    }
}

fn too_old(named: &Installation) -> Error {
    let (first, last) = (SUPPORTED.start(), SUPPORTED.end());
    let what = format!(
        "{} is PostgreSQL {}, which is too old",
        named.programs.display(),
        named.version
    );
    let hint = format!(
        "ratesdev works with PostgreSQL {first} to {last}; name another folder, or `database.postgres = \"auto\"`"
    );
    Error::new(Code::PostgresVersion, what).hint(hint)
}

fn other_major(what: String, cluster: u16, system: &System) -> Error {
    Error::new(Code::PostgresVersion, what).hint(format!(
        "install PostgreSQL {cluster}: {}; or give the data up with `ratesdev down -v`, and the next up seeds anew",
        system.how_to_install(Some(cluster))
    ))
}

/// The data is there, and what could open it is not.
fn lost_major(question: &Question<'_>, cluster: u16) -> Error {
    let mut versions: Vec<_> = question.found.iter().map(|one| one.version).collect();
    versions.sort_unstable();
    versions.dedup();
    let there = match versions.as_slice() {
        [] => "no PostgreSQL is installed".to_owned(),
        versions => {
            let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
            format!("only PostgreSQL {} is installed", versions.join(" and "))
        }
    };
    let error = other_major(
        format!("the data belongs to PostgreSQL {cluster}, but {there}"),
        cluster,
        question.system,
    );
    because(error, question.fetching)
}

fn missing(question: &Question<'_>) -> Error {
    let what = "there is no PostgreSQL that could be run";
    let hint = format!(
        "install one: {}; or start Docker, which needs none",
        question.system.how_to_install(None)
    );
    because(
        Error::new(Code::PostgresMissing, what).hint(hint),
        question.fetching,
    )
}

fn because(error: Error, fetching: Fetching<'_>) -> Error {
    match fetching {
        Fetching::Possible => error,
        Fetching::Impossible(reason) => error.because(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests;
