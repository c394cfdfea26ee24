//! `ratesdev profile`: what profiles there are, what they come to, and what is wrong with them.

use std::path::Path;

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::Context;
use super::complete;
use super::output::Output;
use super::output::style;
use super::screen::Screen;
use super::table::Cell;
use super::table::Column;
use super::table::Table;
use crate::error::Exit;
use crate::error::IoError;
use crate::error::Result;
use crate::profile;
use crate::profile::Error;
use crate::profile::Fault;
use crate::profile::Listed;
use crate::profile::Port;
use crate::profile::Request;
use crate::text::Charset;

/// List, show and check profiles
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev profile list                     the profiles of this checkout
  ratesdev profile show staging --origins   what one comes to, and where each value comes from
  ratesdev profile validate                 all of them: what is wrong, with file and line")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(ListArgs),
    Show(ShowArgs),
    Validate(ValidateArgs),
    /// Print the JSON Schema of profiles, for editors
    #[command(after_help = "Examples:
  ratesdev profile schema > profiles/profile.schema.json")]
    Schema,
}

/// List the profiles of this checkout
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev profile list                     names, ports and what each is for
  ratesdev profile list --json | jq -r '.profiles[].path'")]
struct ListArgs {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Print what a profile comes to, as a profile that stands alone
///
/// Everything that has a say is taken in, strongest first: --set, RATESDEV_* variables, the profile, those it
/// extends, your own config.toml, defaults.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev profile show                     the profile dev
  ratesdev profile show staging --origins   where each value comes from
  ratesdev profile show --set api.replicas=2")]
struct ShowArgs {
    /// A name, or a path with a slash [default: `RATESDEV_PROFILE`, else dev]
    #[arg(add = complete::profiles())]
    name: Option<String>,
    /// Say of every value where it comes from
    #[arg(long)]
    origins: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Set a value for this run, such as api.port=15001
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Check profiles, with those they extend but without variables and flags
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ratesdev profile validate                 every profile of this checkout
  ratesdev profile validate ./mine.toml")]
struct ValidateArgs {
    /// Names, or paths with a slash [default: all of this checkout]
    #[arg(value_name = "NAME|PATH", add = complete::profiles())]
    names: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the command.
#[expect(clippy::unused_async, reason = "every command is called the same way")]
pub async fn run(args: Args, context: &Context) -> Result<Exit> {
    let folder = std::env::current_dir().map_err(IoError::new("find the current folder"))?;
    match args.action {
        Action::List(args) => list(&args, &folder, &context.out),
        Action::Show(args) => show(&args, context),
        Action::Validate(args) => validate(args, &folder, &context.out),
        Action::Schema => schema(&context.out),
    }
}

fn list(args: &ListArgs, folder: &Path, out: &Output) -> Result<Exit> {
    let profiles = profile::list(folder)?;
    let lines: Vec<_> = profiles
        .iter()
        .map(|listed| Line::new(listed, folder))
        .collect();
    if args.json {
        out.json(&json!({ "profiles": lines }))?;
    } else {
        let head = ["NAME", "EXTENDS", "API", "DATABASE", "DESCRIPTION"];
        table(out, head, lines.iter().map(Line::cells))?;
    }
    Ok(Exit::Done)
}

/// A line of the list. The ports are absent where the profile is invalid.
#[derive(Debug, Serialize)]
struct Line<'a> {
    name: &'a str,
    path: String,
    extends: Option<&'a str>,
    api_port: Option<Port>,
    database_port: Option<Port>,
    description: Option<&'a str>,
    valid: bool,
}

impl<'a> Line<'a> {
    fn new(listed: &'a Listed, folder: &Path) -> Self {
        let path = listed.path.to_string_lossy();
        let resolved = profile::load(&Request::of_files(Some(&path), folder)).ok();
        let ports = resolved.as_ref().map(|resolved| {
            let profile = &resolved.profile;
            [profile.api.port, profile.database.port]
        });
        let [api_port, database_port] = ports.map_or([None, None], |ports| ports.map(Some));
        Self {
            name: &listed.name,
            extends: listed.extends.as_deref(),
            description: listed.description.as_deref(),
            valid: resolved.is_some(),
            path: path.into_owned(),
            api_port,
            database_port,
        }
    }

    fn cells(&self) -> [String; 5] {
        let text = |port: Option<Port>| port.map(|port| port.to_string());
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let description = if self.valid {
            self.description.unwrap_or_default().to_owned()
        } else {
            format!("has faults: ratesdev profile validate {}", self.name)
        };
        [
            self.name.to_owned(),
            or_dash(self.extends),
            or_dash(text(self.api_port).as_deref()),
            or_dash(text(self.database_port).as_deref()),
            description,
        ]
    }
}

fn show(args: &ShowArgs, context: &Context) -> Result<Exit> {
    let resolved = context.resolve(args.name.as_deref(), &args.set)?;
    let out = &context.out;
    if args.json {
        out.json(&resolved.json())?;
    } else if args.origins {
        let head = ["KEY", "VALUE", "ORIGIN"];
        let rows = resolved.rows().into_iter();
        table(out, head, rows.map(|row| [row.key, row.value, row.origin]))?;
    } else {
        out.raw(resolved.toml().as_bytes())?;
    }
    Ok(Exit::Done)
}

fn schema(out: &Output) -> Result<Exit> {
    let text = serde_json::to_string_pretty(&profile::schema()).map_err(std::io::Error::other);
    out.line(text.map_err(IoError::new("write JSON"))?)?;
    Ok(Exit::Done)
}

fn validate(args: ValidateArgs, folder: &Path, out: &Output) -> Result<Exit> {
    let verdicts = verdicts(args.names, folder)?;
    let is_valid = verdicts.iter().all(|verdict| verdict.faults.is_empty());
    if args.json {
        out.json(&json!({ "valid": is_valid, "profiles": verdicts }))?;
        return Ok(if is_valid { Exit::Done } else { Exit::Usage });
    }
    let charset = Screen::of_stdout().charset;
    for verdict in &verdicts {
        out.line(verdict.line(charset))?;
    }
    match Verdict::all_faults(verdicts) {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

fn verdicts(mut names: Vec<String>, folder: &Path) -> Result<Vec<Verdict>> {
    if names.is_empty() {
        let listed = profile::list(folder)?.into_iter();
        names = listed
            .map(|listed| listed.path.to_string_lossy().into_owned())
            .collect();
    }
    names
        .into_iter()
        .map(|name| Verdict::new(&name, folder))
        .collect()
}

/// What is wrong with a profile, if anything.
#[derive(Debug, Serialize)]
struct Verdict {
    name: String,
    faults: Vec<Fault>,
}

impl Verdict {
    /// Faults are a verdict; a profile that cannot be found or read is an error.
    fn new(name: &str, folder: &Path) -> Result<Self> {
        let path = Path::new(name);
        let short = path.strip_prefix(folder).unwrap_or(path);
        let faults = match profile::load(&Request::of_files(Some(name), folder)) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid { faults, .. }) => faults,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            name: short.to_string_lossy().into_owned(),
            faults,
        })
    }

    fn line(&self, charset: Charset) -> String {
        let (style, mark, said) = match self.faults.len() {
            0 => (style::GOOD, charset.pick('✓', '+'), "is valid".to_owned()),
            faults => {
                let said = format!("has {}", profile::count(faults));
                (style::BAD, charset.pick('✗', 'x'), said)
            }
        };
        format!("{style}{mark}{style:#} {} {said}", self.name)
    }

    /// The faults of all profiles as one error. Those of a common parent are told once.
    fn all_faults(verdicts: Vec<Self>) -> Option<Error> {
        let mut faults: Vec<Fault> = Vec::new();
        let invalid: Vec<_> = verdicts
            .into_iter()
            .filter(|verdict| !verdict.faults.is_empty())
            .collect();
        let what = match invalid.as_slice() {
            [] => return None,
            [one] => one.name.clone(),
            several => format!("{} profiles", several.len()),
        };
        for fault in invalid.into_iter().flat_map(|verdict| verdict.faults) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Some(Error::Invalid { what, faults })
    }
}

/// Rows under a head. Nothing is cut, as values are there to be copied.
fn table<const N: usize>(
    out: &Output,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<()> {
    const UNCUT: usize = 100_000;
    let mut table = Table::new(Screen::of_stdout().charset, head.map(Column::left));
    for row in rows {
        table.row(row.map(Cell::new));
    }
    let mut lines = table.lines(UNCUT).into_iter();
    lines.try_for_each(|line| out.line(line))
}
