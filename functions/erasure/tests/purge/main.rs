//! The job `purge-workspaces`: what it erases, when, and what it certifies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod certificates;
mod crashes;
mod place;
mod races;
mod rules;
