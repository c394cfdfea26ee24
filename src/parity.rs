//! Whether two APIs give the same answers: what to ask them, and how their answers differ.

mod compare;
mod draw;
mod trials;

pub use compare::Difference;
pub use compare::differences;
pub use trials::Ground;
pub use trials::Trial;
pub use trials::trials;
