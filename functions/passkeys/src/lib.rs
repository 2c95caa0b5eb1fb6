//! Passkeys: sign-in with a key pair on the user's device (WebAuthn).

mod ceremony;
pub mod letters;
mod options;
pub mod passkey;
pub mod problems;
mod proof;
pub mod routes;
mod webauthn;
