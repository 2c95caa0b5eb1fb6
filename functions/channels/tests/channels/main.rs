//! The domain through its boundaries: one binary, because each costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod connecting;
mod hostile_answers;
mod publishing;
mod real_server;
/// Other domains use what the tests of this one do not.
#[allow(dead_code)]
mod scripted_server;
