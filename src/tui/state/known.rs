//! One environment as the dashboard knows it.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::path::PathBuf;

use jiff::Timestamp;

use super::Key;
use super::charts::Charts;
use super::database::Database;
use super::events::Place;
use super::list::List;
use super::logs::Logs;
use super::operation::Operation;
use super::query::Query;
use crate::engine::Found;
use crate::engine::HealthStatus;
use crate::engine::Instance;
use crate::engine::Observed;
use crate::engine::Role;
use crate::engine::State as Doing;
use crate::environment::event::Planned;
use crate::environment::status::CheckStatus;
use crate::environment::status::Readings;
use crate::environment::status::RoleStatus;
use crate::environment::status::Status;
use crate::environment::status::endpoint;
use crate::error::Code;
use crate::error::Report;
use crate::profile::Row;
use crate::query::BaseUrl;

/// Lines of what happened that are kept.
const EVENTS: usize = 500;

/// What was seen at one look.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What exists.
    pub observed: Observed,
    /// How it is.
    pub status: Status,
    /// Whether taking its data away needs its name typed.
    pub protected: bool,
    /// Whether its checks were asked at this look; otherwise their answers are older ones.
    pub checked: bool,
}

/// Whether roles are started again when their code changes, and which have to be.
#[derive(Debug, Default)]
pub struct Watch {
    /// Whether that is wished.
    pub on: bool,
    /// Roles whose code changed since they were started.
    pub changed: BTreeSet<Role>,
}

/// How an environment is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// It has not been looked at yet.
    Unknown,
    /// Nothing of it runs.
    Stopped,
    /// Everything works.
    Healthy,
    /// Some of it was stopped on purpose; the rest works.
    Partly,
    /// It is on its way, or something is missing.
    Starting,
    /// Something failed.
    Failed,
}

/// Something that happened, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub time: Timestamp,
    /// To whom, where it was one instance.
    pub instance: Option<Instance>,
    /// What.
    pub text: String,
    /// Whether it was a failure.
    pub bad: bool,
}

/// One environment, whether it exists or could.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Known {
    /// Which one.
    pub key: Key,
    /// The profile of its name in this checkout, where there is one.
    pub profile: Option<PathBuf>,
    /// What was seen last.
    pub look: Option<Look>,
    /// Why the last look failed.
    pub trouble: Option<Report>,
    /// Whether a look is under way.
    pub looking: bool,
    /// Whether something happened while one was under way.
    pub outdated: bool,
    /// When it was looked at last.
    pub looked_at: Option<Timestamp>,
    /// When its checks were asked last.
    pub checked_at: Option<Timestamp>,
    /// Whether its use is being measured.
    pub sampling: bool,
    /// When its use was measured last.
    pub sampled_at: Option<Timestamp>,
    /// What CPU time is counted from the next time.
    pub readings: Readings,
    /// What it used.
    pub charts: Charts,
    /// What its roles wrote.
    pub logs: Logs,
    /// What it was asked.
    pub query: Query,
    /// Whether roles are started again when their code changes.
    pub watch: Watch,
    /// Its database.
    pub database: Database,
    /// What is being done, or was done last and is still shown.
    pub operation: Option<Operation>,
    /// What happened, oldest first.
    pub happenings: VecDeque<Happening>,
    /// How much of it is not kept any more.
    forgotten: usize,
    /// The resolved profile, or why there is none.
    pub config: Option<Result<Vec<Row>, Report>>,
    /// When the profile was read last.
    pub configured_at: Option<Timestamp>,
    /// What `up` would change, or why it cannot, once that was compared.
    pub drift: Option<Result<Vec<Planned>, Report>>,
    /// The list of roles.
    pub roles: List,
    /// The instance that was chosen there: what stands on a row can change with every look.
    pub role: Option<Instance>,
    /// The list of checks.
    pub checks: List,
    /// The list of events.
    pub events: List,
    /// The event that the reader stands still on, so that new ones do not move the choice.
    pub event: Option<Place>,
    /// The list of settings.
    pub settings: List,
    /// Rows of charts that are above the screen.
    pub stats: usize,
}

impl Known {
    /// One that was not looked at yet.
    pub fn new(key: Key, profile: Option<PathBuf>) -> Self {
        Self {
            key,
            profile,
            look: None,
            trouble: None,
            looking: false,
            outdated: false,
            looked_at: None,
            checked_at: None,
            sampling: false,
            sampled_at: None,
            readings: Readings::new(),
            charts: Charts::default(),
            logs: Logs::default(),
            query: Query::default(),
            watch: Watch::default(),
            database: Database::default(),
            operation: None,
            happenings: VecDeque::new(),
            forgotten: 0,
            configured_at: None,
            config: None,
            drift: None,
            roles: List::default(),
            role: None,
            checks: List::default(),
            events: List::default(),
            event: None,
            settings: List::default(),
            stats: 0,
        }
    }

    /// Its instances.
    pub fn instances(&self) -> &[Found] {
        let look = self.look.as_ref();
        look.map_or(&[], |look| &look.observed.instances)
    }

    /// How each of them is.
    pub fn statuses(&self) -> &[RoleStatus] {
        let look = self.look.as_ref();
        look.map_or(&[], |look| &look.status.roles)
    }

    /// The chosen one; none while it is not there.
    pub fn selected(&self) -> Option<&Found> {
        let found = self.instances().get(self.roles.selected)?;
        let is_chosen = self.role.is_none_or(|role| role == found.instance);
        is_chosen.then_some(found)
    }

    /// How the chosen one is.
    pub fn selected_status(&self) -> Option<&RoleStatus> {
        self.selected()?;
        self.statuses().get(self.roles.selected)
    }

    /// Chooses the instance whose row the list of roles is on.
    pub fn choose_role(&mut self) {
        let found = self.instances().get(self.roles.selected);
        self.role = found.map(|found| found.instance);
    }

    /// Brings the list of roles back to the instance that was chosen.
    pub fn follow_role(&mut self) {
        let mut instances = self.instances().iter();
        if let Some(row) = instances.position(|found| Some(found.instance) == self.role) {
            self.roles.follow(row);
        }
    }

    /// Its checks and their answers.
    pub fn check_statuses(&self) -> &[CheckStatus] {
        let look = self.look.as_ref();
        look.map_or(&[], |look| &look.status.checks)
    }

    /// Where its API answers.
    pub fn api(&self) -> Option<BaseUrl> {
        let observed = &self.look.as_ref()?.observed;
        endpoint(observed, Role::Api).map(BaseUrl::from)
    }

    /// Whether anything of it is there, data included.
    pub fn exists(&self) -> bool {
        let look = self.look.as_ref();
        look.is_some_and(|look| {
            !look.observed.instances.is_empty() || !look.observed.volumes.is_empty()
        })
    }

    /// Whether something is being done with it.
    pub fn is_working(&self) -> bool {
        let operation = self.operation.as_ref();
        operation.is_some_and(Operation::is_running)
    }

    /// What is being done with it.
    pub fn under_way(&self) -> Option<String> {
        let running = self.operation.as_ref().filter(|it| it.is_running())?;
        Some(running.doing.title(self.key.name.as_str()))
    }

    /// Whether a question or a statement waits for its answer.
    pub fn is_asking(&self) -> bool {
        self.query.asking.is_some() || self.database.waits()
    }

    /// How it is, in one word.
    pub fn condition(&self) -> Condition {
        if self.is_working() {
            return Condition::Starting;
        }
        if self
            .operation
            .as_ref()
            .is_some_and(|operation| operation.failure().is_some())
        {
            return Condition::Failed;
        }
        let Some(look) = &self.look else {
            return Condition::Unknown;
        };
        if self.is_in_trouble() {
            return Condition::Failed;
        }
        let services = || {
            look.status
                .roles
                .iter()
                .filter(|role| role.role.is_service())
        };
        if services().all(is_stopped) {
            return Condition::Stopped;
        }
        let failed = look.status.checks.iter().any(|check| !check.passed);
        if failed || services().any(is_failed) {
            return Condition::Failed;
        }
        match (look.status.ready, services().any(is_stopped)) {
            (true, _) => Condition::Healthy,
            (false, true) if services().all(is_settled) => Condition::Partly,
            (false, _) => Condition::Starting,
        }
    }

    /// What is wrong with it as a whole: what is seen of its roles is not all, or not certain.
    pub fn warning(&self) -> Option<String> {
        let status = &self.look.as_ref()?.status;
        // Where the engine is away, that is said of the engine.
        if let Some(trouble) = self
            .trouble
            .as_ref()
            .filter(|trouble| !is_of_engine(trouble))
        {
            return Some(trouble.message.clone());
        }
        let missing =
            Some(status.missing).filter(|missing| *missing > 0 && !status.roles.is_empty());
        let missing = missing.map(|missing| match missing {
            1 => "1 instance is missing".to_owned(),
            more => format!("{more} instances are missing"),
        });
        status.trouble.clone().or(missing)
    }

    /// Whether nothing that is seen of it is certain.
    fn is_in_trouble(&self) -> bool {
        let look = self.look.as_ref();
        look.is_some_and(|look| look.status.trouble.is_some())
    }

    /// Adds something that happened.
    pub fn note(&mut self, happening: Happening) {
        if self.happenings.len() >= EVENTS {
            self.happenings.pop_front();
            self.forgotten += 1;
        }
        self.happenings.push_back(happening);
    }

    /// What happened, each with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Happening)> {
        let numbers = self.forgotten..;
        numbers.zip(&self.happenings)
    }
}

/// Whether a failure means that the engine does not answer, so that nothing can be said of any environment there.
pub fn is_of_engine(report: &Report) -> bool {
    matches!(
        report.code,
        Code::DockerDown
            | Code::DockerDenied
            | Code::DockerHost
            | Code::DockerTls
            | Code::SshDenied
            | Code::SshHostKey
            | Code::SshMissing
            | Code::SshUnreachable
    )
}

/// A failure in one line: what happened, and what helps.
pub fn in_one_line(report: &Report) -> String {
    match &report.hint {
        Some(hint) => format!("{}: {hint}", report.message),
        None => report.message.clone(),
    }
}

/// Whether an instance was stopped on purpose, or never ran.
pub fn is_stopped(role: &RoleStatus) -> bool {
    matches!(
        role.state,
        Doing::Created { error: None }
            | Doing::Exited {
                code: 0 | 130 | 143,
                out_of_memory: false
            }
    )
}

/// Whether an instance stays as it is, unless somebody does something.
fn is_settled(role: &RoleStatus) -> bool {
    let runs = role.state == Doing::Running && role.health != Some(HealthStatus::Starting);
    runs || is_stopped(role)
}

/// Whether an instance is not as it should be, and will not become so by itself.
pub fn is_failed(role: &RoleStatus) -> bool {
    match role.state {
        Doing::Running => role.health == Some(HealthStatus::Unhealthy),
        Doing::Created { error: Some(_) } | Doing::Exited { .. } => !is_stopped(role),
        _ => false,
    }
}
