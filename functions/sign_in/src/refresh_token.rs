//! The refresh token: 64 bytes, random or derived with our key, stored only as their SHA-256.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};
use shared::crypto::digest::{base64url, from_base64url};
use shared::identity::{AccountKey, Accounts};
use shared::kernel::entropy::Entropy;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

use crate::RefreshAttempt;

const BYTES: usize = 64;
/// The length of 64 bytes in base64url.
const CHARACTERS: usize = 86;

/// A refresh token. It is opaque: its session is stored under its hash.
pub struct RefreshToken(SecretText);

/// Why a text cannot be a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a refresh token: {CHARACTERS} characters of base64url")]
pub struct NotARefreshToken;

impl RefreshToken {
    pub fn new(entropy: &Entropy) -> Self {
        Self::of(&entropy.bytes())
    }

    fn of(bytes: &[u8; BYTES]) -> Self {
        Self(SecretText::new(base64url(bytes)))
    }

    /// The token that this one is exchanged for in an attempt: deterministic, and computable only with the token, the
    /// attempt and our key (decision 0018).
    pub async fn successor(&self, accounts: &Accounts, attempt: &RefreshAttempt) -> Result<Self, Problem> {
        Ok(Self::of(&accounts.derive_successor(&self.0, attempt.secret()).await?))
    }

    /// One spelling per token: the last character has four bits that must be zero, and the decoder checks them.
    pub fn parse(text: String) -> Result<Self, NotARefreshToken> {
        let token = Self(SecretText::new(text));
        let is_ours = token.0.expose().len() == CHARACTERS
            && from_base64url(token.0.expose()).is_some_and(|bytes| bytes.len() == BYTES);
        if is_ours { Ok(token) } else { Err(NotARefreshToken) }
    }

    /// The key of its record. A plain digest is enough for 512 random bits.
    pub fn key(&self) -> AccountKey {
        AccountKey::token(&self.0)
    }

    /// For the response that returns it.
    pub fn into_secret(self) -> SecretText {
        self.0
    }
}

impl<'de> Deserialize<'de> for RefreshToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for RefreshToken {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The refresh token from the last response."))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(CHARACTERS))
            .max_length(Some(CHARACTERS))
            .pattern(Some("^[A-Za-z0-9_-]{86}$"))
            .into()
    }
}

impl utoipa::ToSchema for RefreshToken {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RefreshToken")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_with_another_spelling_is_refused() {
        let entropy = Entropy::seeded(3);
        let (one, two) = (RefreshToken::new(&entropy), RefreshToken::new(&entropy));
        assert_ne!(one.key(), two.key());
        let text = one.0.expose().to_owned();
        assert_eq!(text.len(), CHARACTERS);
        assert_eq!(RefreshToken::parse(text.clone()).unwrap().key(), one.key());
        // The same bytes with one of the four spare bits set.
        let last = text.chars().last().unwrap();
        let spare = char::from(last as u8 + 1);
        for wrong in [String::new(), format!("{text}="), format!("{text}A"), format!("{}{spare}", &text[..85])] {
            assert!(RefreshToken::parse(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tokens_key_is_only_its_digest() {
        let token = RefreshToken::new(&Entropy::seeded(3));
        assert!(matches!(token.key(), AccountKey::Token(digest) if digest.len() == 64));
    }
}
