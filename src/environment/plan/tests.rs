use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::Contents;
use crate::engine::Engine;
use crate::engine::FoundPort;
use crate::engine::Network;
use crate::engine::Publish;
use crate::engine::Volume;
use crate::engine::fake::Fake;
use crate::engine::fake::found;
use crate::environment::event;
use crate::environment::wanted::Images;
use crate::environment::wanted::wanted;
use crate::image::ApiImage;
use crate::image::folder::FolderImage;
use crate::profile;
use tokio::sync::OnceCell;

const FINGERPRINT: &str = "5c1e";

/// What a shipped profile wants of its own environment.
pub fn wanted_by(profile: &str) -> Wanted {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let request = profile::Request::of_files(Some(profile), folder);
    let profile = profile::load(&request).unwrap().profile;
    let name = profile.name.parse().unwrap();
    wanted(&profile, name, ApiImage::named("1"), FINGERPRINT.to_owned())
}

/// What `prod` wants when it has services of the team's own too: the API needs `store`, `worker` needs the seed.
pub fn wanted_with_services() -> Wanted {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = [
        "api.depends_on=store",
        "services.store.image=store:1",
        "services.store.volumes=kept:/kept",
        "services.worker.image=worker:1",
        "services.worker.depends_on=seed,store",
        "services.alone.image=alone:1",
    ];
    let set = said.map(str::to_owned);
    let request = profile::Request {
        set: &set,
        ..profile::Request::of_files(Some("prod"), folder)
    };
    let profile = profile::load(&request).unwrap().profile;
    let name = profile.name.parse().unwrap();
    wanted(&profile, name, ApiImage::named("1"), FINGERPRINT.to_owned())
}

/// Everything there and right.
pub fn settled(wanted: &Wanted) -> Situation {
    let volume = |contents| Volume {
        name: format!("{contents:?}"),
        contents,
        root: wanted.owner.root.clone(),
        protected: false,
    };
    let instances = wanted.services.iter();
    let instances = instances.map(|service| found(&wanted.owner, service, String::new()));
    Situation {
        observed: Observed {
            instances: instances.collect(),
            network: Network::Right,
            volumes: [Contents::Data, Contents::Secrets]
                .into_iter()
                .chain(wanted.volumes().into_iter().map(Contents::Named))
                .map(volume)
                .collect(),
            unattended: None,
        },
        seed: Some(FINGERPRINT.to_owned()),
        ..Situation::default()
    }
}

fn titles(plan: &Plan) -> Vec<String> {
    plan.announce().into_iter().map(|step| step.title).collect()
}

/// The changes alone, each with the titles of those it waits for.
pub fn changes(plan: &Plan) -> Vec<String> {
    let titles = titles(plan);
    let steps = plan.steps.iter().zip(&titles);
    let steps = steps.filter(|(step, _)| matches!(step.task, Task::Act(_)));
    let line = |(step, title): (&Step, &String)| {
        let after: Vec<_> = step
            .after
            .iter()
            .map(|index| titles[*index].as_str())
            .collect();
        format!("{title} < {}", after.join(", "))
    };
    steps.map(line).collect()
}

/// The steps that begin before some of those are done that they wait for, with the titles of these.
fn beside(plan: &Plan) -> Vec<String> {
    let titles = titles(plan);
    let steps = plan.steps.iter().zip(&titles);
    let line = |(step, title): (&Step, &String)| {
        let beside: Vec<_> = step
            .beside
            .iter()
            .map(|index| titles[*index].as_str())
            .collect();
        (!beside.is_empty()).then(|| format!("{title} | {}", beside.join(", ")))
    };
    steps.filter_map(line).collect()
}

#[test]
fn a_new_api_is_started_while_the_database_is_made_and_one_that_serves_is_kept_until_then() {
    let wanted = wanted_by("dev");
    let nothing = Situation {
        starts_are_slow: true,
        ..Situation::default()
    };
    let all = up(&wanted, &nothing, Choices::default());
    assert_eq!(
        beside(&all),
        [
            "seed rates.sql | database",
            "api | database, seed rates.sql"
        ]
    );
    let mut serves = settled(&wanted);
    serves.changed = vec![Instance::first(Role::Api)];
    serves.seed = None;
    serves.starts_are_slow = true;
    let replaced = up(&wanted, &serves, Choices::default());
    assert!(beside(&replaced).is_empty(), "{:?}", changes(&replaced));
}

#[test]
fn from_nothing_everything_is_made_and_what_can_is_made_at_once() {
    let wanted = wanted_by("dev");
    let images = [
        wanted.services[0].image.clone(),
        wanted.api_image.tag().to_owned(),
    ];
    let situation = Situation {
        missing_images: images.to_vec(),
        ..Situation::default()
    };
    let plan = up(&wanted, &situation, Choices::default());
    let ground = "image postgres:13.5, image ratesdev/api:1, network, volumes";
    assert_eq!(
        changes(&plan),
        [
            "image postgres:13.5 < ".to_owned(),
            "image ratesdev/api:1 < ".to_owned(),
            "network < ".to_owned(),
            "volumes < ".to_owned(),
            format!("database < {ground}"),
            format!("seed rates.sql < {ground}, database"),
            format!("api < {ground}, database, seed rates.sql"),
        ]
    );
    assert_eq!(
        titles(&plan).last().map(String::as_str),
        Some("check known day")
    );
}

#[test]
fn services_of_the_team_s_own_wait_for_what_they_need_and_for_nothing_else() {
    let wanted = wanted_with_services();
    let situation = Situation {
        observed: Observed {
            network: Network::Right,
            ..Observed::default()
        },
        ..Situation::default()
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "volumes < ",
            "database < volumes",
            "seed rates.sql < volumes, database",
            "store < volumes",
            "api < volumes, database, seed rates.sql, store",
            "api-2 < volumes, database, seed rates.sql, store",
            "alone < volumes",
            "worker < volumes, database, seed rates.sql, store",
        ]
    );
}

#[test]
fn what_is_the_team_s_own_is_not_started_beside_the_making_of_the_database() {
    let wanted = wanted_with_services();
    let nothing = Situation {
        starts_are_slow: true,
        ..Situation::default()
    };
    let plan = up(&wanted, &nothing, Choices::default());
    let begun = beside(&plan);
    let own = |line: &&String| line.starts_with("worker") || line.starts_with("store");
    assert_eq!(begun.iter().find(own), None, "{begun:?}");
}

#[test]
fn ports_that_change_places_are_free_before_anything_is_started() {
    let mut wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let api = Instance::first(Role::Api);
    let held = 18_080;
    let mut instances = situation.observed.instances.iter_mut();
    let found = instances.find(|found| found.instance == api).unwrap();
    found.ports = vec![FoundPort {
        inside: 8000.into(),
        address: (std::net::Ipv4Addr::LOCALHOST, held).into(),
    }];
    let worker = wanted
        .services
        .iter_mut()
        .find(|service| service.instance.role.as_str() == "worker")
        .unwrap();
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let port = Some(held);
    worker.publish = Some(Publish { address, port });
    situation.changed = vec![api, worker.instance];
    let plan = up(&wanted, &situation, Choices::default());
    let changes = changes(&plan);
    assert_eq!(changes.first().unwrap(), "remove api < ");
    let worker = changes
        .iter()
        .find(|line| line.starts_with("worker"))
        .unwrap();
    assert!(worker.contains("remove api"), "{changes:?}");
    let removals = changes
        .iter()
        .filter(|line| line.starts_with("remove api <"));
    assert_eq!(removals.count(), 1, "{changes:?}");
}

#[test]
fn a_service_that_left_the_profile_is_removed_and_its_volume_is_kept() {
    let mut wanted = wanted_with_services();
    let situation = settled(&wanted);
    assert!(up(&wanted, &situation, Choices::default()).is_empty());
    wanted
        .services
        .retain(|service| service.instance.role.as_str() != "store");
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove store < "]);
    let down = down(&situation.observed, false);
    assert_eq!(
        titles(&down).last().map(String::as_str),
        Some("remove network")
    );
}

#[test]
fn a_volume_that_is_missing_is_made() {
    let wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let volumes = &mut situation.observed.volumes;
    volumes.retain(|volume| !matches!(volume.contents, Contents::Named(_)));
    assert_eq!(
        changes(&up(&wanted, &situation, Choices::default())),
        ["volumes < "]
    );
}

#[test]
fn an_environment_that_is_as_wanted_is_only_checked() {
    for profile in ["dev", "staging", "prod"] {
        let wanted = wanted_by(profile);
        let plan = up(&wanted, &settled(&wanted), Choices::default());
        assert!(plan.is_empty(), "{profile}: {:?}", titles(&plan));
        assert!(!plan.steps.is_empty(), "{profile} has checks");
    }
}

#[test]
fn what_changed_is_replaced_and_the_rest_is_left_alone() {
    let wanted = wanted_by("dev");
    let api = Instance::first(Role::Api);
    let situation = Situation {
        changed: vec![api],
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove api < ", "api < remove api"]);

    let database = Instance::first(Role::Database);
    let situation = Situation {
        changed: vec![database],
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    let expected = [
        "remove database < ",
        "database < remove database",
        "seed rates.sql < database",
    ];
    assert_eq!(changes(&plan), expected);
}

#[test]
fn an_instance_that_stopped_is_started_again() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let stopped = State::Exited {
        code: 137,
        out_of_memory: false,
    };
    situation.observed.instances[1].state = stopped;
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["api < "]);
    assert_eq!(plan.steps[0].reason.as_deref(), Some("was exited 137"));
}

#[test]
fn an_instance_that_waits_for_a_start_that_failed_is_started() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    situation.observed.instances[1].state = State::Created { error: None };
    assert_eq!(
        changes(&up(&wanted, &situation, Choices::default())),
        ["api < "]
    );
}

#[test]
fn ports_may_change_places_because_all_of_a_role_goes_before_any_of_it_comes() {
    let wanted = wanted_by("prod");
    let mut situation = settled(&wanted);
    let mut stray = situation.observed.instances[1].clone();
    stray.instance.number = 3;
    situation.observed.instances.push(stray);
    situation.changed = [1, 2]
        .map(|number| Instance {
            role: Role::Api,
            number,
        })
        .to_vec();
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "remove api-3 < ",
            "remove api < ",
            "remove api-2 < ",
            "api < remove api-3, remove api, remove api-2",
            "api-2 < remove api-3, remove api, remove api-2",
        ]
    );
}

#[test]
fn what_keeps_failing_or_is_frozen_is_replaced() {
    let wanted = wanted_by("dev");
    for state in [State::Restarting, State::Paused, State::Ending] {
        let mut situation = settled(&wanted);
        situation.observed.instances[0].state = state;
        let plan = seed(&wanted, &situation, Choices::default());
        let expected = [
            "remove database < ",
            "database < remove database",
            "seed rates.sql < database",
        ];
        assert_eq!(changes(&plan), expected);
    }
}

#[test]
fn a_replica_too_many_is_removed() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let mut stray = situation.observed.instances[1].clone();
    stray.instance.number = 2;
    situation.observed.instances.push(stray);
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove api-2 < "]);
}

#[test]
fn another_seed_is_kept_unless_it_is_to_be_replaced() {
    let wanted = wanted_by("dev");
    let situation = Situation {
        seed: Some("other".to_owned()),
        ..settled(&wanted)
    };
    assert!(up(&wanted, &situation, Choices::default()).is_empty());
    assert!(seed(&wanted, &situation, Choices::default()).is_empty());
    let reset = Choices {
        reset: true,
        ..Choices::default()
    };
    let changed = Situation {
        changed: vec![Instance::first(Role::Api)],
        ..situation
    };
    assert_eq!(
        changes(&seed(&wanted, &changed, reset)),
        ["seed rates.sql < "]
    );
}

#[test]
fn a_seed_starts_what_does_not_run() {
    let wanted = wanted_by("dev");
    let mut situation = Situation {
        seed: None,
        ..settled(&wanted)
    };
    let instances = &mut situation.observed.instances;
    instances.retain(|found| found.instance.role != Role::Database);
    for found in instances {
        found.state = State::Created { error: None };
    }
    let plan = seed(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [
            "database < ",
            "seed rates.sql < database",
            "api < database, seed rates.sql"
        ]
    );
}

#[test]
fn a_seed_that_nobody_vouches_for_is_looked_at() {
    let wanted = wanted_by("dev");
    let situation = Situation {
        seed: None,
        ..settled(&wanted)
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["seed rates.sql < "]);
}

#[test]
fn the_job_of_a_load_that_lost_its_manager_is_waited_for_and_taken_away() {
    let wanted = wanted_by("dev");
    let mut situation = settled(&wanted);
    let mut job = situation.observed.instances[0].clone();
    job.instance = Instance::first(Role::Seed);
    situation.observed.instances.push(job);
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        ["seed rates.sql < "],
        "while it runs, it is waited for"
    );
    situation.observed.instances.last_mut().unwrap().state = State::Exited {
        code: 0,
        out_of_memory: false,
    };
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), ["remove seed < "]);
}

#[test]
fn down_removes_what_asks_before_what_answers_and_keeps_the_data() {
    let wanted = wanted_by("prod");
    let observed = settled(&wanted).observed;
    let plan = down(&observed, false);
    assert_eq!(
        changes(&plan),
        [
            "remove api-2 < ",
            "remove api < ",
            "remove database < remove api-2, remove api",
            "remove network < remove api-2, remove api, remove database",
        ]
    );
    let plan = down(&observed, true);
    assert_eq!(
        titles(&plan).last().map(String::as_str),
        Some("remove volumes")
    );
    assert!(down(&Observed::default(), true).is_empty());
}

/// What the profile dev wants with a team's own API instead, built from this checkout's example.
fn wanted_with_own_api() -> Wanted {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let request = profile::Request::of_files(Some("examples/python-api/python.toml"), folder);
    let profile = profile::load(&request).unwrap().profile;
    let context = profile.api.build.context.clone().unwrap();
    let image = FolderImage::locate(&profile.api.build, &context, None).unwrap();
    let images = Images {
        ours: ApiImage::named("1"),
        folder: Some(image),
    };
    let name = profile.name.parse().unwrap();
    wanted(&profile, name, images, FINGERPRINT.to_owned())
}

#[test]
fn nothing_but_the_api_waits_for_the_image_of_the_team() {
    let wanted = wanted_with_own_api();
    let built = wanted.folder_image.as_ref().unwrap().tag().to_owned();
    let ours = wanted.api_image.tag().to_owned();
    let situation = Situation {
        missing_images: vec![built.clone(), ours.clone()],
        ..settled(&wanted)
    };
    let making = format!("image {built}");
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(
        changes(&plan),
        [format!("{making} < ")],
        "no job needs this program's image"
    );

    let nothing = Situation {
        missing_images: vec![built, ours.clone()],
        ..Situation::default()
    };
    let plan = up(&wanted, &nothing, Choices::default());
    let ground = "network, volumes";
    assert_eq!(
        changes(&plan),
        [
            format!("{making} < "),
            "network < ".to_owned(),
            "volumes < ".to_owned(),
            format!("database < {ground}"),
            format!("image {ours} < "),
            format!("seed rates.sql < {ground}, database, image {ours}"),
            format!("api < {making}, {ground}, database, image {ours}, seed rates.sql"),
        ]
    );
    assert!(up(&wanted, &settled(&wanted), Choices::default()).is_empty());
}

#[test]
fn a_service_that_does_not_work_yet_is_waited_for() {
    let wanted = wanted_with_services();
    let mut situation = settled(&wanted);
    let mut instances = situation.observed.instances.iter();
    let first = instances
        .find(|found| found.instance.role.is_own())
        .unwrap();
    let name = first.instance.to_string();
    situation.awaited = vec![first.instance];
    let plan = up(&wanted, &situation, Choices::default());
    assert_eq!(changes(&plan), [format!("{name} < ")]);
}

#[derive(Debug)]
struct Nobody;

impl crate::engine::Watcher for Nobody {
    fn progress(&self, _progress: crate::engine::Progress) {}
    fn line(&self, _line: String) {}
    fn notice(&self, _text: String) {}
}

/// Carries a plan out on an engine in memory.
fn carry_out(plan: &Plan, engine: &Arc<dyn Engine>, wanted: &Wanted) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for step in &plan.steps {
            if let Task::Act(action) = &step.task {
                engine
                    .perform(&wanted.owner, action, &Nobody)
                    .await
                    .unwrap();
            }
        }
    });
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Running),
        Just(State::Restarting),
        Just(State::Paused),
        Just(State::Ending),
        Just(State::Created { error: None }),
        Just(State::Exited {
            code: 1,
            out_of_memory: false
        }),
    ]
}

fn network() -> impl Strategy<Value = Network> {
    prop_oneof![
        Just(Network::Missing),
        Just(Network::Broken),
        Just(Network::Right),
        Just(Network::Needless)
    ]
}

proptest! {
    #[test]
    fn whatever_is_there_one_plan_makes_it_right_and_every_step_waits_for_earlier_ones_only(
        kept in proptest::collection::vec(any::<bool>(), 6),
        states in proptest::collection::vec(state(), 6),
        changed in proptest::collection::vec(any::<bool>(), 6),
        (network, volumes) in (network(), any::<bool>()),
        (build, recreate, reset) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) {
        let wanted = wanted_with_services();
        let mut situation = settled(&wanted);
        let all = situation.observed.instances.clone();
        situation.changed = all.iter().zip(&changed).filter(|(_, changed)| **changed).map(|(found, _)| found.instance).collect();
        for (found, state) in situation.observed.instances.iter_mut().zip(states) {
            found.state = state;
        }
        let mut keep = kept.iter();
        situation.observed.instances.retain(|_| *keep.next().unwrap());
        situation.observed.network = network;
        if !volumes {
            situation.observed.volumes.clear();
        }
        let plan = up(&wanted, &situation, Choices { build, recreate, reset });
        for (index, step) in plan.steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|before| *before < index));
        }
        let engine = Fake::holding(&wanted.owner.environment, situation.observed);
        let engine: Arc<dyn Engine> = Arc::new(engine);
        carry_out(&plan, &engine, &wanted);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let observed = runtime.block_on(engine.observe(&wanted.owner.environment)).unwrap();
        let after = Situation { observed, ..settled(&wanted) };
        prop_assert!(up(&wanted, &after, Choices::default()).is_empty());
    }
}

mod runner {
    use super::*;
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
}
