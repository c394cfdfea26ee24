//! The product as a user meets it: the binary, HTTP, a real Engine, a real PostgreSQL, a real terminal.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking and says on stderr why, in its helpers too"
)]

mod api;
mod cache;
mod commands;
mod dashboard;
mod data;
mod embedded;
mod engines;
mod lifecycle;
mod own_api;
mod panels;
mod parity;
mod profile;
mod query;
mod remote;
mod secrets;
mod seed;
mod support;
