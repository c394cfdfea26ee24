//! `ratesdev up --watch`: starts roles again when their code changes, until it is interrupted.

use std::time::Duration;

use crate::cli::Context;
use crate::cli::output::style;
use crate::cli::report;
use crate::environment::Environment;
use crate::environment::changes::Changed;
use crate::environment::changes::Changes;
use crate::environment::chosen::Chosen;
use crate::environment::event;
use crate::environment::plan;
use crate::error::Exit;
use crate::error::Result;

/// Goes on until it is interrupted, which leaves the environment as it is. What does not start again is told, and the
/// next change tries anew.
pub async fn run(
    mut code: Changes,
    environment: &Environment,
    wait: Duration,
    json: bool,
    context: &Context,
) -> Result<Exit> {
    let paths: Vec<_> = code
        .paths()
        .map(|path| path.display().to_string())
        .collect();
    context.out.note(format_args!(
        "watching {}; Ctrl-C ends that, and {} goes on to run",
        paths.join(", "),
        environment.name
    ));
    loop {
        let changed = tokio::select! {
            changed = code.next() => changed,
            () = context.shutdown.requested() => None,
        };
        let Some(changed) = changed else {
            return Ok(Exit::Done);
        };
        let restarted = restart(&changed, environment, wait, json, context).await;
        match restarted {
            Err(error) if !context.shutdown.is_requested() => {
                context.out.failure(&context.out.report(&error));
            }
            _ => {}
        }
    }
}

async fn restart(
    changed: &Changed,
    environment: &Environment,
    wait: Duration,
    json: bool,
    context: &Context,
) -> Result<()> {
    let file = changed.file.display();
    context
        .out
        .note(format_args!("{0}{file} has changed{0:#}", style::BOLD));
    let _lock = context.hold(environment).await?;
    let observed = environment.observe().await?;
    let chosen: Vec<Chosen> = changed.roles.iter().copied().map(Chosen::from).collect();
    let plan = plan::restart(&observed, &chosen);
    let (emitter, events) = event::channel();
    let work = async {
        // Dropping the emitter at the end is what ends the stream for its reader.
        let emitter = emitter;
        environment
            .carry_out(&plan, wait, &emitter, &context.shutdown)
            .await
    };
    let (done, shown) = tokio::join!(work, report::follow(events, &context.out, json));
    done.and(shown)
}
