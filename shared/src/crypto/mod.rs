//! Cryptography: digests, authenticated encryption, derived keys, sealed values. All on aws-lc.

pub(crate) mod aead;
pub(crate) mod checksum;
pub(crate) mod derived;
pub mod digest;
pub mod link;
pub mod random_token;
pub(crate) mod sealed;

pub use sealed::Sealed;
