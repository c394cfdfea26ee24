//! The load of a dump as a process. It reads the user's own file, so it runs as the user.

use super::Embedded;
use crate::engine::Identity;
use crate::engine::Remark;
use crate::engine::Result;
use crate::engine::SeedJob;
use crate::engine::Watcher;
use crate::engine::load;

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
        load::listen(self, owner, &id, watcher).await
    }
}
