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
mod ready;
mod runner;
pub mod status;
pub mod wanted;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::database::DumpError;
use crate::database::Fingerprint;
use crate::engine::Action;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Grace;
use crate::engine::Identity;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::State;
use crate::engine::inspect;
use crate::engine::port_taken;
use crate::error::Code;
use crate::error::IoError;
use crate::error::Result;
use crate::image;
use crate::image::ApiImage;
use crate::image::Platform;
use crate::image::folder::FolderImage;
use crate::profile;
use crate::profile::ApiSource;
use crate::profile::EnvironmentName;
use crate::profile::PortNumber;
use crate::profile::Profile;
use crate::profile::Protocol;
use crate::profile::Request;
use crate::query::BaseUrl;
use crate::shutdown::Shutdown;
use event::Emitter;
use lock::Cut;
pub use lock::Lock;
use plan::Choices;
use plan::Plan;
use plan::Situation;
use plan::Step;
use plan::Task;
use runner::Runner;
use status::Held;
use status::SeedStatus;
use wanted::Images;
use wanted::Wanted;

/// How old the API's word on its data may be: it asks the database once a second, and has to connect to it anew when a
/// load has replaced it.
const STALE: Duration = Duration::from_secs(3);

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

/// When images are pulled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pull {
    /// Every time.
    Always,
    /// When they are not there.
    #[default]
    Missing,
    /// Not at all.
    Never,
}

/// How much of an environment is to be as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Everything,
    /// What the database holds; the rest is left as it is.
    Seed,
}

/// How to bring an environment up.
#[derive(Debug, Clone, Copy)]
pub struct Up {
    /// How much of it.
    pub extent: Extent,
    /// What to do beyond what is needed.
    pub choices: Choices,
    /// When to pull images.
    pub pull: Pull,
    /// How long roles may take to answer.
    pub wait_timeout: Duration,
}

/// How to take an environment down.
#[derive(Debug, Clone, Copy, Default)]
pub struct Down {
    /// Whether its data goes too.
    pub volumes: bool,
    /// How long its roles may take to end.
    pub grace: Grace,
}

/// What is wanted, what is there, and how to come from one to the other.
#[derive(Debug)]
pub struct Prepared {
    wanted: Wanted,
    observed: Observed,
    held: Option<String>,
    /// What has to be done.
    pub plan: Plan,
}

/// An environment that is ready.
#[derive(Debug)]
pub struct Ready {
    /// Whether there was nothing to do.
    pub unchanged: bool,
    /// What exists of it.
    pub observed: Observed,
}

impl Prepared {
    /// Whether the database holds another seed than the wanted one, which carrying out the plan would not change.
    pub fn keeps_another_seed(&self) -> bool {
        self.held.is_some() && !self.plan.loads()
    }
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

    /// Works out what `up` has to do, without doing it. `program` is what the API image is made from.
    pub async fn prepare(&self, profile: &Profile, program: &Path, up: Up) -> Result<Prepared> {
        lacks::refuse(profile, self.engine.about())?;
        let (observed, wanted) = tokio::try_join!(self.observe(), self.wanted(profile, program))?;
        self.refuse_another_checkout(&observed, &profile.root)?;
        let situation = self.situation(&wanted, observed).await?;
        refuse_missing_images(&wanted, &situation, up.pull)?;
        let plan = match up.extent {
            Extent::Everything => plan::up(&wanted, &situation, up.choices),
            Extent::Seed => plan::seed(&wanted, &situation, up.choices),
        };
        self.refuse_taken_ports(&plan, &situation.observed).await?;
        let held = situation
            .seed
            .filter(|held| *held != wanted.seed.fingerprint);
        Ok(Prepared {
            wanted,
            observed: situation.observed,
            held,
            plan,
        })
    }

    /// Pulls what the profile names although it may be there, so that a plan can be made from what is new.
    pub async fn pull(
        &self,
        profile: &Profile,
        up: Up,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let services = profile
            .services
            .iter()
            .map(|service| service.image.as_str());
        let database = profile.database.image.as_str();
        let mut images: BTreeSet<_> = services.chain([database]).collect();
        if let ApiSource::Image(image) = profile.api.source() {
            images.insert(image);
        }
        let step = |image: &str| Step::alone(Action::Pull(image.to_owned()), None);
        let steps = images.into_iter().map(step).collect();
        let owner = wanted::owner(profile, self.name.clone());
        self.run(
            &Plan { steps },
            &owner,
            up.wait_timeout,
            (emitter, shutdown),
        )
        .await
    }

    /// Builds the image of a team's own API although it is there, so that a plan can be made from what is new.
    async fn build(
        &self,
        profile: &Profile,
        up: Up,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<()> {
        let Some(image) = shutdown.guard(folder_image(profile)).await? else {
            return Ok(());
        };
        let step = Step::alone(Action::BuildFolder(image), Some("asked for"));
        let (plan, owner) = (
            Plan { steps: vec![step] },
            wanted::owner(profile, self.name.clone()),
        );
        self.run(&plan, &owner, up.wait_timeout, (emitter, shutdown))
            .await
    }

    /// Carries out what was prepared; afterwards the environment is ready.
    pub async fn up(
        &self,
        prepared: Prepared,
        up: Up,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<Ready> {
        let Prepared {
            wanted,
            observed,
            plan,
            ..
        } = prepared;
        let unchanged = plan.is_empty();
        // What was seen holds for as long as nothing is changed.
        let seen = unchanged.then_some(observed);
        let runner = self.runner(&wanted.owner, up.wait_timeout, (emitter, shutdown));
        let runner = Runner {
            seen: OnceCell::new_with(seen),
            ..runner
        };
        runner.run(&plan).await?;
        let observed = runner.observed().await?.clone();
        // What was changed may be the end of a load that an earlier manager began.
        let patience = if unchanged { Duration::ZERO } else { STALE };
        verify_seed(&self.engine, &observed, &wanted, Instant::now() + patience).await?;
        Ok(Ready {
            unchanged,
            observed,
        })
    }

    /// Does all of that with the running program.
    pub async fn bring_up(
        &self,
        profile: &Profile,
        up: Up,
        emitter: &Emitter,
        shutdown: &Shutdown,
    ) -> Result<Ready> {
        lacks::refuse(profile, self.engine.about())?;
        if up.pull == Pull::Always {
            self.pull(profile, up, emitter, shutdown).await?;
        }
        let mut up = up;
        if up.choices.build && !profile.api.is_built_in() {
            self.build(profile, up, emitter, shutdown).await?;
            up.choices.build = false;
        }
        let program = program()?;
        let prepare = self.prepare(profile, &program, up);
        let prepared = shutdown.guard(prepare).await?;
        self.up(prepared, up, emitter, shutdown).await
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

    async fn situation(&self, wanted: &Wanted, observed: Observed) -> Result<Situation> {
        let images: Vec<_> = images(wanted).collect();
        let there = try_join_all(images.iter().map(|image| self.engine.has_image(image)));
        self.engine.open_way(&observed).await?;
        let seed = status::seed(&self.engine, &observed);
        let awaited = awaited(&observed);
        let (there, seed, awaited) = futures_util::join!(there, seed, awaited);
        let missing = images.iter().zip(there?).filter(|(_, there)| !there);
        let missing_images = missing.map(|(image, _)| (*image).to_owned()).collect();
        let changed = wanted.services.iter().filter(|service| {
            let found = observed.find(service.instance);
            found.is_some_and(|found| found.config_hash != self.engine.config_hash(service))
        });
        let changed = changed.map(|service| service.instance).collect();
        Ok(Situation {
            changed,
            awaited,
            seed: seed.known().map(|seed| seed.fingerprint),
            missing_images,
            starts_are_slow: matches!(self.engine.about().platform, Platform::Container(_)),
            observed,
        })
    }

    /// An environment belongs to the checkout that made it, for as long as that checkout is there. On an engine of several
    /// machines' users, one that is not on this machine is somebody else's.
    fn refuse_another_checkout(&self, observed: &Observed, root: &Path) -> Result<()> {
        let local = self.engine.about().local;
        let Some(other) = observed
            .root()
            .filter(|other| *other != root && !(local && is_gone(other)))
        else {
            return Ok(());
        };
        let name = &self.name;
        let error = Error::new(
            Code::NameTaken,
            format!(
                "the environment {name} belongs to the checkout {}",
                other.display()
            ),
        );
        Err(error.hint(format!("give yours another name: `ratesdev up -e {name}-2`, or take that one down from there")).into())
    }

    /// A port that something else listens on would fail only after all the work; it is better to know before. Of another
    /// machine only what the engine itself publishes is known.
    async fn refuse_taken_ports(&self, plan: &Plan, observed: &Observed) -> Result<()> {
        let local = self.engine.about().local;
        for step in &plan.steps {
            let Task::Act(Action::Start(service)) = &step.task else {
                continue;
            };
            for (address, port) in service.fixed_ports() {
                if publishes(observed, port) || (local && !is_taken(address, port)) {
                    continue;
                }
                let holder = self.engine.holder(port).await;
                if local || holder.is_some() {
                    return Err(port_taken(port, service.instance, holder).into());
                }
            }
        }
        Ok(())
    }
}

/// The instances that run and do not answer as they should. Our own API is asked for its seed, which is answer enough;
/// but for a moment it vouches for a database that has just been started anew.
async fn awaited(observed: &Observed) -> Vec<Instance> {
    let is_ours = |found: &Found| found.instance.role == Role::Api && found.contract.is_none();
    let asked = observed.instances.iter().filter(|found| {
        found.state == State::Running && found.instance.role.is_service() && !is_ours(found)
    });
    let asked = asked.map(|found| async { ready::ask(found).await.err().map(|_| found.instance) });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The last word on readiness: the database holds what the profile says. Another word of the API is believed only after
/// the deadline.
async fn verify_seed(
    engine: &Arc<dyn Engine>,
    observed: &Observed,
    wanted: &Wanted,
    deadline: Instant,
) -> Result<()> {
    loop {
        let held = status::seed(engine, observed).await;
        if held.is(&wanted.seed.fingerprint) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(not_verified(held, wanted));
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Why an environment is not ready although every step was taken.
fn not_verified(held: Held, wanted: &Wanted) -> crate::error::Error {
    match held {
        Held::Unknown(why) => {
            let error = Error::new(Code::NotReady, "nobody says what the database holds");
            error
                .because(why)
                .hint("`ratesdev status` and `ratesdev logs api` show more")
                .into()
        }
        Held::Seed(seed) => SeedDiffers::new(Some(&seed), wanted).into(),
        Held::Nothing => SeedDiffers::new(None, wanted).into(),
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

/// The program that is running, which the API image is made from.
pub fn program() -> Result<PathBuf> {
    Ok(image::running().map_err(IoError::new("find this program's own file"))?)
}

/// Whether a folder certainly is no more; one that may not be looked at may well be there.
pub fn is_gone(folder: &Path) -> bool {
    let looked = std::fs::metadata(folder);
    looked.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The image of the team's own API, where it is built.
async fn folder_image(profile: &Profile) -> Result<Option<FolderImage>> {
    let build = profile.api.build.clone();
    let ApiSource::Folder(context) = profile.api.source() else {
        return Ok(None);
    };
    let context = context.to_owned();
    let cache = image::cache();
    let locate = move || FolderImage::locate(&build, &context, cache.as_deref());
    Ok(Some(joined(tokio::task::spawn_blocking(locate).await)?))
}

/// The images that are built, and the dump's fingerprint; all read whole files, so they are worked out side by side.
async fn gather(
    profile: &Profile,
    program: &Path,
    engine: &Arc<dyn Engine>,
) -> Result<(Images, Fingerprint)> {
    let (program, root, dump) = (
        program.to_owned(),
        profile.root.clone(),
        profile.seed.file.clone(),
    );
    let fingerprint = tokio::task::spawn_blocking(move || Fingerprint::of_file(&dump));
    let platform = engine.platform().await?;
    let locate = move || ApiImage::locate(&program, &root, &platform, image::cache().as_deref());
    let image = tokio::task::spawn_blocking(locate);
    let folder = folder_image(profile).await?;
    let (image, fingerprint) = (joined(image.await), joined(fingerprint.await));
    let ours = image.map_err(IoError::new("make the API image"))?;
    Ok((
        Images { ours, folder },
        fingerprint.map_err(|error| DumpError::missing(&profile.seed.file, error.source))?,
    ))
}

/// A task that reads files is never cancelled; if it panicked, so do we.
fn joined<T>(result: Result<T, tokio::task::JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn images(wanted: &Wanted) -> impl Iterator<Item = &str> {
    let images = wanted.services.iter();
    let mut images: BTreeSet<_> = images.map(|service| service.image.as_str()).collect();
    images.insert(wanted.api_image.tag());
    images.into_iter()
}

fn refuse_missing_images(wanted: &Wanted, situation: &Situation, pull: Pull) -> Result<()> {
    let missing = situation
        .missing_images
        .iter()
        .find(|image| !wanted.builds(image));
    match missing {
        Some(image) if pull == Pull::Never => {
            let error = Error::new(
                Code::ImageMissing,
                format!("the image {image} is not there and --pull never forbids to fetch it"),
            );
            Err(error
                .hint(format!("`docker pull {image}`, or leave --pull never out; `--engine embedded` needs no image"))
                .into())
        }
        _ => Ok(()),
    }
}

/// Whether an environment itself publishes a port.
pub fn publishes(observed: &Observed, port: PortNumber) -> bool {
    let instances = observed.instances.iter();
    let mut published = instances.flat_map(|found| &found.ports);
    published.any(|published| published.outside() == port)
}

/// Whether something listens there.
pub fn is_taken(address: IpAddr, PortNumber { protocol, number }: PortNumber) -> bool {
    let address = (address, number);
    let bound = match protocol {
        Protocol::Tcp => TcpListener::bind(address).map(drop),
        Protocol::Udp => UdpSocket::bind(address).map(drop),
    };
    bound.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// The database holds something else than the profile's seed.
#[derive(Debug, thiserror::Error)]
#[error("the database holds {found}, not {wanted}")]
pub struct SeedDiffers {
    found: String,
    wanted: String,
}

impl SeedDiffers {
    fn new(found: Option<&SeedStatus>, wanted: &Wanted) -> Self {
        let short = |fingerprint: &str| fingerprint.chars().take(8).collect::<String>();
        let found = found.map_or_else(
            || "no seed that ratesdev loaded".to_owned(),
            |seed| format!("{} ({})", seed.file, short(&seed.fingerprint)),
        );
        Self {
            found,
            wanted: format!(
                "{} ({})",
                wanted.seed.file.display(),
                short(&wanted.seed.fingerprint)
            ),
        }
    }
}

impl crate::error::Explain for SeedDiffers {
    fn code(&self) -> Code {
        Code::SeedDiffers
    }

    fn hint(&self) -> Option<String> {
        Some("`ratesdev seed --reset`, with --file for another dump than the profile's, replaces it; until then it is kept and served".to_owned())
    }

    fn exit(&self) -> crate::error::Exit {
        crate::error::Exit::Rejected
    }
}
