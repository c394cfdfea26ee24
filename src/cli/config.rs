//! `ratesdev config`: an environment as it would run.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use super::Context;
use super::complete;
use super::output::Output;
use super::up;
use crate::engine::Probe;
use crate::engine::Publish;
use crate::engine::PublishedPort;
use crate::engine::Service;
use crate::environment::Pull;
use crate::environment::program;
use crate::environment::wanted::Wanted;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile::Check;
use crate::profile::Mount;
use crate::profile::Source;

/// Show an environment as `up` would make it: services, images, ports, limits, checks.
///
/// `profile show` tells what was asked for and where each value comes from; this tells what it comes to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Secrets are never part of it: roles read the password from a file. What an engine adds so that roles find each other is
not shown either.

Examples:
  ratesdev config                           the profile dev, as TOML
  ratesdev config staging --set api.replicas=2
  ratesdev config --services                only the roles, a line each
  ratesdev config --images                  only the images
  ratesdev config -q && echo fine           nothing but the exit code and what is wrong
  ratesdev config --json | jq '.services[].memory_bytes'"
)]
pub struct Args {
    /// The profile: its name, or the path of its file [default: dev]
    #[arg(add = complete::profiles())]
    profile: Option<String>,
    /// Overrule a setting of the profile, for example api.port=15001
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    part: Part,
}

/// What is shown of it; all of it as TOML where nothing is said.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[group(multiple = false)]
struct Part {
    /// One JSON document
    #[arg(long)]
    json: bool,
    /// Only the roles, a line each
    #[arg(long)]
    services: bool,
    /// Only the images, a line each
    #[arg(long)]
    images: bool,
    /// Nothing: only whether it could be worked out
    #[arg(short, long)]
    quiet: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let resolved = up::chosen(args.profile.as_deref(), &args.set, context).await?;
    let profile = &resolved.profile;
    let environment = context.place(&resolved, Pull::default(), false).await?;
    let program = program()?;
    let wanted = environment.wanted(profile, &program);
    let wanted = context.shutdown.guard(wanted).await?;
    let config = Config::new(&wanted, environment.engine.about().engine);
    config.show(&args.part, &context.out)?;
    Ok(Exit::Done)
}

/// An environment as it would run. Tables come last, as TOML wants them.
#[derive(Debug, Serialize)]
struct Config {
    environment: String,
    engine: &'static str,
    profile: String,
    profile_file: String,
    checkout: String,
    protected: bool,
    seed: SeedConfig,
    services: Vec<ServiceConfig>,
    checks: Vec<CheckConfig>,
}

#[derive(Debug, Serialize)]
struct SeedConfig {
    file: String,
    fingerprint: String,
}

#[derive(Debug, Serialize)]
struct ServiceConfig {
    name: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<String>,
    /// Published ports of the team's own services, each with the one inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entrypoint: Vec<String>,
    arguments: Vec<String>,
    cpus: f64,
    memory_bytes: u64,
    pids: u32,
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct CheckConfig {
    name: String,
    orig: String,
    dest: String,
    day: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<f64>,
}

impl Config {
    fn new(wanted: &Wanted, engine: &'static str) -> Self {
        let owner = &wanted.owner;
        Self {
            environment: owner.environment.to_string(),
            engine,
            profile: owner.profile.clone(),
            profile_file: owner.profile_file.display().to_string(),
            checkout: owner.root.display().to_string(),
            protected: owner.protected,
            seed: SeedConfig {
                file: wanted.seed.file.display().to_string(),
                fingerprint: wanted.seed.fingerprint.clone(),
            },
            services: wanted.services.iter().map(service).collect(),
            checks: wanted.checks.iter().map(check).collect(),
        }
    }

    fn show(&self, part: &Part, out: &Output) -> Result<()> {
        let mut services = self.services.iter();
        if part.quiet {
            Ok(())
        } else if part.json {
            out.json(self)
        } else if part.services {
            services.try_for_each(|service| out.line(&service.name))
        } else if part.images {
            let images: BTreeSet<_> = services.map(|service| &service.image).collect();
            images.into_iter().try_for_each(|image| out.line(image))
        } else {
            let text = toml::to_string(self).map_err(std::io::Error::other);
            let text = text.map_err(IoError::new("write TOML"))?;
            out.raw(text.as_bytes())
        }
    }
}

fn service(service: &Service) -> ServiceConfig {
    let (limits, extras) = (service.limits, &service.extras);
    ServiceConfig {
        name: service.instance.to_string(),
        image: service.image.clone(),
        publish: service.publish.map(publish),
        ports: extras.ports.iter().map(published).collect(),
        mounts: extras.mounts.iter().map(mount).collect(),
        needs: extras.needs.iter().map(ToString::to_string).collect(),
        health: extras.probe.as_ref().map(health),
        entrypoint: extras.entrypoint.clone(),
        arguments: service.arguments.clone(),
        cpus: f64::from(limits.millicpus) / 1000.0,
        memory_bytes: limits.memory.0,
        pids: limits.pids,
        variables: service.variables.clone(),
    }
}

fn publish(publish: Publish) -> String {
    let port = publish.port.map(|port| port.to_string());
    let port = port.unwrap_or_else(|| "auto".to_owned());
    format!("{}:{port}", publish.address)
}

fn published(port: &PublishedPort) -> String {
    format!("{}:{}", publish(port.publish), port.inside)
}

fn mount(mount: &Mount) -> String {
    let source = match &mount.source {
        Source::Volume(name) => format!("volume {name}"),
        Source::Path(path) => path.display().to_string(),
    };
    let mode = if mount.read_only { "ro" } else { "rw" };
    format!("{source}:{}:{mode}", mount.target)
}

fn health(probe: &Probe) -> String {
    match probe {
        Probe::Command { command, .. } => command.join(" "),
        Probe::Http { port, path } => format!("GET :{port}{path}"),
    }
}

fn check(check: &Check) -> CheckConfig {
    CheckConfig {
        name: check.name.clone(),
        orig: check.orig.to_string(),
        dest: check.dest.to_string(),
        day: check.expect.day.to_string(),
        count: check.expect.count,
        price: check.expect.price,
    }
}
