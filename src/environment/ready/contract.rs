//! What a team's own API that does not become ready does otherwise than an API must, as far as that can be seen.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::engine::Contract;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::error::Code;

/// How long a fault that no program grows out of must last until it is believed: programs may listen in several steps.
const LONG_ENOUGH: Duration = Duration::from_secs(4);

/// One thing that an API does otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    what: String,
    hint: String,
    /// Whether waiting cannot help.
    is_final: bool,
}

impl Fault {
    /// As the reason why an instance is not ready.
    pub fn error(self, found: &Found) -> Error {
        let what = format!("{} {}", found.instance, self.what);
        let hint = format!("{}; docs/API.md says what an API must do", self.hint);
        Error::new(Code::ApiContract, what).hint(hint)
    }
}

/// A fault that was seen, and since when.
#[derive(Debug, Default)]
pub struct Breach(Option<(Fault, Instant)>);

impl Breach {
    /// Looks again. A fault that is final and has been there for long enough is an error.
    pub async fn persists(
        &mut self,
        engine: &Arc<dyn Engine>,
        found: &Found,
        words: &str,
    ) -> Option<Error> {
        let fault = fault(engine, found, words).await;
        let fault = fault.filter(|fault| fault.is_final)?;
        match &self.0 {
            Some((same, since)) if *same == fault => {
                (since.elapsed() >= LONG_ENOUGH).then(|| fault.error(found))
            }
            _ => {
                self.0 = Some((fault, Instant::now()));
                None
            }
        }
    }
}

/// What an API does otherwise than its contract says; `words` are its last answer, or why there was none.
pub async fn fault(engine: &Arc<dyn Engine>, found: &Found, words: &str) -> Option<Fault> {
    let contract = found.contract.as_ref()?;
    let status = words
        .split_once(':')
        .and_then(|(status, _)| status.parse().ok());
    match status {
        Some(status) => of_status(contract, status),
        None => of_listeners(contract, engine.listeners(found).await.as_deref()),
    }
}

/// 5xx is what an API answers that is not ready yet.
fn of_status(contract: &Contract, status: u16) -> Option<Fault> {
    let Contract { health, .. } = contract;
    (status < 500).then(|| Fault {
        what: format!("answers GET {health} with {status}, not with 200"),
        hint: "name the path at which it says whether it is healthy: `health` of [api]".to_owned(),
        is_final: true,
    })
}

fn of_listeners(contract: &Contract, listeners: Option<&[SocketAddr]>) -> Option<Fault> {
    let port = contract.port;
    let listeners = listeners?;
    let everywhere = format!("let it listen on 0.0.0.0:{port}");
    let (open, closed): (Vec<&SocketAddr>, Vec<&SocketAddr>) = listeners
        .iter()
        .partition(|socket| !socket.ip().is_loopback());
    if open.iter().any(|socket| socket.port() == port) {
        let path = &contract.health;
        return Some(Fault {
            what: format!("listens on port {port} of its container and does not answer GET {path}"),
            hint: "find out what it waits for, or give it more time with --wait-timeout".to_owned(),
            is_final: false,
        });
    }
    if let Some(socket) = closed.iter().find(|socket| socket.port() == port) {
        return Some(Fault {
            what: format!(
                "listens on {socket} inside its container, where nobody else can reach it"
            ),
            hint: everywhere,
            is_final: true,
        });
    }
    if let Some(other) = open.first().map(|socket| socket.port()) {
        return Some(Fault {
            what: format!("listens on port {other} of its container, not on {port}"),
            hint: format!("say so in the profile: `listen = {other}` of [api]; or {everywhere}"),
            is_final: false,
        });
    }
    let what = match closed.first() {
        Some(socket) => format!("listens only on {socket} inside its container"),
        None => "listens on no port of its container".to_owned(),
    };
    Some(Fault {
        what,
        hint: format!("{everywhere}, or give it more time with --wait-timeout"),
        is_final: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract() -> Contract {
        Contract {
            port: 8000,
            health: "/ok".to_owned(),
        }
    }

    #[test]
    fn where_an_api_listens_instead_is_told() {
        type Case = (&'static [&'static str], (&'static str, bool));
        let cases: [Case; 6] = [
            (&["0.0.0.0:8000"], ("does not answer GET /ok", false)),
            (
                &["127.0.0.1:9", "[::]:8000"],
                ("listens on port 8000 of its container and does", false),
            ),
            (
                &["127.0.0.1:8000"],
                ("listens on 127.0.0.1:8000 inside", true),
            ),
            (
                &["0.0.0.0:5000"],
                ("listens on port 5000 of its container, not on 8000", false),
            ),
            (
                &["127.0.0.1:5000"],
                ("listens only on 127.0.0.1:5000", false),
            ),
            (&[], ("listens on no port", false)),
        ];
        for (listeners, (words, is_final)) in cases {
            let listeners: Vec<_> = listeners.iter().map(|text| text.parse().unwrap()).collect();
            let fault = of_listeners(&contract(), Some(&listeners));
            let fault = fault.unwrap();
            let is_as_expected = fault.what.contains(words) && fault.is_final == is_final;
            assert!(is_as_expected, "{listeners:?}: {fault:?}");
        }
        assert_eq!(of_listeners(&contract(), None), None);
    }

    #[test]
    fn an_api_that_is_not_ready_yet_breaks_no_contract() {
        assert_eq!(of_status(&contract(), 503), None);
        let fault = of_status(&contract(), 404).unwrap();
        assert_eq!(fault.what, "answers GET /ok with 404, not with 200");
    }
}
