//! The domain through its boundaries: one binary, because each binary costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counting;
mod instagram;
mod on_meta;
mod place;
mod publishing;
mod racing;
mod real_server;
mod remedies;
mod resolving;
mod restoring;
mod scheduling;
mod staging;
mod variants;
mod writing;
mod x;
