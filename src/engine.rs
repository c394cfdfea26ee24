//! Where roles run: the one trait every engine fulfils. The words it is spoken to in are in the modules below.

mod action;
pub mod choice;
#[cfg(test)]
mod contract;
pub mod docker;
#[cfg(unix)]
pub mod embedded;
mod error;
#[cfg(test)]
pub mod fake;
pub mod inspect;
mod instance;
pub mod load;
mod observed;
pub mod postmortem;
pub mod probe;
mod report;
pub mod variables;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use futures_util::stream::BoxStream;

use crate::database::Password;
use crate::database::note::Note;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::Postgres;
pub use crate::profile::Role;
use crate::text::hex;
pub use action::Action;
pub use action::Contract;
pub use action::Extras;
pub use action::Grace;
pub use action::Parts;
pub use action::Probe;
pub use action::Progress;
pub use action::Publish;
pub use action::PublishedPort;
pub use action::Remark;
pub use action::SeedJob;
pub use action::Service;
pub use action::Watcher;
use choice::Presence;
pub use error::Error;
pub use error::port_taken;
pub use instance::Identity;
pub use instance::Instance;
pub use observed::Contents;
pub use observed::Found;
pub use observed::FoundPort;
pub use observed::Glimpse;
pub use observed::Health;
pub use observed::HealthStatus;
pub use observed::Network;
pub use observed::Observed;
pub use observed::Overview;
pub use observed::State;
pub use observed::Volume;
pub use report::About;
pub use report::Event;
pub use report::EventKind;
pub use report::Exec;
pub use report::Flow;
pub use report::LogLine;
pub use report::LogWindow;
pub use report::Machine;
pub use report::Provenance;
pub use report::Reading;
pub use report::Usage;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The name of the database, and of the user that owns it, in every environment.
pub const DATABASE_NAME: &str = "rates";

/// Where the API that is ratesdev's own listens inside its container.
pub const API_PORT: u16 = 8000;

/// Where the database listens inside its container.
pub const DATABASE_PORT: u16 = 5432;

/// Where roles run. The truth about an environment is what this reports; nothing is remembered elsewhere.
#[async_trait]
pub trait Engine: fmt::Debug + Send + Sync {
    /// What it is and where.
    fn about(&self) -> &About;

    /// What programs must be like to run there. An engine that does not know it yet asks.
    async fn platform(&self) -> Result<Platform> {
        Ok(self.about().platform.clone())
    }

    /// What its machine has to offer; an engine that knows no better than its user tells nothing.
    async fn machine(&self) -> Result<Machine> {
        Ok(Machine::default())
    }

    /// What an instance that is made from `service` will carry as its `config_hash`.
    fn config_hash(&self, service: &Service) -> String;

    /// Whether an image is there, so that nothing needs to be pulled or built.
    async fn has_image(&self, image: &str) -> Result<bool>;

    /// Makes sure that an image could be pulled, where the engine can find that out; nothing is pulled.
    async fn find_in_registry(&self, _image: &str) -> Result<()> {
        Ok(())
    }

    /// Which program an image of PostgreSQL, and the setting `database.postgres`, come to for an environment, if it can open
    /// the data that is there. Nothing is fetched or started.
    async fn provenance(
        &self,
        _environment: &EnvironmentName,
        image: &str,
        _postgres: &Postgres,
    ) -> Result<Provenance> {
        Ok(Provenance::of_image(image))
    }

    /// The file that is locked by whoever changes an environment, where the engine has a place for it that all its users
    /// see.
    fn lock_file(&self, environment: &EnvironmentName) -> Result<Option<PathBuf>> {
        let _ = environment;
        Ok(None)
    }

    /// Removes what commands that were killed have made half of beside the environments.
    fn forget_unfinished(&self) {}

    /// Whether the disk that holds data has room, as far as this engine knows.
    fn has_room(&self) -> bool {
        true
    }

    /// Who holds a published port, where this engine knows.
    async fn holder(&self, port: PortNumber) -> Option<String>;

    /// Where this process reaches a published port: that port, unless something here leads to it.
    async fn reached(&self, published: SocketAddr) -> Result<SocketAddr> {
        Ok(published)
    }

    /// Whether the way to the published ports that were observed takes a while to be opened.
    fn is_far(&self, observed: &Observed) -> bool {
        let _ = observed;
        false
    }

    /// Opens the way to the published ports that were observed. It opens by itself when one is used; who has a deadline
    /// for an answer opens it before.
    async fn open_way(&self, observed: &Observed) -> Result<()> {
        let _ = observed;
        Ok(())
    }

    /// The command that makes these published ports ports of this machine, where they are not and need not stay so.
    fn tunnel(&self, ports: &[SocketAddr]) -> Option<String> {
        let _ = ports;
        None
    }

    /// The password of the database's owner, for a connection to the published port; it is never shown.
    async fn password(&self, database: &Found) -> Result<Password>;

    /// Everything that exists of an environment.
    async fn observe(&self, environment: &EnvironmentName) -> Result<Observed>;

    /// How much of an environment there is, which may be found out with less than it takes to see everything.
    async fn presence(&self, environment: &EnvironmentName) -> Result<Presence> {
        let observed = self.observe(environment).await?;
        Ok((&observed).into())
    }

    /// The names of all environments.
    async fn environments(&self) -> Result<Vec<EnvironmentName>>;

    /// All environments at a glance, by name; with `kept`, those too of which only data is left. An engine that can tell
    /// them all at once does.
    async fn overview(&self, kept: bool) -> Result<Vec<Overview>> {
        let names = self.environments().await?;
        let observed = try_join_all(names.iter().map(|name| self.observe(name))).await?;
        let all = names.into_iter().zip(observed);
        Ok(all
            .filter(|(_, observed)| kept || !observed.instances.is_empty())
            .map(|(name, observed)| Overview::of(name, &observed))
            .collect())
    }

    /// Carries out one change. Doing it again, or going on with one that was cut off, is no error.
    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        watcher: &dyn Watcher,
    ) -> Result<Remark>;

    /// The lines an instance wrote, oldest first. A followed log ends when the instance does.
    fn logs(&self, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>>;

    /// What the database of an environment says it was loaded with, asked without the API; the error is why it cannot be
    /// asked. Only engines that run other APIs than ratesdev's own need to know.
    async fn note(&self, _observed: &Observed) -> Result<Option<Note>, String> {
        Err("this engine cannot ask the database".to_owned())
    }

    /// The addresses on which an instance listens inside, where the engine can see them.
    async fn listeners(&self, _found: &Found) -> Option<Vec<SocketAddr>> {
        None
    }

    /// What an instance has used so far; absent when it does not run.
    async fn reading(&self, id: &str) -> Result<Option<Reading>>;

    /// Everything the engine knows of an instance, in its own words. It may hold secrets; [`inspect::masked`] takes
    /// them out.
    async fn inspect(&self, found: &Found) -> Result<serde_json::Value>;

    /// Runs a command beside an instance, on the streams of this process, and returns its exit code.
    async fn exec(&self, found: &Found, exec: &Exec) -> Result<i32>;

    /// What happened to the instances of an environment, or of all, oldest first, as far back as the engine remembers.
    fn events(
        &self,
        environment: Option<&EnvironmentName>,
        window: LogWindow,
    ) -> BoxStream<'static, Result<Event>>;
}

/// The roles that a role of every environment cannot do without.
pub fn usual_needs(role: Role) -> &'static [Role] {
    match role {
        Role::Seed => &[Role::Database],
        Role::Api => &[Role::Database, Role::Seed],
        Role::Database | Role::Service(_) => &[],
    }
}

/// How long a role may take to end before it is killed, where nobody says.
pub fn stop_grace(role: Role) -> Duration {
    match role {
        Role::Database => Duration::from_secs(30),
        Role::Seed | Role::Api => Duration::from_secs(15),
        // What Docker itself gives a container.
        Role::Service(_) => Duration::from_secs(10),
    }
}

/// The password of a database: 64 hexadecimal digits.
pub fn random_password() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Code::Io, "cannot get random bytes for a password").because(error.to_string())
    })?;
    Ok(hex(&bytes))
}
