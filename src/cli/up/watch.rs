//! `ratesdev up --watch`: starts roles again when their code changes, until it is interrupted.

use std::convert::Infallible;
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
use crate::shutdown::Shutdown;

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
            biased;
            () = context.shutdown.requested() => None,
            changed = code.next() => changed,
        };
        let Some(changed) = changed else {
            return Ok(Exit::Done);
        };
        match restart(&changed, environment, wait, json, context).await {
            Err(error) if context.shutdown.is_requested() => return Err(error),
            Err(error) => context.out.failure(&context.out.report(&error)),
            Ok(()) => {}
        }
    }
}

/// A restart that has begun is ended, also after Ctrl-C: between its steps nothing of the role runs.
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
        let whole = Shutdown::default();
        environment.carry_out(&plan, wait, &emitter, &whole).await
    };
    let both = async { tokio::join!(work, report::follow(events, &context.out, json)) };
    let (done, shown) = tokio::select! {
        both = both => both,
        never = ask_for_patience(context) => match never {},
    };
    done.and(shown)
}

async fn ask_for_patience(context: &Context) -> Infallible {
    context.shutdown.requested().await;
    context
        .out
        .note("what was stopped is started first; Ctrl-C once more ends this at once");
    std::future::pending().await
}
