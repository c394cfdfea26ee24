//! What has to be done, as data: a pure function of what is wanted and what is there.

mod halt;

use std::collections::BTreeMap;

use super::event::Planned;
use super::wanted::Wanted;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Grace;
use crate::engine::Instance;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::SeedJob;
use crate::engine::Service;
use crate::engine::State;
use crate::engine::usual_needs;
use crate::profile::Bytes;
use crate::profile::Check;
use crate::profile::Needs;
use crate::profile::all_needs;
use crate::profile::order;
pub use halt::restart;
pub use halt::start;
pub use halt::stop;

/// The steps to take. Steps that do not wait for each other may be taken at the same time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The steps; each comes after those it waits for.
    pub steps: Vec<Step>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What.
    pub task: Task,
    /// Why, where it is not obvious.
    pub reason: Option<String>,
    /// The places of the steps that must be done before this one is.
    pub after: Vec<usize>,
    /// Those among them that it begins beside: it waits until what they start has been started, not until that answers.
    pub beside: Vec<usize>,
}

impl Step {
    /// One that waits for no other.
    pub fn alone(action: Action, reason: Option<&str>) -> Self {
        Self {
            task: Task::Act(action),
            reason: reason.map(str::to_owned),
            after: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// Whether it starts the database or loads it: what a role that asks it can be started beside.
    fn makes_the_database(&self) -> bool {
        match &self.task {
            Task::Act(Action::Start(service)) => service.instance.role == Role::Database,
            Task::Act(Action::Seed(_)) => true,
            _ => false,
        }
    }

    /// Whether it makes something that the engine makes to its end although nobody waits for it, and soon has made.
    pub fn makes(&self) -> bool {
        let Task::Act(action) = &self.task else {
            return false;
        };
        matches!(
            action,
            Action::CreateNetwork | Action::CreateVolumes(_) | Action::Start(_)
        )
    }

    /// What it starts, which has to answer before the step is done.
    pub fn started(&self) -> Option<Started> {
        let (instance, memory) = match &self.task {
            Task::Act(Action::Start(service)) => (service.instance, Some(service.limits.memory)),
            Task::Act(Action::Resume(found)) => (found.instance, None),
            _ => return None,
        };
        Some(Started { instance, memory })
    }
}

/// An instance that a step starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Which one.
    pub instance: Instance,
    /// How much memory it may use, as far as the step knows.
    pub memory: Option<Bytes>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a plan has a few dozen steps, and most of them act"
)]
pub enum Task {
    /// Change something.
    Act(Action),
    /// Ask a question and compare the answer.
    Check(Check),
}

impl Plan {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.steps
            .iter()
            .all(|step| matches!(step.task, Task::Check(_)))
    }

    /// The steps as they are announced.
    pub fn announce(&self) -> Vec<Planned> {
        let planned = |step: &Step| Planned {
            title: step.task.title(),
            reason: step.reason.clone(),
            after: step.after.clone(),
        };
        self.steps.iter().map(planned).collect()
    }

    /// The same, with so long a grace for whatever it ends.
    pub fn with_grace(mut self, grace: Grace) -> Self {
        for step in &mut self.steps {
            if let Task::Act(Action::Stop(_, given) | Action::Remove(_, given)) = &mut step.task {
                *given = grace;
            }
        }
        self
    }

    /// Adds a step and returns its place.
    fn push(&mut self, task: Task, reason: Option<String>, after: Vec<usize>) -> usize {
        self.steps.push(Step {
            task,
            reason,
            after,
            beside: Vec::new(),
        });
        self.steps.len() - 1
    }

    /// Lets a step begin while the database is still being made.
    fn begin_beside_the_database(&mut self, step: usize) {
        let makes = |&before: &usize| {
            let before = self.steps.get(before);
            before.is_some_and(Step::makes_the_database)
        };
        let after = self.steps.get(step).map(|step| &step.after);
        let beside = after.into_iter().flatten().copied().filter(makes).collect();
        if let Some(step) = self.steps.get_mut(step) {
            step.beside = beside;
        }
    }

    /// Whether the seed is loaded, if it is not there.
    pub fn loads(&self) -> bool {
        let loads = |step: &Step| matches!(&step.task, Task::Act(Action::Seed(_)));
        self.steps.iter().any(loads)
    }

    /// Whether an instance of this role is started.
    fn starts(&self, role: Role) -> bool {
        let starts = |step: &Step| matches!(&step.task, Task::Act(Action::Start(service)) if service.instance.role == role);
        self.steps.iter().any(starts)
    }

    fn act(&mut self, action: Action, reason: Option<&str>, after: Vec<usize>) -> usize {
        self.push(Task::Act(action), reason.map(str::to_owned), after)
    }
}

impl Task {
    /// What it is called on the screen.
    pub fn title(&self) -> String {
        match self {
            Self::Act(action) => action_title(action),
            Self::Check(check) => format!("check {}", check.name),
        }
    }
}

fn action_title(action: &Action) -> String {
    match action {
        Action::Pull(image) => format!("image {image}"),
        Action::Build(image) => format!("image {}", image.tag()),
        Action::BuildFolder(image) => format!("image {}", image.tag()),
        Action::CreateNetwork => "network".to_owned(),
        Action::CreateVolumes(_) => "volumes".to_owned(),
        Action::Start(service) => service.instance.to_string(),
        Action::Seed(job) => format!(
            "seed {}",
            job.file.file_name().unwrap_or_default().display()
        ),
        Action::Stop(found, _) => format!("stop {}", found.instance),
        Action::Resume(found) => found.instance.to_string(),
        Action::Remove(found, _) => format!("remove {}", found.instance),
        Action::RemoveNetwork => "remove network".to_owned(),
        Action::RemoveVolumes => "remove volumes".to_owned(),
    }
}

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

/// How to take an environment down: what asks before what answers, data last and only if it is to go.
pub fn down(observed: &Observed, volumes: bool) -> Plan {
    let mut plan = Plan::default();
    end_all(&mut plan, observed.instances.iter(), |found| {
        Action::Remove(found, None)
    });
    let everything: Vec<_> = (0..plan.steps.len()).collect();
    if matches!(observed.network, Network::Right | Network::Broken) {
        plan.act(Action::RemoveNetwork, None, everything.clone());
    }
    if volumes && !observed.volumes.is_empty() {
        plan.act(Action::RemoveVolumes, None, everything);
    }
    plan
}

/// What the roles of these instances need, as the instances themselves say.
fn needs_of<'a>(instances: impl IntoIterator<Item = &'a Found>) -> Needs {
    // A service may need the seed, whose job is gone when it has ended.
    let mut needs = Needs::from([(Role::Seed, usual_needs(Role::Seed).to_vec())]);
    for found in instances {
        let needed = needs.entry(found.instance.role).or_default();
        needed.extend(&found.needs);
    }
    needs
}

/// Instances in the order in which they start. Instances of two profiles may need each other in a circle; then it is
/// the order of their roles.
fn in_order<'a>(mut instances: Vec<&'a Found>, needs: &Needs) -> Vec<&'a Found> {
    let roles = order(needs).unwrap_or_default();
    let place = |found: &&Found| {
        let place = roles.iter().position(|role| *role == found.instance.role);
        (place, found.instance)
    };
    instances.sort_by_key(place);
    instances
}

/// Ends instances in the order in which they ask each other; says which step ends which.
fn end_all<'a>(
    plan: &mut Plan,
    instances: impl Iterator<Item = &'a Found>,
    end: fn(Found) -> Action,
) -> Vec<(Instance, usize)> {
    let instances: Vec<_> = instances.collect();
    let needs = needs_of(instances.iter().copied());
    let mut ended: Vec<(Instance, usize)> = Vec::new();
    for found in in_order(instances, &needs).into_iter().rev() {
        let role = found.instance.role;
        let before = ended
            .iter()
            .filter(|(other, _)| all_needs(other.role, &needs).contains(&role));
        let before = before.map(|(_, step)| *step).collect();
        let step = plan.act(end(found.clone()), None, before);
        ended.push((found.instance, step));
    }
    ended
}

#[cfg(test)]
mod tests;
