//! Signing in and staying signed in, through the routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod known_devices;
mod monitor;
mod passwords;
mod rate_gate;
mod refresh_family;
mod refresh_race;
mod second_factors;
mod sessions;
mod signing_keys;
mod step_up;
mod timing;
