//! `ratesdev port`: where roles can be reached.

use serde::Serialize;

use super::Context;
use super::complete;
use super::report;
use super::target::nothing_of;
use super::target::refuse_unknown;
use crate::engine::Found;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;
use crate::error::Exit;
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
    let ports: Vec<_> = meant.flat_map(published).collect();
    if ports.is_empty() {
        return Err(nothing_of(&chosen, &environment, context).await?);
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
