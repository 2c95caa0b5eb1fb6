//! Passkeys: sign-in with a key pair on the user's device (WebAuthn).

pub mod ceremony;
pub mod letters;
pub mod options;
pub mod passkey;
pub mod problems;
mod proof;
pub mod routes;
pub mod webauthn;
