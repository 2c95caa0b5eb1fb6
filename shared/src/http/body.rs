//! Request bodies: their formats, and raw bodies.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::method::Method;

/// The format of a route's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// One JSON object; of a PATCH, a merge patch (RFC 7396).
    Json,
    /// One JSON object, as identity providers send it (RFC 7644, section 3.1).
    Scim,
    /// A form, as browsers and OAuth clients send it (URL Standard, section 5).
    Form,
    /// Bytes of any type, which the field `body` takes as a [`RawBody`].
    Raw,
}

impl BodyKind {
    /// The accepted media types, the first one for the document; empty if any is accepted.
    pub const fn media_types(self, method: Method) -> &'static [&'static str] {
        match self {
            Self::Json if matches!(method, Method::Patch) => &["application/json", "application/merge-patch+json"],
            Self::Json => &["application/json"],
            Self::Scim => &["application/scim+json", "application/json"],
            Self::Form => &["application/x-www-form-urlencoded"],
            Self::Raw => &[],
        }
    }

    /// Whether it is text.
    pub(crate) const fn is_text(self) -> bool {
        !matches!(self, Self::Raw)
    }
}

/// The unchanged bytes of a body, for a route whose body is [`BodyKind::Raw`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody(pub Vec<u8>);

impl<'de> Deserialize<'de> for RawBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = RawBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<RawBody, E> {
                Ok(RawBody(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

impl PartialSchema for RawBody {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).description(Some("The bytes of the body.")).into()
    }
}

impl ToSchema for RawBody {}
