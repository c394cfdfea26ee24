//! What has to be done, as data: a pure function of what is wanted and what is there.

mod halt;

use super::event::Planned;
use super::wanted::Wanted;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Instance;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::SeedJob;
use crate::engine::Service;
use crate::engine::State;
use crate::profile::Check;
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
    /// The places of the steps that must be done before.
    pub after: Vec<usize>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
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

    /// Adds a step and returns its place.
    fn push(&mut self, task: Task, reason: Option<String>, after: Vec<usize>) -> usize {
        self.steps.push(Step {
            task,
            reason,
            after,
        });
        self.steps.len() - 1
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
        Action::CreateNetwork => "network".to_owned(),
        Action::CreateVolumes => "volumes".to_owned(),
        Action::Start(service) => service.instance.to_string(),
        Action::Seed(job) => format!(
            "seed {}",
            job.file.file_name().unwrap_or_default().display()
        ),
        Action::Stop(found) => format!("stop {}", found.instance),
        Action::Resume(found) => found.instance.to_string(),
        Action::Remove(found) => format!("remove {}", found.instance),
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
    /// The fingerprint of what the database holds, where the running API could be asked.
    pub seed: Option<String>,
    /// Images that are wanted and not there.
    pub missing_images: Vec<String>,
}

/// How to come from what is there to what is wanted.
pub fn up(wanted: &Wanted, situation: &Situation, choices: Choices) -> Plan {
    let mut planner = Planner::new(wanted, situation, choices);
    planner.lay_the_ground();
    planner.remove_strays();
    planner.start(Role::Database);
    planner.seed();
    planner.start(Role::Api);
    planner.check();
    planner.plan
}

/// How to make the database of an environment hold the wanted seed; whatever runs is left as it is.
pub fn seed(wanted: &Wanted, situation: &Situation, choices: Choices) -> Plan {
    let mut planner = Planner::new(wanted, situation, choices);
    planner.build();
    planner.wake(Role::Database);
    planner.seed();
    planner.wake(Role::Api);
    planner.plan
}

/// A plan in the making.
struct Planner<'a> {
    wanted: &'a Wanted,
    situation: &'a Situation,
    choices: Choices,
    plan: Plan,
    /// The steps that whatever comes next waits for.
    ready: Vec<usize>,
    /// The steps that remove what nobody wants; they may free a port.
    freed: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(wanted: &'a Wanted, situation: &'a Situation, choices: Choices) -> Self {
        Self {
            wanted,
            situation,
            choices,
            plan: Plan::default(),
            ready: Vec::new(),
            freed: Vec::new(),
        }
    }

    /// What roles stand on: images, the network, volumes. None of these waits for another.
    fn lay_the_ground(&mut self) {
        let api = self.wanted.api_image.tag();
        for image in self
            .situation
            .missing_images
            .iter()
            .filter(|image| *image != api)
        {
            self.prepare(Action::Pull(image.clone()), None);
        }
        self.build();
        let observed = &self.situation.observed;
        if matches!(observed.network, Network::Missing | Network::Broken) {
            self.prepare(Action::CreateNetwork, None);
        }
        if !observed.has_all_volumes() {
            self.prepare(Action::CreateVolumes, None);
        }
    }

    /// The API image, from which the jobs run too.
    fn build(&mut self) {
        let image = &self.wanted.api_image;
        let build = Action::Build(image.clone());
        if self
            .situation
            .missing_images
            .iter()
            .any(|missing| missing == image.tag())
        {
            self.prepare(build, None);
        } else if self.choices.build {
            self.prepare(build, Some("asked for"));
        }
    }

    /// Starts what does not run, and leaves alone what does.
    fn wake(&mut self, role: Role) {
        let observed = &self.situation.observed;
        let runs = |service: &Service| {
            let found = observed.find(service.instance);
            found.is_some_and(|found| found.state == State::Running)
        };
        let services = self.wanted.services.iter();
        let asleep = services.filter(|service| service.instance.role == role && !runs(service));
        self.start_all(asleep);
    }

    fn prepare(&mut self, action: Action, reason: Option<&str>) {
        let step = self.plan.act(action, reason, vec![]);
        self.ready.push(step);
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
            self.freed
                .push(self.plan.act(Action::Remove(stray.clone()), reason, vec![]));
        }
    }

    fn start(&mut self, role: Role) {
        let services = self.wanted.services.iter();
        self.start_all(services.filter(|service| service.instance.role == role));
    }

    /// Whatever is replaced is removed as late as possible, so that it serves while its successor is being prepared;
    /// and before any of its role is started, because the ports may have changed places.
    fn start_all(&mut self, services: impl Iterator<Item = &'a Service> + Clone) {
        let observed = &self.situation.observed;
        let found = |service: &Service| observed.find(service.instance);
        let mut before = self.ready.clone();
        before.extend(&self.freed);
        for found in services.clone().filter_map(found) {
            if let Some(reason) = self.why_replace(found) {
                let remove = Action::Remove(found.clone());
                before.push(self.plan.act(remove, Some(reason), self.ready.clone()));
            }
        }
        for service in services {
            let reason = match found(service) {
                None => None,
                Some(found) => match (self.why_replace(found), &found.state) {
                    (Some(reason), _) => Some(reason.to_owned()),
                    (None, State::Running) => continue,
                    (None, state) => Some(format!("was {state}")),
                },
            };
            let start = Action::Start(service.clone());
            let step = self.plan.act(start, reason.as_deref(), before.clone());
            self.ready.push(step);
        }
    }

    fn why_replace(&self, found: &Found) -> Option<&'static str> {
        if self.choices.recreate {
            Some("asked for")
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
        } else if found.state == State::Removing {
            Some("it was being removed")
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
        let job = SeedJob {
            image: self.wanted.api_image.tag().to_owned(),
            file: self.wanted.seed.file.clone(),
            fingerprint: self.wanted.seed.fingerprint.clone(),
            reset: self.choices.reset,
        };
        let step = self.plan.act(Action::Seed(job), None, self.ready.clone());
        self.ready.push(step);
    }

    /// A load goes on without the manager that began it, and nobody takes its job away when it ends.
    fn remove_ended(&mut self, job: Option<&Found>) {
        if let Some(job) = job {
            self.plan.act(
                Action::Remove(job.clone()),
                Some("it has ended"),
                self.ready.clone(),
            );
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
    end_all(&mut plan, observed.instances.iter(), Action::Remove);
    let everything: Vec<_> = (0..plan.steps.len()).collect();
    if matches!(observed.network, Network::Right | Network::Broken) {
        plan.act(Action::RemoveNetwork, None, everything.clone());
    }
    if volumes && !observed.volumes.is_empty() {
        plan.act(Action::RemoveVolumes, None, everything);
    }
    plan
}

/// Ends instances in the order in which they ask each other; says which step ends which.
fn end_all<'a>(
    plan: &mut Plan,
    instances: impl Iterator<Item = &'a Found>,
    end: fn(Found) -> Action,
) -> Vec<(Instance, usize)> {
    let mut instances: Vec<_> = instances.collect();
    instances.sort_by_key(|found| std::cmp::Reverse(found.instance));
    let mut ended: Vec<(Instance, usize)> = Vec::new();
    for found in instances {
        let before = ended
            .iter()
            .filter(|(other, _)| other.role > found.instance.role);
        let before = before.map(|(_, step)| *step).collect();
        let step = plan.act(end(found.clone()), None, before);
        ended.push((found.instance, step));
    }
    ended
}

#[cfg(test)]
mod tests;
