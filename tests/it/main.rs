//! The product as a user meets it: the binary, HTTP, a real Engine, a real PostgreSQL, a real terminal.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking and says on stderr why, in its helpers too"
)]

mod api;
mod commands;
mod dashboard;
mod data;
mod lifecycle;
mod profile;
mod query;
mod seed;
mod support;
