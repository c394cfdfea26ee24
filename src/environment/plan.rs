//! What has to be done, as data: a pure function of what is wanted and what is there.

mod halt;
mod planner;

use super::event::Planned;
use crate::engine::Action;
use crate::engine::Found;
use crate::engine::Grace;
use crate::engine::Instance;
use crate::engine::Network;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::usual_needs;
use crate::profile::Bytes;
use crate::profile::Check;
use crate::profile::Needs;
use crate::profile::all_needs;
use crate::profile::order;
pub use halt::restart;
pub use halt::start;
pub use halt::stop;
pub use planner::Choices;
pub use planner::Situation;
pub use planner::seed;
pub use planner::up;

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
