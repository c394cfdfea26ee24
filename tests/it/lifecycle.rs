//! An environment's life as its user sees it, on the real Engine.
//!
//! `RATESDEV_TEST_KEEP=1` leaves the environments of a test there, to be looked at.

mod asking;
mod bad_days;
mod changes;
mod damage;
mod first_up;
mod interruptions;
mod kills;
mod logs;
mod names;
mod odd_images;
mod own_engine;
mod pull;
mod restarts;
mod seeds;
mod services;
mod side_by_side;
mod slow_registries;
mod together;
mod udp;
