//! The load of a dump as a job: how it is called, and what its words mean to who watches it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::Stream;
use futures_util::StreamExt;

use super::Action;
use super::Engine;
use super::Error;
use super::Found;
use super::Identity;
use super::Instance;
use super::LogLine;
use super::LogWindow;
use super::Parts;
use super::Progress;
use super::Remark;
use super::Result;
use super::Role;
use super::SeedJob;
use super::Service;
use super::State;
use super::Watcher;
use super::postmortem;
use crate::database::seed::LoadEvent;
use crate::database::seed::Loaded;
use crate::database::seed::Outcome;
use crate::error::Code;
use crate::error::Report;
use crate::profile::Bytes;
use crate::profile::Limits;
use crate::profile::Postgres;
use crate::text::thousands;

/// What a load may use: it streams, so that the size of the dump does not matter.
const LIMITS: Limits = Limits {
    millicpus: 2000,
    memory: Bytes(128 << 20),
    pids: 64,
};

/// How long the load waits for a server that is being made while the job is already there, in seconds. Whoever waits for
/// the load gives up sooner.
const WAIT: u32 = 600;

/// How long to wait before a log that broke off is taken up again.
const PAUSE: Duration = Duration::from_millis(200);

/// The job as a service that an engine can start; `path` is where the dump is for the job, `cores` how many the machine
/// has.
pub fn service(job: &SeedJob, path: &str, cores: u32) -> Service {
    let mut arguments = vec!["load".to_owned(), path.to_owned()];
    arguments.extend(["--fingerprint".to_owned(), job.fingerprint.clone()]);
    arguments.extend(["--name".to_owned(), job.file.display().to_string()]);
    arguments.extend(["--wait".to_owned(), WAIT.to_string()]);
    arguments.extend(job.reset.then(|| "--reset".to_owned()));
    Service {
        instance: Instance::first(Role::Seed),
        image: job.image.clone(),
        postgres: Postgres::Auto,
        limits: Limits {
            millicpus: LIMITS.millicpus.min(cores.max(1) * 1000),
            ..LIMITS
        },
        variables: BTreeMap::new(),
        arguments,
        publish: None,
        contract: None,
        extras: Box::default(),
    }
}

/// Listens to a load until it says how it ended, or says nothing more: then what it said besides is returned.
async fn follow(
    lines: impl Stream<Item = Result<LogLine>> + Send,
    watcher: &dyn Watcher,
) -> Result<Remark, Unheard> {
    let mut lines = std::pin::pin!(lines);
    let mut other = Vec::new();
    while let Some(Ok(line)) = lines.next().await {
        match serde_json::from_str(&line.text) {
            Ok(LoadEvent::Progress { bytes, total, rows }) => watcher.progress(Progress {
                bytes,
                total_bytes: Some(total),
                parts: Some(Parts::Rows(rows)),
            }),
            Ok(LoadEvent::Notice(text)) => watcher.notice(text),
            Ok(LoadEvent::Done(loaded)) => return Ok(Some(remark(&loaded))),
            Ok(LoadEvent::Failed(report)) => return Err(Unheard::Verdict(relayed(report))),
            Err(_) => other.push(line.text),
        }
    }
    Err(Unheard::Silence(other))
}

/// The job of an environment, in whatever state it is, and whether anybody keeps what it says.
async fn find(engine: &dyn Engine, owner: &Identity) -> Result<(Option<Found>, bool)> {
    let observed = engine.observe(&owner.environment).await?;
    let job = observed.find(Instance::first(Role::Seed)).cloned();
    Ok((job, observed.unattended.is_none()))
}

/// A load of the same dump that an earlier manager began. Any other is of no use and is removed.
pub async fn running(
    engine: &dyn Engine,
    owner: &Identity,
    config_hash: &str,
) -> Result<Option<Found>> {
    let (job, is_attended) = find(engine, owner).await?;
    match job {
        Some(job)
            if is_attended && job.state == State::Running && job.config_hash == config_hash =>
        {
            Ok(Some(job))
        }
        Some(job) => remove(engine, owner, job).await.map(|()| None),
        None => Ok(None),
    }
}

async fn remove(engine: &dyn Engine, owner: &Identity, job: Found) -> Result<()> {
    let nobody = &Unwatched;
    engine
        .perform(owner, &Action::Remove(job, None), nobody)
        .await?;
    Ok(())
}

/// Listens until the job has ended, and removes it. A log that breaks off while the job works on is taken up again.
pub async fn listen(
    engine: &dyn Engine,
    owner: &Identity,
    id: &str,
    watcher: &dyn Watcher,
) -> Result<Remark> {
    let window = LogWindow {
        follow: true,
        ..LogWindow::default()
    };
    loop {
        let heard = follow(engine.logs(id, window), watcher).await;
        let (job, is_attended) = find(engine, owner).await?;
        let result = match heard {
            Ok(remark) => Ok(remark),
            Err(Unheard::Verdict(error)) => Err(explain_loss(engine, owner, error).await),
            Err(Unheard::Silence(other)) => match job.as_ref().map(|job| &job.state) {
                Some(State::Running) if is_attended => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Some(State::Exited { out_of_memory, .. }) => Err(silent(other, *out_of_memory)),
                _ => Err(silent(other, false)),
            },
        };
        if let Some(job) = job {
            remove(engine, owner, job).await?;
        }
        return result;
    }
}

/// A job whose database went away cannot know why; its engine and the database's own words may.
async fn explain_loss(engine: &dyn Engine, owner: &Identity, error: Error) -> Error {
    if error.code != Code::DatabaseUnreachable {
        return error;
    }
    let database = Instance::first(Role::Database);
    let observed = engine.observe(&owner.environment).await.ok();
    let found = observed
        .as_ref()
        .and_then(|observed| observed.find(database));
    let Some(found) = found else { return error };
    match postmortem::find(engine, &owner.environment, found).await {
        Some((reason, lines)) => postmortem::explained(found, reason, None)
            .because(error)
            .detail(lines),
        None => error,
    }
}

/// What nobody wants to hear of, such as the removal of a job.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn progress(&self, _progress: Progress) {}
    fn line(&self, _line: String) {}
    fn notice(&self, _text: String) {}
}

/// Why a load was not heard to end well.
#[derive(Debug)]
enum Unheard {
    /// It said that it failed.
    Verdict(Error),
    /// Its log ended without a verdict; these are its other lines.
    Silence(Vec<String>),
}

/// A load that ended without a verdict.
fn silent(other: Vec<String>, out_of_memory: bool) -> Error {
    let how = if out_of_memory {
        "was killed: it used more memory than it may (128 MiB)"
    } else {
        "ended without a result"
    };
    Error::new(
        Code::RoleDied,
        format!("the seed {how}; nothing was loaded"),
    )
    .detail(other)
    .hint("run the command again; a load that was cut off leaves nothing behind")
}

fn remark(loaded: &Loaded) -> String {
    let Some(seed) = &loaded.seed else {
        return "kept what is there, which ratesdev did not load".to_owned();
    };
    let rows = thousands(seed.rows);
    let fingerprint = seed.fingerprint.short();
    match loaded.outcome {
        Outcome::Loaded => format!("{rows} rows · {fingerprint}"),
        Outcome::Unchanged => format!("unchanged · {rows} rows"),
        Outcome::Differs => format!("kept {} · {fingerprint}", seed.file),
    }
}

/// A failure of the job is shown as if it were the manager's own.
fn relayed(report: Report) -> Error {
    let mut causes = report.causes.into_iter();
    let first = causes.next();
    let further = causes.map(|cause| format!("caused by: {cause}"));
    let detail = further.chain(report.detail).collect();
    let error = Error::new(report.code, report.message).detail(detail);
    let mut error = match first {
        Some(cause) => error.because(cause),
        None => error,
    };
    error.hint = report.hint;
    error
}
