//! How a role becomes a process: its program, its variables, its port.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;

use sha2::Digest;
use sha2::Sha256;

use super::home::Place;
use super::postgres::account::Account;
use super::program;
use super::record::Launch;
use super::record::Socket;
use crate::engine::DATABASE_NAME;
use crate::engine::Error;
use crate::engine::Publish;
use crate::engine::Result;
use crate::engine::Role;
use crate::engine::Service;
use crate::engine::embedded::home::Home;
use crate::engine::port_taken;
use crate::engine::variables::fill;
use crate::error::Code;
use crate::profile::Postgres;
use crate::text::hex;

/// Free ports are looked for below those that systems hand out to connections, so that no connection takes the port of
/// a role that is being started again.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A hash of what a process is made from. What this engine cannot see to, such as limits, is no part of it.
pub fn hash(service: &Service) -> String {
    let made_of = match &service.postgres {
        Postgres::Folder(folder) => Some(folder),
        Postgres::Auto => None,
    };
    let publish = service
        .publish
        .map(|publish| (publish.address, publish.port));
    let (image, variables, arguments) = (&service.image, &service.variables, &service.arguments);
    let what = format!("{:?}", (image, made_of, variables, arguments, publish));
    hex(&Sha256::digest(what)).chars().take(16).collect()
}

/// Where a published port is reached from this machine.
pub fn reached(address: IpAddr) -> IpAddr {
    if address.is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        address
    }
}

/// The port of a role: the one that is wanted, else the one it had, else a free one.
pub fn port(place: &Place, service: &Service, publish: Publish, had: Option<u16>) -> Result<u16> {
    let bind = |port: u16| TcpListener::bind((publish.address, port));
    match publish.port {
        Some(port)
            if service.instance.role == Role::Database
                && is_taken(SocketAddr::new(publish.address, port)) =>
        {
            Err(port_taken(port.into(), service.instance, None))
        }
        Some(port) => Ok(port),
        None => {
            let first = first_choice(place, service);
            let tried = (FREE_PORTS.start..FREE_PORTS.end).cycle();
            let tried = tried.skip(first).take(FREE_PORTS.len());
            let mut candidates = had.into_iter().chain(tried);
            let free = candidates.find(|port| bind(*port).is_ok());
            free.ok_or_else(|| no_free_port(service, publish))
        }
    }
}

/// Whether something listens at an address.
pub fn is_taken(address: SocketAddr) -> bool {
    let bound = TcpListener::bind(address);
    bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

fn no_free_port(service: &Service, publish: Publish) -> Error {
    let (instance, address) = (service.instance, publish.address);
    Error::new(
        Code::PortTaken,
        format!("no port of {address} can be had for {instance}"),
    )
    .hint("the address must be one of this machine's; 127.0.0.1 always is")
}

/// Where an instance begins to look for a port, so that several that start at the same time do not meet.
fn first_choice(place: &Place, service: &Service) -> usize {
    let name = format!("{}/{}", place.path().display(), service.instance);
    let digest = Sha256::digest(name);
    let number = digest
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    number % FREE_PORTS.len()
}

/// The process of a role that is this program: it is told where the database is, and handed the socket it listens on.
pub fn own(
    home: &Home,
    place: &Place,
    service: &Service,
    account: Option<Account>,
    database: Option<SocketAddr>,
) -> Launch {
    let mut variables = client_variables(place, database);
    if service.instance.role == Role::Api {
        variables.insert("API_LISTEN".to_owned(), "stdin".to_owned());
    }
    variables.extend(fill(&service.variables, &variables));
    Launch {
        program: program::path(home, &service.image),
        // Its path follows from what is in it.
        mark: String::new(),
        arguments: service.arguments.clone(),
        variables,
        folder: place.workplace(service.instance),
        account,
        socket: None,
        restarts: service.instance.role.is_service(),
    }
}

/// The socket of a role, with the port it should have.
pub fn socket(publish: Publish, port: u16) -> Socket {
    Socket {
        address: SocketAddr::new(publish.address, port),
        may_move: publish.port.is_none(),
    }
}

/// The variable that says where the database is.
pub const DB_PORT: &str = "DB_PORT";

fn client_variables(place: &Place, database: Option<SocketAddr>) -> BTreeMap<String, String> {
    let database = database.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5432)));
    let variables = [
        ("DB_HOST", database.ip().to_string()),
        (DB_PORT, database.port().to_string()),
        ("DB_NAME", DATABASE_NAME.to_owned()),
        ("DB_USER", DATABASE_NAME.to_owned()),
        ("DB_PASSWORD_FILE", place.password().display().to_string()),
    ];
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The variables with which the clients of PostgreSQL find the database and its password.
pub fn libpq_variables(place: &Place, database: Option<SocketAddr>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([
        ("PGDATABASE".to_owned(), DATABASE_NAME.to_owned()),
        ("PGUSER".to_owned(), DATABASE_NAME.to_owned()),
        (
            "PGPASSFILE".to_owned(),
            place.pgpass().display().to_string(),
        ),
    ]);
    if let Some(database) = database {
        variables.insert("PGHOST".to_owned(), database.ip().to_string());
        variables.insert("PGPORT".to_owned(), database.port().to_string());
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Instance;
    use crate::profile::Bytes;
    use crate::profile::Limits;

    #[test]
    fn a_database_of_another_postgres_is_another_database() {
        let database = |postgres| Service {
            instance: Instance::first(Role::Database),
            image: "postgres:13.5".to_owned(),
            postgres,
            limits: Limits {
                memory: Bytes(1 << 30),
                millicpus: 1000,
                pids: 100,
            },
            variables: BTreeMap::new(),
            arguments: Vec::new(),
            publish: None,
            contract: None,
            extras: Box::default(),
        };
        let named = |folder: &str| database(Postgres::Folder(folder.into()));
        let found = database(Postgres::Auto);
        assert_eq!(hash(&found), hash(&found.clone()));
        assert_ne!(hash(&found), hash(&named("/opt/one")));
        assert_ne!(hash(&named("/opt/one")), hash(&named("/opt/other")));
        let tighter = Service {
            limits: Limits {
                millicpus: 1,
                ..found.limits
            },
            ..found.clone()
        };
        assert_eq!(hash(&found), hash(&tighter));
    }
}
