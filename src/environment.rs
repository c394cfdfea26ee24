//! The life of an environment: plan what has to be done, do it, tell about it, report what is there.

pub mod changes;
mod check;
pub mod chosen;
mod database;
pub mod event;
pub mod exec;
mod lacks;
pub mod locate;
mod lock;
pub mod logs;
pub mod plan;
mod ports;
mod ready;
mod runner;
mod sources;
pub mod status;
mod up;
pub mod wanted;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::engine::Engine;
use crate::engine::Found;
use crate::engine::Grace;
use crate::engine::Identity;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::inspect;
use crate::error::Result;
use crate::image::Platform;
use crate::profile;
use crate::profile::EnvironmentName;
use crate::profile::Profile;
use crate::profile::Request;
use crate::query::BaseUrl;
use crate::shutdown::Shutdown;
use event::Emitter;
use lock::Cut;
pub use lock::Lock;
use plan::Plan;
pub use ports::is_taken;
pub use ports::publishes;
use runner::Runner;
use sources::gather;
pub use sources::program;
pub use up::Extent;
pub use up::Pull;
pub use up::Ready;
pub use up::Up;
use wanted::Wanted;

/// How long an Engine may take for what a command that was cut off had asked of it; where much goes on, a network takes
/// more than a second.
const SETTLING: Duration = Duration::from_secs(2);

/// One environment on one engine, whether it exists or not.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Where it runs.
    pub engine: Arc<dyn Engine>,
}

/// How to take an environment down.
#[derive(Debug, Clone, Copy, Default)]
pub struct Down {
    /// Whether its data goes too.
    pub volumes: bool,
    /// How long its roles may take to end.
    pub grace: Grace,
}

impl Environment {
    /// Everything its engine knows of an instance, without secrets.
    pub async fn inspect(&self, found: &Found) -> Result<serde_json::Value> {
        Ok(inspect::masked(self.engine.inspect(found).await?))
    }

    /// What exists of it.
    pub async fn observe(&self) -> Result<Observed> {
        Ok(self.engine.observe(&self.name).await?)
    }

    /// The right to change it; `busy` is told who has it, or had it, when that has to be waited for.
    pub async fn lock(&self, shutdown: &Shutdown, busy: impl Fn(&str)) -> Result<Lock> {
        let path = match self.engine.lock_file(&self.name)? {
            Some(path) => path,
            None => lock::file(&self.name, &self.engine.about().endpoint)?,
        };
        let holds = |holder: &str| busy(&format!("{holder}, which holds {}", self.name));
        let lock = lock::take(&path, shutdown, holds).await?;
        if let Some(cut) = &lock.before {
            self.settle(cut, shutdown, busy).await?;
        }
        Ok(lock)
    }

    /// What a command that was cut off has left. An Engine still carries out what it has asked for; whoever looks what
    /// there is meanwhile sees what will not stay.
    async fn settle(&self, cut: &Cut, shutdown: &Shutdown, busy: impl Fn(&str)) -> Result<()> {
        self.engine.forget_unfinished();
        let takes_requests = matches!(self.engine.about().platform, Platform::Container(_));
        let left = SETTLING.saturating_sub(cut.ago.unwrap_or_default());
        if !takes_requests || left.is_zero() {
            return Ok(());
        }
        busy(&format!(
            "what {} has asked of the engine: it was cut off",
            cut.who
        ));
        let settled = async {
            sleep(left).await;
            Ok(())
        };
        shutdown.guard(settled).await
    }

    /// Where its API answers for people, when it runs; behind a tunnel that is an address of the engine's machine.
    pub async fn published_api(&self) -> Result<Option<BaseUrl>> {
        let observed = self.observe().await?;
        Ok(status::published(&observed, Role::Api).map(BaseUrl::from))
    }

    /// Where its API answers, when it runs.
    pub async fn api(&self) -> Result<Option<BaseUrl>> {
        let observed = self.observe().await?;
        self.engine.open_way(&observed).await?;
        Ok(status::endpoint(&observed, Role::Api).map(BaseUrl::from))
    }

    /// What a profile comes to here: its services as they would run.
    pub async fn wanted(&self, profile: &Profile, program: &Path) -> Result<Wanted> {
        lacks::refuse_processes(profile, self.engine.about())?;
        let (images, fingerprint) = gather(profile, program, &self.engine).await?;
        let name = self.name.clone();
        Ok(wanted::wanted(
            profile,
            name,
            images,
            fingerprint.to_string(),
        ))
    }

    /// Takes down what is there, with its data if asked.
    pub async fn take_down(
        &self,
        Down { volumes, grace }: Down,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let plan = plan::down(&self.observe().await?, volumes);
        self.down(&plan.with_grace(grace), emitter, shutdown)
            .await?;
        // A command that was killed may have left requests with the Engine, which carries them out meanwhile.
        let late = plan::down(&self.observe().await?, volumes);
        self.down(&late.with_grace(grace), emitter, shutdown).await
    }

    /// Carries out a plan that makes nothing new; what it starts may take `wait` to answer.
    pub async fn carry_out(
        &self,
        plan: &Plan,
        wait: Duration,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let owner = Identity {
            environment: self.name.clone(),
            profile: String::new(),
            profile_file: PathBuf::new(),
            root: PathBuf::new(),
            protected: false,
        };
        self.run(plan, &owner, wait, (emitter, shutdown)).await
    }

    /// Carries out a plan to take it down.
    async fn down(&self, plan: &Plan, emitter: &Emitter, shutdown: &Shutdown) -> Result<()> {
        self.carry_out(plan, Duration::ZERO, emitter, shutdown)
            .await
    }

    async fn run(
        &self,
        plan: &Plan,
        owner: &Identity,
        wait: Duration,
        told: (&Emitter, &Shutdown),
    ) -> Result<()> {
        self.runner(owner, wait, told).run(plan).await
    }

    fn runner<'a>(
        &'a self,
        owner: &'a Identity,
        wait: Duration,
        (emitter, shutdown): (&'a Emitter, &'a Shutdown),
    ) -> Runner<'a> {
        Runner {
            engine: &self.engine,
            owner,
            wait,
            emitter,
            shutdown,
            seen: OnceCell::new(),
        }
    }
}

/// The profile that an environment was made from; none where nothing of it is there, or its checkout has gone.
/// `environment` is its name where that was given by the user.
pub fn made_from(observed: &Observed, environment: Option<&str>) -> Result<Option<Profile>> {
    let Some(found) = observed.instances.first() else {
        return Ok(None);
    };
    let file = found.profile_file.display().to_string();
    if file.is_empty() || is_gone(&found.profile_file) {
        return Ok(None);
    }
    let request = Request {
        environment,
        ..Request::new(Some(&file), &found.root)
    };
    Ok(Some(profile::load(&request)?.profile))
}

/// Whether a folder certainly is no more; one that may not be looked at may well be there.
pub fn is_gone(folder: &Path) -> bool {
    let looked = std::fs::metadata(folder);
    looked.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
