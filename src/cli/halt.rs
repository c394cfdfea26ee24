//! What `stop`, `start` and `restart` have in common: a plan for some roles, carried out and told.

use std::time::Duration;
use std::time::Instant;

use serde::Serialize;

use super::Context;
use super::complete;
use super::output::style;
use super::report;
use super::target::nothing_of;
use super::target::refuse_another_checkout;
use super::target::refuse_unknown;
use crate::engine::Grace;
use crate::engine::Observed;
use crate::environment::Environment;
use crate::environment::chosen::Chosen;
use crate::environment::chosen::includes;
use crate::environment::event;
use crate::environment::plan::Plan;
use crate::error::Exit;
use crate::error::Result;

/// Arguments that all of them take.
#[derive(Debug, clap::Args)]
pub struct RoleArgs {
    /// Only these roles: database, api, services of the profile, or one replica such as api-2 [default: all]
    #[arg(value_name = "ROLE", add = complete::roles())]
    roles: Vec<Chosen>,
    /// Tell what happens as JSON, one line per event
    #[arg(long)]
    json: bool,
}

/// How long what is started may take.
#[derive(Debug, clap::Args)]
pub struct WaitArgs {
    /// How many seconds a role may take until it answers
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    wait_timeout: u32,
}

impl WaitArgs {
    /// The same as a duration.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.wait_timeout.into())
    }
}

/// How long what is stopped may take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct GraceArgs {
    /// How many seconds a role may take to end before it is killed [default: database 30, api 15, services 10]
    #[arg(short, long, value_name = "SECONDS")]
    timeout: Option<u32>,
}

impl GraceArgs {
    /// The same as a duration.
    pub fn grace(self) -> Grace {
        self.timeout
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// What is done to the roles.
#[derive(Debug, Clone, Copy)]
pub struct Verb {
    /// What has become of them, as the last event says: `stopped`.
    pub done: &'static str,
    /// The plan for it.
    pub plan: fn(&Observed, &[Chosen]) -> Plan,
    /// How long what is started may take.
    pub wait: Duration,
    /// How long what is stopped may take.
    pub grace: Grace,
}

/// Does it, unless nothing has to be done.
pub async fn run(args: &RoleArgs, verb: Verb, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let _lock = context.hold(&environment).await?;
    let observed = environment.observe().await?;
    if context.named().is_none() {
        refuse_another_checkout(&observed, &environment)?;
    }
    refuse_unknown(args.roles.iter().map(|chosen| chosen.role), &observed)?;
    let mut instances = observed.instances.iter();
    if !instances.any(|found| includes(&args.roles, found.instance)) {
        return Err(nothing_of(&args.roles, &environment, context).await?);
    }
    let begun = Instant::now();
    let plan = (verb.plan)(&observed, &args.roles).with_grace(verb.grace);
    let carried_out = carry_out(&plan, verb, &environment, args, context).await;
    if let (Err(error), true) = (&carried_out, args.json) {
        report::failure_json(error, &context.out);
    }
    carried_out?;
    let outcome = Outcome::of(&environment, verb, args, plan.is_empty(), context).await?;
    outcome.show(begun.elapsed(), args.json, context)
}

async fn carry_out(
    plan: &Plan,
    verb: Verb,
    environment: &Environment,
    args: &RoleArgs,
    context: &Context,
) -> Result<()> {
    let (emitter, events) = event::channel();
    let work = async {
        // Dropping the emitter at the end is what ends the stream for its reader.
        let emitter = emitter;
        environment
            .carry_out(plan, verb.wait, &emitter, &context.shutdown)
            .await
    };
    let (done, shown) = tokio::join!(work, report::follow(events, &context.out, args.json));
    done.and(shown)
}

/// How it ended.
#[derive(Debug, Serialize)]
struct Outcome {
    event: &'static str,
    environment: String,
    /// Whether there was nothing to do.
    unchanged: bool,
    roles: Vec<RoleOutcome>,
    /// The command that makes them reachable from here, where that takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tunnel: Option<String>,
}

#[derive(Debug, Serialize)]
struct RoleOutcome {
    name: String,
    endpoint: Option<String>,
}

impl Outcome {
    async fn of(
        environment: &Environment,
        verb: Verb,
        args: &RoleArgs,
        unchanged: bool,
        context: &Context,
    ) -> Result<Self> {
        let observed = environment.observe().await?;
        let instances = observed.instances.iter();
        let chosen = instances.filter(|found| includes(&args.roles, found.instance));
        let ports: Vec<_> = chosen.clone().filter_map(|found| found.published).collect();
        let roles = chosen.map(|found| RoleOutcome {
            name: found.instance.to_string(),
            endpoint: found.published.map(|endpoint| endpoint.to_string()),
        });
        Ok(Self {
            event: verb.done,
            environment: environment.name.to_string(),
            unchanged,
            roles: roles.collect(),
            tunnel: report::way(environment, &ports, &context.out),
        })
    }

    fn show(&self, elapsed: Duration, json: bool, context: &Context) -> Result<Exit> {
        if json {
            context.out.json(self)?;
            return Ok(Exit::Done);
        }
        let names: Vec<_> = self.roles.iter().map(|role| role.name.as_str()).collect();
        let (names, done) = (names.join(", "), self.event);
        let how = if self.unchanged {
            "; nothing had to change".to_owned()
        } else {
            format!(" in {}", report::duration(elapsed))
        };
        context.out.note(format_args!(
            "{0}{1}{0:#} {done}: {names}{how}",
            style::BOLD,
            self.environment
        ));
        for role in &self.roles {
            if let Some(endpoint) = &role.endpoint {
                let name = &role.name;
                context
                    .out
                    .note(format_args!("  {0}{name:<9}{0:#} {endpoint}", style::DIM));
            }
        }
        if let Some(tunnel) = &self.tunnel {
            report::tunnel(tunnel, &context.out);
        }
        Ok(Exit::Done)
    }
}
