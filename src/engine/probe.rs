//! The question a role exists for, asked of it: how everybody finds out whether it works.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::DATABASE_NAME;
use super::Role;
use crate::query;
use crate::query::BaseUrl;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the API that is ratesdev's own says whether it is ready.
const READY: &str = "/health/ready";

/// Asks a role at its endpoint whether it works. The error is what it answered instead.
pub async fn ask(role: Role, endpoint: SocketAddr) -> Result<(), String> {
    match role {
        Role::Database => ask_database(endpoint).await,
        Role::Api | Role::Seed => ask_health(endpoint, READY).await,
        // What it is asked follows from its profile.
        Role::Service(_) => Ok(()),
    }
}

/// Asks at the path where an API says whether it is healthy: 200 means that it is. The error is what it answered
/// instead, with its status first where there was one.
pub async fn ask_health(endpoint: SocketAddr, path: &str) -> Result<(), String> {
    let response = query::get(&BaseUrl::from(endpoint), path, PATIENCE).await;
    let response = response.map_err(|error| format!("{error}: {}", error.cause))?;
    match response.status.as_u16() {
        200 => Ok(()),
        status => Err(format!("{status}: {}", query::first_line(&response.body))),
    }
}

/// Asks a service of the team's own for its health. The error is what it answered instead.
pub async fn ask_path(endpoint: SocketAddr, path: &str) -> Result<(), String> {
    let response = query::get(&BaseUrl::from(endpoint), path, PATIENCE).await;
    let response = response.map_err(|error| format!("{path}: {error}"))?;
    match response.status.as_u16() {
        ..400 => Ok(()),
        status => Err(format!("{path} is answered {status}")),
    }
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
    let Ok(answer) = timeout(PATIENCE, exchange).await else {
        return Err(format!("no answer within {} s", PATIENCE.as_secs()));
    };
    match answer {
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
