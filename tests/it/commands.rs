//! The everyday commands on an environment that is there, on the real Engine.

mod events;
mod exec;
mod halt;
mod looks;
