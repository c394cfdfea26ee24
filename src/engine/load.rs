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

/// How long to wait before a log that broke off is taken up again.
const PAUSE: Duration = Duration::from_millis(200);

/// The job as a service that an engine can start; `path` is where the dump is for the job, `cores` how many the machine
/// has.
pub fn service(job: &SeedJob, path: &str, cores: u32) -> Service {
    let mut arguments = vec!["load".to_owned(), path.to_owned()];
    arguments.extend(["--fingerprint".to_owned(), job.fingerprint.clone()]);
    arguments.extend(["--name".to_owned(), job.file.display().to_string()]);
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

/// The job of an environment, in whatever state it is.
async fn find(engine: &dyn Engine, owner: &Identity) -> Result<Option<Found>> {
    let observed = engine.observe(&owner.environment).await?;
    Ok(observed.find(Instance::first(Role::Seed)).cloned())
}

/// A load of the same dump that an earlier manager began. Any other is of no use and is removed.
pub async fn running(
    engine: &dyn Engine,
    owner: &Identity,
    config_hash: &str,
) -> Result<Option<Found>> {
    match find(engine, owner).await? {
        Some(job) if job.state == State::Running && job.config_hash == config_hash => Ok(Some(job)),
        Some(job) => remove(engine, owner, job).await.map(|()| None),
        None => Ok(None),
    }
}

async fn remove(engine: &dyn Engine, owner: &Identity, job: Found) -> Result<()> {
    let nobody = &Unwatched;
    engine.perform(owner, &Action::Remove(job), nobody).await?;
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
        let job = find(engine, owner).await?;
        let result = match heard {
            Ok(remark) => Ok(remark),
            Err(Unheard::Verdict(error)) => Err(error),
            Err(Unheard::Silence(other)) => match job.as_ref().map(|job| &job.state) {
                Some(State::Running) => {
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

/// The removal of a job has nothing to tell.
struct Unwatched;

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
        "was killed: it used more memory than it may"
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
