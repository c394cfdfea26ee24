//! `ratesdev` gives a developer the whole rates system on one machine.
//!
//! The map of the modules, in the order in which they may use each other, from the rim to the core:
//!
//! | module | what belongs there |
//! |---|---|
//! | [`cli`] | the command line: one file per command; `cli::output` alone writes to the terminal |
//! | [`tui`] | the dashboard: one screen over every environment; it draws on the terminal itself |
//! | [`environment`] | plan, run, bring up, take down, report: the life of an environment |
//! | [`doctor`] | what speaks for and against an environment on this machine |
//! | [`api`] | the rates API |
//! | [`parity`] | whether two APIs give the same answers |
//! | [`query`] | the client of the rates API |
//! | [`database`] | connect, read dumps, seed, migrate |
//! | [`image`] | the API image |
//! | [`engine`] | where roles run |
//! | [`profile`] | what is wanted |
//! | [`rates`] | ports, regions, spans, averages |
//! | [`text`] | what a terminal can show |
//! | [`log_line`] | what a line of a log says |
//! | [`terminal`] | the streams of this process, lent to a command elsewhere |
//! | [`remembered`] | lines that were typed before |
//! | [`tunnel`] | many connections over one stream |
//! | [`private`] | folders for this user alone |
//! | [`error`], [`shutdown`] | how things end |

mod api;
mod cli;
mod database;
mod doctor;
mod engine;
mod environment;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod image;
mod log_line;
mod parity;
mod private;
mod profile;
mod query;
mod rates;
mod remembered;
mod shutdown;
mod terminal;
mod text;
mod tui;
mod tunnel;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments, the first being its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let open: cli::Open = |opened, shutdown| {
        let dashboard = tui::Dashboard {
            engines: opened.engines,
            places: opened.places,
            named: opened.named,
            awaited: opened.awaited,
            folder: opened.folder,
            environment: opened.environment,
            profile: opened.profile,
            up: opened.up,
        };
        Box::pin(tui::run(dashboard, shutdown))
    };
    let face = cli::Face {
        open,
        own_keys: tui::own_keys,
    };
    cli::run(arguments, face)
}
