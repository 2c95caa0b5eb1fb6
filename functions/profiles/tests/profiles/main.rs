//! What people do with their own account, through its routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access_tokens;
#[path = "../../../accounts/tests/support/authenticator_app.rs"]
mod authenticator_app;
mod ending;
#[path = "../support/owner.rs"]
mod owner;
mod profile;
mod session_list;
#[path = "../../../accounts/tests/support/mod.rs"]
mod support;
