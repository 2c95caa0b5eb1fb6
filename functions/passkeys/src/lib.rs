//! Passkeys: sign-in by a key that a device keeps (WebAuthn), and nothing else to remember.

pub mod passkey;
mod passkey_cbor;
mod passkey_ceremony;
mod passkey_credential;
mod passkey_key;
mod passkey_octets;
mod passkey_options;
mod passkey_proof;
mod passkey_statement;
pub mod problems;
pub mod routes;
