//! What the tests need of the world.

pub mod checkout;
pub mod docker;
pub mod elsewhere;
pub mod engine;
pub mod environment;
pub mod front;
pub mod home;
pub mod http;
pub mod postgres;
pub mod process;
pub mod random;
pub mod registry;
pub mod relay;
pub mod run;
pub mod sshd;
pub mod terminal;

use std::time::Duration;
use std::time::Instant;

/// Asks again until the answer is there; fails after a minute and says what was awaited.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
