//! Override sessions: who opens one, what it admits, how it ends, and what the workspace knows of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod approval;
mod ending;
mod expiry;
mod opening;
mod use_of;
mod visits;
