//! What containers themselves tell of their lives: the Engine forgets events within minutes, but not its containers.

use bollard::Docker as Client;
use bollard::models::ContainerInspectResponse;
use bollard::models::ContainerState;
use jiff::SignedDuration;
use jiff::Timestamp;

use super::observe;
use crate::engine::Event;
use crate::engine::EventKind;
use crate::engine::Result;
use crate::engine::docker::label;
use crate::profile::EnvironmentName;

/// How long an event may be told after the instant that its container notes.
const LATE: SignedDuration = SignedDuration::from_secs(2);

/// What the containers of an environment tell, in the order of time.
pub async fn tell(client: &Client, environment: &EnvironmentName) -> Result<Vec<Event>> {
    let containers = observe::inspected(client, environment).await?;
    let mut events: Vec<_> = containers.iter().flat_map(of).collect();
    events.sort_by_key(|event| event.time);
    Ok(events)
}

/// The life of one container, as far as it is noted: its making, its last start, its last end.
fn of(container: &ContainerInspectResponse) -> Vec<Event> {
    let labels = container.config.as_ref().and_then(|of| of.labels.as_ref());
    let whose = labels.and_then(|labels| {
        let environment = labels.get(label::ENVIRONMENT)?.parse().ok()?;
        Some((environment, observe::instance(labels)?))
    });
    let Some((environment, instance)) = whose else {
        return Vec::new();
    };
    let notes = container.state.as_ref().map(notes).unwrap_or_default();
    let made = (container.created.as_ref(), EventKind::Created);
    let notes = [made].into_iter().chain(notes);
    let event = |(time, kind): (Option<&String>, EventKind)| {
        // What has not happened yet is in the year 1.
        let time: Timestamp = time?.parse().ok()?;
        (time > Timestamp::UNIX_EPOCH).then(|| Event {
            time,
            environment: EnvironmentName::clone(&environment),
            instance,
            kind,
        })
    };
    notes.filter_map(event).collect()
}

fn notes(state: &ContainerState) -> Vec<(Option<&String>, EventKind)> {
    let started = (state.started_at.as_ref(), EventKind::Started);
    let ended = state.finished_at.as_ref();
    if state.running == Some(true) {
        // Its code is that of the life it has now, which has not ended.
        return vec![started];
    }
    let code = state.exit_code.unwrap_or(-1);
    let mut notes = vec![started, (ended, EventKind::Exited { code })];
    if state.oom_killed == Some(true) {
        notes.push((ended, EventKind::OutOfMemory));
    }
    notes
}

/// Both together in the order of time, what both tell once.
pub fn merged(kept: Vec<Event>, remembered: Vec<Event>) -> Vec<Event> {
    let is_told = |one: &Event| {
        remembered.iter().any(|other| {
            let apart = other.time.duration_since(one.time).abs();
            (other.instance, &other.kind) == (one.instance, &one.kind) && apart <= LATE
        })
    };
    let forgotten: Vec<_> = kept.into_iter().filter(|event| !is_told(event)).collect();
    let mut all = forgotten;
    all.extend(remembered);
    all.sort_by_key(|event| event.time);
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::models::ContainerConfig;

    use super::*;

    fn container(state: ContainerState) -> ContainerInspectResponse {
        let labels = [(label::ENVIRONMENT, "dev"), (label::ROLE, "api")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        ContainerInspectResponse {
            created: Some("2021-01-31T12:00:00.5Z".to_owned()),
            config: Some(ContainerConfig {
                labels: Some(HashMap::from(labels)),
                ..ContainerConfig::default()
            }),
            state: Some(state),
            ..ContainerInspectResponse::default()
        }
    }

    fn told(container: &ContainerInspectResponse) -> Vec<(String, EventKind)> {
        let events = of(container).into_iter();
        let told = events.map(|event| (event.time.to_string(), event.kind));
        told.collect()
    }

    #[test]
    fn a_container_tells_of_its_making_its_last_start_and_its_last_end() {
        let never = Some("0001-01-01T00:00:00Z".to_owned());
        let started = Some("2021-01-31T12:00:01Z".to_owned());
        let ended = Some("2021-01-31T12:00:09Z".to_owned());
        let made = ("2021-01-31T12:00:00.5Z".to_owned(), EventKind::Created);
        let start = ("2021-01-31T12:00:01Z".to_owned(), EventKind::Started);
        let end = |kind| ("2021-01-31T12:00:09Z".to_owned(), kind);
        let new = ContainerState {
            started_at: never.clone(),
            finished_at: never,
            ..ContainerState::default()
        };
        assert_eq!(told(&container(new)), std::slice::from_ref(&made));
        let runs = ContainerState {
            running: Some(true),
            started_at: started.clone(),
            finished_at: ended.clone(),
            ..ContainerState::default()
        };
        assert_eq!(told(&container(runs)), [made.clone(), start.clone()]);
        let killed = ContainerState {
            started_at: started,
            finished_at: ended,
            exit_code: Some(137),
            oom_killed: Some(true),
            ..ContainerState::default()
        };
        let exited = end(EventKind::Exited { code: 137 });
        let memory = end(EventKind::OutOfMemory);
        assert_eq!(told(&container(killed)), [made, start, exited, memory]);
    }

    #[test]
    fn what_the_engine_still_remembers_is_not_told_twice() {
        let made = of(&container(ContainerState::default())).remove(0);
        let later = |seconds| Event {
            time: made.time + SignedDuration::from_secs(seconds),
            ..made.clone()
        };
        let of_soon = merged(vec![made.clone()], vec![later(1)]);
        assert_eq!(of_soon, [later(1)]);
        let of_old = merged(vec![made.clone()], vec![later(60)]);
        assert_eq!(of_old, [made.clone(), later(60)]);
    }
}
