//! Holds the place of the engine that runs roles as processes of this machine.

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::About;
use super::Action;
use super::Engine;
use super::Error;
use super::Event;
use super::Exec;
use super::Found;
use super::Identity;
use super::LogLine;
use super::LogWindow;
use super::Observed;
use super::Reading;
use super::Remark;
use super::Result;
use super::Service;
use super::Watcher;
use crate::error::Code;
use crate::profile::EnvironmentName;

/// There is none yet.
#[derive(Debug)]
pub enum Embedded {}

impl Embedded {
    /// Refuses.
    pub fn open() -> Result<Self> {
        Err(Error::new(
            Code::DockerDown,
            "environments without Docker are not here yet",
        ))
    }
}

#[async_trait]
impl Engine for Embedded {
    fn about(&self) -> &About {
        match *self {}
    }

    fn config_hash(&self, _service: &Service) -> String {
        match *self {}
    }

    async fn has_image(&self, _image: &str) -> Result<bool> {
        match *self {}
    }

    async fn holder(&self, _port: u16) -> Option<String> {
        match *self {}
    }

    async fn observe(&self, _environment: &EnvironmentName) -> Result<Observed> {
        match *self {}
    }

    async fn environments(&self) -> Result<Vec<EnvironmentName>> {
        match *self {}
    }

    async fn perform(
        &self,
        _owner: &Identity,
        _action: &Action,
        _watcher: &dyn Watcher,
    ) -> Result<Remark> {
        match *self {}
    }

    fn logs(&self, _id: &str, _window: LogWindow) -> BoxStream<'static, Result<LogLine>> {
        match *self {}
    }

    async fn reading(&self, _id: &str) -> Result<Option<Reading>> {
        match *self {}
    }

    async fn exec(&self, _found: &Found, _exec: &Exec) -> Result<i32> {
        match *self {}
    }

    fn events(
        &self,
        _environment: Option<&EnvironmentName>,
        _window: LogWindow,
    ) -> BoxStream<'static, Result<Event>> {
        match *self {}
    }
}
