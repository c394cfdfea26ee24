//! When a role is ready: it answers the question it exists for, not just on its port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::engine::DATABASE_NAME;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::LogWindow;
use crate::engine::Remark;
use crate::engine::Role;
use crate::engine::State;
use crate::error::Code;
use crate::error::Result;
use crate::profile::EnvironmentName;
use crate::query;
use crate::query::BaseUrl;

/// How often a role is asked.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a role is asked before the engine is, which has better things to do while one starts.
const LOOK: Duration = Duration::from_millis(500);

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many of its last lines a role that failed is shown with.
const LAST_LINES: u64 = 20;

/// Waits until a role that was started answers. A role that dies instead is reported with its last words.
pub async fn wait(
    engine: &Arc<dyn Engine>,
    environment: &EnvironmentName,
    instance: Instance,
    deadline: Instant,
) -> Result<Remark> {
    let mut restarts = None;
    loop {
        let observed = engine.observe(environment).await?;
        let Some(found) = observed.find(instance) else {
            return Err(Error::new(
                Code::RoleDied,
                format!("{instance} was removed while it started"),
            )
            .into());
        };
        let restarts = *restarts.get_or_insert(found.restarts);
        if has_died(found, restarts) {
            return Err(died(engine, found).await.into());
        }
        match ask_again(found, deadline.min(Instant::now() + LOOK)).await {
            Ok(()) => return Ok(None),
            Err(words) if Instant::now() >= deadline => {
                return Err(late(engine, found, &words).await.into());
            }
            Err(_) => {}
        }
    }
}

/// Asks a role until it works, or it is late.
async fn ask_again(found: &Found, until: Instant) -> Result<(), String> {
    loop {
        let answer = ask(found).await;
        if answer.is_ok() || Instant::now() >= until {
            return answer;
        }
        sleep(PAUSE).await;
    }
}

fn has_died(found: &Found, restarts: u64) -> bool {
    let ended = matches!(found.state, State::Exited { .. } | State::Restarting);
    ended || found.restarts > restarts
}

/// Asks a role whether it works. The error is what it answered instead.
pub async fn ask(found: &Found) -> Result<(), String> {
    let Some(endpoint) = found.endpoint else {
        return Err(format!(
            "its port is not published while it is {}",
            found.state
        ));
    };
    let asked = async {
        match found.instance.role {
            Role::Database => ask_database(endpoint).await,
            Role::Api | Role::Seed => ask_api(endpoint).await,
        }
    };
    timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}

/// Whether PostgreSQL takes connections to the database. Something in between (Docker's proxy) accepts connections before
/// PostgreSQL does, and PostgreSQL accepts them before it serves; so a session is begun, up to where the password would
/// be asked for (PostgreSQL documentation, "Message Formats": `StartupMessage`, `Authentication…`, `ErrorResponse`).
async fn ask_database(endpoint: SocketAddr) -> Result<(), String> {
    let exchange = async {
        let mut stream = TcpStream::connect(endpoint).await?;
        stream.write_all(&startup_message()).await?;
        let kind = stream.read_u8().await?;
        let length = stream.read_u32().await?.saturating_sub(4).min(8192);
        let mut body = Vec::new();
        stream
            .take(u64::from(length))
            .read_to_end(&mut body)
            .await?;
        Ok::<_, std::io::Error>((kind, body))
    };
    match exchange.await {
        Ok((b'R', _)) => Ok(()),
        Ok((b'E', body)) => Err(server_words(&body)),
        Ok(_) => Err(format!(
            "port {} does not speak PostgreSQL",
            endpoint.port()
        )),
        Err(error) => Err(error.to_string()),
    }
}

fn startup_message() -> Vec<u8> {
    const PROTOCOL: u32 = 3 << 16;
    let parameters = format!("user\0{DATABASE_NAME}\0database\0{DATABASE_NAME}\0\0");
    let length = u32::try_from(8 + parameters.len()).expect("a few short words");
    [
        &length.to_be_bytes()[..],
        &PROTOCOL.to_be_bytes()[..],
        parameters.as_bytes(),
    ]
    .concat()
}

/// The message of an `ErrorResponse`, whose fields each begin with a letter and end with a zero.
fn server_words(body: &[u8]) -> String {
    let mut fields = body.split(|byte| *byte == 0);
    let message = fields.find_map(|field| field.strip_prefix(b"M"));
    message.map_or_else(
        || "an error".to_owned(),
        |words| String::from_utf8_lossy(words).into_owned(),
    )
}

async fn ask_api(endpoint: SocketAddr) -> Result<(), String> {
    let response = query::get(&BaseUrl::from(endpoint), "/health/ready", PATIENCE).await;
    let response = response.map_err(|error| error.to_string())?;
    match response.status.as_u16() {
        200 => Ok(()),
        status => Err(format!(
            "{status}: {}",
            String::from_utf8_lossy(&response.body).trim()
        )),
    }
}

async fn died(engine: &Arc<dyn Engine>, found: &Found) -> Error {
    let how = match found.state {
        State::Exited {
            out_of_memory: true,
            ..
        } => "was killed: it used more memory than it may".to_owned(),
        State::Exited { code, .. } => format!("ended at once with exit code {code}"),
        _ => "keeps ending as soon as it is started".to_owned(),
    };
    Error::new(Code::RoleDied, format!("{} {how}", found.instance))
        .detail(last_lines(engine, found).await)
        .hint(format!(
            "`ratesdev logs {}` shows all it wrote",
            found.instance.role
        ))
}

async fn late(engine: &Arc<dyn Engine>, found: &Found, words: &str) -> Error {
    Error::new(
        Code::NotReady,
        format!("{} did not become ready in time", found.instance),
    )
    .because(format!("its last answer: {words}"))
    .detail(last_lines(engine, found).await)
    .hint("give it more time with --wait-timeout, or look at `ratesdev logs`")
}

async fn last_lines(engine: &Arc<dyn Engine>, found: &Found) -> Vec<String> {
    let window = LogWindow {
        tail: Some(LAST_LINES),
        ..LogWindow::default()
    };
    let lines = engine.logs(&found.id, window);
    lines
        .filter_map(|line| std::future::ready(line.ok().map(|line| line.text)))
        .collect()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_starts_is_quoted() {
        let body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(server_words(body), "the database system is starting up");
        assert_eq!(server_words(b""), "an error");
    }

    #[test]
    fn a_session_is_asked_for_as_the_protocol_wants_it() {
        let message = startup_message();
        assert_eq!(usize::from(message[3]), message.len());
        assert!(message.ends_with(b"user\0rates\0database\0rates\0\0"));
    }
}
