//! What is told while a plan is carried out.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::*;
use crate::engine::Engine;
use crate::engine::fake::Fake;
use crate::environment::event;
use crate::environment::event::Event;
use crate::environment::runner::Runner;
use crate::error::Result;
use crate::shutdown::Shutdown;

/// Runs the way down from a settled environment and returns what was told.
async fn run(breaks: Option<&'static str>) -> (Result<()>, Vec<Event>) {
    let wanted = wanted_by("dev");
    let observed = settled(&wanted).observed;
    let mut engine = Fake::holding(&wanted.owner.environment, observed.clone());
    engine.breaks = breaks;
    let shutdown = &Shutdown::default();
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let (emitter, mut events) = event::channel();
    let runner = Runner {
        engine: &engine,
        owner: &wanted.owner,
        wait: std::time::Duration::ZERO,
        emitter: &emitter,
        shutdown,
        seen: OnceCell::new(),
    };
    let result = runner.run(&down(&observed, true)).await;
    drop(emitter);
    let mut told = Vec::new();
    while let Some(event) = events.events.recv().await {
        told.push(event);
    }
    (result, told)
}

#[tokio::test]
async fn every_step_is_begun_after_those_it_waits_for_and_finished_once() {
    let (result, told) = run(None).await;
    result.unwrap();
    let order: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Started { step } => Some(format!("+{step}")),
            Event::Finished { step, .. } => Some(format!("-{step}")),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["+0", "-0", "+1", "-1", "+2", "+3", "-2", "-3"]);
}

#[tokio::test]
async fn a_failure_stops_what_would_have_come_next() {
    let breaks = "Remove(Found { instance: Instance { role: Database";
    let (result, told) = run(Some(breaks)).await;
    assert_eq!(result.unwrap_err().to_string(), "the fake breaks here");
    assert!(matches!(told.last(), Some(Event::Failed { step: 1, .. })));
    assert!(!told.contains(&Event::Started { step: 2 }));
}
