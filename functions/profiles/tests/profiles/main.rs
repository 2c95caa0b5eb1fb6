//! Users and their own accounts, through the routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access_tokens;
mod ending;
mod owner;
mod profile;
mod reminders;
mod session_list;
