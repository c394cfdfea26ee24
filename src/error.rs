//! What a user is told when something fails: a stable code, what failed, why, and what to do.
//!
//! Modules define their own `thiserror` types and implement [`Explain`] for them; `?` turns any of these into [`Error`].

use std::error::Error as StdError;
use std::fmt;
use std::process::ExitCode;

use serde::Deserialize;
use serde::Serialize;

/// The result of everything that may end the program with a message.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How a run of the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: wrong usage or an invalid profile.
    Usage,
    /// 3: the environment is not running or not ready.
    NotRunning,
    /// 4: a check or a batch was rejected, or the answer is an error.
    Rejected,
    /// 130: interrupted by the user.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotRunning => 3,
            Exit::Rejected => 4,
            Exit::Interrupted => 130,
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable name for a kind of failure; scripts and documents may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// The code as users read it, for example `E-PORT-TAKEN`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The API answered a question with an error.
    AnswerRejected = "E-ANSWER",
    /// The API cannot be reached although it should run.
    ApiUnreachable = "E-API-UNREACHABLE",
    /// Another command holds the environment.
    Busy = "E-BUSY",
    /// An image could not be built.
    BuildFailed = "E-BUILD-FAILED",
    /// A check did not return its known answer.
    CheckFailed = "E-CHECK-FAILED",
    /// Docker has no context of that name.
    ContextMissing = "E-CONTEXT-MISSING",
    /// PostgreSQL refused a statement of ratesdev's own.
    DatabaseRefused = "E-DATABASE-REFUSED",
    /// PostgreSQL refused or lost a connection.
    DatabaseUnreachable = "E-DATABASE-UNREACHABLE",
    /// The disk is full.
    DiskFull = "E-DISK-FULL",
    /// The engine answered something unexpected.
    DockerAnswer = "E-DOCKER-ANSWER",
    /// The user may not use the Docker socket.
    DockerDenied = "E-DOCKER-DENIED",
    /// No Docker Engine answers.
    DockerDown = "E-DOCKER-DOWN",
    /// The address of the Engine cannot be used.
    DockerHost = "E-DOCKER-HOST",
    /// The Engine and ratesdev do not trust each other's certificates.
    DockerTls = "E-DOCKER-TLS",
    /// The dump is a binary archive, not SQL text.
    DumpBinary = "E-DUMP-BINARY",
    /// The dump is not the one it was expected to be.
    DumpChanged = "E-DUMP-CHANGED",
    /// The dump uses a psql command that cannot be part of a load.
    DumpCommand = "E-DUMP-COMMAND",
    /// The dump is empty.
    DumpEmpty = "E-DUMP-EMPTY",
    /// The dump is not valid in its own encoding.
    DumpEncoding = "E-DUMP-ENCODING",
    /// The dump is not there or cannot be read.
    DumpMissing = "E-DUMP-MISSING",
    /// What was loaded lacks the tables of the rates system.
    DumpSchema = "E-DUMP-SCHEMA",
    /// A statement of the dump failed.
    DumpStatement = "E-DUMP-STATEMENT",
    /// The dump ends in the middle of something.
    DumpTruncated = "E-DUMP-TRUNCATED",
    /// The image is not there and cannot be pulled.
    ImageMissing = "E-IMAGE-MISSING",
    /// The user interrupted the command.
    Interrupted = "E-INTERRUPTED",
    /// A file or a stream could not be read or written.
    Io = "E-IO",
    /// The environment's name is held by another checkout.
    NameTaken = "E-NAME-TAKEN",
    /// The environment did not become ready in time.
    NotReady = "E-NOT-READY",
    /// Nothing runs under that name.
    NotRunning = "E-NOT-RUNNING",
    /// A port is taken by something else.
    PortTaken = "E-PORT-TAKEN",
    /// A published port could not be reached from here.
    PortUnreachable = "E-PORT-UNREACHABLE",
    /// A profile has faults.
    ProfileInvalid = "E-PROFILE-INVALID",
    /// There is no such profile.
    ProfileMissing = "E-PROFILE-MISSING",
    /// The environment is protected.
    Protected = "E-PROTECTED",
    /// The registry wants other credentials.
    RegistryDenied = "E-REGISTRY-DENIED",
    /// The registry cannot be reached.
    RegistryUnreachable = "E-REGISTRY-UNREACHABLE",
    /// A role ended although it should run.
    RoleDied = "E-ROLE-DIED",
    /// The database holds another seed than the one that is wanted.
    SeedDiffers = "E-SEED-DIFFERS",
    /// The machine of the Engine does not let this user in.
    SshDenied = "E-SSH-DENIED",
    /// The machine of the Engine is not known, or not the one it was.
    SshHostKey = "E-SSH-HOST-KEY",
    /// There is no `ssh` here.
    SshMissing = "E-SSH-MISSING",
    /// The machine of the Engine cannot be reached, or the login there does not work.
    SshUnreachable = "E-SSH-UNREACHABLE",
    /// The command line cannot be understood.
    Usage = "E-USAGE",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a typed error adds to its text so that a user can act on it.
pub trait Explain: StdError + Send + Sync + 'static {
    /// The stable code.
    fn code(&self) -> Code;

    /// What to do next, as one sentence or command.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Lines to show as they are below the message, such as a container's last words.
    fn detail(&self) -> Vec<String> {
        Vec::new()
    }

    /// How the program ends because of it.
    fn exit(&self) -> Exit {
        Exit::Failed
    }
}

/// Any failure of the program, ready to be shown.
pub struct Error(Box<dyn Explain>);

impl<E: Explain> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error {
    /// How the program ends because of it.
    pub fn exit(&self) -> Exit {
        self.0.exit()
    }

    /// What kind of input or output failed, where that is what happened.
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        let source = self.0.source()?;
        source
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
    }

    /// The failure as data: what is printed, sent as JSON, or relayed from a job to the manager.
    pub fn report(&self) -> Report {
        let causes = self.0.source().into_iter().flat_map(chain);
        Report {
            code: self.0.code(),
            message: self.0.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            detail: self.0.detail(),
            hint: self.0.hint(),
        }
    }
}

/// An error and all its causes, outermost first.
pub fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// A failure as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The stable code.
    pub code: Code,
    /// What failed.
    pub message: String,
    /// Why, outermost cause first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// Lines to show as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A file or stream that could not be used, with what was tried.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub struct IoError {
    /// What was tried, for example `read /etc/hosts`.
    pub action: String,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl IoError {
    /// An adapter for `map_err`.
    pub fn new(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self { action, source }
    }
}

impl Explain for IoError {
    fn code(&self) -> Code {
        match self.source.kind() {
            std::io::ErrorKind::StorageFull => Code::DiskFull,
            _ => Code::Io,
        }
    }
}

/// The user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Explain for Interrupted {
    fn code(&self) -> Code {
        Code::Interrupted
    }

    fn exit(&self) -> Exit {
        Exit::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way_from_a_job_to_the_manager() {
        let error = IoError::new("read dump.sql")(std::io::ErrorKind::NotFound.into());
        let report = Error::from(error).report();
        let sent = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&sent).unwrap(), report);
        assert_eq!(
            (report.message.as_str(), report.causes.as_slice()),
            ("cannot read dump.sql", &["entity not found".to_owned()][..])
        );
    }
}
