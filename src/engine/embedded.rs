//! The engine without Docker: roles as plain processes of this machine.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the engine that uses it is on its way")
)]
mod postgres;
