//! Processes of this machine, without Docker. PostgreSQL is one that is installed or fetched; the other roles are this
//! program.
//!
//! Every environment has a folder with its data, its secrets, its logs and a record of each instance, and while anything
//! of it runs a supervisor, which is this program too. The supervisor says what runs. Where there is none, the records
//! do, and no process is believed to be one of them by its number alone.

mod client;
mod disk;
mod events;
mod exec;
mod holder;
mod home;
mod job;
mod leftovers;
mod log;
mod observe;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "a part of it is for reports that are on their way"
    )
)]
mod postgres;
mod process;
mod program;
mod protocol;
mod pulse;
mod record;
mod restart;
mod rolled;
mod server;
mod service;
mod socket;
mod supervisor;
mod takeover;
mod usage;
mod volume;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use rustix::process::Signal;

use super::About;
use super::Action;
use super::Engine;
use super::Error;
use super::Event;
use super::EventKind;
use super::Exec;
use super::Found;
use super::Grace;
use super::Identity;
use super::Instance;
use super::LogLine;
use super::LogWindow;
use super::Machine;
use super::Observed;
use super::Overview;
use super::Provenance;
use super::Reading;
use super::Remark;
use super::Result;
use super::Role;
use super::Service;
use super::Watcher;
use super::port_taken;
use super::stop_grace;
use crate::database::Password;
use crate::error::Code;
use crate::image;
use crate::image::ApiImage;
use crate::image::Platform;
use crate::image::REPOSITORY;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::Postgres;
use crate::text::hex;
use home::Home;
use home::Place;
use home::unusable;
use record::Life;
use record::Owner;
use record::Record;
pub use supervisor::supervise;
use takeover::clean_up;

/// How long a role may take to end after it was asked less gently.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// The signals that stop a role, each with how long it is waited for.
fn stopping(role: Role, grace: Grace) -> Vec<(Signal, Duration)> {
    let grace = grace.unwrap_or_else(|| stop_grace(role));
    match role {
        // PostgreSQL documentation, "Shutting Down the Server": fast, then immediate.
        Role::Database => vec![
            (Signal::INT, grace),
            (Signal::QUIT, LAST_GRACE),
            (Signal::KILL, LAST_GRACE),
        ],
        Role::Seed | Role::Api | Role::Service(_) => {
            vec![(Signal::TERM, grace), (Signal::KILL, LAST_GRACE)]
        }
    }
}

fn lacks_services(role: Role) -> Error {
    let what = format!("the engine embedded cannot run {role}: it has no containers");
    Error::new(Code::EngineLacks, what)
}

/// This machine's processes.
#[derive(Debug)]
pub struct Embedded {
    home: Home,
    about: About,
    /// The image of this very program, as far as it was asked for; supervisors run from it.
    image: Mutex<Option<String>>,
}

impl Embedded {
    /// The environments in the folder that `RATESDEV_HOME` names, else in the usual one of this user.
    pub fn open(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let home = Home::find(variable)?;
        let about = About {
            engine: "embedded",
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: home.path().display().to_string(),
            local: true,
            platform: Platform::Process,
        };
        Ok(Self {
            home,
            about,
            image: Mutex::default(),
        })
    }

    fn remember(&self, image: &str) {
        let mut known = self.image.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(image.to_owned());
    }

    /// A copy of this program from which a supervisor can run.
    fn supervisor_program(&self) -> Result<PathBuf> {
        let known = self
            .image
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(image) = known.filter(|image| program::is_there(&self.home, image)) {
            return Ok(program::path(&self.home, &image));
        }
        let locate = |this: PathBuf| {
            let (root, cache) = (self.home.path(), image::cache());
            ApiImage::locate(&this, root, &self.about.platform, cache.as_deref())
        };
        let this = std::env::current_exe().and_then(locate);
        let this = this.map_err(|error| unusable(self.home.path(), error))?;
        if !program::is_there(&self.home, this.tag()) {
            program::build(&self.home, &this)?;
        }
        self.remember(this.tag());
        Ok(program::path(&self.home, this.tag()))
    }

    /// Makes the instance as described unless it runs, and starts it; the engine's name for it.
    async fn start(
        &self,
        owner: &Identity,
        service: &Service,
        watcher: &dyn Watcher,
    ) -> Result<String> {
        let place = self.home.place(&owner.environment);
        self.home.make()?;
        place.make()?;
        // What is left holds the very port that is about to be chosen.
        clean_up(&place, None).await?;
        let earlier = record::read(&place, service.instance)
            .map_err(|error| unusable(place.path(), error))?;
        let record = match service.instance.role {
            Role::Database => {
                self.database(&place, owner, (service, watcher), earlier)
                    .await?
            }
            Role::Seed | Role::Api => self.own(&place, owner, service, earlier)?,
            // Refused before anything was planned.
            Role::Service(_) => return Err(lacks_services(service.instance.role)),
        };
        let id = observe::id(&place, &record);
        client::start(&place, &self.supervisor_program()?, record).await?;
        Ok(id)
    }

    async fn database(
        &self,
        place: &Place,
        owner: &Identity,
        (service, watcher): (&Service, &dyn Watcher),
        earlier: Option<Record>,
    ) -> Result<Record> {
        let prepared = server::prepare(&self.home, place, service, watcher).await?;
        let mut record = self.record(owner, service, earlier)?;
        let publish = service.publish.ok_or_else(|| no_port(service.instance))?;
        let had = record.endpoint.map(|endpoint| endpoint.port());
        let port = service::port(place, service, publish, had)?;
        let address = SocketAddr::new(publish.address, port);
        record.image = format!("PostgreSQL {}", prepared.installation.version);
        record.launch = prepared.launch(place, service, address);
        record.endpoint = Some(SocketAddr::new(service::reached(publish.address), port));
        Ok(record)
    }

    fn own(
        &self,
        place: &Place,
        owner: &Identity,
        service: &Service,
        earlier: Option<Record>,
    ) -> Result<Record> {
        let fail = |error| unusable(place.path(), error);
        disk::folder(&place.workplace(service.instance), disk::way()).map_err(fail)?;
        let database = record::read(place, Instance::first(Role::Database)).map_err(fail)?;
        let database = database.and_then(|database| database.endpoint);
        let is_job = !service.instance.role.is_service();
        let account = postgres::account::of_roles()?.filter(|_| !is_job);
        let mut record = self.record(owner, service, earlier)?;
        record.launch = service::own(&self.home, place, service, account, database);
        if let Some(publish) = service.publish {
            let had = record.endpoint.map(|endpoint| endpoint.port());
            let port = service::port(place, service, publish, had)?;
            record.launch.socket = Some(service::socket(publish, port));
            record.endpoint = Some(SocketAddr::new(service::reached(publish.address), port));
        }
        Ok(record)
    }

    /// The record of an instance that was never started; of an earlier one it keeps the name and the port.
    fn record(
        &self,
        owner: &Identity,
        service: &Service,
        earlier: Option<Record>,
    ) -> Result<Record> {
        let (token, endpoint) = match earlier {
            Some(earlier) => (earlier.token, earlier.endpoint),
            None => (token()?, None),
        };
        Ok(Record {
            instance: service.instance,
            token,
            image: service.image.clone(),
            config_hash: self.config_hash(service),
            owner: Owner::from(owner),
            launch: record::Launch::default(),
            endpoint,
            life: Life::Made { error: None },
        })
    }

    async fn stop(&self, place: &Place, instance: Instance, grace: Grace) -> Result<()> {
        if client::stop(place, instance, grace).await? {
            return Ok(());
        }
        clean_up(place, grace).await
    }

    async fn resume(&self, found: &Found) -> Result<()> {
        let (place, mut record) = self.found(found)?;
        clean_up(&place, None).await?;
        match record.process() {
            // One that is frozen goes on.
            Some(process) => process.signal(Signal::CONT),
            None => self.refuse_taken_port(&record)?,
        }
        record.life = Life::Made { error: None };
        client::start(&place, &self.supervisor_program()?, record).await
    }

    /// A port that something else listens on by now would be told by the role's own death, or not at all.
    fn refuse_taken_port(&self, record: &Record) -> Result<()> {
        let Some(endpoint) = record.endpoint.filter(|_| !record.may_move()) else {
            return Ok(());
        };
        if !service::is_taken(endpoint) {
            return Ok(());
        }
        let port = endpoint.port().into();
        let taken = port_taken(port, record.instance, observe::holder(&self.home, port));
        Err(taken.hint("stop it, or have `ratesdev up` choose another port, as the profile says"))
    }

    async fn remove(&self, place: &Place, found: &Found, grace: Grace) -> Result<()> {
        self.stop(place, found.instance, grace).await?;
        if place.record(found.instance).exists() {
            volume::forget(place, found.instance)?;
            events::add(place, found.instance, EventKind::Removed);
        }
        Ok(())
    }

    fn found(&self, found: &Found) -> Result<(Place, Record)> {
        observe::record_of(&self.home, &found.id)
            .ok_or_else(|| Error::new(Code::NotRunning, format!("{} has gone", found.name)))
    }
}

fn no_port(instance: Instance) -> Error {
    Error::new(Code::RoleDied, format!("{instance} has no port"))
}

/// A word that no other instance has.
fn token() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Code::Io, "cannot get random bytes").because(error.to_string())
    })?;
    Ok(hex(&bytes))
}

#[async_trait]
impl Engine for Embedded {
    fn about(&self) -> &About {
        &self.about
    }

    /// Processes have what this machine has; only the folder is this engine's own.
    async fn machine(&self) -> Result<Machine> {
        Ok(Machine {
            folder: Some(self.home.path().to_owned()),
            ..Machine::default()
        })
    }

    fn config_hash(&self, service: &Service) -> String {
        service::hash(service)
    }

    async fn has_image(&self, image: &str) -> Result<bool> {
        if !image.starts_with(REPOSITORY) {
            return Ok(true);
        }
        self.remember(image);
        Ok(program::is_there(&self.home, image))
    }

    async fn provenance(
        &self,
        environment: &EnvironmentName,
        image: &str,
        postgres: &Postgres,
    ) -> Result<Provenance> {
        let place = self.home.place(environment);
        server::provenance(&self.home, &place, image, postgres).await
    }

    fn lock_file(&self, environment: &EnvironmentName) -> Result<Option<PathBuf>> {
        self.home.lock(environment).map(Some)
    }

    fn forget_unfinished(&self) {
        program::forget_unfinished(&self.home);
    }

    fn has_room(&self) -> bool {
        !disk::is_full(self.home.path())
    }

    async fn holder(&self, port: PortNumber) -> Option<String> {
        observe::holder(&self.home, port)
    }

    async fn password(&self, database: &Found) -> Result<Password> {
        let file = self.found(database)?.0.password();
        let text = tokio::fs::read_to_string(&file).await;
        text.map(Password::new)
            .map_err(|error| unusable(&file, error))
    }

    async fn observe(&self, environment: &EnvironmentName) -> Result<Observed> {
        observe::environment(&self.home, environment, client::QUICK).await
    }

    async fn environments(&self) -> Result<Vec<EnvironmentName>> {
        observe::environments(&self.home)
    }

    /// Folders without instances are those of which data is kept.
    async fn overview(&self, kept: bool) -> Result<Vec<Overview>> {
        observe::overview(&self.home, kept).await
    }

    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        watcher: &dyn Watcher,
    ) -> Result<Remark> {
        let place = self.home.place(&owner.environment);
        match action {
            // PostgreSQL is fetched by the start that needs it, which knows the data it must open.
            Action::Pull(_) | Action::CreateNetwork | Action::RemoveNetwork => Ok(None),
            Action::Build(image) => {
                self.remember(image.tag());
                program::build(&self.home, image).map(|()| None)
            }
            Action::BuildFolder(_) => Err(Error::new(
                Code::EngineLacks,
                "the engine embedded builds no images",
            )),
            Action::CreateVolumes(_) => {
                let account = postgres::account::of_roles()?;
                volume::create(&self.home, &place, owner, account.as_ref()).map(|()| None)
            }
            Action::Start(service) => self.start(owner, service, watcher).await.map(|_| None),
            Action::Seed(job) => self.seed(owner, job, watcher).await,
            Action::Stop(found, grace) => self
                .stop(&place, found.instance, *grace)
                .await
                .map(|()| None),
            Action::Resume(found) => self.resume(found).await.map(|()| None),
            Action::Remove(found, grace) => self.remove(&place, found, *grace).await.map(|()| None),
            Action::RemoveVolumes => volume::remove(&place).await.map(|()| None),
        }
    }

    fn logs(&self, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
        match observe::record_of(&self.home, id) {
            Some((place, record)) => log::read(place, record.instance, record.token, window),
            None => futures_util::stream::empty().boxed(),
        }
    }

    async fn reading(&self, id: &str) -> Result<Option<Reading>> {
        let found = observe::record_of(&self.home, id);
        let process = found.as_ref().and_then(|(_, record)| record.process());
        Ok(process.and_then(usage::read))
    }

    async fn inspect(&self, found: &Found) -> Result<serde_json::Value> {
        let (place, record) = self.found(found)?;
        let record = serde_json::to_value(record).expect("a record is plain data");
        Ok(serde_json::json!({ "folder": place.path(), "record": record }))
    }

    async fn exec(&self, found: &Found, exec: &Exec) -> Result<i32> {
        let (place, record) = self.found(found)?;
        exec::run(&place, &record, exec).await
    }

    fn events(
        &self,
        environment: Option<&EnvironmentName>,
        window: LogWindow,
    ) -> BoxStream<'static, Result<Event>> {
        events::read(self.home.clone(), environment.cloned(), window)
    }
}
