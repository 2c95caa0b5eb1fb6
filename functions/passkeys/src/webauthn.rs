//! WebAuthn: parses and verifies what browsers and authenticators send. It knows neither users nor storage.

pub mod cbor;
pub mod credential;
pub mod key;
pub mod octets;
pub mod statement;
