//! Bounded bytes in the encoding of WebAuthn's JSON: base64url without padding.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use shared::crypto::digest::{base64url, from_base64url};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// At most `MOST` bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Octets<const MOST: usize>(Vec<u8>);

/// Why a text cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {most} bytes in base64url without padding")]
pub struct NotOctets {
    most: usize,
}

impl<const MOST: usize> Octets<MOST> {
    pub fn of(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= MOST).then(|| Self(bytes.to_vec()))
    }

    pub fn parse(text: &str) -> Result<Self, NotOctets> {
        // A text that is too long is not decoded.
        let decoded = (text.len() <= longest(MOST)).then(|| from_base64url(text)).flatten();
        decoded.map(Self).ok_or(NotOctets { most: MOST })
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<const EXACTLY: usize> From<&[u8; EXACTLY]> for Octets<EXACTLY> {
    fn from(bytes: &[u8; EXACTLY]) -> Self {
        Self(bytes.to_vec())
    }
}

/// The length of `bytes` bytes in base64url.
fn longest(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

impl<const MOST: usize> Serialize for Octets<MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Octets<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<const MOST: usize> utoipa::PartialSchema for Octets<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(NotOctets { most: MOST }.to_string()))
            .max_length(Some(longest(MOST)))
            .pattern(Some("^[A-Za-z0-9_-]*$"))
            .into()
    }
}

impl<const MOST: usize> utoipa::ToSchema for Octets<MOST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Base64Url{MOST}"))
    }
}

/// Decodes hexadecimal, as published in specifications.
#[cfg(test)]
pub fn from_hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| char::from(text.as_bytes()[at]).to_digit(16).map_or(0xff, |digit| digit as u8);
    (0..text.len()).step_by(2).map(|at| digit(at) << 4 | digit(at + 1)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_with_another_spelling_or_too_long_are_refused() {
        assert_eq!(Octets::<3>::parse("AQID").unwrap(), Octets(vec![1, 2, 3]));
        assert_eq!(Octets::<3>::parse("").unwrap(), Octets(vec![]));
        for wrong in ["AQIDBA", "AQ==", "AR", "A+ID", "A ID", "é"] {
            let message = Octets::<3>::parse(wrong).err().unwrap().to_string();
            assert_eq!(message, "must be at most 3 bytes in base64url without padding");
        }
        assert!(Octets::<1>::parse("AAA").is_err() && Octets::<1>::parse("AA").is_ok());
        assert!(Octets::<2>::of(&[0; 3]).is_none());
    }
}
