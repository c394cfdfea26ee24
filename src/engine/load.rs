//! The load of a dump as a job: how it is called, and what its words mean to who watches it.

use std::collections::BTreeMap;

use futures_util::Stream;
use futures_util::StreamExt;

use super::Error;
use super::Instance;
use super::LogLine;
use super::Parts;
use super::Progress;
use super::Remark;
use super::Result;
use super::Role;
use super::SeedJob;
use super::Service;
use super::Watcher;
use crate::database::seed::LoadEvent;
use crate::database::seed::Loaded;
use crate::database::seed::Outcome;
use crate::error::Code;
use crate::error::Report;
use crate::profile::Bytes;
use crate::profile::Limits;
use crate::text::thousands;

/// What a load may use: it streams, so that the size of the dump does not matter.
const LIMITS: Limits = Limits {
    millicpus: 2000,
    memory: Bytes(128 << 20),
    pids: 64,
};

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
pub async fn follow(
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

/// Why a load was not heard to end well.
#[derive(Debug)]
pub enum Unheard {
    /// It said that it failed.
    Verdict(Error),
    /// Its log ended without a verdict; these are its other lines.
    Silence(Vec<String>),
}

/// A load that ended without a verdict.
pub fn silent(other: Vec<String>, out_of_memory: bool) -> Error {
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
