//! The load of a dump as a process. It reads the user's own file, so it runs as the user.

use super::Embedded;
use super::disk;
use super::home::Place;
use crate::engine::Error;
use crate::engine::Identity;
use crate::engine::Remark;
use crate::engine::Result;
use crate::engine::SeedJob;
use crate::engine::Watcher;
use crate::engine::load;
use crate::error::Code;

impl Embedded {
    pub(super) async fn seed(
        &self,
        owner: &Identity,
        job: &SeedJob,
        watcher: &dyn Watcher,
    ) -> Result<Remark> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let path = std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone());
        let cores = u32::try_from(cores).unwrap_or(1);
        let service = load::service(job, &path.display().to_string(), cores);
        let config_hash = crate::engine::Engine::config_hash(self, &service);
        let id = match load::running(self, owner, &config_hash).await? {
            Some(running) => running.id,
            None => self.start(owner, &service, watcher).await?,
        };
        let loaded = load::listen(self, owner, &id, watcher).await;
        let place = self.home.place(&owner.environment);
        loaded.map_err(|error| explain(&place, error))
    }
}

/// A server whose disk is full ends, and the load only sees that it is gone.
fn explain(place: &Place, error: Error) -> Error {
    let is_lost = matches!(
        error.code,
        Code::DatabaseUnreachable | Code::DatabaseRefused | Code::RoleDied
    );
    if !is_lost || !disk::is_full(place.path()) {
        return error;
    }
    let what = "the seed was not loaded: the database's disk is full";
    let (detail, path) = (error.detail.clone(), place.path().display());
    let hint = format!("make room on the disk of {path}, then run the command again");
    Error::new(Code::DiskFull, what)
        .because(error)
        .detail(detail)
        .hint(hint)
}
