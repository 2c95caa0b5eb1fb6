//! A client's attempt to exchange a refresh token, which identifies the client's own retry.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};
use shared::crypto::digest::sha256_hex;
use shared::kernel::secrets::SecretText;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// The length of 128 bits in base64url.
const SHORTEST_CHARACTERS: usize = 22;
/// The length of 512 bits.
const LONGEST_CHARACTERS: usize = 86;

/// A random value that a client generates for each exchange, and repeats only to retry it.
///
/// Together with the refresh token it yields the successor, so it is as secret as the token.
pub struct RefreshAttempt(SecretText);

/// Why a text is not a valid attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} characters of base64url, encoding at least 16 random bytes"
)]
pub struct NotAnAttempt;

impl RefreshAttempt {
    pub fn parse(text: String) -> Result<Self, NotAnAttempt> {
        let attempt = Self(SecretText::new(text));
        let text = attempt.0.expose();
        let is_spelt = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let is_long = (SHORTEST_CHARACTERS..=LONGEST_CHARACTERS).contains(&text.len());
        if is_spelt && is_long { Ok(attempt) } else { Err(NotAnAttempt) }
    }

    /// The digest, which is what the store keeps.
    pub fn digest(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }

    /// The input from which a successor is derived.
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RefreshAttempt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for RefreshAttempt {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .description(Some(
                "At least 16 random bytes in base64url, new for every exchange. If the answer is lost, repeat the request \
                 with the same attempt within 60 seconds: it returns the same successor.",
            ))
            .min_length(Some(SHORTEST_CHARACTERS))
            .max_length(Some(LONGEST_CHARACTERS))
            .pattern(Some("^[A-Za-z0-9_-]{22,86}$"))
            .write_only(true)
            .into()
    }
}

impl utoipa::ToSchema for RefreshAttempt {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RefreshAttempt")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_attempt_shorter_than_128_bits_or_not_base64url_is_refused() {
        for text in ["A".repeat(22), "_-".repeat(43), "f".repeat(32)] {
            assert_eq!(RefreshAttempt::parse(text.clone()).unwrap().digest(), sha256_hex(text.as_bytes()));
        }
        for wrong in [String::new(), "A".repeat(21), "A".repeat(87), "A=".repeat(11), "A+".repeat(11), "é".repeat(11)]
        {
            assert!(RefreshAttempt::parse(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
