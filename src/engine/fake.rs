//! An engine in memory, for tests of what is done with engines.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::About;
use super::Action;
use super::Contents;
use super::Engine;
use super::Error;
use super::Event;
use super::Exec;
use super::Found;
use super::Identity;
use super::LogLine;
use super::LogWindow;
use super::Network;
use super::Observed;
use super::Reading;
use super::Remark;
use super::Result;
use super::Service;
use super::State;
use super::Volume;
use super::Watcher;
use crate::error::Code;
use crate::image::Platform;
use crate::profile::EnvironmentName;

/// Holds one environment and does at once what it is asked.
#[derive(Debug)]
pub struct Fake {
    about: About,
    /// What exists.
    pub observed: Mutex<Observed>,
    /// Images that are there.
    pub images: Mutex<Vec<String>>,
    /// The title of an action that fails.
    pub breaks: Option<&'static str>,
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
            observed: Mutex::default(),
            images: Mutex::default(),
            breaks: None,
        }
    }

    fn set(&self, instance: &Found, state: &State) {
        let mut observed = self.observed.lock().unwrap();
        let mut instances = observed.instances.iter_mut();
        if let Some(found) = instances.find(|found| found.instance == instance.instance) {
            found.state = state.clone();
        }
    }

    fn start(&self, owner: &Identity, service: &Service) {
        let mut observed = self.observed.lock().unwrap();
        observed
            .instances
            .retain(|found| found.instance != service.instance);
        observed
            .instances
            .push(found(owner, service, self.config_hash(service)));
        observed.instances.sort_by_key(|found| found.instance);
    }
}

/// A running instance as it was wanted.
pub fn found(owner: &Identity, service: &Service, config_hash: String) -> Found {
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
        Ok(self
            .images
            .lock()
            .unwrap()
            .iter()
            .any(|there| there == image))
    }

    async fn holder(&self, _port: u16) -> Option<String> {
        None
    }

    async fn observe(&self, _environment: &EnvironmentName) -> Result<Observed> {
        Ok(self.observed.lock().unwrap().clone())
    }

    async fn environments(&self) -> Result<Vec<EnvironmentName>> {
        Ok(Vec::new())
    }

    async fn perform(
        &self,
        owner: &Identity,
        action: &Action,
        _watcher: &dyn Watcher,
    ) -> Result<Remark> {
        if self
            .breaks
            .is_some_and(|breaks| format!("{action:?}").starts_with(breaks))
        {
            return Err(Error::new(Code::DockerAnswer, "the fake breaks here"));
        }
        match action {
            Action::Pull(image) => self.images.lock().unwrap().push(image.clone()),
            Action::Build(image) => self.images.lock().unwrap().push(image.tag().to_owned()),
            Action::CreateNetwork => self.observed.lock().unwrap().network = Network::Right,
            Action::CreateVolumes => {
                let volume = |contents| Volume {
                    name: format!("{contents:?}"),
                    contents,
                    root: owner.root.clone(),
                    protected: owner.protected,
                };
                self.observed.lock().unwrap().volumes =
                    [Contents::Data, Contents::Secrets].map(volume).to_vec();
            }
            Action::Start(service) => self.start(owner, service),
            Action::Seed(_) => {}
            Action::Stop(found) => self.set(
                found,
                &State::Exited {
                    code: 0,
                    out_of_memory: false,
                },
            ),
            Action::Resume(found) => self.set(found, &State::Running),
            Action::Remove(found) => {
                self.observed
                    .lock()
                    .unwrap()
                    .instances
                    .retain(|other| other.instance != found.instance);
            }
            Action::RemoveNetwork => self.observed.lock().unwrap().network = Network::Missing,
            Action::RemoveVolumes => self.observed.lock().unwrap().volumes.clear(),
        }
        Ok(None)
    }

    fn logs(&self, _id: &str, _window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
        futures_util::stream::empty().boxed()
    }

    async fn reading(&self, _id: &str) -> Result<Option<Reading>> {
        Ok(None)
    }

    async fn exec(&self, _found: &Found, _exec: &Exec) -> Result<i32> {
        Ok(0)
    }

    fn events(
        &self,
        _environment: Option<&EnvironmentName>,
        _window: LogWindow,
    ) -> BoxStream<'static, Result<Event>> {
        futures_util::stream::empty().boxed()
    }
}
