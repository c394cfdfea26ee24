//! What Docker's own client keeps in its folder: the contexts, the current one, and how registries are logged in to.

use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use crate::engine::Error;
use crate::engine::Result;
use crate::error::Code;

/// What is of interest in Docker's folder.
#[derive(Debug, Default)]
pub struct Config {
    /// The folder.
    pub folder: PathBuf,
    /// The context that is chosen when nothing else is said.
    pub current_context: Option<String>,
    /// All contexts but the default one.
    pub contexts: Vec<Context>,
}

/// One of Docker's contexts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// The Engine's address.
    pub host: String,
    /// The folder of its TLS files, where it has any.
    pub tls: Option<PathBuf>,
    /// Whether it would take anybody for the Engine.
    pub skips_verification: bool,
}

/// `config.json`, the parts of it that matter here.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct File {
    current_context: String,
    /// Logins that are kept in the file itself.
    pub auths: HashMap<String, Login>,
    /// The helper that keeps all logins.
    pub creds_store: String,
    /// The helpers that keep the logins of single registries.
    pub cred_helpers: HashMap<String, String>,
}

impl fmt::Debug for File {
    /// It holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").finish_non_exhaustive()
    }
}

/// A login that is kept in `config.json`.
#[derive(Default, Clone, Deserialize)]
#[serde(default)]
pub struct Login {
    /// User and password in base64.
    pub auth: String,
    /// The user, in files of old.
    pub username: String,
    /// The password, in files of old.
    pub password: String,
    /// A token that stands for both.
    pub identitytoken: String,
}

/// The folder of Docker's client.
pub fn folder(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    variable("DOCKER_CONFIG").map_or_else(
        || {
            let home = variable("HOME").or_else(|| variable("USERPROFILE"));
            Path::new(&home.unwrap_or_default()).join(".docker")
        },
        PathBuf::from,
    )
}

/// `config.json` of that folder; an empty one where there is none.
pub fn file(folder: &Path) -> Result<File> {
    let path = folder.join("config.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(File::default());
        }
        Err(error) => return Err(unreadable(&path).because(error)),
    };
    // The parser's own message would quote what it stumbled over, which may be a secret.
    serde_json::from_slice(&text).map_err(|error| {
        unreadable(&path).because(format!("line {} is not as it must be", error.line()))
    })
}

fn unreadable(path: &Path) -> Error {
    let what = format!("cannot read Docker's configuration {}", path.display());
    Error::new(Code::DockerHost, what)
        .hint("correct the file, or name another folder in DOCKER_CONFIG")
}

impl Config {
    /// The folder alone, where nothing in it is asked for.
    pub fn empty(folder: PathBuf) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// Reads what the folder says about Engines.
    pub fn read(folder: PathBuf) -> Result<Self> {
        let current = file(&folder)?.current_context;
        Ok(Self {
            current_context: Some(current).filter(|name| !name.is_empty()),
            contexts: contexts(&folder.join("contexts")),
            folder,
        })
    }
}

/// Every context that can be read; its files are in folders of one name below `meta` and `tls`.
fn contexts(folder: &Path) -> Vec<Context> {
    let listed = std::fs::read_dir(folder.join("meta"));
    let entries = listed.into_iter().flatten().flatten();
    let context = |entry: std::fs::DirEntry| {
        let text = std::fs::read(entry.path().join("meta.json")).ok()?;
        let tls = folder.join("tls").join(entry.file_name()).join("docker");
        context(&text, Some(tls).filter(|tls| tls.is_dir()))
    };
    let mut contexts: Vec<_> = entries.filter_map(context).collect();
    contexts.sort_by(|one, other| one.name.cmp(&other.name));
    contexts
}

fn context(text: &[u8], tls: Option<PathBuf>) -> Option<Context> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Meta {
        name: String,
        endpoints: HashMap<String, Engine>,
    }
    #[derive(Deserialize)]
    struct Engine {
        #[serde(rename = "Host", default)]
        host: String,
        #[serde(rename = "SkipTLSVerify", default)]
        skip_tls_verify: bool,
    }
    let mut meta: Meta = serde_json::from_slice(text).ok()?;
    let engine = meta.endpoints.remove("docker")?;
    Some(Context {
        name: meta.name,
        host: engine.host,
        tls,
        skips_verification: engine.skip_tls_verify,
    })
}
