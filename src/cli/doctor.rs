//! `ratesdev doctor`: gathers what speaks for and against an environment here, and shows the judgements.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::timeout;

use super::Context;
use super::complete;
use super::output::style;
use super::screen::Screen;
use crate::doctor;
use crate::doctor::Finding;
use crate::doctor::Holder;
use crate::doctor::Image;
use crate::doctor::Verdict;
use crate::engine::About;
use crate::engine::Engine;
use crate::engine::Instance;
use crate::engine::Machine;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::port_taken;
use crate::environment;
use crate::environment::Environment;
use crate::environment::Extent;
use crate::environment::Pull;
use crate::environment::Up;
use crate::environment::is_taken;
use crate::environment::locate::PATIENCE;
use crate::environment::locate::Placed;
use crate::environment::locate::Wish;
use crate::environment::plan::Choices;
use crate::environment::publishes;
use crate::error::Error;
use crate::error::Exit;
use crate::error::Result;
use crate::image::Platform;
use crate::profile::ApiSource;
use crate::profile::Bytes;
use crate::profile::Port;
use crate::profile::PortNumber;
use crate::profile::Profile;
use crate::profile::Resolved;
use crate::terminal;
use crate::text::Charset;

/// Look for what will not work here, and say how to cure it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 everything will work, 1 something will not.

Examples:
  ratesdev doctor                           for the profile dev
  ratesdev doctor prod
  ratesdev doctor --json | jq '.findings[] | select(.verdict != \"good\")'"
)]
pub struct Args {
    /// The profile: its name, or the path of its file [default: dev]
    #[arg(add = complete::profiles())]
    profile: Option<String>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    /// Whether everything will work.
    well: bool,
    findings: &'a [Finding],
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let examine = async { Ok(examine(args.profile.as_deref(), context).await) };
    let mut findings = context.shutdown.guard(examine).await?;
    for cure in findings
        .iter_mut()
        .filter_map(|finding| finding.cure.as_mut())
    {
        *cure = context.out.flags().repeat(cure);
    }
    let well = findings
        .iter()
        .all(|finding| finding.verdict != Verdict::Bad);
    if args.json {
        let findings = findings.as_slice();
        context.out.json(&Document { well, findings })?;
    } else {
        let charset = Screen::of_stdout().charset;
        let mut lines = findings.iter().flat_map(|finding| lines(finding, charset));
        lines.try_for_each(|line| context.out.line(line))?;
    }
    Ok(if well { Exit::Done } else { Exit::Failed })
}

/// What depends on something that is not well is left out.
async fn examine(name: Option<&str>, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(resolved) = keep(context.resolve(name, &[]), "profile", &mut findings) {
        findings.extend(of_profile(&resolved.profile));
        let placed = placed(&resolved, context).await;
        if let Some(placed) = keep(placed, "engine", &mut findings) {
            let Environment { name, engine } = &placed.environment;
            findings.push(doctor::engine(engine.about(), placed.instead.as_deref()));
            let database = &resolved.profile.database;
            let provenance = engine.provenance(name, &database.image, &database.postgres);
            let provenance = provenance.await;
            let provenance = keep(provenance.map_err(Error::from), "postgres", &mut findings);
            findings.extend(provenance.as_ref().map(doctor::postgres));
            findings.extend(of_both(&placed.environment, &resolved.profile).await);
            let plan = plan(&placed.environment, &resolved.profile).await;
            findings.extend(Some(plan).filter(|plan| !is_told(plan, &findings)));
        }
        let refused = context.engines.refusal().map(doctor::refused);
        findings.extend(refused.filter(|refused| !is_told(refused, &findings)));
    }
    findings.push(terminal_finding());
    let own_keys = keep((context.dashboard.own_keys)(), "keys", &mut findings);
    findings.extend(own_keys.and_then(doctor::keys));
    findings
}

/// The environment on the engine where `up` would find or make it.
async fn placed(resolved: &Resolved, context: &Context) -> Result<Placed> {
    let wish = Wish {
        named: resolved.named_engine(),
        profile: &resolved.profile,
        pull: Pull::Missing,
    };
    let name = context.name(Some(&resolved.profile))?;
    context.engines.place(name, wish).await
}

/// The value, or a finding in its stead.
fn keep<T>(result: Result<T>, topic: &'static str, findings: &mut Vec<Finding>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            findings.push(Finding::failure(topic, &error.report()));
            None
        }
    }
}

fn of_profile(profile: &Profile) -> Vec<Finding> {
    let mut findings = vec![doctor::profile(profile)];
    let dump = &profile.seed.file;
    let opened = std::fs::File::open(dump)
        .map_err(|cause| Error::from(crate::database::DumpError::missing(dump, cause)));
    if keep(opened, "seed", &mut findings).is_some() {
        findings.push(doctor::seed(dump));
    }
    findings
}

async fn of_both(environment: &Environment, profile: &Profile) -> Vec<Finding> {
    let engine = &environment.engine;
    let platform = &engine.about().platform;
    let mut findings = Vec::new();
    let machine = engine.machine().await.map_err(Error::from);
    if let Some(machine) = keep(machine, "engine", &mut findings) {
        findings.extend(of_folder(&machine, engine.about()));
        findings.extend(doctor::limits(profile, &machine));
    }
    if let Some(free) = free(&profile.root) {
        findings.push(doctor::disk("the checkout", free, platform));
    }
    if *platform != Platform::Process {
        findings.extend(of_images(&**engine, profile).await);
    }
    findings.extend(ports(environment, profile).await);
    findings
}

/// Room in the folder of an engine of this machine. What Docker calls its folder may be in a virtual machine, and then
/// it is not here; the one of processes is made when it is first needed.
fn of_folder(machine: &Machine, about: &About) -> Option<Finding> {
    let folder = machine.folder.as_deref().filter(|_| about.local)?;
    let (what, there) = match about.platform {
        Platform::Process => ("data", folder.ancestors().find(|folder| folder.exists())),
        Platform::Container(_) => ("images and data", Some(folder).filter(|it| it.exists())),
    };
    Some(doctor::disk(what, free(there?)?, &about.platform))
}

/// What `up` would do or refuse, found out as `up` does.
async fn plan(environment: &Environment, profile: &Profile) -> Finding {
    let up = Up {
        extent: Extent::Everything,
        choices: Choices::default(),
        pull: Pull::Missing,
        wait_timeout: Duration::ZERO,
    };
    let prepared = async {
        let program = environment::program()?;
        environment.prepare(profile, &program, up).await
    };
    match prepared.await {
        Ok(prepared) if prepared.plan.is_empty() => doctor::plan(0),
        Ok(prepared) => doctor::plan(prepared.plan.steps.len()),
        Err(error) => Finding::failure("plan", &error.report()),
    }
}

/// Whether the same failure is among the findings already.
fn is_told(finding: &Finding, findings: &[Finding]) -> bool {
    let mut codes = findings.iter().filter_map(|finding| finding.code);
    finding
        .code
        .is_some_and(|code| codes.any(|told| told == code))
}

async fn of_images(engine: &dyn Engine, profile: &Profile) -> Vec<Finding> {
    let services = profile.services.iter().map(|service| &service.image);
    let mut images: BTreeSet<&str> = services.map(String::as_str).collect();
    images.insert(&profile.database.image);
    if let ApiSource::Image(image) = profile.api.source() {
        images.insert(image);
    }
    let images = images.into_iter();
    join_all(images.map(|image| of_image(engine, image))).await
}

/// A registry may take its time, as it may when an engine is chosen.
async fn of_image(engine: &dyn Engine, name: &str) -> Finding {
    let image = match engine.has_image(name).await {
        Ok(true) => Ok(Image::There),
        Ok(false) => match timeout(PATIENCE, engine.find_in_registry(name)).await {
            Ok(found) => found.map(|()| Image::ToBePulled),
            Err(_late) => Ok(Image::Silent),
        },
        Err(error) => Err(error),
    };
    let refused = |error| Image::Refused(Error::from(error).report());
    doctor::image(name, &image.unwrap_or_else(refused))
}

async fn ports(environment: &Environment, profile: &Profile) -> Vec<Finding> {
    let observed = environment.observe().await.unwrap_or_default();
    let mut findings = Vec::new();
    let Profile { database, api, .. } = profile;
    for (role, address, first, replicas) in [
        (Role::Database, database.bind, database.port, 1),
        (Role::Api, api.bind, api.port, api.replicas),
    ] {
        for number in 1..=replicas {
            let instance = Instance { role, number };
            let port = match first {
                Port::Auto => 0,
                Port::Fixed(port) => port.saturating_add(number - 1),
            };
            let port = port.into();
            let holder = holder(environment, &observed, instance, (address, port)).await;
            findings.push(doctor::port(instance, port, &holder));
        }
    }
    for service in &profile.services {
        for mapping in &service.ports {
            // Only a fixed port can be taken.
            let Some(port) = mapping.fixed() else {
                continue;
            };
            let instance = Instance::first(service.role());
            let holder = holder(environment, &observed, instance, (mapping.address, port)).await;
            findings.push(doctor::port(instance, port, &holder));
        }
    }
    findings
}

/// What `up` would find; 0 is a port that is yet to be chosen.
async fn holder(
    environment: &Environment,
    observed: &Observed,
    instance: Instance,
    (address, port): (IpAddr, PortNumber),
) -> Holder {
    let engine = &environment.engine;
    let local = engine.about().local;
    if port.number == 0 {
        return Holder::Auto;
    }
    if publishes(observed, port) {
        return Holder::Ourselves;
    }
    if local && !is_taken(address, port) {
        return Holder::Nobody;
    }
    match engine.holder(port).await {
        None if !local => Holder::Unknown,
        holder => Holder::Refused(Error::from(port_taken(port, instance, holder)).report()),
    }
}

fn terminal_finding() -> Finding {
    let charset = Charset::from_locale(|name| std::env::var(name).ok());
    doctor::terminal(std::io::stdout().is_terminal(), terminal::size(), charset)
}

/// Space that this user may fill, where the system tells.
#[cfg(unix)]
fn free(folder: &Path) -> Option<Bytes> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(Bytes(disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<Bytes> {
    None
}

fn lines(finding: &Finding, charset: Charset) -> Vec<String> {
    let (mark, colour) = match finding.verdict {
        Verdict::Good => (charset.pick("✓", "+"), style::GOOD),
        Verdict::Warning => ("!", style::WARN),
        Verdict::Bad => (charset.pick("✗", "x"), style::BAD),
    };
    let code = finding.code.map(|code| format!("  {code}"));
    let code = code.unwrap_or_default();
    let Finding { topic, what, .. } = finding;
    let first = format!("{colour}{mark}{colour:#} {topic:<9} {what}{colour}{code}{colour:#}");
    let cure = finding.cure.as_ref();
    let cure = cure.map(|cure| format!("  {:<9} {1}cure:{1:#} {cure}", "", style::BOLD));
    std::iter::once(first).chain(cure).collect()
}
