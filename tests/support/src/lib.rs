//! Shared test support of several domains: users who sign up and in, their authenticators, and scripted
//! Bluesky, Mastodon and X servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate
)]

pub mod authenticator;
pub mod authenticator_app;
pub mod emulator;
pub mod mailed_links;
pub mod models;
pub mod overrides;
pub mod passkey_owner;
pub mod people;
pub mod picture;
pub mod scripted_http;
pub mod scripted_mastodon;
pub mod scripted_server;
pub mod scripted_threads;
pub mod scripted_x;
pub mod staff_member;

/// Whether tests run at their full length, which takes hours.
pub fn is_long() -> bool {
    std::env::var("BULKHEAD_LONG").is_ok()
}
