//! Bringing an environment up: what that takes is worked out, carried out, and verified.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::Environment;
use super::event::Emitter;
use super::is_gone;
use super::lacks;
use super::plan;
use super::plan::Choices;
use super::plan::Plan;
use super::plan::Situation;
use super::plan::Step;
use super::ready;
use super::runner::Runner;
use super::sources::folder_image;
use super::sources::images;
use super::sources::program;
use super::status;
use super::status::Held;
use super::status::SeedStatus;
use super::wanted;
use super::wanted::Wanted;
use crate::engine::Action;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::State;
use crate::error::Code;
use crate::error::Result;
use crate::image::Platform;
use crate::profile::ApiSource;
use crate::profile::Profile;
use crate::shutdown::Shutdown;

/// How old the API's word on its data may be: it asks the database once a second, and has to connect to it anew when a
/// load has replaced it.
const STALE: Duration = Duration::from_secs(3);

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
