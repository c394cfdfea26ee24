//! How a run of the program ends.

use std::process::ExitCode;

/// How a run of the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: wrong usage or an invalid profile.
    Usage,
    /// 3: the environment is not running or not ready.
    NotRunning,
    /// 4: a check or a batch was rejected, or the answer is an error.
    Rejected,
    /// 130: interrupted by the user.
    Interrupted,
    /// As the command ended that was run for the user.
    Of(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotRunning => 3,
            Exit::Rejected => 4,
            Exit::Interrupted => 130,
            Exit::Of(code) => code,
        })
    }
}
