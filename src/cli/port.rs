//! `ratesdev port`: where roles can be reached.

mod forward;

use serde::Serialize;

use super::Context;
use super::complete;
use super::report;
use super::target::nothing_of;
use super::target::refuse_unknown;
use crate::engine::Found;
use crate::engine::FoundPort;
use crate::engine::Instance;
use crate::engine::Role;
use crate::engine::State;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;
use crate::error::Code;
use crate::error::Exit;
use crate::error::Explain;
use crate::error::Result;
use crate::profile::PortNumber;

/// Show where the roles of an environment can be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev port                             every role and its address
  ratesdev port api                         only the address: curl http://$(ratesdev port api)/health/ready
  ratesdev port --forward                   ports of another machine become ports of this one
  ratesdev port redis 6379                  the address of one port, by its number inside
  ratesdev port dns 53/udp                  one that carries UDP
  ratesdev port --json")]
pub struct Args {
    /// The role, or one replica such as api-2
    #[arg(value_name = "ROLE", add = complete::roles())]
    role: Option<Chosen>,
    /// The port inside, such as 8000 or 53/udp [default: all that are published]
    #[arg(value_name = "PORT")]
    port: Option<PortNumber>,
    /// Make ports of another machine ports of this one, by their own numbers, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    forward: bool,
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
    /// The port inside.
    port: u16,
    protocol: String,
    endpoint: String,
}

impl Published {
    fn of(instance: Instance, port: FoundPort) -> Self {
        Self {
            role: instance.to_string(),
            port: port.inside.number,
            protocol: port.inside.protocol.to_string(),
            endpoint: port.address.to_string(),
        }
    }
}

/// Instances that are there and cannot be reached from outside.
#[derive(Debug, thiserror::Error)]
enum NoPort {
    #[error("{} not run, and only what runs publishes its ports", names(.0, "does", "do"))]
    Stopped(Vec<Instance>),
    #[error("{} no port", names(.0, "publishes", "publish"))]
    Unpublished(Vec<Instance>),
    #[error("{0} publishes no port {1}; it publishes {inside}", inside = numbers(.2))]
    Another(Instance, PortNumber, Vec<FoundPort>),
}

impl NoPort {
    /// Why none of these has a port, or not the one that is asked for; nothing where there are none.
    fn of(instances: &[&Found], asked: Option<PortNumber>) -> Option<Self> {
        let published = instances.iter().find(|found| !found.ports.is_empty());
        if let (Some(found), Some(asked)) = (published, asked) {
            return Some(Self::Another(found.instance, asked, found.ports.clone()));
        }
        let (run, rest): (Vec<&Found>, Vec<_>) = instances
            .iter()
            .partition(|found| found.state == State::Running);
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

/// Numbers inside, as they can be asked for.
fn numbers(ports: &[FoundPort]) -> String {
    let numbers = ports.iter().map(|port| port.inside.to_string());
    numbers.collect::<Vec<_>>().join(", ")
}

impl Explain for NoPort {
    fn code(&self) -> Code {
        match self {
            Self::Stopped(_) => Code::NotRunning,
            Self::Unpublished(_) | Self::Another(..) => Code::PortUnpublished,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stopped(_) => Some("`ratesdev start` starts what was stopped".to_owned()),
            Self::Unpublished(instances) => {
                let role = instances.first()?.role;
                role.is_own().then(|| publish(role))
            }
            Self::Another(instance, ..) => {
                let role = instance.role;
                Some(if role.is_own() {
                    publish(role)
                } else {
                    format!("`ratesdev port {instance}` has all of its addresses")
                })
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Stopped(_) => Exit::NotRunning,
            Self::Unpublished(_) | Self::Another(..) => Exit::Failed,
        }
    }
}

fn publish(role: Role) -> String {
    format!(
        "publish one with `ports` in [services.{role}]; the other roles reach it by its name, {role}"
    )
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let chosen: Vec<_> = args.role.into_iter().collect();
    let observed = environment.observe().await?;
    refuse_unknown(chosen.iter().map(|chosen| chosen.role), &observed)?;
    let instances = observed.instances.iter();
    let meant: Vec<_> = instances
        .filter(|found| includes(&chosen, found.instance))
        .collect();
    let all = meant.iter().flat_map(|found| {
        let ports = found.ports.iter();
        ports.map(|port| (found.instance, *port))
    });
    let is_asked = |port: &FoundPort| args.port.is_none_or(|asked| asked == port.inside);
    let ports: Vec<_> = all.filter(|(_, port)| is_asked(port)).collect();
    if ports.is_empty() {
        return match NoPort::of(&meant, args.port) {
            Some(error) => Err(error.into()),
            None => Err(nothing_of(&chosen, &environment, context).await?),
        };
    }
    if args.forward {
        return forward::run(&environment, &observed, &ports, context).await;
    }
    let carried = ports.iter().filter(|(_, port)| port.connects());
    let there: Vec<_> = carried.map(|(_, port)| port.address).collect();
    let tunnel = report::way(&environment, &there, &context.out);
    if args.json {
        let ports = ports.into_iter();
        context.out.json(&Document {
            environment: environment.name.to_string(),
            ports: ports
                .map(|(instance, port)| Published::of(instance, port))
                .collect(),
            tunnel,
        })?;
        return Ok(Exit::Done);
    }
    for (instance, port) in ports {
        match (args.role, args.port) {
            (_, Some(_)) => context.out.line(port.address)?,
            (Some(_), None) => context.out.line(port)?,
            (None, None) => context
                .out
                .line(format_args!("{:<9} {port}", instance.to_string()))?,
        }
    }
    if let Some(tunnel) = tunnel {
        report::tunnel(&tunnel, &context.out);
    }
    Ok(Exit::Done)
}
