//! What every engine does alike: the contract of [`Engine`], written once and held against each of them. The fake must
//! fulfil it too, because what is shown with it is believed of the others.

#![cfg(unix)]

mod stage;

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::timeout;

use super::Action;
use super::EventKind;
use super::Instance;
use super::LogLine;
use super::LogWindow;
use super::Network;
use super::Observed;
use super::Role;
use super::Service;
use super::State;
use super::choice::Presence;
use stage::Stage;

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_mins(2);

/// Makes a test for every engine of each of these scenes.
macro_rules! on_every_engine {
    ($($name:ident,)*) => {$(
        mod $name {
            use super::stage::Kind;
            use super::stage::on;

            #[tokio::test(flavor = "multi_thread")]
            async fn fake() {
                on(Kind::Fake, |stage| Box::pin(super::$name(stage))).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            #[cfg(target_os = "linux")]
            async fn embedded() {
                on(Kind::Embedded, |stage| Box::pin(super::$name(stage))).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn docker() {
                on(Kind::Docker, |stage| Box::pin(super::$name(stage))).await;
            }
        }
    )*};
}

on_every_engine! {
    what_was_never_made_is_not_there,
    the_ground_is_laid_once_however_often_it_is_asked_for,
    what_is_started_is_found_as_it_was_wanted,
    starting_again_changes_nothing,
    what_is_stopped_goes_on_as_the_same,
    what_is_removed_leaves_its_data,
    instances_are_found_in_the_order_of_their_roles,
    what_happens_is_told_in_order,
    a_log_is_followed_to_the_end_of_its_instance,
    environments_do_not_see_each_other,
    what_is_taken_away_twice_is_gone_once,
}

async fn what_was_never_made_is_not_there(stage: &Stage) {
    let observed = stage.observe().await;
    assert_eq!((&observed.instances, &observed.volumes), (&vec![], &vec![]));
    assert!(matches!(
        observed.network,
        Network::Missing | Network::Needless
    ));
    assert_eq!((observed.root(), &observed.unattended), (None, &None));
    assert_eq!(stage.presence().await, Presence::Absent);
    assert!(!stage.is_listed(true).await);
}

async fn the_ground_is_laid_once_however_often_it_is_asked_for(stage: &Stage) {
    for _ in 0..2 {
        stage.lay_the_ground().await;
        let observed = stage.observe().await;
        assert!(matches!(
            observed.network,
            Network::Right | Network::Needless
        ));
        assert!(observed.has_all_volumes() && observed.volumes.len() == 2);
        assert!(observed.is_protected());
        assert_eq!(observed.root(), Some(&stage.owner.root));
    }
    // Data alone is kept; nothing runs that would be listed.
    assert_eq!(stage.presence().await, Presence::Kept);
    assert!(stage.is_listed(true).await);
    assert!(!stage.is_listed(false).await);
}

async fn what_is_started_is_found_as_it_was_wanted(stage: &Stage) {
    let found = stage.ready().await;
    let (wanted, owner) = (&stage.database, &stage.owner);
    assert_eq!(found.instance, wanted.instance);
    assert_eq!(found.config_hash, stage.engine.config_hash(wanted));
    assert_eq!((&found.root, &found.profile), (&owner.root, &owner.profile));
    assert_eq!(found.profile_file, owner.profile_file);
    assert!(!found.image_is_stale && !found.is_cut_off);
    assert_eq!(found.restarts, 0);
    assert!(found.started_at.is_some());
    let endpoint = found.endpoint.unwrap();
    assert_eq!(Some(endpoint.ip()), wanted.publish.map(|it| it.address));
    let reading = stage.engine.reading(&found.id).await.unwrap().unwrap();
    assert!(reading.memory.0 > 0, "{reading:?}");
    let names = stage.engine.environments().await.unwrap();
    assert!(names.contains(&owner.environment));
    let overview = stage.overview(false).await.unwrap();
    assert_eq!(
        (&overview.profile, &overview.root, overview.trouble),
        (&owner.profile, &owner.root, None)
    );
    let [glimpse] = overview.instances[..] else {
        panic!("{:?}", overview.instances);
    };
    assert_eq!((glimpse.instance, glimpse.runs), (wanted.instance, true));
    assert_eq!(glimpse.endpoint, Some(endpoint));
    assert_eq!(stage.presence().await, Presence::Running);
}

async fn starting_again_changes_nothing(stage: &Stage) {
    let first = stage.ready().await;
    stage.start(&stage.database).await;
    let again = stage.running(Role::Database).await;
    assert_eq!(
        (again.id, again.started_at, again.endpoint),
        (first.id, first.started_at, first.endpoint)
    );
}

async fn what_is_stopped_goes_on_as_the_same(stage: &Stage) {
    let first = stage.ready().await;
    for _ in 0..2 {
        stage.perform(&Action::Stop(first.clone(), None)).await;
        let stopped = stage.found(Role::Database).await.unwrap();
        assert!(
            matches!(stopped.state, State::Exited { .. }),
            "{:?}",
            stopped.state
        );
        assert_eq!(
            (&stopped.id, stopped.endpoint, stopped.published),
            (&first.id, None, None)
        );
        let reading = stage.engine.reading(&first.id).await.unwrap();
        assert_eq!(reading, None);
    }
    let overview = stage.overview(false).await.unwrap();
    assert!(overview.instances.iter().all(|glimpse| !glimpse.runs));
    assert_eq!(stage.presence().await, Presence::Kept);
    let stopped = stage.found(Role::Database).await.unwrap();
    for _ in 0..2 {
        stage.perform(&Action::Resume(stopped.clone())).await;
        let running = stage.running(Role::Database).await;
        assert_eq!(
            (&running.id, &running.config_hash),
            (&first.id, &first.config_hash)
        );
    }
    // A signal that comes before PostgreSQL itself runs is not lost.
    stage.perform(&Action::Stop(first.clone(), None)).await;
    let stopped = stage.found(Role::Database).await.unwrap();
    let is_killed = matches!(stopped.state, State::Exited { code: 137, .. });
    assert!(!is_killed, "{:?}", stopped.state);
}

async fn what_is_removed_leaves_its_data(stage: &Stage) {
    let first = stage.ready().await;
    let before = stage.observe().await.volumes;
    for _ in 0..2 {
        stage.perform(&Action::Remove(first.clone(), None)).await;
        assert_eq!(stage.found(Role::Database).await, None);
        assert_eq!(stage.observe().await.volumes, before);
    }
    assert_eq!(stage.engine.reading(&first.id).await.unwrap(), None);
    assert!(!stage.is_listed(false).await);
    assert!(stage.is_listed(true).await);
    stage.start(&stage.database).await;
    assert_ne!(stage.running(Role::Database).await.id, first.id);
}

async fn instances_are_found_in_the_order_of_their_roles(stage: &Stage) {
    stage.lay_the_ground().await;
    let second = Service {
        instance: Instance {
            number: 2,
            ..stage.api.instance
        },
        ..stage.api.clone()
    };
    for service in [&second, &stage.api, &stage.database] {
        stage.start(service).await;
    }
    let order = |observed: Observed| -> Vec<_> {
        let all = observed.instances.iter();
        all.map(|found| found.instance.to_string()).collect()
    };
    let expected = ["database", "api", "api-2"];
    assert_eq!(order(stage.observe().await), expected);
    let overview = stage.overview(false).await.unwrap();
    let listed = overview.instances.iter();
    let listed = listed.map(|glimpse| glimpse.instance.to_string());
    assert_eq!(listed.collect::<Vec<_>>(), expected);
    let api = stage.running(Role::Api).await;
    stage.perform(&Action::Remove(api, None)).await;
    assert_eq!(order(stage.observe().await), ["database", "api-2"]);
}

async fn what_happens_is_told_in_order(stage: &Stage) {
    let found = stage.ready().await;
    for action in [
        Action::Stop(found.clone(), None),
        Action::Resume(found.clone()),
        Action::Remove(found.clone(), None),
    ] {
        stage.perform(&action).await;
    }
    let expected = ["created", "started", "ended", "started", "ended", "removed"];
    let window = LogWindow {
        since: Some(stage.begun),
        follow: true,
        ..LogWindow::default()
    };
    let name = Some(&stage.owner.environment);
    let told = stage.engine.events(name, window);
    let words = told.filter_map(|event| {
        let event = event.unwrap();
        assert_eq!(event.environment, stage.owner.environment);
        std::future::ready(word(&event.kind))
    });
    let words = timeout(PATIENCE, words.take(expected.len()).collect::<Vec<_>>());
    assert_eq!(words.await.unwrap(), expected);
}

/// What every engine tells; health is told only where it is asked for.
fn word(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Created => Some("created"),
        EventKind::Started => Some("started"),
        EventKind::Exited { .. } => Some("ended"),
        EventKind::Removed => Some("removed"),
        EventKind::OutOfMemory
        | EventKind::Health { .. }
        | EventKind::Paused
        | EventKind::Unpaused => None,
    }
}

async fn a_log_is_followed_to_the_end_of_its_instance(stage: &Stage) {
    let found = stage.ready().await;
    let follow = LogWindow {
        follow: true,
        ..LogWindow::default()
    };
    let mut lines = stage.engine.logs(&found.id, follow);
    let first = timeout(PATIENCE, lines.next()).await.unwrap().unwrap();
    assert!(first.unwrap().time >= stage.begun);
    stage.perform(&Action::Stop(found.clone(), None)).await;
    let rest = timeout(PATIENCE, lines.collect::<Vec<_>>()).await.unwrap();
    let past = stage.engine.logs(&found.id, LogWindow::default());
    let all: Vec<_> = past.map(|line| line.unwrap()).collect().await;
    assert_eq!(all.len(), rest.len() + 1, "{all:?}");
    // Docker takes the time of a line before it puts those of both streams in a row.
    let whole_seconds = |line: &LogLine| line.time.as_second();
    assert!(all.is_sorted_by_key(whole_seconds), "{all:?}");
}

async fn environments_do_not_see_each_other(stage: &Stage) {
    let other = stage.beside();
    let first = stage.ready().await;
    assert_eq!(other.observe().await.instances, []);
    let second = other.ready().await;
    assert_ne!((&first.id, first.endpoint), (&second.id, second.endpoint));
    other.clear().await;
    assert_eq!(other.observe().await.instances, []);
    assert_eq!(stage.running(Role::Database).await.id, first.id);
    assert!(stage.observe().await.has_all_volumes());
}

async fn what_is_taken_away_twice_is_gone_once(stage: &Stage) {
    stage.ready().await;
    stage.start(&stage.api).await;
    stage.clear().await;
    stage.perform(&Action::RemoveVolumes).await;
    stage.perform(&Action::RemoveNetwork).await;
    what_was_never_made_is_not_there(stage).await;
    // What was there once can be made again.
    stage.ready().await;
}
