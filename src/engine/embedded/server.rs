//! PostgreSQL as the role `database`: found, given a cluster, and described as a process.

use std::io;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::disk;
use super::home::Home;
use super::home::Place;
use super::home::unusable;
use super::postgres;
use super::postgres::Choice;
use super::postgres::Installation;
use super::postgres::Machine;
use super::postgres::Request;
use super::postgres::Use;
use super::postgres::Version;
use super::postgres::account;
use super::postgres::account::Account;
use super::postgres::cluster;
use super::record::Launch;
use crate::engine::Provenance;
use crate::engine::Result;
use crate::engine::Service;
use crate::engine::Watcher;
use crate::profile::Durability;
use crate::profile::Postgres;

/// A server that is ready to be started.
#[derive(Debug)]
pub struct Prepared {
    /// Its programs.
    pub installation: Installation,
    /// As whom it runs.
    account: Option<Account>,
}

/// Finds or fetches the programs, and makes the cluster unless it is there.
pub async fn prepare(
    home: &Home,
    place: &Place,
    service: &Service,
    watcher: &dyn Watcher,
) -> Result<Prepared> {
    let account = account::of_roles()?;
    let major = cluster::major(&place.data())?;
    let request = Request {
        image: &service.image,
        setting: &service.postgres,
        cluster: major,
    };
    let used = postgres::find(request, &machine(home), watcher).await?;
    if let Some(remark) = used.remark {
        watcher.notice(remark);
    }
    let password = std::fs::read_to_string(place.password());
    let password = password.map_err(|error| unusable(place.path(), error))?;
    cluster::prepare(cluster::Wanted {
        installation: &used.installation,
        data: &place.data(),
        account: account.as_ref(),
        password: &password,
        durability: durability(service),
    })
    .await?;
    Ok(Prepared {
        installation: used.installation,
        account,
    })
}

/// Which programs would be run, and what else is there. Nothing is fetched.
pub async fn provenance(
    home: &Home,
    place: &Place,
    image: &str,
    setting: &Postgres,
) -> Result<Provenance> {
    let request = Request {
        image,
        setting,
        cluster: cluster::major(&place.data())?,
    };
    let candidates = postgres::candidates(request, &machine(home)).await;
    let (program, origin, used) = match candidates.choice? {
        Choice::Use(Use {
            installation: Installation { programs, version },
            reason,
            ..
        }) => {
            let origin = format!("{}, {}", programs.display(), reason.as_str());
            (format!("PostgreSQL {version}"), origin, Some(programs))
        }
        Choice::Fetch(version) => {
            let origin = "fetched by the next `up`, else the newest that is installed".to_owned();
            (format!("PostgreSQL {version}"), origin, None)
        }
    };
    let others = candidates.found.into_iter();
    let others = others.filter(|(folder, _)| Some(folder) != used.as_ref());
    let other = |(folder, version): (std::path::PathBuf, Option<Version>)| match version {
        Some(version) => format!("{version} in {}", folder.display()),
        None => format!("{}, which does not start", folder.display()),
    };
    Ok(Provenance {
        program,
        is_there: used.is_some(),
        origin,
        others: others.map(other).collect(),
    })
}

fn machine(home: &Home) -> Machine {
    Machine::this(home.path().join("postgres"))
}

/// What a crash of the machine may cost, as the server will be told.
fn durability(service: &Service) -> Durability {
    let is_fast = service.arguments.iter().any(|word| word == "fsync=off");
    if is_fast {
        Durability::Fast
    } else {
        Durability::Safe
    }
}

impl Prepared {
    /// The process that listens at `address`.
    pub fn launch(self, place: &Place, service: &Service, address: SocketAddr) -> Launch {
        let data = place.data();
        let (ip, port) = (address.ip(), address.port());
        let program = self.installation.program("postgres");
        Launch {
            mark: disk::mark(&program),
            program,
            arguments: cluster::arguments(&data, ip, port, &service.arguments),
            variables: service.variables.clone(),
            folder: data,
            account: self.account,
            socket: None,
            restarts: true,
        }
    }
}

/// Gives a file or folder to the user of roles.
pub fn give(path: &Path, account: Option<&Account>) -> io::Result<()> {
    account.map_or(Ok(()), |account| account.own(path))
}

/// A secret that only the roles may read.
pub fn secret(path: &Path, text: &str, account: Option<&Account>) -> io::Result<()> {
    disk::replace_with(path, 0o600, |file| {
        file.write_all(text.as_bytes())?;
        // Theirs before it is in its place: nobody comes later to make it so.
        account.map_or(Ok(()), |account| account.own_open(file))
    })
}
