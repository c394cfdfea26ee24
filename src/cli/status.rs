//! `ratesdev status`: what runs, how it is, and whether it answers right.

use std::time::Duration;

use jiff::Timestamp;

use super::Context;
use super::output::style;
use super::report;
use super::screen::Screen;
use super::table::Cell;
use super::table::Column;
use super::table::Table;
use super::target::NotRunning;
use crate::engine::HealthStatus;
use crate::engine::State;
use crate::environment::Environment;
use crate::environment::status::CheckStatus;
use crate::environment::status::Readings;
use crate::environment::status::RoleStatus;
use crate::environment::status::Status;
use crate::error::Exit;
use crate::error::Result;
use crate::profile::Profile;
use crate::text::Charset;
use crate::text::thousands;
use crate::text::uptime;

/// Show what runs, how it is, and whether the checks pass.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The CPU column is the average since a role was started; with --watch it is the one since the last look.
Exit codes: 0 ready, 3 not running or not ready, 4 a check does not pass.

Examples:
  ratesdev status                           roles, ports, checks
  ratesdev status --watch                   again and again, until Ctrl-C
  ratesdev status --json | jq .ready"
)]
pub struct Args {
    /// Show it again every few seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    watch: Option<u64>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let environment = context.environment(None).await?;
    let observed = environment.observe().await?;
    let profile = context.profile_of(&observed)?;
    let profile = profile.as_ref();
    let Some(seconds) = args.watch else {
        let shown = show(&args, &environment, profile, &Readings::new(), context).await;
        return shown.map(|status| status.exit());
    };
    let mut readings = Readings::new();
    loop {
        match show(&args, &environment, profile, &readings, context).await {
            Ok(status) => readings = status.readings,
            Err(error) if error.io_kind().is_some() => return Err(error),
            // While it is watched, an environment may well be down for a while.
            Err(error) => context.out.failure(&context.out.report(&error)),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds.max(1))) => {}
            () = context.shutdown.requested() => return Ok(Exit::Done),
        }
    }
}

async fn show(
    args: &Args,
    environment: &Environment,
    profile: Option<&Profile>,
    earlier: &Readings,
    context: &Context,
) -> Result<Status> {
    let status = context
        .shutdown
        .guard(environment.status(profile, earlier))
        .await?;
    if args.watch.is_some() && !args.json {
        context.out.clear_screen()?;
    }
    if args.json {
        context.out.json(&status)?;
    } else if status.roles.is_empty() {
        return Err(NotRunning::new(environment, context).await.into());
    } else {
        let lines = lines(&status, &Screen::of_stdout(), Timestamp::now());
        let flags = context.out.flags();
        let mut lines = lines.iter().map(|line| flags.repeat(line));
        lines.try_for_each(|line| context.out.line(line))?;
        let ports: Vec<_> = status
            .roles
            .iter()
            .filter_map(|role| role.endpoint)
            .collect();
        if let Some(way) = report::way(environment, &ports, &context.out) {
            report::tunnel(&way, &context.out);
        }
    }
    Ok(status)
}

fn lines(status: &Status, screen: &Screen, now: Timestamp) -> Vec<String> {
    let charset = screen.charset;
    let mut lines = vec![heading(status, charset)];
    lines.extend(roles(status, charset, now).lines(screen.width));
    lines.extend(status.roles.iter().filter_map(probe));
    if let Some(trouble) = &status.trouble {
        let mark = glyph(charset.pick("✗", "x"), style::BAD);
        let cure = "this is what was last written down; `ratesdev up` replaces it";
        lines.push(format!("{mark} {trouble}: {cure}"));
    }
    if status.missing > 0 {
        let mark = glyph(charset.pick("✗", "x"), style::BAD);
        lines.push(format!(
            "{mark} {} of the api are missing; `ratesdev up` starts them",
            status.missing
        ));
    }
    if let Some(seed) = &status.seed {
        let fingerprint: String = seed.fingerprint.chars().take(8).collect();
        let glyph = glyph(charset.pick("✓", "+"), style::GOOD);
        let rows = charset.pick(thousands(seed.rows), seed.rows.to_string());
        let dot = charset.pick("·", "-");
        lines.push(format!(
            "{glyph} seed {}  {rows} rows {dot} {fingerprint}",
            seed.file
        ));
    }
    lines.extend(
        status
            .checks
            .iter()
            .flat_map(|check| check_lines(check, charset)),
    );
    lines
}

fn heading(status: &Status, charset: Charset) -> String {
    let (mark, word) = if status.ready {
        (glyph(charset.pick("●", "*"), style::GOOD), "ready")
    } else {
        (glyph(charset.pick("◐", "~"), style::WARN), "not ready")
    };
    let about = &status.engine;
    let dot = charset.pick("·", "-");
    let name = format!("{0}{1}{0:#}", style::BOLD, status.environment);
    format!(
        "{mark} {name} {word}  {0}{dot} {1} {2}{0:#}",
        style::DIM,
        about.engine,
        about.version
    )
}

fn glyph(glyph: &str, style: anstyle::Style) -> String {
    format!("{style}{glyph}{style:#}")
}

fn roles(status: &Status, charset: Charset, now: Timestamp) -> Table {
    let columns = [
        Column::left("role"),
        Column::left("state"),
        Column::right("port"),
        Column::right("cpu"),
        Column::right("memory"),
        Column::right("up"),
        Column::right("restarts"),
        Column::left("image"),
    ];
    let mut table = Table::new(charset, columns);
    for role in &status.roles {
        let usage = role.usage.as_ref();
        table.row([
            Cell::new(&role.name),
            state(role),
            Cell::new(port(role)),
            Cell::new(
                usage.map_or_else(String::new, |usage| format!("{:.1} %", usage.cpu_percent)),
            ),
            Cell::new(usage.map_or_else(String::new, |usage| usage.memory.to_string())),
            Cell::new(
                role.started_at
                    .map_or_else(String::new, |since| uptime(since, now)),
            ),
            Cell::new(role.restarts.to_string()),
            Cell::styled(&role.image, style::DIM),
        ]);
    }
    table
}

/// The port that people are told of. One of this machine needs no address.
fn port(role: &RoleStatus) -> String {
    match (role.endpoint, role.ports.first()) {
        (Some(endpoint), _) if endpoint.ip().is_loopback() => endpoint.port().to_string(),
        (Some(endpoint), _) => endpoint.to_string(),
        (None, Some(port)) if port.address.ip().is_loopback() => port.outside().to_string(),
        (None, Some(port)) => port.to_string(),
        (None, None) => String::new(),
    }
}

fn state(role: &RoleStatus) -> Cell {
    match (&role.state, role.health) {
        (State::Running, Some(HealthStatus::Healthy)) => Cell::styled("healthy", style::GOOD),
        (State::Running, Some(HealthStatus::Unhealthy)) => Cell::styled("unhealthy", style::BAD),
        (State::Running, Some(HealthStatus::Starting)) => Cell::styled("starting", style::WARN),
        (State::Running, None) => Cell::new("running"),
        (State::Exited { code, .. }, _) if *code != 0 => {
            Cell::styled(role.state.to_string(), style::BAD)
        }
        (state, _) => Cell::styled(state.to_string(), style::WARN),
    }
}

/// What the last probe of a role that is not well said.
fn probe(role: &RoleStatus) -> Option<String> {
    let words = role.probe.as_ref()?;
    Some(format!(
        "  {0}{1}:{0:#} {2}",
        style::DIM,
        role.name,
        crate::text::printable(words, 300)
    ))
}

fn check_lines(check: &CheckStatus, charset: Charset) -> Vec<String> {
    let milliseconds = check.milliseconds;
    if let Some(answer) = &check.answer {
        let mark = glyph(charset.pick("✓", "+"), style::GOOD);
        return vec![format!(
            "{mark} check {}  {answer} in {milliseconds} ms",
            check.name
        )];
    }
    let mark = glyph(charset.pick("✗", "x"), style::BAD);
    let why = check
        .error
        .as_ref()
        .map(|report| format!("  {}", report.message));
    let title = format!("{mark} check {}", check.name);
    std::iter::once(title).chain(why).collect()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::engine::About;
    use crate::engine::Role;
    use crate::engine::Usage;
    use crate::environment::status::SeedStatus;
    use crate::error::Code;
    use crate::error::Report;
    use crate::image::Platform;
    use crate::profile::Bytes;

    const NOW: &str = "2021-01-31T12:00:00Z";

    fn role(name: &str, role: Role, port: u16) -> RoleStatus {
        let usage = Usage {
            cpu_percent: 0.34,
            memory: Bytes(48_300_000),
            memory_limit: Some(Bytes(512_000_000)),
            network: None,
            disk: None,
        };
        RoleStatus {
            name: name.to_owned(),
            role,
            state: State::Running,
            health: Some(HealthStatus::Healthy),
            probe: None,
            image: "ratesdev/api:4c07a2a1f3b0".to_owned(),
            endpoint: Some(SocketAddr::from(([127, 0, 0, 1], port))),
            ports: Vec::new(),
            usage: Some(usage),
            started_at: Some("2021-01-31T09:55:00Z".parse().unwrap()),
            restarts: 0,
        }
    }

    fn status() -> Status {
        let seed = SeedStatus {
            fingerprint: "8e120108".repeat(8),
            file: "rates.sql".to_owned(),
            rows: 56_852,
        };
        let check = CheckStatus {
            name: "known day".to_owned(),
            passed: true,
            answer: Some("1154.33".to_owned()),
            error: None,
            milliseconds: 3,
        };
        let about = About {
            engine: "docker",
            version: "20.10.24".to_owned(),
            endpoint: String::new(),
            local: true,
            platform: Platform::Process,
        };
        Status {
            environment: "dev".to_owned(),
            engine: about,
            profile: Some("dev".to_owned()),
            root: None,
            ready: true,
            trouble: None,
            missing: 0,
            roles: vec![
                role("database", Role::Database, 15432),
                role("api", Role::Api, 15000),
            ],
            seed: Some(seed),
            checks: vec![check],
            readings: Readings::new(),
        }
    }

    fn page(status: &Status, charset: Charset) -> String {
        let screen = Screen {
            width: 80,
            height: None,
            charset,
        };
        let lines = lines(status, &screen, NOW.parse().unwrap());
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }

    #[test]
    fn an_environment_that_is_ready_is_told_on_80_columns() {
        insta::assert_snapshot!(page(&status(), Charset::Unicode));
    }

    #[test]
    fn an_environment_that_is_not_says_what_is_wrong_with_it() {
        let mut status = status();
        status.ready = false;
        status.missing = 1;
        status.seed = None;
        status.roles[0].state = State::Exited {
            code: 137,
            out_of_memory: true,
        };
        status.roles[0].endpoint = None;
        status.roles[1].health = Some(HealthStatus::Unhealthy);
        status.roles[1].probe = Some("503 Service Unavailable: the database is away".to_owned());
        status.checks[0] = CheckStatus {
            passed: false,
            answer: None,
            error: Some(Report {
                code: Code::AnswerRejected,
                message: "the API answered 503".to_owned(),
                causes: Vec::new(),
                detail: Vec::new(),
                hint: None,
            }),
            ..status.checks[0].clone()
        };
        insta::assert_snapshot!(page(&status, Charset::Ascii));
    }

    #[test]
    fn the_exit_code_tells_what_is_not_there_from_what_is_wrong() {
        let mut status = status();
        assert_eq!(status.exit(), Exit::Done);
        status.ready = false;
        status.checks[0].passed = false;
        assert_eq!(status.exit(), Exit::Rejected);
        status.roles[1].state = State::Restarting;
        assert_eq!(status.exit(), Exit::NotRunning);
        status.roles.clear();
        assert_eq!(status.exit(), Exit::NotRunning);
    }
}
