//! The domain through its boundaries: one binary, because each binary costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod connecting;
mod hostile_answers;
mod mastodon;
mod operator_app;
mod publishing;
mod real_server;
mod renewal_races;
mod renewing;
mod x;
