//! Accounts, through their routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/authenticator_app.rs"]
mod authenticator_app;
mod known_devices;
mod monitor;
mod passwords;
mod rate_gate;
mod refresh_race;
mod second_factors;
mod sessions;
mod signing_keys;
mod signing_up;
mod step_up;
#[path = "../support/mod.rs"]
mod support;
mod timing;
