//! The ways back into an account, through their routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod recovering;
mod resetting;
