//! The `ratesdev` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ratesdev::run(std::env::args_os())
}
