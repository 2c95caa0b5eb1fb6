//! Tokens of 32 random bytes, which are handed out once and stored as their digest.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::digest::{base64url, from_base64url, sha256_hex};
use crate::kernel::entropy::Entropy;
use crate::kernel::secrets::SecretText;

const BYTES: usize = 32;

/// A credential that nothing can be derived from but its digest.
pub struct RandomToken(SecretText);

impl RandomToken {
    /// The length of 32 bytes in base64url.
    pub const CHARACTERS: usize = 43;

    pub fn new(entropy: &Entropy) -> Self {
        Self(SecretText::new(base64url(&entropy.bytes::<BYTES>())))
    }

    pub fn parse(text: String) -> Option<Self> {
        let is_one = text.len() == Self::CHARACTERS && from_base64url(&text).is_some();
        is_one.then(|| Self(SecretText::new(text)))
    }

    pub fn digest(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }

    /// For the response or the link that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The token as a secret that is stored sealed, because it must be sent later.
    pub fn into_secret(self) -> SecretText {
        self.0
    }

    pub fn schema(description: &str) -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .min_length(Some(Self::CHARACTERS))
            .max_length(Some(Self::CHARACTERS))
            .pattern(Some("^[A-Za-z0-9_-]{43}$"))
            .into()
    }
}
