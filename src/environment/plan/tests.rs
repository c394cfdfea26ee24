mod changed;
mod order;
mod property;
mod runner;
mod seeds;

use std::path::Path;

use super::*;
use crate::engine::Contents;
use crate::engine::Network;
use crate::engine::Volume;
use crate::engine::fake::found;
use crate::environment::wanted::Wanted;
use crate::environment::wanted::wanted;
use crate::image::ApiImage;
use crate::profile;

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
