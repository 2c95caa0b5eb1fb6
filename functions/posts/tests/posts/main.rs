//! The domain through its boundaries: one binary, because each costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counting;
mod place;
mod publishing;
mod racing;
mod real_server;
mod remedies;
mod restoring;
mod scheduling;
/// The server that the tests of channels script: what it does was seen on the real one.
#[allow(dead_code)]
#[path = "../../../channels/tests/channels/scripted_server.rs"]
mod scripted_server;
mod writing;
