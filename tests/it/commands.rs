//! The everyday commands on an environment that is there, on the real Engine.

mod doctor;
mod events;
mod exec;
mod gone;
mod halt;
mod looks;
mod odd_days;
mod shells;
