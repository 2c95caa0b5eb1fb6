//! Passkeys: sign-in with a key that a device keeps (WebAuthn), without anything to remember.

mod ceremony;
mod options;
pub mod passkey;
pub mod problems;
mod proof;
pub mod routes;
mod webauthn;
