//! What is taken along: to the clipboard, or to a file. It is made from what the rows are about, never from the screen.

use std::ops::Range;

use ratatui::layout::Position;

use crate::database::console::Count;
use crate::engine::DATABASE_NAME;
use crate::engine::Role;
use crate::environment::status::CheckStatus;
use crate::environment::status::RoleStatus;
use crate::error::Report;
use crate::profile;
use crate::rates::DailyAverage;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::state::Dragged;
use crate::tui::state::Pane;
use crate::tui::state::State;
use crate::tui::state::Tab;
use crate::tui::state::database::Database;
use crate::tui::state::database::View;
use crate::tui::state::events::Event;
use crate::tui::state::known::Known;
use crate::tui::state::logs::Entry;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::query::Answered;
use crate::tui::state::query::Form;
use crate::tui::state::query::Query;
use crate::tui::state::tree::Tree;
use crate::tui::view;

/// Takes something to the clipboard.
pub fn copy(state: &mut State, action: Action) -> Vec<Effect> {
    let text = match action {
        Action::CopyUrl => state
            .chosen()
            .and_then(Known::api)
            .map(|base| base.to_string()),
        Action::CopyConnection => connection(state),
        Action::CopyCurl => state
            .chosen()
            .map(|known| known.query.curl.value().to_owned()),
        Action::CopyLine => chosen(state),
        _ => Some(seen(state)),
    };
    copied(state, text)
}

/// The same, and to a file, for what lies over the panes.
pub fn of_overlay(state: &mut State, action: Action) -> Vec<Effect> {
    let text = match &state.overlay {
        Some(overlay) => text_of(state, overlay, action),
        None => None,
    };
    if action != Action::Save {
        return copied(state, text);
    }
    match text {
        Some(text) => saved(state, "text", "txt", text + "\n"),
        None => copied(state, None),
    }
}

/// Takes what the mouse was drawn over to the clipboard.
pub fn dragged(state: &mut State, rows: Dragged) -> Vec<Effect> {
    let column = view::areas(state).tab.x;
    let place = |row| view::tab_row(state, Position::new(column, row));
    let text = if state.tab == Tab::Stats {
        view::drawn_text(state, rows.lines())
    } else {
        let places: Vec<_> = rows.lines().filter_map(place).collect();
        let first = places.iter().min().copied().unwrap_or_default();
        let behind = places.iter().max().map_or(first, |last| last + 1);
        lines(state, Pane::Main, first..behind).join("\n")
    };
    copied(state, Some(text))
}

/// Says what goes to the clipboard, and takes it there.
fn copied(state: &mut State, text: Option<String>) -> Vec<Effect> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        state.complain("there is nothing to copy here");
        return Vec::new();
    };
    let lines = text.lines().count();
    state.say(match lines {
        1 => format!("copied: {text}"),
        _ => format!("copied {lines} lines"),
    });
    vec![Effect::Copy(text)]
}

/// Saves what the pane holds: all of it, not only what is on the screen.
pub fn save(state: &mut State) -> Vec<Effect> {
    if let Some(known) = state.chosen_mut() {
        known.logs.judge(usize::MAX);
    }
    let Some(known) = state.chosen() else {
        return Vec::new();
    };
    let (ending, text) = match state.tab {
        Tab::Query => match &known.query.answered {
            Some(answered) => ("json", body(answered)),
            None => return copied(state, None),
        },
        Tab::Database if known.database.view == View::Rows => match known.database.csv() {
            Some(text) => ("csv", text),
            None => return copied(state, None),
        },
        Tab::Stats => ("txt", view::drawn_text(state, 0..=u16::MAX)),
        Tab::Logs => ("log", whole(state)),
        _ => ("txt", whole(state)),
    };
    let what = match state.tab {
        Tab::Query => "answer".to_owned(),
        Tab::Database if known.database.view == View::Rows => "rows".to_owned(),
        tab => tab.title().to_lowercase(),
    };
    saved(state, &what, ending, text)
}

fn saved(state: &State, what: &str, ending: &str, text: String) -> Vec<Effect> {
    let name = state.chosen().map(|known| known.key.name.to_string());
    let name = name.unwrap_or_default();
    let time = state.now.strftime("%Y%m%d-%H%M%S");
    vec![Effect::Save {
        name: format!("ratesdev-{name}-{what}-{time}.{ending}"),
        text,
    }]
}

/// Every row of the tab.
fn whole(state: &State) -> String {
    let lines = lines(state, Pane::Main, 0..usize::MAX).into_iter();
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// The rows of the focused pane that are on the screen.
fn seen(state: &State) -> String {
    if state.pane == Pane::Main && state.tab == Tab::Stats {
        return view::drawn_text(state, 0..=u16::MAX);
    }
    lines(state, state.pane, view::places_seen(state)).join("\n")
}

/// What the chosen row is about; a line of the log as it was written, a value whole.
fn chosen(state: &State) -> Option<String> {
    let known = state.chosen()?;
    if state.pane == Pane::Main && state.tab == Tab::Logs {
        return known.logs.current().map(|entry| entry.text.to_string());
    }
    if state.pane == Pane::Main && state.tab == Tab::Query && known.query.form == Form::Json {
        let answered = known.query.answered.as_ref()?;
        if let Some(tree) = &answered.tree {
            return tree.value();
        }
    }
    let place = view::place_chosen(state)?;
    lines(state, state.pane, place..place + 1).pop()
}

/// How a program connects to the database; the password stays where it is.
fn connection(state: &State) -> Option<String> {
    let endpoint = state.instance(Role::Database)?.endpoint?;
    Some(format!("postgres://rates@{endpoint}/{DATABASE_NAME}"))
}

/// The rows of a pane at these places, a line each.
fn lines(state: &State, pane: Pane, places: Range<usize>) -> Vec<String> {
    let Some(known) = state.chosen() else {
        return Vec::new();
    };
    match (pane, state.tab) {
        (Pane::Roles, _) => at(known.statuses(), places, role),
        (Pane::Checks, _) => {
            let mut all = vec![seed(known)];
            all.extend(known.check_statuses().iter().map(check));
            at(all, places, |line| line)
        }
        (Pane::Main, Tab::Logs) => at(known.logs.all_shown(), places, entry),
        (Pane::Main, Tab::Query) => of_query(&known.query, places),
        (Pane::Main, Tab::Database) => of_database(&known.database, places),
        (Pane::Main, Tab::Events) => at(state.happenings(), places, happening),
        (Pane::Main, Tab::Config) => {
            let rows = known
                .config
                .as_ref()
                .and_then(|config| config.as_ref().ok());
            at(rows.into_iter().flatten(), places, setting)
        }
        (Pane::Main, Tab::Stats) => Vec::new(),
    }
}

fn at<T>(
    all: impl IntoIterator<Item = T>,
    places: Range<usize>,
    line: impl Fn(T) -> String,
) -> Vec<String> {
    let wanted = all.into_iter().skip(places.start).take(places.len());
    wanted.map(line).collect()
}

/// Values apart by tabs; what would end a value or a line is written as COPY of PostgreSQL does.
fn tabbed<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let value = |value: &str| {
        let value = value.replace('\t', "\\t");
        value.replace('\n', "\\n").replace('\r', "\\r")
    };
    values.into_iter().map(value).collect::<Vec<_>>().join("\t")
}

fn role(role: &RoleStatus) -> String {
    let how = role.health.map(|health| health.to_string());
    let how = how.unwrap_or_else(|| role.state.to_string());
    let endpoint = role.endpoint.map(|endpoint| endpoint.to_string());
    let endpoint = endpoint.unwrap_or_default();
    tabbed([&*role.name, &*how, &*endpoint, &*role.image])
}

fn seed(known: &Known) -> String {
    let seed = known
        .look
        .as_ref()
        .and_then(|look| look.status.seed.as_ref());
    match seed {
        Some(seed) => tabbed([
            "seed",
            &*seed.file,
            &*seed.rows.to_string(),
            &*seed.fingerprint,
        ]),
        None => tabbed(["seed", ""]),
    }
}

fn check(check: &CheckStatus) -> String {
    let how = if check.passed { "passed" } else { "failed" };
    let why = check.error.as_ref().map(|report| report.message.as_str());
    let answer = check.answer.as_deref().or(why).unwrap_or_default();
    tabbed([&*check.name, how, answer])
}

fn entry(entry: &Entry) -> String {
    format!("{:.3} {} {}", entry.time, entry.instance, entry.text)
}

fn happening(Event { of, happening, .. }: Event<'_>) -> String {
    let instance = happening.instance.map(|instance| format!("{instance} "));
    let (time, of) = (happening.time, &of.key.name);
    let instance = instance.unwrap_or_default();
    format!("{time:.0} {of} {instance}{}", happening.text)
}

fn setting(row: &profile::Row) -> String {
    format!("{} = {}  # {}", row.key, row.value, row.origin)
}

fn of_query(query: &Query, places: Range<usize>) -> Vec<String> {
    let Some(answered) = &query.answered else {
        return Vec::new();
    };
    match (query.form, &answered.rates) {
        (Form::Json, _) => match &answered.tree {
            Some(tree) => at(tree.from(0), places, |(row, node, _)| {
                let value = if node.open {
                    String::new()
                } else {
                    tree.written(row)
                };
                format!("{}{}: {value}", "  ".repeat(node.depth), node.key)
            }),
            None => at(&answered.body, places, String::clone),
        },
        (Form::Headers, _) => at(&answered.response.headers, places, |(name, value)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        }),
        (Form::Table, Ok(answer)) => at(&answer.rates, places, day),
        // A chart has all days on the screen.
        (Form::Chart, Ok(answer)) => answer.rates.iter().map(day).collect(),
        (_, Err(report)) => vec![report_text(report)],
    }
}

fn day(day: &DailyAverage) -> String {
    let count = day.count.map(|count| count.to_string());
    let price = day.price.map(|price| price.to_string());
    let [count, price] = [count, price].map(Option::unwrap_or_default);
    tabbed([&*day.day.to_string(), &*count, &*price])
}

fn body(answered: &Answered) -> String {
    String::from_utf8_lossy(&answered.response.body).into_owned()
}

fn of_database(database: &Database, places: Range<usize>) -> Vec<String> {
    match database.view {
        View::Tables => {
            let tables = database.held.iter().flat_map(|held| &held.tables);
            at(tables, places, |table| {
                let rows = match table.rows {
                    Count::Exact(rows) => rows.to_string(),
                    Count::About(rows) => format!("~{rows}"),
                };
                tabbed([
                    &*table.sql,
                    &*rows,
                    &*(table.bytes + table.index_bytes).to_string(),
                ])
            })
        }
        View::Running => at(database.activities(), places, |activity| {
            tabbed([&*activity.pid.to_string(), &*activity.state, &*activity.sql])
        }),
        View::Rows => {
            let statement = database.statement.as_ref();
            let rows = statement.map_or(&[][..], |statement| statement.rows());
            at(rows, places, |row| {
                tabbed(row.iter().map(|value| value.as_deref().unwrap_or_default()))
            })
        }
    }
}

/// What a box holds: of a value with parts the chosen one, or all.
fn text_of(state: &State, overlay: &Overlay, action: Action) -> Option<String> {
    let tree = |tree: &Tree| match action {
        Action::CopyLine => tree.value(),
        _ => Some(tree.values()),
    };
    match overlay {
        Overlay::Text(text) => Some(text.lines.join("\n")),
        Overlay::Failure(failure) => Some(report_text(&failure.report)),
        Overlay::Tree(described) => match described.parts.as_ref()? {
            Ok(parts) => tree(parts),
            Err(report) => Some(report_text(report)),
        },
        Overlay::Statements(list) => state.statements.get(list.selected).cloned(),
        Overlay::History(list) => {
            let question = state.history.get(list.selected)?;
            Some(format!(
                "{} {} {}",
                question.orig, question.dest, question.span
            ))
        }
        _ => None,
    }
}

fn report_text(report: &Report) -> String {
    let mut lines = vec![format!("{} {}", report.code, report.message)];
    lines.extend(report.causes.iter().map(|cause| format!("  {cause}")));
    lines.extend(report.detail.iter().map(|line| format!("| {line}")));
    lines.extend(report.hint.iter().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}
