//! Accounts, through their routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod signing_up;
