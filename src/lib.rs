//! `ratesdev` gives a developer the whole rates system on one machine.
//!
//! The map of the modules, in the order in which they may use each other, from the rim to the core:
//!
//! | module | what belongs there |
//! |---|---|
//! | [`cli`] | the command line: one file per command; `cli::output` alone writes to the terminal |
//! | [`environment`] | plan, run, bring up, take down, report: the life of an environment |
//! | [`api`] | the rates API |
//! | [`query`] | the client of the rates API |
//! | [`database`] | connect, read dumps, seed, migrate |
//! | [`image`] | the API image |
//! | [`engine`] | where roles run |
//! | [`profile`] | what is wanted |
//! | [`rates`] | ports, regions, spans, averages |
//! | [`text`] | what a terminal can show |
//! | [`log_line`] | what a line of a log says |
//! | [`private`] | folders for this user alone |
//! | [`error`], [`shutdown`] | how things end |

mod api;
mod cli;
mod database;
mod engine;
mod environment;
mod error;
mod image;
mod log_line;
mod private;
mod profile;
mod query;
mod rates;
mod shutdown;
mod text;

pub use cli::run;
