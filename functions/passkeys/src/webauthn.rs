//! WebAuthn: what browsers and authenticators send, read and verified. It knows neither users nor storage.

pub mod cbor;
pub mod credential;
pub mod key;
pub mod octets;
pub mod statement;
