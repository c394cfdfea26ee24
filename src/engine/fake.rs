//! An engine in memory, for tests of what is done with engines. It fulfils the same contract as the real ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::About;
use super::Action;
use super::Contents;
use super::Engine;
use super::Error;
use super::Event;
use super::EventKind;
use super::Exec;
use super::Found;
use super::Identity;
use super::Instance;
use super::LogLine;
use super::LogWindow;
use super::Network;
use super::Observed;
use super::Overview;
use super::Reading;
use super::Remark;
use super::Result;
use super::Service;
use super::State;
use super::Volume;
use super::Watcher;
use super::usual_needs;
use crate::database::Password;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::Bytes;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::ShortName;

/// How often a follower looks for more.
const LOOK: Duration = Duration::from_millis(5);

/// The first port that is given to who wants any.
const FIRST_PORT: u16 = 40_000;

/// What a role does at once that is stopped.
const STOPPED: State = State::Exited {
    code: 0,
    out_of_memory: false,
};

/// Holds environments and does at once what it is asked.
#[derive(Debug)]
pub struct Fake {
    about: About,
    world: Arc<Mutex<World>>,
    /// The beginning of an action that fails, as it is written for debugging.
    pub breaks: Option<&'static str>,
}

/// Everything there is.
#[derive(Debug, Default)]
struct World {
    environments: BTreeMap<EnvironmentName, Observed>,
    images: Vec<String>,
    events: Vec<Event>,
    /// What each instance wrote, by its id.
    lines: BTreeMap<String, Vec<LogLine>>,
    /// How many instances were made.
    made: u16,
}

impl Fake {
    /// An engine with nothing on it.
    pub fn new() -> Self {
        let about = About {
            engine: "fake",
            version: "1".to_owned(),
            endpoint: String::new(),
            local: false,
            platform: Platform::Process,
        };
        Self {
            about,
            world: Arc::default(),
            breaks: None,
        }
    }

    /// An engine with this environment on it.
    pub fn holding(environment: &EnvironmentName, observed: Observed) -> Self {
        let fake = Self::new();
        let mut world = fake.world.lock().unwrap();
        world.environments.insert(environment.clone(), observed);
        drop(world);
        fake
    }

    fn change(&self, owner: &Identity, action: &Action) {
        let mut world = self.world.lock().unwrap();
        let name = &owner.environment;
        match action {
            Action::Pull(image) => world.images.push(image.clone()),
            Action::Build(image) => world.images.push(image.tag().to_owned()),
            Action::BuildFolder(image) => world.images.push(image.tag().to_owned()),
            Action::CreateNetwork => world.of(name).network = Network::Right,
            Action::CreateVolumes(names) => world.of(name).volumes = volumes(owner, names),
            Action::Start(service) => world.start(owner, service, self.config_hash(service)),
            Action::Seed(_) => {}
            Action::Stop(found, _) => world.stop(name, found.instance),
            Action::Resume(found) => world.go_on(name, found.instance),
            Action::Remove(found, _) => world.remove(name, found.instance),
            Action::RemoveNetwork => world.of(name).network = Network::Missing,
            Action::RemoveVolumes => world.of(name).volumes.clear(),
        }
    }
}

fn volumes(owner: &Identity, names: &[ShortName]) -> Vec<Volume> {
    let volume = |contents| Volume {
        name: format!("{}/{contents:?}", owner.environment),
        contents,
        root: owner.root.clone(),
        protected: owner.protected,
    };
    [Contents::Data, Contents::Secrets]
        .into_iter()
        .chain(names.iter().copied().map(Contents::Named))
        .map(volume)
        .collect()
}

impl World {
    fn of(&mut self, name: &EnvironmentName) -> &mut Observed {
        self.environments.entry(name.clone()).or_default()
    }

    fn find(&mut self, name: &EnvironmentName, instance: Instance) -> Option<&mut Found> {
        let mut instances = self.of(name).instances.iter_mut();
        instances.find(|found| found.instance == instance)
    }

    fn happened(&mut self, name: &EnvironmentName, instance: Instance, kind: EventKind) {
        self.events.push(Event {
            time: Timestamp::now(),
            environment: name.clone(),
            instance,
            kind,
        });
    }

    fn start(&mut self, owner: &Identity, service: &Service, config_hash: String) {
        let (name, instance) = (&owner.environment, service.instance);
        if self.find(name, instance).is_none() {
            self.made += 1;
            let mut made = found(owner, service, config_hash);
            made.id = format!("{name}/{instance}/{}", self.made);
            made.state = State::Created { error: None };
            made.published = service.publish.map(|publish| {
                let any = FIRST_PORT + self.made;
                SocketAddr::new(publish.address, publish.port.unwrap_or(any))
            });
            let all = &mut self.of(name).instances;
            all.push(made);
            all.sort_by_key(|found| found.instance);
            self.happened(name, instance, EventKind::Created);
        }
        self.go_on(name, instance);
    }

    fn go_on(&mut self, name: &EnvironmentName, instance: Instance) {
        let Some(found) = self.find(name, instance) else {
            return;
        };
        if found.state == State::Running {
            return;
        }
        found.state = State::Running;
        found.started_at = Some(Timestamp::now());
        let id = found.id.clone();
        let line = LogLine {
            time: Timestamp::now(),
            text: format!("{instance} was started"),
        };
        self.lines.entry(id).or_default().push(line);
        self.happened(name, instance, EventKind::Started);
    }

    fn stop(&mut self, name: &EnvironmentName, instance: Instance) {
        let Some(found) = self.find(name, instance) else {
            return;
        };
        if found.state == State::Running {
            found.state = STOPPED;
            found.started_at = None;
            self.happened(name, instance, EventKind::Exited { code: 0 });
        }
    }

    fn remove(&mut self, name: &EnvironmentName, instance: Instance) {
        self.stop(name, instance);
        if self.find(name, instance).is_some() {
            let all = &mut self.of(name).instances;
            all.retain(|other| other.instance != instance);
            self.happened(name, instance, EventKind::Removed);
        }
    }

    /// What exists of an environment, with the ports of what runs.
    fn observed(&self, name: &EnvironmentName) -> Observed {
        let mut observed = self.environments.get(name).cloned().unwrap_or_default();
        for found in &mut observed.instances {
            found.published = found.published.filter(|_| found.state == State::Running);
            found.endpoint = found.published;
        }
        observed
    }

    fn runs(&self, id: &str) -> bool {
        let mut all = self.environments.values().flat_map(|one| &one.instances);
        all.any(|found| found.id == id && found.state == State::Running)
    }
}

/// A running instance as it was wanted.
pub fn found(owner: &Identity, service: &Service, config_hash: String) -> Found {
    let needs = usual_needs(service.instance.role).iter().copied();
    Found {
        instance: service.instance,
        id: service.instance.to_string(),
        name: service.instance.to_string(),
        state: State::Running,
        health: None,
        image: service.image.clone(),
        image_is_stale: false,
        is_cut_off: false,
        config_hash,
        root: owner.root.clone(),
        profile: owner.profile.clone(),
        profile_file: owner.profile_file.clone(),
        endpoint: None,
        published: None,
        started_at: None,
        restarts: 0,
        contract: service.contract.clone(),
        ports: Vec::new(),
        needs: needs.chain(service.extras.needs.iter().copied()).collect(),
        probe: None,
    }
}

#[async_trait]
impl Engine for Fake {
    fn about(&self) -> &About {
        &self.about
    }

    fn config_hash(&self, service: &Service) -> String {
        format!("{service:?}")
    }

    async fn has_image(&self, image: &str) -> Result<bool> {
        let world = self.world.lock().unwrap();
        Ok(world.images.iter().any(|there| there == image))
    }

    async fn holder(&self, _port: PortNumber) -> Option<String> {
        None
    }

    async fn password(&self, _database: &Found) -> Result<Password> {
        Ok(Password::new("fake"))
    }

    async fn observe(&self, environment: &EnvironmentName) -> Result<Observed> {
        Ok(self.world.lock().unwrap().observed(environment))
    }

    async fn environments(&self) -> Result<Vec<EnvironmentName>> {
        let world = self.world.lock().unwrap();
        let all = world.environments.iter();
        let all = all.filter(|(_, observed)| !observed.instances.is_empty());
        Ok(all.map(|(name, _)| name.clone()).collect())
    }

    async fn overview(&self, kept: bool) -> Result<Vec<Overview>> {
        let world = self.world.lock().unwrap();
        let all = world.environments.iter().filter(|(_, observed)| {
            !observed.instances.is_empty() || (kept && !observed.volumes.is_empty())
        });
        let glance = |name: &EnvironmentName| Overview::of(name.clone(), &world.observed(name));
        Ok(all.map(|(name, _)| glance(name)).collect())
    }

    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        _watcher: &dyn Watcher,
    ) -> Result<Remark> {
        let breaks = self.breaks.unwrap_or("nothing");
        if format!("{action:?}").starts_with(breaks) {
            return Err(Error::new(Code::DockerAnswer, "the fake breaks here"));
        }
        self.change(owner, action);
        Ok(None)
    }

    fn logs(&self, id: &str, window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
        let (world, id) = (Arc::clone(&self.world), id.to_owned());
        let next = move |read: usize| {
            let (world, id) = (Arc::clone(&world), id.clone());
            async move {
                loop {
                    let (line, runs) = {
                        let world = world.lock().unwrap();
                        let line = world.lines.get(&id).and_then(|lines| lines.get(read));
                        (line.cloned(), world.runs(&id))
                    };
                    if line.is_some() || !(window.follow && runs) {
                        return line.map(|line| (Ok(line), read + 1));
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        futures_util::stream::unfold(0, next).boxed()
    }

    async fn reading(&self, id: &str) -> Result<Option<Reading>> {
        let reading = Reading {
            at: Timestamp::now(),
            cpu: Duration::from_millis(1),
            memory: Bytes(1),
            memory_limit: None,
            network: None,
            disk: None,
        };
        Ok(self.world.lock().unwrap().runs(id).then_some(reading))
    }

    async fn inspect(&self, found: &Found) -> Result<serde_json::Value> {
        Ok(serde_json::json!({ "name": found.name }))
    }

    async fn exec(&self, _found: &Found, _exec: &Exec) -> Result<i32> {
        Ok(0)
    }

    fn events(
        &self,
        environment: Option<&EnvironmentName>,
        window: LogWindow,
    ) -> BoxStream<'static, Result<Event>> {
        let (world, environment) = (Arc::clone(&self.world), environment.cloned());
        let is_meant = move |event: &Event| {
            let name = &environment;
            name.as_ref().is_none_or(|name| *name == event.environment)
        };
        let next = move |read: usize| {
            let world = Arc::clone(&world);
            async move {
                loop {
                    let event = world.lock().unwrap().events.get(read).cloned();
                    if event.is_some() || !window.follow {
                        return event.map(|event| (event, read + 1));
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        let all = futures_util::stream::unfold(0, next);
        all.filter(move |event| std::future::ready(is_meant(event)))
            .map(Ok)
            .boxed()
    }
}
