//! What tasks and engines told.

use std::path::PathBuf;
use std::time::Duration;

use super::act;
use super::places;
use super::query;
use super::tick;
use super::tree;
use super::walk;
use super::watch;
use crate::database::console::Page;
use crate::engine;
use crate::engine::EventKind;
use crate::engine::HealthStatus;
use crate::engine::Role;
use crate::error::Report;
use crate::profile::EnvironmentName;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::state::Key;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::known::Happening;
use crate::tui::state::known::Known;
use crate::tui::state::known::Look;
use crate::tui::state::known::in_one_line;
use crate::tui::state::known::is_of_engine;
use crate::tui::state::logs::Logs;
use crate::tui::state::operation::Doing;
use crate::tui::state::operation::Ended;
use crate::tui::state::overlay::Failure;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::overlay::Text;

/// Takes in what was told.
pub fn told(state: &mut State, message: Message) -> Vec<Effect> {
    let effects = take(state, message);
    walk::keep(state);
    effects
}

fn take(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Profiles(profiles) => profiles_listed(state, profiles),
        Message::Listed { engine, result } => listed(state, engine, result),
        Message::Looked { key, result } => looked(state, &key, *result),
        Message::Reached { engine, about } => reached(state, engine, about),
        Message::Tells { engine, tells } => {
            heard(state, engine, tells);
            Vec::new()
        }
        Message::Happened { engine, event } => happened(state, engine, &event),
        Message::Placed { from, to, because } => placed(state, &from, &to, because),
        Message::Ended { key, result } => ended(state, &key, result),
        Message::Watching { key, result } => {
            watch::watching(state, &key, &result);
            Vec::new()
        }
        Message::CodeChanged { key, changed } => watch::changed(state, &key, changed),
        Message::History(questions) => {
            state.history = questions;
            Vec::new()
        }
        Message::Statements(statements) => {
            // Statements that hold secrets are remembered here and nowhere else.
            let mut here = std::mem::take(&mut state.statements);
            here.retain(|statement| !statements.contains(statement));
            state.statements = here.into_iter().chain(statements).collect();
            Vec::new()
        }
        Message::Rows {
            key,
            number,
            took,
            result,
        } => rows(state, &key, number, (took, *result)),
        Message::Said(result) => {
            match result {
                Ok(text) => {
                    state.note(text.clone(), false);
                    state.say(text);
                }
                Err(report) => state.complain_of(&report),
            }
            Vec::new()
        }
        about => of_one(state, about),
    }
}

/// What was told of one environment and concerns nothing else.
fn of_one(state: &mut State, message: Message) -> Vec<Effect> {
    let now = state.now;
    match message {
        Message::Sampled {
            key,
            sample,
            readings,
        } => known(state, &key, |known| {
            known.sampling = false;
            known.readings = readings;
            known.charts.push(sample);
        }),
        Message::Lines {
            key,
            reader,
            lines,
            lost,
        } => of_reader(state, &key, reader, |logs| logs.take(lines, lost)),
        Message::LogsBroke {
            key,
            reader,
            report,
        } => of_reader(state, &key, reader, |logs| {
            logs.reading = false;
            logs.trouble = Some(report);
        }),
        Message::Waits { key, holder } => operation(state, &key, |operation| {
            operation.waits_for = Some(holder);
        }),
        Message::Told { key, event } => {
            operation(state, &key, |operation| operation.tell(event, now));
        }
        Message::Progressed { key, latest } => {
            operation(state, &key, |operation| operation.progress(latest));
        }
        answer => of_answer(state, answer),
    }
    Vec::new()
}

/// What an API, a database or an engine answered to a question of this dashboard.
fn of_answer(state: &mut State, message: Message) {
    let now = state.now;
    match message {
        Message::Answered {
            key,
            number,
            result,
        } => {
            known(state, &key, |known| known.query.take(number, *result));
        }
        Message::Places { key, atlas } => {
            known(state, &key, |known| known.query.know(atlas));
        }
        Message::Explained { key, result } => explained(state, &key, result),
        Message::Surveyed { key, result } => {
            known(state, &key, |known| known.database.see(*result, now));
        }
        Message::Described {
            key,
            instance,
            result,
        } => tree::described(state, &(key, instance), *result),
        Message::Configured { key, result } => {
            known(state, &key, |known| known.config = Some(result));
        }
        Message::Compared { key, result } => {
            known(state, &key, |known| known.drift = Some(result));
        }
        _ => {}
    }
}

/// Shows the prices behind a day, unless the reader has gone elsewhere meanwhile.
fn explained(state: &mut State, key: &Key, result: Result<(String, Vec<String>), Report>) {
    let waits = state.tab == Tab::Query && state.overlay.is_none();
    if !waits || state.chosen().is_none_or(|known| known.key != *key) {
        return;
    }
    state.overlay = Some(match result {
        Ok((title, lines)) => Overlay::Text(Text::new(title, lines)),
        Err(report) => Overlay::Failure(Failure {
            title: "the prices behind the day".to_owned(),
            report,
            scroll: 0,
        }),
    });
}

/// Takes in what came of a statement; what it wrote is measured at once.
fn rows(
    state: &mut State,
    key: &Key,
    number: u64,
    (took, result): (Duration, Result<Page, Report>),
) -> Vec<Effect> {
    let mut effects = Vec::new();
    known(state, key, |known| {
        let is_full = known.database.take(number, took, result);
        if is_full {
            effects.push(Effect::CancelStatement(known.key.clone()));
        }
        // What ran until now is not to be shown as running.
        known.database.surveyed_at = None;
        if known.database.writing {
            known.database.held_at = None;
        }
    });
    walk::keep(state);
    effects
}

fn known(state: &mut State, key: &Key, change: impl FnOnce(&mut Known)) {
    if let Some(known) = state.known_mut(key) {
        change(known);
    }
}

fn of_reader(state: &mut State, key: &Key, reader: u64, change: impl FnOnce(&mut Logs)) {
    known(state, key, |known| {
        if known.logs.reader == reader {
            change(&mut known.logs);
        }
    });
}

fn operation(
    state: &mut State,
    key: &Key,
    change: impl FnOnce(&mut crate::tui::state::operation::Operation),
) {
    known(state, key, |known| {
        if let Some(operation) = &mut known.operation {
            change(operation);
        }
    });
}

/// Profiles stand first, in the order in which one builds upon the other.
fn profiles_listed(state: &mut State, profiles: Vec<(EnvironmentName, PathBuf)>) -> Vec<Effect> {
    let order: Vec<_> = profiles.iter().map(|(name, _)| name.clone()).collect();
    for (name, file) in profiles {
        let mut is_known = false;
        for known in state
            .environments
            .iter_mut()
            .filter(|known| known.key.name == name)
        {
            known.profile = Some(file.clone());
            is_known = true;
        }
        if !is_known {
            let key = Key { engine: 0, name };
            state.environments.push(Known::new(key, Some(file)));
        }
    }
    sort(state, |known| {
        let place = order.iter().position(|name| *name == known.key.name);
        (place.unwrap_or(usize::MAX), known.key.clone())
    });
    Vec::new()
}

/// Puts the environments in another order; the one that is shown stays the one that is shown.
fn sort<K: Ord>(state: &mut State, order: impl Fn(&Known) -> K) {
    let chosen = state.chosen().map(|known| known.key.clone());
    state.environments.sort_by_key(order);
    choose_again(state, chosen.as_ref());
}

/// The environments have other places: the one that was shown is shown on.
pub fn choose_again(state: &mut State, key: Option<&Key>) {
    let mut environments = state.environments.iter();
    let place = environments.position(|known| Some(&known.key) == key);
    state.chosen = place.unwrap_or(0);
}

fn listed(
    state: &mut State,
    engine: usize,
    result: Result<Vec<EnvironmentName>, Report>,
) -> Vec<Effect> {
    let names = match result {
        Ok(names) => names,
        Err(report) => {
            lost(state, engine, report);
            return Vec::new();
        }
    };
    found_again(state, engine);
    let chosen = state.chosen().map(|known| known.key.clone());
    state.environments.retain(|known| {
        let is_there = known.key.engine != engine || names.contains(&known.key.name);
        let is_chosen = Some(&known.key) == chosen.as_ref();
        is_there || is_chosen || known.profile.is_some() || known.is_working()
    });
    choose_again(state, chosen.as_ref());
    if let Some(engine) = state.engines.get_mut(engine) {
        engine.names = names;
    }
    places::settle(state)
}

/// An engine that had never answered does: what is there is read.
fn reached(state: &mut State, place: usize, about: engine::About) -> Vec<Effect> {
    if let Some(engine) = state.engines.get_mut(place) {
        engine.about = about;
    }
    found_again(state, place);
    vec![Effect::List]
}

/// An engine begins to tell what happens, or stops to. What happened while nobody listened is looked for.
fn heard(state: &mut State, place: usize, tells: bool) {
    let Some(engine) = state.engines.get_mut(place) else {
        return;
    };
    engine.tells = tells;
    state.listed_at = None;
    let here = state.environments.iter_mut();
    for known in here.filter(|known| known.key.engine == place) {
        known.looked_at = None;
    }
}

/// An engine does not answer; it is said once.
fn lost(state: &mut State, engine: usize, report: Report) {
    let Some(engine) = state.engines.get_mut(engine) else {
        return;
    };
    let name = engine.about.engine;
    let is_news = engine.trouble.is_none();
    let reason = in_one_line(&report);
    engine.trouble = Some(report);
    if is_news {
        state.note(format!("{name} does not answer: {reason}"), true);
        state.tell(format!("{name} does not answer; trying again"), true);
    }
}

fn found_again(state: &mut State, engine: usize) {
    let Some(engine) = state.engines.get_mut(engine) else {
        return;
    };
    let name = engine.about.engine;
    if engine.trouble.take().is_some() {
        state.note(format!("{name} answers again"), false);
        state.say(format!("{name} answers again"));
    }
}

fn looked(state: &mut State, key: &Key, result: Result<Look, Report>) -> Vec<Effect> {
    let now = state.now;
    let is_chosen = state.chosen().is_some_and(|known| known.key == *key);
    let tells = state
        .engines
        .get(key.engine)
        .is_some_and(|engine| engine.tells);
    let mut effects = Vec::new();
    let mut failed = None;
    let Some(known) = state.known_mut(key) else {
        return effects;
    };
    known.looking = false;
    let changed = match result {
        Ok(look) => seen(known, look, tells, now),
        Err(report) => {
            failed = Some(report.clone());
            // Its checks have not been asked.
            known.checked_at = None;
            in_trouble(known, report, now)
        }
    };
    if std::mem::take(&mut known.outdated) {
        effects.extend(tick::look(known, now));
    }
    let stopped = is_chosen && !known.logs.reading && known.trouble.is_none();
    state.changed |= changed;
    match failed {
        Some(report) if is_of_engine(&report) => lost(state, key.engine, report),
        // What an engine has answered with an error to is no sign that it answers now.
        None if engine_is_gone(state, key.engine) => found_again(state, key.engine),
        _ => {}
    }
    if stopped {
        effects.extend(act::arrive(state));
    }
    effects.extend(moved(state, key));
    effects.extend(places::settle(state));
    walk::keep(state);
    effects
}

fn engine_is_gone(state: &State, engine: usize) -> bool {
    let trouble = state
        .engines
        .get(engine)
        .and_then(|engine| engine.trouble.as_ref());
    trouble.is_some_and(is_of_engine)
}

/// Notes why an environment could not be looked at; tells whether that is news.
fn in_trouble(known: &mut Known, report: Report, now: jiff::Timestamp) -> bool {
    let is_news = known.trouble.as_ref() != Some(&report);
    if is_news && !is_of_engine(&report) {
        known.note(Happening {
            time: now,
            instance: None,
            text: in_one_line(&report),
            bad: true,
        });
    }
    known.trouble = Some(report);
    is_news
}

/// The line of the query panel follows the API to its new port; a question that is looked at is asked there.
fn moved(state: &mut State, key: &Key) -> Vec<Effect> {
    let is_shown = state.tab == Tab::Query && state.chosen().is_some_and(|known| known.key == *key);
    let Some(known) = state.known_mut(key) else {
        return Vec::new();
    };
    let moves = known.api().is_some_and(|base| known.query.set_base(base));
    if moves && is_shown {
        return query::ask(state);
    }
    Vec::new()
}

/// Takes in what was seen; tells whether it is anything new.
fn seen(known: &mut Known, mut look: Look, tells: bool, now: jiff::Timestamp) -> bool {
    let was_in_trouble = known.trouble.take().is_some();
    keep_checks(known, &mut look);
    let before = known.look.as_ref();
    let happenings = before
        .map(|before| differences(before, &look, now))
        .unwrap_or_default();
    // What changed may have changed an answer too.
    if !happenings.is_empty() && !look.checked {
        known.checked_at = None;
        known.outdated = true;
    }
    let changed = !before.is_some_and(|before| is_same(before, &look));
    let trouble = before.and_then(|before| news_of_trouble(before, &look));
    if let Some((text, bad)) = trouble {
        known.note(Happening {
            time: now,
            instance: None,
            text,
            bad,
        });
    }
    if !tells {
        for happening in happenings {
            known.note(happening);
        }
    }
    known.look = Some(look);
    known.follow_role();
    changed || was_in_trouble
}

/// A look that asked no checks leaves their last answers standing.
fn keep_checks(known: &Known, look: &mut Look) {
    let Some(before) = known.look.as_ref().filter(|_| !look.checked) else {
        return;
    };
    if !look.status.roles.is_empty() {
        look.status.checks.clone_from(&before.status.checks);
        look.status.ready &= look.status.checks.iter().all(|check| check.passed);
    }
}

/// What is wrong with an environment as a whole, when that begins and when it is over.
fn news_of_trouble(before: &Look, now: &Look) -> Option<(String, bool)> {
    match (&before.status.trouble, &now.status.trouble) {
        (None, Some(trouble)) => Some((trouble.clone(), true)),
        (Some(_), None) => Some(("what was wrong is over".to_owned(), false)),
        _ => None,
    }
}

/// Whether two looks show the same; what is used is told by samples.
fn is_same(before: &Look, now: &Look) -> bool {
    let shown = |look: &Look| {
        let mut status = look.status.clone();
        status.roles.iter_mut().for_each(|role| role.usage = None);
        status.readings.clear();
        (status, look.observed.clone(), look.protected)
    };
    shown(before) == shown(now)
}

/// What must have happened between two looks, for engines that do not tell.
fn differences(before: &Look, now: &Look, time: jiff::Timestamp) -> Vec<Happening> {
    let word = |role: &crate::environment::status::RoleStatus| match role.health {
        Some(health) => health.to_string(),
        None => role.state.to_string(),
    };
    let happening = |instance, text: String, bad| Happening {
        time,
        instance,
        text,
        bad,
    };
    let mut happenings = Vec::new();
    for (role, found) in now.status.roles.iter().zip(&now.observed.instances) {
        let old = before.status.roles.iter().find(|old| old.name == role.name);
        if old.is_none_or(|old| word(old) != word(role)) {
            let bad = crate::tui::state::known::is_failed(role);
            happenings.push(happening(Some(found.instance), word(role), bad));
        }
    }
    for gone in &before.observed.instances {
        if now.observed.find(gone.instance).is_none() {
            happenings.push(happening(Some(gone.instance), "removed".to_owned(), false));
        }
    }
    happenings
}

fn happened(state: &mut State, engine: usize, event: &engine::Event) -> Vec<Effect> {
    let key = Key {
        engine,
        name: event.environment.clone(),
    };
    let now = state.now;
    let Some(known) = state.known_mut(&key) else {
        // An environment that nobody knew yet: the list is read anew.
        return vec![Effect::List];
    };
    known.note(Happening {
        time: event.time,
        instance: Some(event.instance),
        text: words(&event.kind),
        bad: is_bad(&event.kind),
    });
    let mut effects: Vec<_> = tick::look(known, now).into_iter().collect();
    if event.kind == EventKind::Removed {
        // It may have been the last of its environment.
        state.listed_at = None;
    }
    if may_change_answers(event) {
        effects.extend(asked_again(state, &key));
    }
    effects
}

/// Whether an API begins to answer, or a seed has been loaded, whoever did that.
fn may_change_answers(event: &engine::Event) -> bool {
    match event.instance.role {
        Role::Api => matches!(
            event.kind,
            EventKind::Health {
                status: HealthStatus::Healthy
            }
        ),
        Role::Seed => event.kind == EventKind::Exited { code: 0 },
        _ => false,
    }
}

/// An environment goes on by another key, and with it what is being done; one that had that key was empty.
fn placed(state: &mut State, from: &Key, to: &Key, because: Option<String>) -> Vec<Effect> {
    let now = state.now;
    if to.engine >= state.engines.len() || state.known_mut(from).is_none() {
        return Vec::new();
    }
    let chosen = state.chosen().map(|known| known.key.clone());
    state
        .environments
        .retain(|known| known.key != *to || known.key == *from);
    let Some(known) = state.known_mut(from) else {
        return Vec::new();
    };
    known.key = to.clone();
    let watches = known.watch.on.then(|| Effect::WatchCode {
        key: to.clone(),
        profile: known.profile.clone(),
    });
    known.look = None;
    known.looking = false;
    known.logs.reading = false;
    if let Some(text) = because {
        known.note(Happening {
            time: now,
            instance: None,
            text: text.clone(),
            bad: false,
        });
        state.say(text);
    }
    let shown = chosen.map(|key| if key == *from { to.clone() } else { key });
    choose_again(state, shown.as_ref());
    let mut effects = vec![
        Effect::Unfollow(from.clone()),
        Effect::UnwatchCode(from.clone()),
        Effect::Rename {
            from: from.clone(),
            to: to.clone(),
        },
    ];
    effects.extend(watches);
    if shown.as_ref() == Some(to) {
        effects.extend(act::arrive(state));
    }
    effects
}

fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::Created => "created".to_owned(),
        EventKind::Started => "started".to_owned(),
        EventKind::Exited { code } => format!("exited {code}"),
        EventKind::OutOfMemory => "used more memory than it may".to_owned(),
        EventKind::Health { status } => status.to_string(),
        EventKind::Paused => "paused".to_owned(),
        EventKind::Unpaused => "goes on".to_owned(),
        EventKind::Removed => "removed".to_owned(),
    }
}

fn is_bad(kind: &EventKind) -> bool {
    match kind {
        EventKind::Exited { code } => !matches!(code, 0 | 130 | 143),
        EventKind::OutOfMemory => true,
        EventKind::Health { status } => *status == HealthStatus::Unhealthy,
        _ => false,
    }
}

/// What succeeded leaves a line; what failed stays on the screen until it is closed or tried again.
fn ended(state: &mut State, key: &Key, result: Result<String, Report>) -> Vec<Effect> {
    let now = state.now;
    let Some(known) = state.known_mut(key) else {
        return Vec::new();
    };
    let Some(mut operation) = known.operation.take() else {
        return Vec::new();
    };
    let doing = operation.doing;
    let (text, noted) = match &result {
        Ok(text) => (text.clone(), text.clone()),
        Err(report) => (report.message.clone(), in_one_line(report)),
    };
    let bad = result.is_err() && !operation.cancelled;
    known.note(Happening {
        time: now,
        instance: None,
        text: noted,
        bad,
    });
    operation.ended = Some(Ended { at: now, result });
    known.operation = Some(operation).filter(|_| bad);
    known.checked_at = None;
    known.database.held_at = None;
    let mut effects: Vec<_> = tick::look(known, now).into_iter().collect();
    effects.extend(act::compared_again(state, key));
    state.tell(text, bad);
    if !bad && !matches!(doing, Doing::Down { .. } | Doing::Stop(_)) {
        effects.extend(asked_again(state, key));
    }
    effects.push(Effect::List);
    effects.extend(watch::restart_next(state, key));
    effects
}

/// A live question is asked anew after everything that could change its answer.
fn asked_again(state: &mut State, key: &Key) -> Vec<Effect> {
    let is_live = state
        .chosen()
        .is_some_and(|known| known.key == *key && known.query.asks_again().is_some());
    if is_live {
        query::ask(state)
    } else {
        Vec::new()
    }
}
