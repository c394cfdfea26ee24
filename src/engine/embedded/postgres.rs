//! PostgreSQL without Docker: which one is run, who runs it, and its cluster.
//!
//! | module | what belongs there |
//! |---|---|
//! | [`version`] | versions, and the one that an image's name asks for |
//! | [`choose`](mod@choose) | the decision, pure |
//! | [`places`] | installations of this machine |
//! | [`system`] | what runs on this machine, and how PostgreSQL is installed on it |
//! | [`account`] | the user that roles run as |
//! | [`cluster`] | the folder of the data |

#[cfg(unix)]
pub mod account;
mod choose;
#[cfg(unix)]
pub mod cluster;
mod places;
mod system;
mod version;

pub use choose::Installation;
pub use choose::Reason;
pub use choose::Use;
pub use version::Version;
