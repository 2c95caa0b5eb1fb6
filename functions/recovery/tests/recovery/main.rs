//! The ways back into an account, through their routes and jobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../passkeys/tests/support/authenticator.rs"]
mod authenticator;
#[path = "../../../accounts/tests/support/authenticator_app.rs"]
mod authenticator_app;
#[path = "../../../passkeys/tests/passkeys/caller.rs"]
#[allow(dead_code)]
mod caller;
mod recovering;
mod resetting;
#[path = "../../../accounts/tests/support/mod.rs"]
mod support;
