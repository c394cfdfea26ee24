//! Why an engine could not do what it was asked.

use super::Instance;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::profile::PortNumber;
use crate::profile::Protocol;

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// What failed.
    pub what: String,
    /// Why, in the engine's words.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Lines to show as they are.
    pub detail: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Error {
    /// A failure with nothing but a code and a sentence.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            source: None,
            detail: Vec::new(),
            hint: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds lines to show as they are.
    #[must_use]
    pub fn detail(mut self, lines: Vec<String>) -> Self {
        self.detail = lines;
        self
    }
}

impl Explain for Error {
    fn code(&self) -> Code {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn detail(&self) -> Vec<String> {
        self.detail.clone()
    }

    /// A command that could not be run ends as in a shell.
    fn exit(&self) -> Exit {
        match self.code {
            Code::ProgramRefused => Exit::Of(126),
            Code::ProgramMissing => Exit::Of(127),
            _ => Exit::Failed,
        }
    }
}

/// A published port that something else holds. `holder` is who the engine knows to hold it; otherwise this machine's
/// processes are asked.
pub fn port_taken(port: PortNumber, wanted: Instance, holder: Option<String>) -> Error {
    let process = || {
        let protocol = match port.protocol {
            Protocol::Tcp => listeners::Protocol::TCP,
            Protocol::Udp => listeners::Protocol::UDP,
        };
        let process = listeners::get_process_by_port(port.number, protocol).ok()?;
        Some(format!("{} (process {})", process.name, process.pid))
    };
    let holder = holder
        .or_else(process)
        .unwrap_or_else(|| "another program".to_owned());
    let role = wanted.role;
    Error::new(
        Code::PortTaken,
        format!("port {port}, which {wanted} should publish, is taken by {holder}"),
    )
    .hint(if role.is_own() {
        format!("stop it, or choose another port in `services.{role}.ports`: \"auto\" takes a free one")
    } else {
        format!("stop it, or choose another port: add `--set {role}.port=auto` to the command, which takes a free one")
    })
}
