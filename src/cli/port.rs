//! `ratesdev port`: where roles can be reached.

use serde::Serialize;

use super::Context;
use super::complete;
use super::report;
use super::target::nothing_of;
use super::target::refuse_unknown;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::State;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;

/// Show where the roles of an environment can be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev port                             every role and its address
  ratesdev port api                         only the address: curl http://$(ratesdev port api)/health/ready
  ratesdev port --json")]
pub struct Args {
    /// The role, or one replica such as api-2
    #[arg(value_name = "ROLE", add = complete::roles())]
    role: Option<Chosen>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Document {
    environment: String,
    ports: Vec<Published>,
    /// The command that makes them reachable from here, where that takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<String>,
}

#[derive(Debug, Serialize)]
struct Published {
    role: String,
    endpoint: String,
}

/// Instances that are there and cannot be reached from outside.
#[derive(Debug, thiserror::Error)]
enum NoPort {
    #[error("{} not run, and only what runs publishes its ports", names(.0, "does", "do"))]
    Stopped(Vec<Instance>),
    #[error("{} no port", names(.0, "publishes", "publish"))]
    Unpublished(Vec<Instance>),
}

impl NoPort {
    /// Why none of these has a port; nothing where there are none.
    fn of<'a>(instances: impl Iterator<Item = &'a Found>) -> Option<Self> {
        let (run, rest): (Vec<&Found>, Vec<_>) =
            instances.partition(|found| found.state == State::Running);
        let names = |found: Vec<&Found>| found.iter().map(|found| found.instance).collect();
        match (run.is_empty(), rest.is_empty()) {
            (true, true) => None,
            (_, false) => Some(Self::Stopped(names(rest))),
            (false, true) => Some(Self::Unpublished(names(run))),
        }
    }
}

/// Who does what: `redis publishes`, `redis, web publish`.
fn names(instances: &[Instance], one: &str, several: &str) -> String {
    let names: Vec<_> = instances.iter().map(ToString::to_string).collect();
    let verb = if names.len() == 1 { one } else { several };
    format!("{} {verb}", names.join(", "))
}

impl Explain for NoPort {
    fn code(&self) -> Code {
        match self {
            Self::Stopped(_) => Code::NotRunning,
            Self::Unpublished(_) => Code::PortUnpublished,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stopped(_) => Some("`ratesdev start` starts what was stopped".to_owned()),
            Self::Unpublished(instances) => {
                let role = instances.first()?.role;
                role.is_own().then(|| format!("publish one with `ports` in [services.{role}]; the other roles reach it by its name, {role}"))
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Stopped(_) => Exit::NotRunning,
            Self::Unpublished(_) => Exit::Failed,
        }
    }
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let chosen: Vec<_> = args.role.into_iter().collect();
    let observed = environment.observe().await?;
    refuse_unknown(chosen.iter().map(|chosen| chosen.role), &observed)?;
    let published = |found: &Found| {
        let role = found.instance.to_string();
        let ports = found.ports.clone().into_iter();
        ports.map(move |endpoint| Published {
            role: role.clone(),
            endpoint: endpoint.to_string(),
        })
    };
    let instances = observed.instances.iter();
    let meant = instances.filter(|found| includes(&chosen, found.instance));
    let there: Vec<_> = meant
        .clone()
        .flat_map(|found| found.ports.clone())
        .collect();
    let tunnel = environment.engine.tunnel(&there);
    let ports: Vec<_> = meant.clone().flat_map(published).collect();
    if ports.is_empty() {
        return match NoPort::of(meant) {
            Some(error) => Err(error.into()),
            None => Err(nothing_of(&chosen, &environment, context).await?),
        };
    }
    if args.json {
        let environment = environment.name.to_string();
        context.out.json(&Document {
            environment,
            ports,
            tunnel,
        })?;
        return Ok(Exit::Done);
    }
    for Published { role, endpoint } in ports {
        if args.role.is_some() {
            context.out.line(endpoint)?;
        } else {
            context.out.line(format_args!("{role:<9} {endpoint}"))?;
        }
    }
    if let Some(tunnel) = tunnel {
        report::tunnel(&tunnel, &context.out);
    }
    Ok(Exit::Done)
}
