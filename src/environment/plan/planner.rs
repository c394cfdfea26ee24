//! How to come from what is there to what is wanted.

use std::collections::BTreeMap;

use super::Plan;
use super::Task;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::SeedJob;
use crate::engine::Service;
use crate::engine::State;
use crate::environment::wanted::Wanted;
use crate::profile::all_needs;

/// What else decides about `up` besides what is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Choices {
    /// Build the API image although it is there.
    pub build: bool,
    /// Replace every container.
    pub recreate: bool,
    /// Load the seed although the database holds another.
    pub reset: bool,
}

/// What is there, with what the engine alone cannot know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Situation {
    /// What the engine reports.
    pub observed: Observed,
    /// Instances that were made from another configuration than the wanted one.
    pub changed: Vec<Instance>,
    /// Instances that run and do not work yet: an `up` that was cut off, or that gave up, may have started them.
    pub awaited: Vec<Instance>,
    /// The fingerprint of what the database holds, where the running API could be asked.
    pub seed: Option<String>,
    /// Images that are wanted and not there.
    pub missing_images: Vec<String>,
    /// Whether a start takes so long that what asks the database is better started while that is made.
    pub starts_are_slow: bool,
}

/// How to come from what is there to what is wanted.
pub fn up(wanted: &Wanted, situation: &Situation, choices: Choices) -> Plan {
    let mut planner = Planner::new(wanted, situation, choices);
    planner.lay_the_ground();
    planner.remove_strays();
    planner.free_ports();
    for role in wanted.roles() {
        match role {
            Role::Seed => planner.seed(),
            _ => planner.start(role),
        }
    }
    planner.check();
    planner.plan
}

/// How to make the database of an environment hold the wanted seed; whatever runs is left as it is.
pub fn seed(wanted: &Wanted, situation: &Situation, choices: Choices) -> Plan {
    let mut planner = Planner::new(wanted, situation, choices);
    planner.build();
    let needed = all_needs(Role::Api, &wanted.needs);
    for role in wanted.roles() {
        match role {
            Role::Seed => planner.seed(),
            _ if role == Role::Api || needed.contains(&role) => planner.wake(role),
            _ => {}
        }
    }
    planner.plan
}

/// A plan in the making.
struct Planner<'a> {
    wanted: &'a Wanted,
    situation: &'a Situation,
    choices: Choices,
    plan: Plan,
    /// The steps that everything that starts waits for.
    ground: Vec<usize>,
    /// The steps that build the team's own API, for which nothing but the API waits.
    built: Vec<usize>,
    /// The steps after which a role works.
    ready: BTreeMap<Role, Vec<usize>>,
    /// The steps that remove what may hold a port that something else wants.
    freed: Vec<usize>,
    /// The instances that those steps remove although they are wanted.
    making_way: Vec<Instance>,
}

impl<'a> Planner<'a> {
    fn new(wanted: &'a Wanted, situation: &'a Situation, choices: Choices) -> Self {
        Self {
            wanted,
            situation,
            choices,
            plan: Plan::default(),
            ground: Vec::new(),
            built: Vec::new(),
            ready: BTreeMap::new(),
            freed: Vec::new(),
            making_way: Vec::new(),
        }
    }

    /// What roles stand on: images, the network, volumes. None of these waits for another.
    fn lay_the_ground(&mut self) {
        let missing = self.situation.missing_images.iter();
        for image in missing.filter(|image| !self.wanted.builds(image)) {
            self.prepare(Action::Pull(image.clone()), None);
        }
        self.build();
        let observed = &self.situation.observed;
        if matches!(observed.network, Network::Missing | Network::Broken) {
            self.prepare(Action::CreateNetwork, None);
        }
        let volumes = self.wanted.volumes();
        let has_own = volumes.iter().all(|name| observed.has_volume(*name));
        if !observed.has_all_volumes() || !has_own {
            self.prepare(Action::CreateVolumes(volumes), None);
        }
    }

    /// The image of the API. Where the team has its own, that of this program is needed by jobs alone.
    fn build(&mut self) {
        if self.wanted.serves_from_own_image() {
            let image = &self.wanted.api_image;
            self.build_unless_there(
                image.tag(),
                Action::Build(image.clone()),
                self.choices.build,
            );
        }
        if let Some(image) = &self.wanted.folder_image {
            let before = self.ground.len();
            let build = Action::BuildFolder(image.clone());
            self.build_unless_there(image.tag(), build, self.choices.build);
            self.built = self.ground.split_off(before);
        }
    }

    fn build_unless_there(&mut self, tag: &str, build: Action, is_asked_for: bool) {
        let mut missing = self.situation.missing_images.iter();
        if missing.any(|missing| missing == tag) {
            self.prepare(build, None);
        } else if is_asked_for {
            self.prepare(build, Some("asked for"));
        }
    }

    /// Starts what does not run, and leaves alone what does.
    fn wake(&mut self, role: Role) {
        let observed = &self.situation.observed;
        let is_attended = observed.unattended.is_none();
        let runs = |service: &Service| {
            let found = observed.find(service.instance);
            is_attended && found.is_some_and(|found| found.state == State::Running)
        };
        let services = self.wanted.services.iter();
        let asleep = services.filter(|service| service.instance.role == role && !runs(service));
        self.start_all(role, asleep);
    }

    fn prepare(&mut self, action: Action, reason: Option<&str>) {
        let step = self.plan.act(action, reason, vec![]);
        self.ground.push(step);
    }

    /// The steps that a role waits for: those that make what it stands on, and those after which all it needs works.
    fn before(&self, role: Role) -> Vec<usize> {
        let needed = all_needs(role, &self.wanted.needs);
        let ready = needed.iter().filter_map(|role| self.ready.get(role));
        let built = self.built.iter().filter(|_| role == Role::Api);
        let before = self.ground.iter().chain(built).chain(ready.flatten());
        let mut before: Vec<_> = before.copied().collect();
        before.sort_unstable();
        before
    }

    /// Instances that nobody wants any more.
    fn remove_strays(&mut self) {
        let observed = &self.situation.observed;
        let wanted = |found: &Found| {
            let services = &self.wanted.services;
            services
                .iter()
                .any(|service| service.instance == found.instance)
        };
        let services = observed
            .instances
            .iter()
            .filter(|found| found.instance.role.is_service());
        for stray in services.filter(|found| !wanted(found)) {
            let reason = Some("no longer wanted");
            self.freed.push(
                self.plan
                    .act(Action::Remove(stray.clone(), None), reason, vec![]),
            );
        }
    }

    /// Instances that are replaced and hold a port that another role is to have: the ports may have changed places.
    fn free_ports(&mut self) {
        let observed = &self.situation.observed;
        for found in &observed.instances {
            let Some(reason) = self.why_replace(found) else {
                continue;
            };
            if self.wanted.gives_a_port_of(found) {
                let remove = Action::Remove(found.clone(), None);
                let step = self.plan.act(remove, Some(reason), self.ground.clone());
                self.freed.push(step);
                self.making_way.push(found.instance);
            }
        }
    }

    fn start(&mut self, role: Role) {
        let services = self.wanted.services.iter();
        self.start_all(
            role,
            services.filter(|service| service.instance.role == role),
        );
    }

    /// Whatever is replaced is removed as late as possible, so that it serves while its successor is being prepared;
    /// and before any of its role is started, because the ports may have changed places.
    fn start_all(&mut self, role: Role, services: impl Iterator<Item = &'a Service> + Clone) {
        let observed = &self.situation.observed;
        let found = |service: &Service| observed.find(service.instance);
        let ready = self.before(role);
        let mut before = ready.clone();
        before.extend(&self.freed);
        let stays = |found: &&Found| !self.making_way.contains(&found.instance);
        let replaceable: Vec<_> = services.clone().filter_map(found).filter(stays).collect();
        for found in replaceable {
            if let Some(reason) = self.why_replace(found) {
                let remove = Action::Remove(found.clone(), None);
                before.push(self.plan.act(remove, Some(reason), ready.clone()));
            }
        }
        let awaited = &self.situation.awaited;
        for service in services {
            let reason = match found(service) {
                None => None,
                Some(found) => match (self.why_replace(found), &found.state) {
                    (Some(reason), _) => Some(reason.to_owned()),
                    (None, State::Running) if awaited.contains(&found.instance) => {
                        Some("it does not work yet".to_owned())
                    }
                    (None, State::Running) => continue,
                    (None, state) => Some(format!("was {state}")),
                },
            };
            let start = Action::Start(service.clone());
            let step = self.plan.act(start, reason.as_deref(), before.clone());
            // What serves is kept until the load is done. What is the team's own may not bear with a database that is not
            // there, or write into one that is about to be replaced.
            let is_ours = service.contract.is_none() && !role.is_own();
            if self.situation.starts_are_slow && is_ours && found(service).is_none() {
                self.plan.begin_beside_the_database(step);
            }
            self.ready.entry(role).or_default().push(step);
        }
    }

    fn why_replace(&self, found: &Found) -> Option<&'static str> {
        if self.choices.recreate {
            Some("asked for")
        } else if self.situation.observed.unattended.is_some() {
            Some("nobody looks after it")
        } else if found.image_is_stale {
            Some("its image has changed")
        } else if self.situation.changed.contains(&found.instance) {
            Some("its configuration has changed")
        } else if found.is_cut_off {
            Some("it was cut off from the network")
        } else if found.state == State::Paused {
            Some("it was paused")
        } else if found.state == State::Restarting {
            Some("it kept failing")
        } else if found.state == State::Ending {
            Some("it was ending")
        } else {
            None
        }
    }

    /// The load is left out only where the API that runs on this very database vouches for what it holds, and no load
    /// that an earlier manager began is about to change that.
    fn seed(&mut self) {
        let job = self.situation.observed.find(Instance::first(Role::Seed));
        let is_loading = job.is_some_and(|job| job.state == State::Running);
        let is_known = self.situation.seed.is_some() && !self.plan.starts(Role::Database);
        if is_known && !is_loading && !self.choices.reset {
            self.remove_ended(job);
            return;
        }
        if !self.wanted.serves_from_own_image() {
            let image = &self.wanted.api_image;
            self.build_unless_there(image.tag(), Action::Build(image.clone()), false);
        }
        let job = SeedJob {
            image: self.wanted.api_image.tag().to_owned(),
            file: self.wanted.seed.file.clone(),
            fingerprint: self.wanted.seed.fingerprint.clone(),
            reset: self.choices.reset,
        };
        let before = self.before(Role::Seed);
        let step = self.plan.act(Action::Seed(job), None, before);
        if self.situation.starts_are_slow {
            self.plan.begin_beside_the_database(step);
        }
        self.ready.insert(Role::Seed, vec![step]);
    }

    /// A load goes on without the manager that began it, and nobody takes its job away when it ends.
    fn remove_ended(&mut self, job: Option<&Found>) {
        if let Some(job) = job {
            let before = self.before(Role::Seed);
            let remove = Action::Remove(job.clone(), None);
            self.plan.act(remove, Some("it has ended"), before);
        }
    }

    fn check(&mut self) {
        let everything: Vec<_> = (0..self.plan.steps.len()).collect();
        for check in &self.wanted.checks {
            self.plan
                .push(Task::Check(check.clone()), None, everything.clone());
        }
    }
}
